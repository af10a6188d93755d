// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Bound is how much of what is doubtful counts.
type Bound int

// The bounds: each lets everything pass that the one before lets pass.
const (
	// Must counts what passes however the doubts turn out.
	Must Bound = iota
	// May counts what passes if the doubts turn out so, such as addresses that are not known before a deployment.
	May
	// Open counts besides whatever the model cannot follow.
	Open
)

var bounds = [...]Bound{Must, May, Open}

type (
	peers [3]flow.Peers
	sets  [3]flow.Set
)

func (p *peers) or(b Bound, o flow.Peers) {
	for ; b <= Open; b++ {
		p[b] = p[b].Or(o)
	}
}

func (s *sets) or(b Bound, o flow.Set) {
	for ; b <= Open; b++ {
		s[b] = s[b].Or(o)
	}
}

// selector is what a rule says of protocol and ports. It reports whether AWS takes the numbers.
func selector(protocol, from, to int) (flow.Set, bool) {
	if protocol == model.Any {
		return flow.Everything, true
	}
	if protocol < 0 || protocol > 255 {
		return flow.Everything, false
	}
	n := flow.Number(protocol) //nolint:gosec // 0 to 255
	whole := flow.Box(n, n, flow.AllPorts, flow.AllPorts)
	lo, hi := from, to
	switch n {
	case flow.TCP, flow.UDP:
		if lo == model.Any && hi == model.Any {
			lo, hi = 0, 65535
		}
	case flow.ICMP, flow.ICMPv6:
		lo, hi = icmpTypes(from, to)
	default:
		return whole, true
	}
	if lo < 0 || hi > 65535 || lo > hi {
		return whole, false
	}
	return flow.Box(n, n, flow.PortRange(flow.Number(lo), flow.Number(hi)), flow.AllPorts), true //nolint:gosec // checked
}

// icmpTypes are the numbers of a type and code.
func icmpTypes(kind, code int) (lo, hi int) {
	switch {
	case kind == model.Any && code == model.Any:
		return 0, 65535
	case kind < 0 || kind > 255 || code < model.Any || code > 255:
		return 1, 0
	case code == model.Any:
		return kind << 8, kind<<8 | 255
	}
	return kind<<8 | code, kind<<8 | code
}

// groupFilter is one direction of a security group: allow rules by the peer's address, group or service.
type groupFilter struct {
	addrs    peers
	groups   map[string]*sets
	services map[string]*sets
}

func (n *index) groupFilter(rules []model.Rule, doubt string) *groupFilter {
	g := &groupFilter{groups: map[string]*sets{}, services: map[string]*sets{}}
	if doubt != "" {
		g.addrs.or(Open, flow.To(flow.Anywhere, flow.Everything))
	}
	for _, r := range rules {
		s, ok := selector(r.Protocol, r.From, r.To)
		b := Must
		if r.Doubt != "" {
			b = May
		}
		if !ok {
			b = Open
		}
		switch {
		case r.CIDR.IsValid():
			g.addrs.or(b, flow.To(flow.PrefixAddrs(r.CIDR), s))
		case r.Group != "":
			entry(g.groups, r.Group).or(b, s)
		case r.List != "":
			l := n.lists[r.List]
			if l == nil {
				g.addrs.or(Open, flow.To(flow.Anywhere, s))
				continue
			}
			if l.Service {
				entry(g.services, r.List).or(b, s)
			} else {
				g.addrs.or(b, flow.To(flow.PrefixAddrs(l.Entries...), s))
			}
			if l.Doubt != "" && !l.Service {
				g.addrs.or(Open, flow.To(flow.Anywhere, s))
			}
		default:
			g.addrs.or(max(b, May), flow.To(flow.Anywhere, s))
		}
	}
	return g
}

func entry(m map[string]*sets, key string) *sets {
	if m[key] == nil {
		m[key] = &sets{}
	}
	return m[key]
}

// filter is one direction of all the groups of an interface.
type filter struct {
	// all at a bound lets everything pass.
	all   [3]bool
	parts []*groupFilter
	any   *flow.Set // what passes for some peer, once asked
}

func (n *index) filter(i *model.Interface, ingress bool) *filter {
	f := &filter{}
	if len(i.Groups) == 0 && i.Doubt == "" {
		f.all = [3]bool{true, true, true}
	}
	f.all[Open] = f.all[Open] || i.Doubt != ""
	for _, id := range i.Groups {
		g := n.groups[id]
		if g == nil {
			f.all[Open] = true
			continue
		}
		part := g.egress
		if ingress {
			part = g.ingress
		}
		if i.Doubt != "" {
			doubtful := *part
			doubtful.addrs[Must] = nil
			doubtful.groups, doubtful.services = doubt(part.groups), doubt(part.services)
			part = &doubtful
		}
		f.parts = append(f.parts, part)
	}
	return f
}

func doubt(m map[string]*sets) map[string]*sets {
	out := map[string]*sets{}
	for k, s := range m {
		out[k] = &sets{May: s[May], Open: s[Open]}
	}
	return out
}

// pass is what the filter lets pass to or from a peer at the given addresses. The peer's groups count where the
// packet bears its private address and the groups may be named; references below says at which bound they do.
func (f *filter) pass(b Bound, at flow.Addrs, peer *end, references *Bound) flow.Peers {
	if f.all[b] {
		return flow.To(at, flow.Everything)
	}
	var out flow.Peers
	var named flow.Set
	for _, g := range f.parts {
		out = out.Or(g.addrs[b].Within(at))
		if peer != nil {
			named = named.Or(g.names(b, peer, references))
		}
	}
	return out.Or(flow.To(at, named))
}

// toward is what the filter may let pass to or from a peer at some of the addresses, or at any where there are none.
func (f *filter) toward(peer *end, at flow.Addrs) flow.Set {
	if f.all[Open] {
		return flow.Everything
	}
	var out flow.Set
	for _, g := range f.parts {
		p := g.addrs[Open]
		if at != nil {
			p = p.Within(at)
		}
		out = out.Or(p.Union()).Or(g.names(Open, peer, always))
	}
	return out
}

// knows reports whether any rule names a peer at some of the addresses, or at any where there are none.
func (f *filter) knows(peer *end, at flow.Addrs) bool {
	if f.all[Open] {
		return true
	}
	for _, g := range f.parts {
		if p := g.addrs[Open]; len(p) > 0 && (at == nil || p.Touches(at)) || peer.doubt != "" && len(g.groups) > 0 || g.services[peer.service] != nil {
			return true
		}
		for _, id := range peer.groups {
			if g.groups[id] != nil {
				return true
			}
		}
	}
	return false
}

// names is what the rules allow that name the peer's service or groups.
func (g *groupFilter) names(b Bound, peer *end, references *Bound) flow.Set {
	var named flow.Set
	if s := g.services[peer.service]; s != nil {
		named = s[b]
	}
	if references == nil || b < *references || len(g.groups) == 0 {
		return named
	}
	for _, id := range peer.groups {
		if s := g.groups[id]; s != nil && (peer.doubt == "" || b > Must) {
			named = named.Or(s[b])
		}
	}
	if peer.doubt != "" && b == Open {
		for _, s := range g.groups {
			named = named.Or(s[b])
		}
	}
	return named
}

// some is what the filter lets pass for any peer at all, with every doubt counted.
func (f *filter) some() flow.Set {
	if f.all[Open] {
		return flow.Everything
	}
	if f.any == nil {
		var out flow.Set
		for _, g := range f.parts {
			out = out.Or(g.addrs[Open].Union())
			for _, m := range []map[string]*sets{g.groups, g.services} {
				for _, s := range m {
					out = out.Or(s[Open])
				}
			}
		}
		f.any = &out
	}
	return *f.any
}

// Selects is what a rule says of protocol and ports, and the addresses of its CIDR, if it names one.
func Selects(r model.Rule) (flow.Set, flow.Addrs) {
	s, _ := selector(r.Protocol, r.From, r.To)
	if !r.CIDR.IsValid() {
		return s, nil
	}
	return s, flow.PrefixAddrs(r.CIDR)
}
