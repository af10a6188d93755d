// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"cmp"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

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
