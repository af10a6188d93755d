// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Hop is one step of a path as a person reads it.
type Hop struct {
	Kind      Kind   `json:"kind"`
	Component string `json:"component"`
	Reply     bool   `json:"reply,omitempty"`
	Passes    bool   `json:"passes"`
	// Code says why the packet stops here.
	Code Code `json:"code,omitempty"`
	// Rule is what decides, with its description.
	Rule string `json:"rule"`
}

// Says is what decides, and whether it decides about the packet or its answer.
func (h *Hop) Says() string {
	if h.Reply {
		return "answer: " + h.Rule
	}
	return h.Rule
}

// Path is a packet's way, to its end or to where it would have to be let through.
type Path struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	Way    string      `json:"way"`
	Packet flow.Packet `json:"packet"`
	Hops   []Hop       `json:"hops"`
	// Sure says that the packet passes however what is not known yet turns out.
	Sure bool `json:"sure,omitempty"`
}

// Stops are the hops that stop the packet.
func (p *Path) Stops() []Hop {
	return slices.Collect(func(yield func(Hop) bool) {
		for _, h := range p.Hops {
			if !h.Passes && !yield(h) {
				return
			}
		}
	})
}

// meet is what of the flows is in q.
func meet(f flow.Flows, q flow.Set) flow.Flows {
	var out flow.Flows
	for _, s := range f {
		var to flow.Peers
		for _, d := range s.V {
			if set := d.V.And(q); !set.Empty() {
				to = append(to, flow.Entry[netip.Addr, flow.Set]{Lo: d.Lo, Hi: d.Hi, V: set})
			}
		}
		if len(to) > 0 {
			out = append(out, flow.Entry[netip.Addr, flow.Peers]{Lo: s.Lo, Hi: s.Hi, V: flow.Joined(to)})
		}
	}
	return flow.Joined(out)
}

// within is what of the flows has one of the sources and one of the destinations.
func within(f flow.Flows, src, dst flow.Addrs) flow.Flows {
	var out flow.Flows
	for _, s := range f.Within(src) {
		if s.V = s.V.Within(dst); len(s.V) > 0 {
			out = append(out, s)
		}
	}
	return flow.Joined(out)
}

// Witness is a packet of q that passes, and its path. A connection that works however doubts turn out comes first, one
// that nobody can follow last. It is nil when q cannot pass.
func (e *Engine) Witness(a, b *End, q flow.Set) *Path {
	return e.WitnessWithin(a, b, q, flow.Anywhere, flow.Anywhere)
}

// WitnessWithin is a witness from one of the sources to one of the destinations.
func (e *Engine) WitnessWithin(a, b *End, q flow.Set, src, dst flow.Addrs) *Path {
	usual := q.And(flow.Box(0, 255, flow.AllPorts, a.Clients()))
	for _, bound := range bounds {
		for _, s := range []flow.Set{usual, q, q.Minus(tcp)} {
			for _, pa := range a.places {
				for _, pb := range b.places {
					for _, w := range e.index.ways(pa, pb) {
						answered := !s.Equal(q.Minus(tcp))
						if f := within(meet(w.flows(bound, answered), s), src, dst); !f.Empty() {
							path := e.path(a, b, &w, flow.Example(f), func(s *Step, p flow.Packet) bool { return s.lets(bound, p) })
							path.Sure = bound == Must
							return path
						}
					}
				}
			}
		}
	}
	return nil
}

// lets reports whether the step lets a packet pass.
func (s *Step) lets(b Bound, p flow.Packet) bool {
	at := p.Destination
	if s.bySource {
		at = p.Source
	}
	return flow.Has(s.pass(b, flow.Addr(at)).At(at), p.Protocol, p.Port, p.Client)
}

func (e *Engine) path(a, b *End, w *way, p flow.Packet, passes func(*Step, flow.Packet) bool) *Path {
	out := &Path{From: a.Label(), To: b.Label(), Way: w.name, Packet: p}
	for i := range w.steps {
		s := &w.steps[i]
		h := Hop{Kind: s.Kind, Component: s.Component, Reply: s.Reply, Passes: passes(s, p)}
		if !h.Passes || s.Kind == Unfollowed {
			h.Code = s.Code
		}
		h.Rule = e.index.decides(s, p, h.Passes)
		out.Hops = append(out.Hops, h)
	}
	return out
}

// Label is what a path calls the end.
func (x *End) Label() string {
	switch {
	case x.iface != nil:
		return x.iface.ID
	case x.service != "":
		return x.service
	case x.outside.Empty():
		return "nowhere"
	case len(x.outside) == 1 && x.outside[0].Lo == x.outside[0].Hi:
		return x.outside[0].Lo.String()
	}
	return "outside"
}

// Blocked is the path that has to be opened so that all of q must pass, with every hop that stands in the way: of all
// ways the one that needs the fewest changes. Where an end may be in several places, the hops of all are in it.
func (e *Engine) Blocked(a, b *End, q flow.Set) *Path {
	q = q.And(flow.Box(0, 255, flow.AllPorts, a.Clients()))
	var out *Path
	if q.Empty() {
		return nil
	}
	for _, pa := range groupBySubnet(a.places) {
		for _, pb := range groupBySubnet(b.places) {
			best := e.least(a, b, pa, pb, q)
			switch {
			case best == nil:
			case out == nil:
				out = best
			default:
				for _, h := range best.Stops() {
					if !slices.ContainsFunc(out.Hops, func(o Hop) bool {
						return o.Kind == h.Kind && o.Component == h.Component && o.Reply == h.Reply && !o.Passes
					}) {
						out.Hops = append(out.Hops, h)
					}
				}
			}
		}
	}
	if out == nil {
		out = &Path{From: a.Label(), To: b.Label(), Way: "none", Hops: []Hop{{Kind: Gate, Component: b.Label(), Code: NoWay, Rule: "no peering, gateway or public address joins the two"}}}
	}
	return out
}

// least is the path between two places that fewest hops block.
func (e *Engine) least(a, b *End, as, bs []place, q flow.Set) *Path {
	var out *Path
	for _, pa := range as {
		for _, pb := range bs {
			for _, w := range e.index.ways(pa, pb) {
				if w.open || w.src.Empty() || w.dst.Empty() {
					continue
				}
				p := flow.Example(flow.Flows{{Lo: w.src[0].Lo, Hi: w.src[0].Lo, V: flow.To(flow.Addr(w.dst[0].Lo), q)}})
				path := e.path(a, b, &w, p, func(s *Step, _ flow.Packet) bool {
					at := w.dst
					if s.bySource {
						at = w.src
					}
					return q.Minus(s.pass(Must, at).Common(at)).Empty()
				})
				if out == nil || len(path.Stops()) < len(out.Stops()) {
					out = path
				}
			}
		}
	}
	return out
}

// decides says in words which rule, entry or route decides on a packet.
func (n *index) decides(s *Step, p flow.Packet, passes bool) string {
	if s.seen.IsValid() {
		p.Source = s.seen
	}
	switch s.Kind {
	case GroupIn, GroupOut:
		return n.groupRule(s, p)
	case ACLIn, ACLOut:
		return n.entry(s, p)
	case RouteStep:
		return n.route(s, p)
	case Unfollowed:
		return "the model cannot follow packets here"
	}
	if passes {
		return passing[s.Code]
	}
	return stopping[s.Code]
}

func (n *index) groupRule(s *Step, p flow.Packet) string {
	ids, remote, word := s.self.groups, p.Destination, "to"
	if s.Kind == GroupIn {
		remote, word = p.Source, "from"
	}
	if len(ids) == 0 {
		return "no security group filters the interface"
	}
	for _, id := range ids {
		g := n.groups[id]
		if g == nil {
			return id + " is not in the model"
		}
		rules := g.Egress
		if s.Kind == GroupIn {
			rules = g.Ingress
		}
		for i, r := range rules {
			set, _ := selector(r.Protocol, r.From, r.To)
			if flow.Has(set, p.Protocol, p.Port, p.Client) && n.names(r, s, remote) {
				return fmt.Sprintf("%s of %s allows %s %s %s%s%s", cmp.Or(r.ID, fmt.Sprintf("rule %d", i+1)), n.groupName(id), flow.Describe(set), word, n.peerOf(r), quoted(r.Description), quotedDoubt(r.Doubt))
			}
		}
	}
	var names []string
	for _, id := range ids {
		names = append(names, n.groupName(id))
	}
	return fmt.Sprintf("no rule of %s allows %s %s %s", strings.Join(names, ", "), flow.Describe(flow.One(p.Protocol, p.Port)), word, remote)
}

// names reports whether a rule names the peer.
func (n *index) names(r model.Rule, s *Step, remote netip.Addr) bool {
	switch l := n.lists[r.List]; {
	case r.CIDR.IsValid():
		return r.CIDR.Contains(remote)
	case r.Group != "":
		return s.peer == nil || s.references != nil && slices.Contains(s.peer.groups, r.Group)
	case l != nil && l.Service:
		return s.peer == nil || s.peer.service == r.List
	case l != nil:
		return slices.ContainsFunc(l.Entries, func(c netip.Prefix) bool { return c.Contains(remote) })
	}
	return true
}

func (n *index) peerOf(r model.Rule) string {
	switch l := n.lists[r.List]; {
	case r.CIDR.IsValid():
		return r.CIDR.String()
	case r.Group != "":
		return n.groupName(r.Group)
	case l != nil:
		return called(l.ID, l.Name)
	}
	return cmp.Or(r.List, "any peer")
}

// called is what a reader calls something: its name, or the last part of its id.
func called(id, name string) string {
	return cmp.Or(name, strings.TrimPrefix(id[strings.LastIndex(id, "::")+1:], ":"))
}

func (n *index) groupName(id string) string {
	if g := n.groups[id]; g != nil {
		return called(id, g.Name)
	}
	return called(id, "")
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf(" %q", s)
}

func quotedDoubt(s string) string {
	if s == "" {
		return ""
	}
	return "; " + s
}

func (n *index) entry(s *Step, p flow.Packet) string {
	i := slices.IndexFunc(n.ACLs, func(a model.ACL) bool { return a.ID == s.Component })
	if i < 0 {
		return s.Component + " is not in the model"
	}
	entries, remote, port := n.ACLs[i].Egress, p.Destination, p.Port
	if s.Kind == ACLIn {
		entries = n.ACLs[i].Ingress
	}
	if s.bySource {
		remote = p.Source
	}
	if s.Reply {
		port = p.Client
		if pairs, icmp := answers[p.Protocol]; icmp {
			port = pairs[p.Port>>8] << 8
		}
	}
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b model.Entry) int { return cmp.Compare(a.Number, b.Number) })
	for _, e := range sorted {
		set, _ := selector(e.Protocol, e.From, e.To)
		if (!e.CIDR.IsValid() || e.CIDR.Contains(remote)) && flow.Has(set, p.Protocol, port, 0) {
			verb := "denies"
			if e.Allow {
				verb = "allows"
			}
			return fmt.Sprintf("entry %d of %s %s %s for %s%s", e.Number, called(s.Component, n.ACLs[i].Name), verb, flow.Describe(set), e.CIDR, quotedDoubt(e.Doubt))
		}
	}
	return fmt.Sprintf("no entry of %s matches %s for %s, which denies", called(s.Component, n.ACLs[i].Name), flow.Describe(flow.One(p.Protocol, port)), remote)
}

func (n *index) route(s *Step, p flow.Packet) string {
	f := n.tables[s.Component]
	if f == nil {
		return s.Component + " is not in the model"
	}
	at := p.Destination
	if s.bySource {
		at = p.Source
	}
	for _, h := range f.hops {
		if h.lo.Compare(at) <= 0 && at.Compare(h.hi) <= 0 {
			if own := f.services[s.service]; len(own) > 0 {
				h.routes = own
			}
			var texts []string
			for _, r := range h.routes {
				if r == noRoute {
					texts = append(texts, "no route")
					continue
				}
				to := strings.TrimSpace(string(r.Target) + " " + called(r.To, ""))
				dst := r.List
				if r.CIDR.IsValid() {
					dst = r.CIDR.String()
				}
				texts = append(texts, dst+" -> "+to)
			}
			return fmt.Sprintf("%s has %s for %s (wanted: %s)", n.tableName(s.Component), strings.Join(texts, " or "), at, s.Want)
		}
	}
	return s.Component
}

func (n *index) tableName(id string) string {
	i := slices.IndexFunc(n.Tables, func(t model.Table) bool { return t.ID == id })
	if i < 0 {
		return called(id, "")
	}
	return called(id, n.Tables[i].Name)
}

// stopping and passing say what a gate means when it is shut and when it is open.
var stopping = map[Code]string{
	NoInternetGateway:  "the VPC has no internet gateway attached",
	PublicIPForEgress:  "the interface has no public address, so an internet gateway drops what it sends",
	PublicIPForIngress: "the interface has no public address, so nobody outside can address it",
	PrivateAddress:     "an internet gateway drops private destinations (RFC 1918, RFC 4193, RFC 6598)",
	PrivateSource:      "an internet gateway drops private sources (RFC 1918, RFC 4193, RFC 6598)",
	PublicAccessBlock:  "Block Public Access stops it",
	NATState:           "the NAT gateway is not available",
	NATSameSubnet:      "a NAT gateway serves no packets of its own subnet",
	NATProtocol:        "a NAT gateway carries TCP, UDP and ICMP only",
	NATNotPublic:       "the NAT gateway is private",
	PeeringState:       "the peering is not active",
	PeeringAddress:     "a peering carries addresses of its two VPCs only",
	EndpointProtocol:   "a gateway endpoint carries TCP and ICMP echo only",
	NoListener:         "no listener accepts it",
	AsksNothing:        "an interface endpoint opens no connections",
	AnswersNothing:     "a function accepts no connections",
}

var passing = map[Code]string{
	NoInternetGateway: "an internet gateway is attached", PublicIPForEgress: "the interface has a public address", PublicIPForIngress: "the interface has a public address",
	PrivateAddress: "the destination is public", PrivateSource: "the source is public", PublicAccessBlock: "Block Public Access does not stop it",
	NATState: "the NAT gateway is available", NATSameSubnet: "the NAT gateway is in another subnet", NATProtocol: "the NAT gateway carries the protocol", NATNotPublic: "the NAT gateway is public",
	PeeringState: "the peering is active", PeeringAddress: "the address is in the peered VPCs", EndpointProtocol: "the gateway endpoint carries the protocol", NoListener: "a listener accepts it",
}
