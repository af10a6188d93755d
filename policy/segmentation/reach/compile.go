// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"cmp"
	"net/netip"
	"slices"

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

// aclFilter is a network ACL: what passes by the remote address, and which connections it lets be answered.
type aclFilter struct {
	in, out, inReply, outReply peers
	// inNAT and outNAT are the answers where a NAT gateway chose the client port.
	inNAT, outNAT peers
}

func newACLFilter(a *model.ACL) *aclFilter {
	f := &aclFilter{in: ordered(a.Ingress, a.Doubt), out: ordered(a.Egress, a.Doubt)}
	for _, b := range bounds {
		f.inReply[b], f.outReply[b] = each(f.in[b], replies), each(f.out[b], replies)
		f.inNAT[b] = each(f.in[b], func(s flow.Set) flow.Set { return natReplies(s, b) })
		f.outNAT[b] = each(f.out[b], func(s flow.Set) flow.Set { return natReplies(s, b) })
	}
	return f
}

// ordered is what the first matching entry allows, in order of number, however doubtful entries turn out.
func ordered(entries []model.Entry, doubt string) peers {
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b model.Entry) int { return cmp.Compare(b.Number, a.Number) })
	numbers := map[int]int{}
	for _, e := range sorted {
		numbers[e.Number]++
	}
	var p peers
	for b := Must; b <= May; b++ {
		for _, e := range sorted { // last first: what comes earlier overrides
			s, ok := selector(e.Protocol, e.From, e.To)
			if (e.Doubt != "" || !ok || numbers[e.Number] > 1) && e.Allow == (b == Must) {
				continue
			}
			at := flow.Anywhere
			if e.CIDR.IsValid() {
				at = flow.PrefixAddrs(e.CIDR)
			}
			if e.Allow {
				p[b] = p[b].Or(flow.To(at, s))
			} else {
				p[b] = p[b].Minus(flow.To(at, s))
			}
		}
	}
	p[Open] = p[May]
	if doubt != "" {
		p[Must], p[Open] = nil, flow.To(flow.Anywhere, flow.Everything)
	}
	return p
}

// each gives every address what f makes of its set, and of the empty set where it has none.
func each(p flow.Peers, f func(flow.Set) flow.Set) flow.Peers {
	out := flow.To(flow.Anywhere.Minus(p.Keys()), f(nil))
	for _, e := range p {
		out = out.Or(flow.To(flow.Addrs{{Lo: e.Lo, Hi: e.Hi, V: true}}, f(e.V)))
	}
	return out
}

// answers are the ICMP requests and what answers them: RFC 792, RFC 950, RFC 4443.
var answers = map[flow.Number]map[flow.Number]flow.Number{
	flow.ICMP:   {8: 0, 13: 14, 15: 16, 17: 18},
	flow.ICMPv6: {128: 129},
}

// replies are the connections whose answers are in s: for TCP and UDP by the client's port.
func replies(s flow.Set) flow.Set {
	var out flow.Set
	for _, e := range s {
		for _, n := range []flow.Number{flow.TCP, flow.UDP} {
			if e.Lo <= n && n <= e.Hi {
				out = out.Or(flow.Box(n, n, flow.AllPorts, e.V.Keys()))
			}
		}
		out = out.Or(flow.Box(e.Lo, e.Hi, flow.AllPorts, flow.AllPorts).Minus(special))
	}
	return out.Or(icmpReplies(s))
}

var (
	portful = flow.Box(flow.TCP, flow.TCP, flow.AllPorts, flow.AllPorts).Or(flow.Box(flow.UDP, flow.UDP, flow.AllPorts, flow.AllPorts))
	special = portful.Or(flow.Box(flow.ICMP, flow.ICMP, flow.AllPorts, flow.AllPorts)).Or(flow.Box(flow.ICMPv6, flow.ICMPv6, flow.AllPorts, flow.AllPorts))
	// clientPorts are those that a NAT gateway, a load balancer and a function choose from:
	// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports.
	clientPorts = flow.PortRange(1024, 65535)
)

func icmpReplies(s flow.Set) flow.Set {
	var out flow.Set
	for n, pairs := range answers {
		all := flow.Box(n, n, flow.AllPorts, flow.AllPorts)
		for request, answer := range pairs {
			if !flow.Has(s, n, answer<<8, 0) {
				all = all.Minus(flow.Box(n, n, flow.PortRange(request<<8, request<<8|255), flow.AllPorts))
			}
		}
		out = out.Or(all)
	}
	return out
}

// natReplies are the connections whose answers reach a NAT gateway, which chose the client port.
func natReplies(s flow.Set, b Bound) flow.Set {
	out := icmpReplies(s)
	for _, n := range []flow.Number{flow.TCP, flow.UDP} {
		open := s.At(n).Keys().And(clientPorts)
		if open.Equal(clientPorts) || b > Must && !open.Empty() {
			out = out.Or(flow.Box(n, n, flow.AllPorts, flow.AllPorts))
		}
	}
	return out
}

// hop is what a route table says of a stretch of addresses: the routes one of which is taken.
type hop struct {
	lo, hi netip.Addr
	routes []*model.Route
}

type tableFilter struct {
	hops     []hop
	services map[string][]*model.Route
	open     bool
}

var noRoute = &model.Route{Target: model.Blackhole, Doubt: "there is no route"}

type prefixRoute struct {
	prefix netip.Prefix
	route  *model.Route
}

// precedence orders routes: the longest prefix, then static before prefix list before propagated.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html.
func precedence(a, b prefixRoute) int {
	rank := func(r prefixRoute) int {
		switch {
		case r.route.Propagated:
			return 2
		case r.route.List != "":
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(b.prefix.Bits(), a.prefix.Bits()), cmp.Compare(rank(a), rank(b)))
}

func (n *index) tableFilter(t *model.Table, vpc *model.VPC) *tableFilter {
	f := &tableFilter{open: t.Doubt != "", services: map[string][]*model.Route{}}
	var all []prefixRoute
	for _, c := range vpc.CIDRs {
		if !slices.ContainsFunc(t.Routes, func(r model.Route) bool { return r.CIDR == c }) {
			all = append(all, prefixRoute{c, &model.Route{CIDR: c, Target: model.Local}})
		}
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		l := n.lists[r.List]
		switch {
		case r.CIDR.IsValid():
			all = append(all, prefixRoute{r.CIDR.Masked(), r})
		case l != nil && l.Service:
			f.services[r.List] = append(f.services[r.List], r)
		case l != nil && l.Doubt == "":
			for _, p := range l.Entries {
				all = append(all, prefixRoute{p.Masked(), r})
			}
		default:
			f.open = true
		}
	}
	slices.SortStableFunc(all, precedence)
	cuts := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, r := range all {
		lo, hi := flow.Ends(r.prefix)
		if cuts = append(cuts, lo); hi.Next().IsValid() {
			cuts = append(cuts, hi.Next())
		}
	}
	slices.SortFunc(cuts, netip.Addr.Compare)
	cuts = slices.Compact(cuts)
	for i, lo := range cuts {
		hi := flow.Anywhere[0].Hi
		switch {
		case i+1 == len(cuts):
			hi = flow.Anywhere[1].Hi
		case cuts[i+1] != netip.IPv6Unspecified():
			hi = cuts[i+1].Prev()
		}
		f.hops = append(f.hops, hop{lo, hi, candidates(all, lo)})
	}
	return f
}

// candidates are the routes one of which serves an address: those that no certain route comes before.
func candidates(all []prefixRoute, at netip.Addr) []*model.Route {
	var out []*model.Route
	var certain *prefixRoute
	for i, r := range all {
		if certain != nil && precedence(*certain, r) != 0 {
			break
		}
		if r.prefix.Contains(at) {
			out = append(out, r.route)
			if r.route.Doubt == "" {
				certain = &all[i]
			}
		}
	}
	if certain == nil {
		out = append(out, noRoute)
	}
	return out
}

// lead are the addresses that the table sends where want says; at Open also those that it sends where nobody knows.
func (f *tableFilter) lead(b Bound, want func(*model.Route) bool, service string) flow.Addrs {
	if f.open {
		if b == Open {
			return flow.Anywhere
		}
		if b == Must {
			return nil
		}
	}
	fits := func(routes []*model.Route) bool {
		match := func(r *model.Route) bool { return want(r) || b == Open && r.Target == model.Other }
		if b == Must {
			return !slices.ContainsFunc(routes, func(r *model.Route) bool { return !match(r) })
		}
		return slices.ContainsFunc(routes, match)
	}
	if own := f.services[service]; len(own) > 0 {
		if fits(own) {
			return flow.Anywhere
		}
		if !slices.ContainsFunc(own, func(r *model.Route) bool { return r.Doubt == "" }) && b > Must {
			return f.addresses(fits)
		}
		return nil
	}
	return f.addresses(fits)
}

func (f *tableFilter) addresses(fits func([]*model.Route) bool) flow.Addrs {
	var out flow.Addrs
	for _, h := range f.hops {
		if fits(h.routes) {
			out = out.Or(flow.Addrs{{Lo: h.lo, Hi: h.hi, V: true}})
		}
	}
	return out
}

// Selects is what a rule says of protocol and ports, and the addresses of its CIDR, if it names one.
func Selects(r model.Rule) (flow.Set, flow.Addrs) {
	s, _ := selector(r.Protocol, r.From, r.To)
	if !r.CIDR.IsValid() {
		return s, nil
	}
	return s, flow.PrefixAddrs(r.CIDR)
}
