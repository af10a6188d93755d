// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Engine answers questions about one network. It is not safe for use by several goroutines.
type Engine struct {
	index *index
	// classes in the order of their first members.
	ends []*end
	of   map[string]*End
}

// New compiles a network, which must not change afterwards. Routes to what the network does not have lead it knows not
// where: see [model.Network.Settled].
func New(net *model.Network) *Engine {
	e := &Engine{index: newIndex(net.Settled()), of: map[string]*End{}}
	e.ends = e.index.classes()
	for i, c := range e.ends {
		for _, m := range c.members {
			e.of[m.ID] = &End{end: c, Class: i}
		}
	}
	return e
}

// End is one side of a question.
type End struct {
	*end
	// Class numbers the classes of interfaces; -1 is outside.
	Class int
}

// Interface is the end of an interface, or nil if there is no such interface with an end.
func (e *Engine) Interface(id string) *End { return e.of[id] }

// Classes are the classes of interfaces. Members tells what is in them.
func (e *Engine) Classes() []*End {
	out := make([]*End, len(e.ends))
	for i, c := range e.ends {
		out[i] = e.of[c.iface.ID]
	}
	return out
}

// Members are the interfaces of a class.
func (x *End) Members() []*model.Interface { return x.members }

// Plural reports whether there may be two of the class.
func (x *End) Plural() bool {
	return len(x.members) > 1 || x.iface != nil && x.iface.Many
}

// Outside is the end of addresses outside the network.
func (e *Engine) Outside(addrs flow.Addrs) *End { return outside(&end{outside: addrs}) }

// Service is the end of an AWS service by the prefix list that names its addresses.
func (e *Engine) Service(list string) *End {
	l := e.index.lists[list]
	if l == nil {
		return nil
	}
	addrs := publicV4
	if len(l.Entries) > 0 && l.Doubt == "" {
		addrs = flow.PrefixAddrs(l.Entries...)
	}
	return outside(&end{outside: addrs, service: list})
}

func outside(x *end) *End {
	x.places = []place{{end: x, subnet: &model.Subnet{}, vpc: &model.VPC{}}}
	return &End{end: x, Class: -1}
}

// ServiceList is the prefix list of the service that the end is, if it is one.
func (x *End) ServiceList() string { return x.service }

// OutsideOf is the end of addresses outside, which a service of AWS has if a prefix list is named. The network need not know the
// list.
func (e *Engine) OutsideOf(list string, addrs flow.Addrs) *End {
	return outside(&end{outside: addrs, service: list})
}

// OutsideEnds are the ends that addresses outside are: those of AWS services whose prefix lists name some of them, and the rest.
func (e *Engine) OutsideEnds(addrs flow.Addrs) []*End {
	var out []*End
	for _, l := range e.index.Lists {
		if part := flow.PrefixAddrs(l.Entries...).And(addrs); l.Service && !part.Empty() {
			out = append(out, e.OutsideOf(l.ID, part))
			addrs = addrs.Minus(part)
		}
	}
	if !addrs.Empty() {
		out = append(out, e.Outside(addrs))
	}
	return out
}

// InternetEnd is the internet: every public address but the network's own, and but those of AWS services whose prefix
// lists it names.
func (e *Engine) InternetEnd() *End {
	var own flow.Addrs
	for _, l := range e.index.Lists {
		if l.Service {
			own = own.Or(flow.PrefixAddrs(l.Entries...))
		}
	}
	for _, v := range e.index.VPCs {
		own = own.Or(flow.PrefixAddrs(v.CIDRs...))
	}
	var public []netip.Addr
	for _, x := range e.index.NATs {
		public = append(public, x.Public)
	}
	for _, i := range e.index.Interfaces {
		for _, a := range i.Addresses {
			public = append(public, a.Public)
		}
	}
	slices.SortFunc(public, netip.Addr.Compare)
	var known flow.Addrs
	for _, a := range slices.Compact(public) {
		if a.IsValid() {
			known = append(known, flow.Addr(a)...)
		}
	}
	return e.Outside(Internet.Minus(own.Or(flow.Joined(known))))
}

// Result is what may open a connection from one end to another. For TCP a connection works when its answers come back;
// for other protocols a packet that arrives is enough for May and Open, while Must wants the answers of those too.
type Result struct {
	Must, May, Open flow.Set
	// OneWay is what arrives though its answers do not come back, of what is not in May.
	OneWay flow.Set
}

// Between judges an ordered pair.
func (e *Engine) Between(a, b *End) Result {
	var r Result
	if !e.worth(a, b) {
		return r
	}
	must, first := flow.Set(nil), true
	for _, pa := range groupBySubnet(a.places) {
		for _, pb := range groupBySubnet(b.places) {
			here := e.index.placed(pa, pb, &r)
			if must = must.And(here); first {
				must, first = here, false
			}
		}
	}
	r.Must = must.And(r.May)
	r.OneWay = r.OneWay.Minus(r.May)
	return r
}

// Flows are what may pass between two ends and what is open, of which [Engine.Between] has the packets without their addresses.
func (e *Engine) Flows(a, b *End) (may, open flow.Flows) {
	if !e.worth(a, b) {
		return nil, nil
	}
	rest := flow.Everything.Minus(tcp)
	for _, pa := range a.places {
		for _, pb := range b.places {
			for _, w := range e.index.ways(pa, pb) {
				may = may.Or(w.flows(May, true)).Or(meet(w.flows(May, false), rest))
				open = open.Or(w.flows(Open, true)).Or(meet(w.flows(Open, false), rest))
			}
		}
	}
	return may, open
}

// worth is the quick look that spares most pairs of a big network the long one: where the groups of the two let nothing
// pass between them, whatever address is seen, no way does. Where packets may go ways that the model cannot follow,
// only groups that let nothing pass for anybody count.
func (e *Engine) worth(a, b *End) bool {
	if a.iface == nil && b.iface == nil {
		return false
	}
	out, in := flow.Everything, flow.Everything
	followed := a.iface != nil && b.iface != nil && !e.index.murky(a.end) && !e.index.murky(b.end)
	if followed && (!a.out.knows(b.end, b.bears()) || !b.in.knows(a.end, nil)) {
		return false
	}
	if a.iface != nil {
		if out = a.out.some(); followed {
			out = a.out.toward(b.end, b.bears())
		}
	}
	if b.iface != nil {
		if in = b.in.some(); followed {
			in = b.in.toward(a.end, nil)
		}
	}
	return !out.And(in).Empty()
}

// murky reports whether packets from or to an end may go ways that the model cannot follow.
func (n *index) murky(x *end) bool {
	if x.murky == nil {
		is := x.iface.Forwards || len(n.forwards[""]) > 0
		for _, p := range x.places {
			t, _ := n.table(p)
			is = is || t.unfollowed() || len(n.relays(p)) > 0 || p.vpc.Doubt != "" || len(n.forwards[p.vpc.ID]) > 0
		}
		x.murky = &is
	}
	return *x.murky
}

// bears are all addresses of an end.
func (x *end) bears() flow.Addrs {
	if x.all == nil {
		for _, p := range x.places {
			x.all = x.all.Or(p.ip).Or(p.public)
		}
	}
	return x.all
}

// groupBySubnet puts together the addresses that an interface has in one subnet: it has all of them.
func groupBySubnet(places []place) [][]place {
	var out [][]place
	for _, p := range places {
		if n := len(out); n > 0 && out[n-1][0].subnet == p.subnet {
			out[n-1] = append(out[n-1], p)
		} else {
			out = append(out, []place{p})
		}
	}
	return out
}

// placed judges a pair in given subnets, adds to what may be, and returns what must be by one of the addresses.
func (n *index) placed(as, bs []place, r *Result) flow.Set {
	var must flow.Set
	for _, a := range as {
		for _, b := range bs {
			// An end may be addressed by its private or by its public address: either will do.
			var sure [2]flow.Flows
			var dst [2]flow.Addrs
			for _, w := range n.ways(a, b) {
				open := union(w.flows(Open, false))
				if open.Empty() {
					continue
				}
				r.Open = r.Open.Or(union(w.flows(Open, true))).Or(open.Minus(tcp))
				arrives := union(w.flows(May, false))
				if arrives.Empty() {
					continue
				}
				r.May = r.May.Or(union(w.flows(May, true))).Or(arrives.Minus(tcp))
				r.OneWay = r.OneWay.Or(arrives)
				sure[w.public] = sure[w.public].Or(w.flows(Must, true))
				dst[w.public] = w.dst
			}
			for i := range sure {
				must = must.Or(every(sure[i], sources(a, b), dst[i]))
			}
		}
	}
	return must
}

// sources are the addresses that packets from a to b bear when they start.
func sources(a, b place) flow.Addrs {
	if a.iface == nil {
		return family(a.outside, b.v6)
	}
	return a.ip
}

var tcp = flow.Box(flow.TCP, flow.TCP, flow.AllPorts, flow.AllPorts)

func union(f flow.Flows) flow.Set {
	var out flow.Set
	for _, src := range f {
		out = out.Or(src.V.Union())
	}
	return out
}

// every is what passes from every source to every destination.
func every(f flow.Flows, src, dst flow.Addrs) flow.Set {
	in := f.Within(src)
	if len(in) == 0 || !in.Keys().Equal(src) {
		return nil
	}
	out := in[0].V.Common(dst)
	for _, s := range in[1:] {
		out = out.And(s.V.Common(dst))
	}
	return out
}

// Verdict is an answer to a question about a pair.
type Verdict string

// The verdicts. All packets that are asked about must pass; some may; none can; or nobody knows of some.
const (
	MustPass Verdict = "must"
	MayPass  Verdict = "may"
	Unknown  Verdict = "unknown"
	Cannot   Verdict = "cannot"
)

// Usual are the client ports of hosts: https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range) and,
// within those, of RFC 6335.
var Usual = flow.PortRange(32768, 60999)

// Ask asks about protocols and ports. Must looks at the client ports that clients of this kind use.
func (r *Result) Ask(q flow.Set, clients flow.Ports) Verdict {
	var usual flow.Set
	for _, e := range q {
		var ports flow.Ports
		for _, p := range e.V {
			ports = ports.Or(flow.PortRange(p.Lo, p.Hi))
		}
		usual = usual.Or(flow.Box(e.Lo, e.Hi, ports, clients))
	}
	switch {
	case !q.Empty() && usual.Minus(r.Must).Empty():
		return MustPass
	case !q.And(r.May).Empty():
		return MayPass
	case !q.And(r.Open).Empty():
		return Unknown
	}
	return Cannot
}

// Dead is what nobody can open of some ports of TCP and UDP, by no client port.
func (r *Result) Dead(q flow.Set) flow.Set {
	var alive flow.Set
	for _, e := range r.Open {
		for _, p := range e.V {
			alive = alive.Or(flow.Box(e.Lo, e.Hi, flow.PortRange(p.Lo, p.Hi), flow.AllPorts))
		}
	}
	numbered := flow.Box(flow.TCP, flow.TCP, flow.AllPorts, flow.AllPorts).Or(flow.Box(flow.UDP, flow.UDP, flow.AllPorts, flow.AllPorts))
	return q.Minus(alive).And(numbered)
}

// Clients are the client ports that an end uses.
func (x *End) Clients() flow.Ports {
	if x.iface != nil && (x.iface.Kind == model.Balancer || x.iface.Kind == model.Function) {
		return clientPorts
	}
	return Usual
}

// Lost is what arrives from a client's usual ports though its answers do not come back.
func (r *Result) Lost(client *End) flow.Set {
	return r.OneWay.And(flow.Box(0, 255, flow.AllPorts, client.Clients()))
}

// Private are the addresses that the end bears in its subnets, or may get there.
func (x *End) Private() flow.Addrs {
	var out flow.Addrs
	for _, p := range x.places {
		out = out.Or(p.ip)
	}
	return out
}

// Addresses are those that the end bears: its private and public ones, or those outside.
func (x *End) Addresses() flow.Addrs {
	if x.iface == nil {
		return x.outside
	}
	return x.bears()
}

// Owning are the classes one of whose addresses is the given one, if it is certain.
func (e *Engine) Owning(a netip.Addr) []*model.Interface {
	var out []*model.Interface
	for _, c := range e.ends {
		for _, m := range c.members {
			if slices.ContainsFunc(m.Addresses, func(x model.Address) bool { return x.Bears(a) || x.Public == a }) {
				out = append(out, m)
			}
		}
	}
	return out
}
