// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// NoSegment are the addresses outside that are in no segment and not on the internet, such as those of a private network.
const NoSegment = "(addresses of no segment)"

// comparison is that of a network before a change with the one after it.
type comparison struct {
	nets    [2]*Network
	flows   map[asked]flow.Flows
	vague   map[string]bool // the prefix lists whose addresses are not known: all of these count together
	changes []Change
}

// part is one end of a change, by a name that survives it: a segment, what lies outside, or an interface in no segment.
type part struct {
	name string
	// addrs are those of a part outside, in both networks; it has no members then but services of AWS.
	addrs flow.Addrs
	// members are by names that survive a change too.
	members map[string]*member
	// scopes are the part, and after it its members.
	scopes []*scope
}

// member is a host, or several of the same name, before and after.
type member struct {
	hosts [2][]*model.Interface
	ends  [2][]*reach.End
}

// scope is a part, or those of its members that nothing can tell apart.
type scope struct {
	part  *part
	ends  [2][]*reach.End
	names []string // none: the part
	many  bool     // there may be two
}

// parts are those of both networks.
func (c *comparison) parts() []*part {
	found := map[string]*part{}
	at := func(name string, outside bool) *part {
		key := fmt.Sprint(name, outside)
		if found[key] == nil {
			found[key] = &part{name: name, members: map[string]*member{}}
		}
		return found[key]
	}
	rest := flow.Internet.Or(flow.Local)
	for i, n := range c.nets {
		rest = rest.Minus(n.own())
		for _, x := range n.net.NATs {
			if x.Public.IsValid() {
				rest = rest.Minus(flow.Addr(x.Public))
			}
		}
		for _, l := range n.net.Lists {
			c.vague[l.ID] = c.vague[l.ID] || l.Service && (len(l.Entries) == 0 || l.Doubt != "")
		}
		for name, ends := range n.outside() {
			p := at(name, true)
			for _, e := range ends {
				p.addrs = p.addrs.Or(e.Addresses())
				p.member(e.ServiceList())
			}
			rest = rest.Minus(p.addrs)
		}
		c.inside(i, at)
	}
	p := at(NoSegment, true)
	p.addrs = rest
	p.member("")
	for _, p := range found {
		if !p.addrs.Empty() {
			for service, m := range p.members {
				for i, n := range c.nets {
					m.ends[i] = []*reach.End{n.OutsideOf(service, p.addrs)}
				}
			}
		}
		p.divide()
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *part) int { return cmp.Or(strings.Compare(a.name, b.name), len(a.addrs)-len(b.addrs)) })
}

// inside adds the interfaces of a network to the parts.
func (c *comparison) inside(i int, at func(name string, outside bool) *part) {
	n := c.nets[i]
	for j := range n.net.Interfaces {
		f := &n.net.Interfaces[j]
		e := n.Interface(f.ID)
		if e == nil {
			continue
		}
		name := cmp.Or(f.Name, f.ID)
		if c.nets[1-i].Interface(f.ID) != nil {
			name = f.ID
		}
		m := at(n.segment(f), false).member(name)
		m.hosts[i] = append(m.hosts[i], f)
		m.ends[i] = append(m.ends[i], n.Classes()[e.Class])
	}
}

func (p *part) member(name string) *member {
	if p.members[name] == nil {
		p.members[name] = &member{}
	}
	return p.members[name]
}

// outside are the ends outside by their names.
func (n *Network) outside() map[string][]*reach.End {
	if n.proof == nil {
		return map[string][]*reach.End{intent.Internet: {n.InternetEnd()}}
	}
	out := map[string][]*reach.End{}
	for name, ends := range n.proof.members {
		for _, e := range ends {
			if e.Class < 0 {
				out[name] = append(out[name], e)
			}
		}
	}
	return out
}

// segment is the segment of an interface, or what the interface is called.
func (n *Network) segment(f *model.Interface) string {
	name := cmp.Or(f.Name, f.ID)
	if n.proof == nil {
		return name
	}
	return cmp.Or(n.proof.of[f.ID], name+" (in no segment)")
}

// divide finds the scopes of a part whose members are known.
func (p *part) divide() {
	all := &scope{part: p, many: true}
	kinds := map[string]*scope{}
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		m := p.members[name]
		key := ""
		for i := range m.ends {
			all.ends[i] = distinct(append(all.ends[i], m.ends[i]...))
			m.ends[i] = distinct(m.ends[i])
			key += "|"
			for _, e := range m.ends[i] {
				key += fmt.Sprint(e.Class, e.ServiceList(), " ")
			}
		}
		s := kinds[key]
		if s == nil {
			s = &scope{part: p, ends: m.ends}
			kinds[key] = s
		}
		s.names = append(s.names, name)
		for _, hosts := range m.hosts {
			s.many = s.many || len(s.names) > 1 || len(hosts) > 1 || slices.ContainsFunc(hosts, func(f *model.Interface) bool { return f.Many })
		}
	}
	p.scopes = []*scope{all}
	for _, key := range slices.Sorted(maps.Keys(kinds)) {
		p.scopes = append(p.scopes, kinds[key])
	}
}

// distinct has every class once, in order.
func distinct(ends []*reach.End) []*reach.End {
	compare := func(a, b *reach.End) int {
		return cmp.Or(a.Class-b.Class, strings.Compare(a.ServiceList(), b.ServiceList()))
	}
	return slices.CompactFunc(slices.SortedFunc(slices.Values(ends), compare), func(a, b *reach.End) bool { return compare(a, b) == 0 })
}

// difference is what passes in one network and not in the other.
type difference struct {
	old              int // the network in which it does not pass
	from, to         *scope
	fromOnly, toOnly string
	src, dst         flow.Addrs
	set              flow.Set
}

// more is what passes in the network that is not old, and not in old: as coarsely as is true. First come the packets of which
// none like it passed between the two parts, whatever member sent it to whichever; then those of which none passed between
// two members; then those of which none passed between addresses of theirs. What is open counts where it may not pass.
func (c *comparison) more(old int, b reach.Bound, p, q *part) []difference {
	var out []difference
	told := c.found(&out, old, b, p.scopes[0], q.scopes[0], true, nil)
	for _, x := range p.scopes[1:] {
		for _, y := range q.scopes[1:] {
			if p == q && slices.Equal(x.names, y.names) && !x.many {
				continue
			}
			known := told.Or(c.found(&out, old, b, x, y, true, told))
			c.found(&out, old, b, x, y, false, known)
		}
	}
	return out
}

// found adds the differences between two scopes that are not told yet, and returns them.
func (c *comparison) found(out *[]difference, old int, b reach.Bound, x, y *scope, coarse bool, told flow.Flows) flow.Flows {
	as, bs := x.ends[1-old], y.ends[1-old]
	young := c.pass(1-old, b, as, bs, coarse)
	if b == reach.Open {
		young = young.Minus(c.pass(1-old, reach.May, as, bs, coarse))
	}
	if young.Empty() {
		return nil
	}
	olds, oldt := x.before(old), y.before(old)
	base := c.pass(old, b, olds, oldt, coarse)
	if !coarse {
		base = lift(base, inside(as).Minus(inside(x.ends[old])), inside(bs).Minus(inside(y.ends[old])))
		told = lift(told, inside(as), inside(bs))
	}
	more := young.Minus(base).Minus(told)
	for _, box := range boxes(more) {
		d := difference{old: old, from: x, to: y, src: box.src, dst: box.dst, set: box.set}
		d.fromOnly, d.src = c.only(x, 1-old, box.src, young.Keys(), coarse)
		d.toOnly, d.dst = c.only(y, 1-old, box.dst, young.Union().Keys(), coarse)
		*out = append(*out, d)
	}
	return more
}

// before are the ends of a scope in the old network, or those of its part where it had none.
func (s *scope) before(old int) []*reach.End {
	if len(s.ends[old]) > 0 {
		return s.ends[old]
	}
	return s.part.scopes[0].ends[old]
}

// only says which members and addresses of its part a scope and a set of addresses are, and which addresses a packet may have.
func (c *comparison) only(s *scope, young int, at, passing flow.Addrs, coarse bool) (string, flow.Addrs) {
	var words []string
	if len(s.names) > 0 && len(s.names) < len(s.part.members) {
		for _, name := range s.names {
			m := s.part.members[name]
			if len(m.hosts[young]) > 0 {
				name = cmp.Or(m.hosts[young][0].Name, last(name))
			}
			words = append(words, last(name))
		}
	}
	whole := s.part.addrs
	switch {
	case slices.ContainsFunc(s.ends[young], c.isVague):
		return strings.Join(words, ", "), flow.Anywhere
	case whole.Empty():
		if coarse {
			return strings.Join(words, ", "), flow.Anywhere
		}
		whole = inside(s.ends[young])
	}
	if text := partly(at, whole, passing); text != "" {
		words = append(words, text)
	}
	return strings.Join(words, ", "), at
}

// partly says which addresses are meant of a whole, of which only those of families with some that pass count.
func partly(at, whole, passing flow.Addrs) string {
	var parts []string
	complete := true
	for i, family := range flow.Anywhere {
		these := flow.Addrs{family}
		here, rest := at.And(these), whole.Minus(at).And(these)
		name := []string{"IPv4", "IPv6"}[i]
		complete = complete && (rest.Empty() || here.Empty() && !passing.Touches(these))
		switch {
		case here.Empty():
		case rest.Empty():
			parts = append(parts, name)
		case len(rest) < len(here):
			parts = append(parts, name+" but "+strings.Join(flow.DescribeAddrs(rest), ", "))
		default:
			parts = append(parts, flow.DescribeAddrs(here)...)
		}
	}
	if complete {
		return ""
	}
	return strings.Join(parts, ", ")
}

// asked is a question about two ends of one of the networks, coarse where addresses inside do not count.
type asked struct {
	net    int
	bound  reach.Bound
	a, b   *reach.End
	coarse bool
}

// pass is what passes between ends of a network.
func (c *comparison) pass(i int, b reach.Bound, as, bs []*reach.End, coarse bool) (out flow.Flows) {
	each(as, bs, false, func(x, y *reach.End) {
		q := asked{i, b, x, y, coarse}
		f, known := c.flows[q]
		if !known {
			may, open := c.nets[i].Flows(x, y)
			for bound, f := range map[reach.Bound]flow.Flows{reach.May: may, reach.Open: open} {
				f = erased(f, c.isVague(x), c.isVague(y))
				c.flows[asked{i, bound, x, y, false}] = f
				c.flows[asked{i, bound, x, y, true}] = erased(f, x.Class >= 0, y.Class >= 0)
			}
			f = c.flows[q]
		}
		out = out.Or(f)
	})
	return out
}

func (c *comparison) isVague(e *reach.End) bool { return c.vague[e.ServiceList()] }

// inside are the addresses of ends in a network.
func inside(ends []*reach.End) (out flow.Addrs) {
	for _, e := range ends {
		if e.Class >= 0 {
			out = out.Or(e.Addresses())
		}
	}
	return out
}

// erased puts what passes at any source or destination at a single address.
func erased(f flow.Flows, src, dst bool) flow.Flows {
	single := flow.Addr(netip.IPv6Unspecified())
	if src && len(f) > 0 {
		f = spread(single, f.Union())
	}
	if !dst {
		return f
	}
	out := make(flow.Flows, len(f))
	for i, s := range f {
		out[i] = s
		out[i].V = flow.To(single, s.V.Union())
	}
	return flow.Joined(out)
}

// spread gives every source the same.
func spread(src flow.Addrs, to flow.Peers) flow.Flows {
	out := make(flow.Flows, len(src))
	for i, a := range src {
		out[i] = flow.Entry[netip.Addr, flow.Peers]{Lo: a.Lo, Hi: a.Hi, V: to}
	}
	return out
}

// lift gives the sources and destinations what any other has.
func lift(f flow.Flows, src, dst flow.Addrs) flow.Flows {
	if len(f) == 0 {
		return nil
	}
	out := make(flow.Flows, len(f))
	for i, s := range f {
		out[i] = s
		out[i].V = s.V.Or(flow.To(dst, s.V.Union()))
	}
	out = flow.Joined(out)
	return out.Or(spread(src, out.Union()))
}

// box is a product of sources, destinations and packets.
type box struct {
	src, dst flow.Addrs
	set      flow.Set
}

// boxes are products that have no packet in common and make up the flows.
func boxes(f flow.Flows) []box {
	var out []box
	for _, from := range f.Alike() {
		for _, to := range from.V.Alike() {
			out = append(out, box{from.Keys, to.Keys, to.V})
		}
	}
	return out
}
