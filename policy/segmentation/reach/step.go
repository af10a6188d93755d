// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Code is a stable name for why a step stops packets. They are Reachability Analyzer's where it has one:
// https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html.
type Code string

// The codes.
const (
	SecurityGroups     Code = "ENI_SG_RULES_MISMATCH"
	SubnetACL          Code = "SUBNET_ACL_RESTRICTION"
	NoRoute            Code = "NO_ROUTE_TO_DESTINATION"
	NoReplyRoute       Code = "NO_ROUTE_FOR_REPLY"
	NoInternetGateway  Code = "IGW_NOT_ATTACHED_TO_VPC"
	PublicIPForEgress  Code = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
	PublicIPForIngress Code = "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS"
	PrivateAddress     Code = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"
	PrivateSource      Code = "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"
	PublicAccessBlock  Code = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
	NATState           Code = "BAD_STATE_NAT_GATEWAY"
	NATSameSubnet      Code = "NGW_REQUIRES_SOURCE_IN_OTHER_SUBNET"
	NATProtocol        Code = "NGW_PROTOCOL_RESTRICTION"
	NATNotPublic       Code = "NGW_CONNECTIVITY_TYPE_PRIVATE"
	PeeringState       Code = "BAD_STATE_VPC_PEERING_CONNECTION"
	PeeringAddress     Code = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
	EndpointProtocol   Code = "VPCE_GATEWAY_PROTOCOL_RESTRICTION"
	EndpointIsOther    Code = "VPCE_GATEWAY_SERVICE_MISMATCH"
	NoListener         Code = "ELB_LISTENERS_MISMATCH"
	AsksNothing        Code = "COMPONENT_INITIATES_NOTHING"
	AnswersNothing     Code = "COMPONENT_ACCEPTS_NOTHING"
	NoTarget           Code = "ELBV2_LISTENER_HAS_NO_TARGET"
	NoWay              Code = "NO_PATH"
	NotModelled        Code = "COMPONENT_NOT_MODELLED"
)

// Kind is what a step is made of.
type Kind string

// The kinds of step, which say what a Step's Component names.
const (
	GroupOut   Kind = "security-group-egress"
	GroupIn    Kind = "security-group-ingress"
	ACLOut     Kind = "acl-egress"
	ACLIn      Kind = "acl-ingress"
	RouteStep  Kind = "route"
	Gate       Kind = "gate"
	Unfollowed Kind = "not-modelled"
)

// Step is one condition on the way of a packet.
type Step struct {
	Kind Kind
	// Component is the id of the interface, ACL, table or gateway that decides.
	Component string
	// Code says why, when the step stops a packet.
	Code Code
	// Reply: the step judges the answer.
	Reply bool
	// NAT: the packet bears the address and port of a NAT gateway here.
	NAT bool
	// Want is what a route must lead to.
	Want string
	// For the explanation: whose groups are asked about whom, the service that a route serves, and the address that is
	// seen where it is not the packet's own.
	self, peer *end
	references *Bound
	service    string
	seen       netip.Addr
	// bySource: the step reads the source; otherwise the destination.
	bySource bool
	pass     func(b Bound, at flow.Addrs) flow.Peers
}

// fixed is a step that looks at no address.
func fixed(s Step, passes [3]flow.Set) Step {
	s.bySource = true
	s.pass = func(b Bound, at flow.Addrs) flow.Peers { return flow.To(at, passes[b]) }
	return s
}

// only is a step that admits certain addresses.
func only(s Step, bySource bool, addrs flow.Addrs) Step {
	s.bySource = bySource
	s.pass = func(_ Bound, at flow.Addrs) flow.Peers { return flow.To(addrs, flow.Everything).Within(at) }
	return s
}

// gate is a step that is open at some bounds.
func gate(component string, code Code, is [3]bool) Step {
	var s [3]flow.Set
	for b, open := range is {
		if open {
			s[b] = flow.Everything
		}
	}
	return fixed(Step{Kind: Gate, Component: component, Code: code}, s)
}

// certainly is the gate's argument for what is so or not.
func certainly(is bool) [3]bool { return [3]bool{is, is, is} }

// doubtfully is the gate's argument for what is so unless there is a doubt.
func doubtfully(is bool, doubt string) [3]bool {
	if doubt == "" {
		return certainly(is)
	}
	return [3]bool{false, true, true}
}

// groupStep asks the groups of an end about the other, whose address is the packet's other end.
func groupStep(e, peer *end, ingress bool, references *Bound) Step {
	f, kind := e.out, GroupOut
	if ingress {
		f, kind = e.in, GroupIn
	}
	id := ""
	if e.iface != nil {
		id = e.iface.ID
	}
	return Step{Kind: kind, Component: id, Code: SecurityGroups, self: e, peer: peer, references: references, bySource: ingress, pass: func(b Bound, at flow.Addrs) flow.Peers {
		return f.pass(b, at, peer, references)
	}}
}

// aclStep asks an ACL. It reads the source where packets enter and where answers leave.
func aclStep(f *aclFilter, id string, ingress, reply bool) Step {
	s := Step{Kind: ACLOut, Component: id, Code: SubnetACL, Reply: reply, bySource: ingress != reply}
	p := &f.out
	switch {
	case ingress && reply:
		p = &f.inReply
	case ingress:
		p = &f.in
	case reply:
		p = &f.outReply
	}
	if ingress {
		s.Kind = ACLIn
	}
	s.pass = func(b Bound, at flow.Addrs) flow.Peers { return p[b].Within(at) }
	return s
}

// routeStep asks a table where it sends the destination, or the source where it is the answer's.
func routeStep(f *tableFilter, id string, want func(*model.Route) bool, wanted string, reply bool, service string) Step {
	s := Step{Kind: RouteStep, Component: id, Code: NoRoute, Want: wanted, Reply: reply, service: service, bySource: reply}
	if reply {
		s.Code = NoReplyRoute
	}
	s.pass = func(b Bound, at flow.Addrs) flow.Peers {
		out := flow.To(f.lead(b, want, service), flow.Everything).Within(at)
		if reply {
			out = out.Or(flow.To(at, unanswered))
		}
		return out
	}
	return s
}

// unanswered are the packets that ask for no answer: ICMP other than requests.
var unanswered = icmpReplies(nil)

// collapsed is a step on an address that the packet's own ends do not show, such as that of a NAT gateway: what passes
// for all of the addresses that it may be, or for some.
func collapsed(s Step, at flow.Addrs, bySource bool) Step {
	inner := s.pass
	var passes [3]flow.Set
	for _, b := range bounds {
		if p := inner(b, at); b == Must {
			passes[b] = p.Common(at)
		} else {
			passes[b] = p.Union()
		}
	}
	s = fixed(s, passes)
	s.bySource, s.seen = bySource, at[0].Lo
	return s
}

// way is one manner of getting from a place to another.
type way struct {
	name     string
	steps    []Step
	src, dst flow.Addrs
	// public is 1 where the packet is addressed to the public address of an interface that has a private one too.
	public int
	// open: the way leads through something that is not modelled, so that it counts at Open only.
	open bool
}

// flows are the flows that take the way, with or without their answers.
func (w *way) flows(b Bound, reply bool) flow.Flows {
	if w.open && b != Open {
		return nil
	}
	src, dst := w.sides(b, reply)
	var out flow.Flows
	for _, s := range src {
		var to flow.Peers
		for _, d := range dst {
			if set := s.V.And(d.V); !set.Empty() {
				to = append(to, flow.Entry[netip.Addr, flow.Set]{Lo: d.Lo, Hi: d.Hi, V: set})
			}
		}
		if len(to) > 0 {
			out = append(out, flow.Entry[netip.Addr, flow.Peers]{Lo: s.Lo, Hi: s.Hi, V: flow.Joined(to)})
		}
	}
	return flow.Joined(out)
}

// sides is what passes by the source and what passes by the destination; the flows are their product.
func (w *way) sides(b Bound, reply bool) (src, dst flow.Peers) {
	src, dst = flow.To(w.src, flow.Everything), flow.To(w.dst, flow.Everything)
	for i := range w.steps {
		s := &w.steps[i]
		if s.Reply && !reply {
			continue
		}
		side := &dst
		if s.bySource {
			side = &src
		}
		*side = side.And(s.pass(b, side.Keys()))
		if side.Empty() {
			return nil, nil
		}
	}
	return src, dst
}
