// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

var private = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10")}

func inside(r Addrs) bool {
	return slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(r.Lo) && p.Contains(r.Hi) })
}

// passage is a gate's place: the cut, the way's name and the two sides, and the NAT gateway of the way.
type passage struct {
	*verifier
	Cut
	name   string
	a, b   side
	nat    *model.NAT
	out    bool // the way leaves a VPC for the internet
	in     bool // the way enters one from the internet
	egress bool // by an egress-only gateway
}

// gates are the facts that need no packet, by their codes.
var gates = map[string]func(p passage) bool{
	"COMPONENT_INITIATES_NOTHING": func(p passage) bool { return p.a.iface != nil && p.a.iface.Kind == model.VPCEndpoint },
	"COMPONENT_ACCEPTS_NOTHING":   func(p passage) bool { return p.b.iface != nil && p.b.iface.Kind == model.Function },
	"ELB_LISTENERS_MISMATCH":      func(p passage) bool { return p.deaf(p.b, p.Box) },
	"IGW_NOT_ATTACHED_TO_VPC": func(p passage) bool {
		return (p.enters() || p.leaves() && !p.egress) && !slices.ContainsFunc(p.net.Gateways, func(g model.Gateway) bool { return !g.EgressOnly && (g.VPC == p.On || g.Doubt != "") })
	},
	"IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS":         func(p passage) bool { return p.in && hidden(p.b) },
	"IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS":          func(p passage) bool { return strings.HasPrefix(p.name, "by the internet gateway") && hidden(p.a) },
	"IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS":     func(p passage) bool { return p.name == "from the internet" && inside(p.Box.Source) },
	"IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS": func(p passage) bool { return p.out && inside(p.Box.Destination) },
	"VPC_BLOCK_PUBLIC_ACCESS_ENABLED": func(p passage) bool {
		leaving := p.a
		if p.nat != nil {
			leaving.subnet = find(p.net.Subnets, func(s *model.Subnet) bool { return s.ID == p.nat.Subnet })
		}
		return p.enters() && shut(p.b, true, false) || p.leaves() && shut(leaving, false, p.egress || p.nat != nil)
	},
	"BAD_STATE_NAT_GATEWAY":               func(p passage) bool { return p.nat != nil && p.nat.Down && p.nat.Doubt == "" },
	"NGW_CONNECTIVITY_TYPE_PRIVATE":       func(p passage) bool { return p.nat != nil && p.nat.Private },
	"NGW_REQUIRES_SOURCE_IN_OTHER_SUBNET": func(p passage) bool { return p.nat != nil && p.nat.Subnet == p.a.subnet.ID },
	"NGW_PROTOCOL_RESTRICTION": func(p passage) bool {
		return p.nat != nil && !slices.ContainsFunc([]int{1, 6, 17}, func(n int) bool { return meets(Numbers{n, n}, p.Box.Protocols, compareInts) })
	},
	"BAD_STATE_VPC_PEERING_CONNECTION": func(p passage) bool {
		return slices.ContainsFunc(p.net.Peerings, func(x model.Peering) bool { return p.name == "by peering "+x.ID && !x.Active && x.Doubt == "" })
	},
	"VPCE_GATEWAY_PROTOCOL_RESTRICTION": func(p passage) bool {
		echo := meets(Numbers{1, 1}, p.Box.Protocols, compareInts) && meets(Numbers{8 << 8, 8 << 8}, p.Box.Ports, compareInts)
		return p.name == "by a gateway endpoint" && !echo && !meets(Numbers{6, 6}, p.Box.Protocols, compareInts)
	},
}

func (p passage) enters() bool { return p.in && p.b.vpc.ID == p.On }

func (p passage) leaves() bool { return p.out && p.a.vpc.ID == p.On }

// hidden reports whether nothing public leads to a side or shows it.
func hidden(s side) bool { return !s.v6 && (len(s.public) == 0 || s.iface.Kind == model.Function) }

// gate checks a fact that needs no packet.
func (v *verifier) gate(c Cut, name string, a, b side, nat *model.NAT) error {
	p := passage{v, c, name, a, b, nat, strings.HasPrefix(name, "by the") || nat != nil, name == "from the internet" || strings.HasSuffix(name, back), strings.HasPrefix(name, "by the egress-only")}
	if holds := gates[c.Code]; holds == nil || !holds(p) {
		return fmt.Errorf("%s does not hold of %s", c.Code, c.On)
	}
	return nil
}

// deaf reports whether a load balancer has no listener for anything in the box.
func (v *verifier) deaf(s side, box Box) bool {
	if s.iface == nil || s.iface.Kind != model.Balancer {
		return false
	}
	l := find(v.net.LoadBalancers, func(l *model.LoadBalancer) bool { return l.ID == s.iface.Owner })
	return l != nil && l.Doubt == "" && !slices.ContainsFunc(l.Listeners, func(x model.Listener) bool {
		protocols, _ := selects(x.Protocol, x.Port, x.Port)
		return meets(protocols, box.Protocols, compareInts) && meets(Numbers{x.Port, x.Port}, box.Ports, compareInts)
	})
}

// shut reports whether Block Public Access stops what begins outside or inside.
func shut(s side, inbound, one bool) bool {
	if s.subnet == nil {
		return false
	}
	for _, x := range []model.Block{s.vpc.Block, s.subnet.Exclusion} {
		if x == model.AllowBidirectional || x == model.AllowEgress && !inbound || x == model.BlockUnknown {
			return false
		}
	}
	return s.vpc.Block == model.BlockBidirectional || s.vpc.Block == model.BlockIngress && (inbound || !one)
}
