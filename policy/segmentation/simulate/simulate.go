// SPDX-License-Identifier: Apache-2.0

// Package simulate follows one packet at a time, hop by hop, through a network in which nothing is doubtful. It is
// simple on purpose and shares nothing with the engine but the model, so that the two can be compared.
package simulate

import (
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Packet on its way. For ICMP, Port is the type and Client the code.
type Packet struct {
	From, To     netip.Addr
	Protocol     int
	Port, Client int
}

// Result of sending a packet.
type Result struct {
	// At is the interface that got it; empty when nobody did, "outside" when it left the network.
	At string
	// Answered: the answer came back, or none is due.
	Answered bool
}

// World is a network and the choices that AWS makes at run time.
type World struct {
	Net *model.Network
	// NATPort is the port that every NAT gateway takes for a connection.
	NATPort int
}

type at struct {
	*model.Interface
	addr   model.Address
	subnet *model.Subnet
	vpc    *model.VPC
}

func get[T any](list []T, is func(*T) bool) *T {
	for i := range list {
		if is(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

func (w World) subnet(id string) *model.Subnet {
	return get(w.Net.Subnets, func(s *model.Subnet) bool { return s.ID == id })
}

func (w World) vpc(id string) *model.VPC {
	return get(w.Net.VPCs, func(v *model.VPC) bool { return v.ID == id })
}

// find is the interface that an address belongs to.
func (w World) find(is func(model.Address, *model.VPC) bool) *at {
	for i := range w.Net.Interfaces {
		f := &w.Net.Interfaces[i]
		s := w.subnet(f.Subnets[0])
		for _, a := range f.Addresses {
			if is(a, w.vpc(s.VPC)) {
				return &at{f, a, s, w.vpc(s.VPC)}
			}
		}
	}
	return nil
}

func (w World) private(ip netip.Addr, vpc string) *at {
	return w.find(func(a model.Address, v *model.VPC) bool { return a.Bears(ip) && v.ID == vpc })
}

// Send sends a packet from an interface's own address, or from outside where from is nil.
func (w World) Send(from *model.Interface, p Packet) Result {
	if from == nil {
		return w.arrive(w.enter(p), p, nil)
	}
	s := w.subnet(from.Subnets[0])
	src := &at{from, model.Address{}, s, w.vpc(s.VPC)}
	for _, a := range from.Addresses {
		if a.Bears(p.From) {
			src.addr = a
		}
	}
	if !w.groups(src.Groups, p, p.To, false, src.vpc.ID) {
		return Result{}
	}
	return w.leave(src, p)
}

// leave carries a packet out of its subnet.
func (w World) leave(src *at, p Packet) Result {
	if dst := w.private(p.To, src.vpc.ID); dst != nil && dst.subnet.ID == src.subnet.ID {
		return w.accept(dst, p, true, src, func() bool { return true })
	}
	if !w.acl(src.subnet, p, false) {
		return Result{}
	}
	r := w.route(src.subnet, p.To)
	if r == nil {
		return Result{}
	}
	back := func(q Packet) bool { return w.acl(src.subnet, q, true) }
	switch r.Target {
	case model.Local:
		return w.cross(src, w.private(p.To, src.vpc.ID), p, model.Local, "", back)
	case model.PeeringLink:
		link := get(w.Net.Peerings, func(x *model.Peering) bool { return x.ID == r.To })
		if link == nil || !link.Active {
			return Result{}
		}
		other := link.A
		if other == src.vpc.ID {
			other = link.B
		}
		return w.cross(src, w.private(p.To, other), p, model.PeeringLink, link.ID, back)
	case model.InternetGateway, model.EgressOnly:
		return w.out(src, p, r, back)
	case model.NATGateway:
		return w.nat(src, p, r.To, back)
	case model.GatewayEndpoint: // the service answers, and is for nothing else
		return Result{"outside", !due(p) || back(answer(p))}
	}
	return Result{}
}

// cross enters another subnet; the answer must take the same kind of route back.
func (w World) cross(src, dst *at, p Packet, target model.Target, id string, back func(Packet) bool) Result {
	if dst == nil || !w.acl(dst.subnet, p, true) {
		return Result{}
	}
	return w.accept(dst, p, target == model.Local || get(w.Net.Peerings, func(x *model.Peering) bool { return x.ID == id && x.References }) != nil, src, func() bool {
		q := answer(p)
		r := w.route(dst.subnet, q.To)
		return w.acl(dst.subnet, q, false) && r != nil && r.Target == target && r.To == id && back(q)
	})
}

// accept is the last hop: the groups of the interface, then the answer.
func (w World) accept(dst *at, p Packet, references bool, src *at, answered func() bool) Result {
	if dst.Kind == model.Function || !w.members(dst.Groups, p, p.From, true, references, src) {
		return Result{}
	}
	return Result{dst.ID, !due(p) || answered()}
}

func (w World) gatewayOf(vpc string, egressOnly bool) bool {
	return get(w.Net.Gateways, func(g *model.Gateway) bool { return g.VPC == vpc && g.EgressOnly == egressOnly }) != nil
}

// out leaves by a gateway, with the public address where there is translation.
func (w World) out(src *at, p Packet, r *model.Route, back func(Packet) bool) Result {
	egress := r.Target == model.EgressOnly
	v6 := p.To.Is6()
	if !w.gatewayOf(src.vpc.ID, egress) || egress && !v6 || w.blocked(src, false, egress) || v6 && !routed(p) {
		return Result{}
	}
	seen := p
	if !v6 {
		if src.addr.HasPublic != model.Yes || reserved(p.To) || src.Kind == model.Function {
			return Result{}
		}
		seen.From = src.addr.Public
	}
	return w.arrive(w.enter(seen), seen, func() bool { return back(answer(p)) })
}

// nat leaves by a NAT gateway.
func (w World) nat(src *at, p Packet, id string, back func(Packet) bool) Result {
	x := get(w.Net.NATs, func(x *model.NAT) bool { return x.ID == id })
	if !serves(x, src, p) {
		return Result{}
	}
	s := w.subnet(x.Subnet)
	own := &at{&model.Interface{}, model.Address{}, s, src.vpc}
	r := w.route(s, p.To)
	if !w.acl(s, p, true) || !w.acl(s, p, false) || r == nil || r.Target != model.InternetGateway || !w.gatewayOf(src.vpc.ID, false) || w.blocked(own, false, true) {
		return Result{}
	}
	seen := p
	seen.From = x.Public
	if p.Protocol != 1 {
		seen.Client = w.NATPort
	}
	return w.arrive(w.enter(seen), seen, func() bool {
		q := answer(seen)
		if !w.acl(s, q, true) {
			return false
		}
		q = answer(p)
		r := w.route(s, q.To)
		return w.acl(s, q, false) && r != nil && r.Target == model.Local && back(q)
	})
}

// Relayed reports whether a NAT gateway takes packets to an address elsewhere than to the internet, where they are not followed.
func (w World) Relayed(from *model.Interface, to netip.Addr) bool {
	s := w.subnet(from.Subnets[0])
	r := w.route(s, to)
	if r == nil || r.Target != model.NATGateway {
		return false
	}
	x := get(w.Net.NATs, func(x *model.NAT) bool { return x.ID == r.To })
	if x == nil || x.VPC != s.VPC || x.Down || x.Subnet == s.ID {
		return false
	}
	on := w.route(w.subnet(x.Subnet), to)
	return on != nil && (on.Target == model.Local || on.Target == model.PeeringLink)
}

// serves reports whether a NAT gateway takes a packet.
func serves(x *model.NAT, src *at, p Packet) bool {
	if x == nil || x.VPC != src.vpc.ID || x.Down || x.Private {
		return false
	}
	return x.Subnet != src.subnet.ID && !reserved(p.To) && slices.Contains([]int{1, 6, 17}, p.Protocol)
}

// enter is the interface that a packet from the internet is for, once past the gateway; nil when it is for none.
func (w World) enter(p Packet) *at {
	return w.find(func(a model.Address, _ *model.VPC) bool {
		if p.To.Is6() {
			return a.Bears(p.To)
		}
		return a.HasPublic == model.Yes && a.Public == p.To
	})
}

// arrive ends a packet that has come to the internet: outside, or back in.
func (w World) arrive(dst *at, p Packet, back func() bool) Result {
	if dst == nil {
		if back == nil {
			return Result{}
		}
		return Result{"outside", !due(p) || back()}
	}
	if !w.gatewayOf(dst.vpc.ID, false) || w.blocked(dst, true, false) || !routed(p) || dst.Kind == model.Function {
		return Result{}
	}
	in := p
	in.To = dst.addr.IP
	if !w.acl(dst.subnet, in, true) || !w.groups(dst.Groups, in, in.From, true, dst.vpc.ID) {
		return Result{}
	}
	answered := !due(p)
	if !answered {
		q := answer(in)
		r := w.route(dst.subnet, q.To)
		answered = w.acl(dst.subnet, q, false) && r != nil && r.Target == model.InternetGateway && (back == nil || back())
	}
	return Result{dst.ID, answered}
}

func (w World) blocked(x *at, inbound, nat bool) bool {
	switch x.subnet.Exclusion {
	case model.AllowBidirectional:
		return false
	case model.AllowEgress:
		return inbound
	}
	return x.vpc.Block == model.BlockBidirectional || x.vpc.Block == model.BlockIngress && (inbound || !nat)
}

// routed reports whether the internet carries a packet; IPv4 is translated at the gateway behind which it is sent.
func routed(p Packet) bool { return !reserved(p.From) && (p.To.Is4() || !reserved(p.To)) }

func reserved(a netip.Addr) bool {
	return a.IsPrivate() || netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

var requests = map[int]map[int]int{1: {8: 0, 13: 14, 15: 16, 17: 18}, 58: {128: 129}}

// due reports whether an answer is expected.
func due(p Packet) bool {
	if types, icmp := requests[p.Protocol]; icmp {
		_, ask := types[p.Port]
		return ask
	}
	return true
}

func answer(p Packet) Packet {
	q := Packet{From: p.To, To: p.From, Protocol: p.Protocol, Port: p.Client, Client: p.Port}
	if types, icmp := requests[p.Protocol]; icmp {
		q.Port, q.Client = types[p.Port], 0
	}
	return q
}

func match(protocol, from, to int, p Packet) bool {
	switch {
	case protocol == model.Any:
		return true
	case protocol != p.Protocol:
		return false
	case protocol == 6 || protocol == 17:
		return from == model.Any || from <= p.Port && p.Port <= to
	case protocol == 1 || protocol == 58:
		return from == model.Any || from == p.Port && (to == model.Any || to == p.Client)
	}
	return true
}

// acl asks the ACL of a subnet.
func (w World) acl(s *model.Subnet, p Packet, ingress bool) bool {
	id := s.ACL
	if id == "" {
		id = w.vpc(s.VPC).DefaultACL
	}
	a := get(w.Net.ACLs, func(a *model.ACL) bool { return a.ID == id })
	entries, remote := a.Egress, p.To
	if ingress {
		entries, remote = a.Ingress, p.From
	}
	best := -1
	allowed := false
	for _, e := range entries {
		if (best < 0 || e.Number < best) && e.CIDR.Contains(remote) && match(e.Protocol, e.From, e.To, p) {
			best, allowed = e.Number, e.Allow
		}
	}
	return allowed
}

// groups asks groups about whoever has the address.
func (w World) groups(ids []string, p Packet, peer netip.Addr, ingress bool, vpc string) bool {
	if dst := w.private(peer, vpc); dst != nil {
		return w.members(ids, p, peer, ingress, true, dst)
	}
	for _, x := range w.Net.Peerings {
		other := ""
		switch vpc {
		case x.A:
			other = x.B
		case x.B:
			other = x.A
		}
		if dst := w.private(peer, other); dst != nil && other != "" {
			return w.members(ids, p, peer, ingress, x.References && x.Active, dst)
		}
	}
	return w.members(ids, p, peer, ingress, false, nil)
}

// members asks groups, with the peer's own groups where they may be named.
func (w World) members(ids []string, p Packet, peer netip.Addr, ingress, references bool, other *at) bool {
	if len(ids) == 0 {
		return true
	}
	for _, id := range ids {
		g := get(w.Net.Groups, func(g *model.Group) bool { return g.ID == id })
		rules := g.Egress
		if ingress {
			rules = g.Ingress
		}
		for _, r := range rules {
			named := r.CIDR.IsValid() && r.CIDR.Contains(peer) || r.Group != "" && references && other != nil && slices.Contains(other.Groups, r.Group)
			if l := get(w.Net.Lists, func(l *model.PrefixList) bool { return l.ID == r.List }); l != nil {
				named = slices.ContainsFunc(l.Entries, func(c netip.Prefix) bool { return c.Contains(peer) })
			}
			if named && match(r.Protocol, r.From, r.To, p) {
				return true
			}
		}
	}
	return false
}

// route is the route that a subnet's table has for an address, or nil.
func (w World) route(s *model.Subnet, to netip.Addr) *model.Route {
	v := w.vpc(s.VPC)
	id := s.Table
	if id == "" {
		id = v.MainTable
	}
	t := get(w.Net.Tables, func(t *model.Table) bool { return t.ID == id })
	var best *model.Route
	bits := -1
	consider := func(c netip.Prefix, r *model.Route, rank int) {
		if c.Contains(to) && c.Bits()*4+3-rank > bits {
			best, bits = r, c.Bits()*4+3-rank
		}
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		rank := 0
		if r.Propagated {
			rank = 2
		}
		if r.CIDR.IsValid() {
			consider(r.CIDR, r, rank)
		} else if l := get(w.Net.Lists, func(l *model.PrefixList) bool { return l.ID == r.List }); l != nil {
			for _, c := range l.Entries {
				consider(c, r, 1)
			}
		}
	}
	for _, c := range v.CIDRs {
		consider(c, &model.Route{Target: model.Local}, 0)
	}
	return best
}
