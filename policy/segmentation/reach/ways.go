// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// References to groups count always, from a bound on, or never.
var (
	always    = new(Bound)
	uncertain = func() *Bound { b := May; return &b }()
)

// to makes the predicate of routes that lead to a target.
func to(t model.Target, id string) func(*model.Route) bool {
	return func(r *model.Route) bool { return r.Target == t && (id == "" || r.To == id) }
}

// unfollowed are the routes whose target could hand packets on in ways that the engine does not know.
func unfollowed(r *model.Route) bool { return r.Target == model.Other }

// ways are all manners of getting from a to b. An end outside has one place without a subnet.
func (n *index) ways(a, b place) []way {
	var out []way
	switch {
	case a.iface == nil && b.iface == nil:
		return nil
	case a.iface == nil:
		out = append(out, n.inbound(a, b))
	case b.iface == nil:
		out = n.outbound(a, b)
	case a.v6 != b.v6:
		return n.relaying(a, b)
	case a.subnet.ID == b.subnet.ID && a.subnet.ID != "":
		out = append(out, n.sameSubnet(a, b))
	case a.vpc.ID == b.vpc.ID:
		out = append(out, n.across(a, b, to(model.Local, ""), "local", always))
	default:
		out = n.peered(a, b)
	}
	if n.reflects(a, b) {
		out = append(out, n.reflected(a, b)...)
	}
	return append(out, n.beyond(a, b)...)
}

// ends are the conditions that the kinds of the two ends make.
func (n *index) ends(a, b place) []Step {
	var out []Step
	if a.iface != nil && a.iface.Kind == model.VPCEndpoint {
		out = append(out, gate(a.iface.ID, AsksNothing, certainly(false)))
	}
	if b.iface != nil && b.iface.Kind == model.Function {
		out = append(out, gate(b.iface.ID, AnswersNothing, certainly(false)))
	}
	if b.iface != nil && b.iface.Kind == model.Balancer {
		if l := n.balancers[b.iface.Owner]; l != nil {
			out = append(out, fixed(Step{Kind: Gate, Component: l.ID, Code: NoListener}, listening(l)))
		}
	}
	return out
}

// listening is what the listeners of a load balancer accept.
func listening(l *model.LoadBalancer) [3]flow.Set {
	var s sets
	if l.Doubt != "" {
		s[Open] = flow.Everything
	}
	for i := range l.Listeners {
		s.or(Must, accepts(l.Listeners[i].Protocol, l.Listeners[i].Port))
	}
	return s
}

// accepts is a port of a listener or target; of both TCP and UDP where the protocol is any.
func accepts(protocol, port int) flow.Set {
	if protocol == model.Any {
		return accepts(int(flow.TCP), port).Or(accepts(int(flow.UDP), port))
	}
	s, _ := selector(protocol, port, port)
	return s
}

func (n *index) sameSubnet(a, b place) way {
	steps := append(n.ends(a, b), groupStep(a.end, b.end, false, always), groupStep(b.end, a.end, true, always))
	return way{name: "inside one subnet", steps: steps, src: a.ip, dst: b.ip}
}

// across leaves one subnet and enters another by the route that want describes, and the answer goes back likewise.
func (n *index) across(a, b place, want func(*model.Route) bool, wanted string, references *Bound, more ...Step) way {
	aACL, aID := n.acl(a)
	bACL, bID := n.acl(b)
	aTable, aTableID := n.table(a)
	bTable, bTableID := n.table(b)
	steps := append(n.ends(a, b), groupStep(a.end, b.end, false, references), groupStep(b.end, a.end, true, references))
	steps = append(steps, more...)
	steps = append(steps,
		aclStep(aACL, aID, false, false), routeStep(aTable, aTableID, want, wanted, false, ""), aclStep(bACL, bID, true, false),
		aclStep(bACL, bID, false, true), routeStep(bTable, bTableID, want, wanted, true, ""), aclStep(aACL, aID, true, true))
	if a.v6 && a.vpc.ID != b.vpc.ID {
		steps[len(steps)-2] = otherwise(bTable, steps[len(steps)-2])
	}
	return way{name: "inside the VPC", steps: steps, src: a.ip, dst: b.ip}
}

// otherwise is a step for the route of an answer between two VPCs over IPv6, where addresses are not translated: an
// answer that takes another way back than the packet came may arrive, which AWS does not say.
func otherwise(f *tableFilter, s Step) Step {
	known := s.pass
	s.pass = func(b Bound, at flow.Addrs) flow.Peers {
		out := known(b, at)
		if b == Open {
			out = out.Or(flow.To(f.lead(Open, func(r *model.Route) bool {
				return r.Target == model.PeeringLink || r.Target == model.InternetGateway || r.Target == model.EgressOnly
			}, s.service), flow.Everything).Within(at))
		}
		return out
	}
	return s
}

func (n *index) peered(a, b place) []way {
	var out []way
	for _, p := range n.peerings[a.vpc.ID] {
		if p.A == b.vpc.ID || p.B == b.vpc.ID {
			out = append(out, n.peering(a, b, p))
		}
	}
	return out
}

// peering carries packets between addresses of its two VPCs, and no further:
// https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html.
func (n *index) peering(a, b place, p *model.Peering) way {
	references := always
	if !p.References {
		references = nil
	}
	w := n.across(a, b, to(model.PeeringLink, p.ID), "peering "+p.ID, references,
		gate(p.ID, PeeringState, doubtfully(p.Active, p.Doubt)),
		only(Step{Kind: Gate, Component: p.ID, Code: PeeringAddress}, true, flow.PrefixAddrs(a.vpc.CIDRs...)),
		only(Step{Kind: Gate, Component: p.ID, Code: PeeringAddress}, false, flow.PrefixAddrs(b.vpc.CIDRs...)))
	w.name = "by peering " + p.ID
	return w
}

// blocked is the gate of Block Public Access for traffic that begins outside or inside.
func blocked(p place, inbound, nat bool) Step {
	allow := func(x model.Block) bool {
		return x == model.AllowBidirectional || x == model.AllowEgress && !inbound
	}
	open := p.vpc.Block == model.BlockOff || allow(p.vpc.Block) || allow(p.subnet.Exclusion) || p.vpc.Block == model.BlockIngress && nat && !inbound
	if !open && (p.vpc.Block == model.BlockUnknown || p.subnet.Exclusion == model.BlockUnknown) {
		return gate(p.vpc.ID, PublicAccessBlock, doubtfully(true, "its mode is not known"))
	}
	return gate(p.vpc.ID, PublicAccessBlock, certainly(open))
}

// attached is the gate that an internet gateway of the VPC makes.
func (n *index) attached(vpc string) Step {
	is := [3]bool{}
	for _, g := range n.gateways[vpc] {
		if !g.EgressOnly && vpc != "" {
			is = [3]bool{is[Must] || g.Doubt == "", true, true}
		}
	}
	return gate(vpc, NoInternetGateway, is)
}

// enter are the steps of a packet that comes from an internet gateway to b, from the addresses that bySource says, or
// from those in seen where another address than the packet's own is seen.
func (n *index) enter(b place, from *end, references *Bound, seen flow.Addrs, nat bool) []Step {
	acl, aclID := n.acl(b)
	table, tableID := n.table(b)
	steps := []Step{n.attached(b.vpc.ID), blocked(b, true, false)}
	if b.v6 {
		steps = append(steps, only(Step{Kind: Gate, Component: b.vpc.ID, Code: PrivateAddress}, false, routed))
	} else {
		steps = append(steps, gate(b.iface.ID, PublicIPForIngress, publicly(b)))
	}
	back := routeStep(table, tableID, to(model.InternetGateway, ""), "internet gateway", true, from.service)
	if b.v6 && from.iface != nil {
		back = otherwise(table, back)
	}
	reply := aclStep(acl, aclID, false, true)
	if nat {
		reply.NAT = true
		reply.pass = func(bound Bound, at flow.Addrs) flow.Peers { return acl.outNAT[bound].Within(at) }
	}
	// A group's members are known by their private addresses only, which no packet from outside bears.
	read := []Step{
		only(Step{Kind: Gate, Component: b.vpc.ID, Code: PrivateSource}, true, routed),
		aclStep(acl, aclID, true, false), groupStep(b.end, from, true, references), reply, back,
	}
	for _, s := range read {
		if !seen.Empty() {
			s = collapsed(s, seen, true)
		}
		steps = append(steps, s)
	}
	return steps
}

func publicly(p place) [3]bool {
	if p.iface.Kind == model.Function {
		return certainly(false)
	}
	return [3]bool{p.has == model.Yes, p.has != model.No, p.has != model.No}
}

func (n *index) inbound(a, b place) way {
	dst := b.public
	if b.v6 || dst.Empty() {
		dst = b.ip
	}
	steps := append(n.ends(a, b), n.enter(b, a.end, nil, nil, false)...)
	return way{name: "from the internet", steps: steps, src: family(a.outside, b.v6), dst: dst}
}

func family(a flow.Addrs, v6 bool) flow.Addrs {
	if v6 {
		return a.Within(flow.Anywhere[1:])
	}
	return a.Within(flow.Anywhere[:1])
}

// exit is a manner of leaving a VPC: its steps, and the addresses that the world sees if not the packet's own.
type exit struct {
	name  string
	steps []Step
	seen  flow.Addrs
	nat   bool
	// service is the prefix list of a gateway endpoint, which leads nowhere else.
	service string
}

// exits are all manners of leaving the VPC of a for dst.
func (n *index) exits(a place, dst *end, references *Bound) []exit {
	acl, aclID := n.acl(a)
	table, tableID := n.table(a)
	leave := func(want func(*model.Route) bool, wanted string) []Step {
		return []Step{
			groupStep(a.end, dst, false, references), aclStep(acl, aclID, false, false),
			routeStep(table, tableID, want, wanted, false, dst.service), aclStep(acl, aclID, true, true),
		}
	}
	toPublic := only(Step{Kind: Gate, Component: a.vpc.ID, Code: PrivateAddress}, false, routed)
	fromPublic := only(Step{Kind: Gate, Component: a.vpc.ID, Code: PrivateSource}, true, routed) // IPv6 is not translated
	direct := append(leave(to(model.InternetGateway, ""), "internet gateway"), n.attached(a.vpc.ID), blocked(a, false, false), toPublic)
	out := exit{name: "by the internet gateway"}
	if !a.v6 {
		direct = append(direct, gate(a.iface.ID, PublicIPForEgress, publicly(a)))
		if out.seen = a.public; out.seen.Empty() {
			out.seen = n.public
		}
	} else {
		direct = append(direct, fromPublic)
	}
	out.steps = direct
	all := []exit{out}
	if a.v6 {
		for _, g := range n.gateways[a.vpc.ID] {
			if g.EgressOnly {
				steps := append(leave(to(model.EgressOnly, g.ID), "egress-only internet gateway "+g.ID), gate(g.ID, NoInternetGateway, doubtfully(true, g.Doubt)), blocked(a, false, true), fromPublic, toPublic)
				all = append(all, exit{name: "by the egress-only internet gateway " + g.ID, steps: steps})
			}
		}
	} else {
		for _, x := range n.natsOf[a.vpc.ID] {
			all = append(all, n.translated(a, dst, x, append(leave(to(model.NATGateway, x.ID), "NAT gateway "+x.ID), toPublic)))
		}
	}
	if dst.service != "" {
		steps := append(leave(to(model.GatewayEndpoint, ""), "gateway endpoint"), fixed(Step{Kind: Gate, Component: a.vpc.ID, Code: EndpointProtocol}, [3]flow.Set{endpointSet, endpointSet, endpointSet}))
		all = append(all, exit{name: "by a gateway endpoint", steps: steps, service: dst.service})
	}
	return all
}

// endpointSet is what a gateway endpoint carries: TCP, and ICMP echo requests.
// https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html (VPCE_GATEWAY_PROTOCOL_RESTRICTION).
var endpointSet = flow.Box(flow.TCP, flow.TCP, flow.AllPorts, flow.AllPorts).Or(flow.One(flow.ICMP, 8<<8))

// natSet is what a NAT gateway carries: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html.
var natSet = portful.Or(flow.Box(flow.ICMP, flow.ICMP, flow.AllPorts, flow.AllPorts))

// translated leaves by a NAT gateway, whose subnet's ACL judges the packet as it comes and again as it goes.
func (n *index) translated(a place, dst *end, x *model.NAT, steps []Step) exit {
	subnet := n.subnets[x.Subnet]
	doubt := x.Doubt
	if subnet == nil {
		subnet, doubt = &model.Subnet{ID: x.Subnet, VPC: x.VPC, Doubt: "the subnet is not in the model"}, "its subnet is not in the model"
	}
	at := place{end: &end{}, subnet: subnet, vpc: a.vpc}
	acl, aclID := n.acl(at)
	table, tableID := n.table(at)
	inReply := aclStep(acl, aclID, true, true)
	inReply.NAT = true
	inReply.pass = func(b Bound, at flow.Addrs) flow.Peers { return acl.inNAT[b].Within(at) }
	steps = append(steps,
		gate(x.ID, NATState, doubtfully(!x.Down, doubt)), gate(x.ID, NATNotPublic, certainly(!x.Private)),
		gate(x.ID, NATSameSubnet, certainly(subnet.ID != a.subnet.ID)),
		fixed(Step{Kind: Gate, Component: x.ID, Code: NATProtocol}, [3]flow.Set{natSet, natSet, natSet}),
		aclStep(acl, aclID, true, false), aclStep(acl, aclID, false, false),
		routeStep(table, tableID, to(model.InternetGateway, ""), "internet gateway", false, dst.service),
		n.attached(a.vpc.ID), blocked(at, false, true), blockedToo(a, at),
		inReply, routeStep(table, tableID, to(model.Local, ""), "local", true, ""), aclStep(acl, aclID, false, true))
	seen := n.public
	if x.Public.IsValid() {
		seen = flow.Addr(x.Public)
	}
	return exit{name: "by NAT gateway " + x.ID, steps: steps, seen: seen, nat: true}
}

// blockedToo is the gate of Block Public Access for the subnet behind a NAT gateway: AWS says that the gateway's
// subnet decides, so an exclusion of that one alone counts where something may pass, not where it must.
func blockedToo(a, nat place) Step {
	is := [3]bool{true, true, true}
	if nat.vpc.Block == model.BlockBidirectional && a.subnet.Exclusion == model.BlockOff {
		is[Must] = false
	}
	return gate(a.vpc.ID, PublicAccessBlock, is)
}

func (n *index) outbound(a, b place) []way {
	var out []way
	for _, x := range n.exits(a, b.end, nil) {
		steps := append(n.ends(a, b), x.steps...)
		dst := family(b.outside, a.v6)
		out = append(out, way{name: x.name, steps: steps, src: a.ip, dst: dst})
	}
	return out
}

// related says whether groups of one VPC know those of the other.
func (n *index) related(a, b string) *Bound {
	for _, p := range n.peerings[a] {
		if (p.A == b || p.B == b) && p.Active && p.References {
			if p.Doubt != "" {
				return uncertain
			}
			return always
		}
	}
	return nil
}

// reflects reports whether packets for an interface may leave by a gateway and come back in: for a public address, for one of IPv6 in another VPC, and
// for one in the VPC where the table has a route to a gateway that is more special than the local one.
func (n *index) reflects(a, b place) bool {
	switch {
	case a.iface == nil || b.iface == nil:
		return false
	case !b.v6:
		return !b.public.Empty()
	case a.vpc.ID != b.vpc.ID:
		return true
	}
	t, _ := n.table(a)
	return slices.ContainsFunc(t.hops, func(h hop) bool {
		return slices.ContainsFunc(h.routes, func(r *model.Route) bool { return r.Target == model.InternetGateway || r.Target == model.EgressOnly }) &&
			slices.ContainsFunc(b.ip, func(at flow.Entry[netip.Addr, flow.Bit]) bool {
				return at.Lo.Compare(h.hi) <= 0 && at.Hi.Compare(h.lo) >= 0
			})
	})
}

// reflected leaves for the public address of an interface and comes back in, with a public source.
func (n *index) reflected(a, b place) []way {
	var out []way
	dst := b.public
	if b.v6 {
		dst = b.ip
	}
	from, at, references := &end{}, &end{}, (*Bound)(nil)
	if b.v6 { // the address is not translated, so that groups of a peered VPC know it
		from, at, references = a.end, b.end, n.related(a.vpc.ID, b.vpc.ID)
	}
	for _, x := range n.exits(a, at, references) {
		steps := append(n.ends(a, b), x.steps...)
		steps = append(steps, n.enter(b, from, references, x.seen, x.nat)...)
		out = append(out, way{name: x.name + " and back in", steps: steps, src: a.ip, dst: dst, public: 1})
	}
	return out
}
