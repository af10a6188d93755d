// SPDX-License-Identifier: Apache-2.0

package reach_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// A NAT gateway leads where its own subnet's table says, whether it is private or public, and from IPv6 to IPv4:
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-scenarios.html and nat-gateway-nat64-dns64.html beside it.
func TestANATGatewayLeadsElsewhereThanToTheInternet(t *testing.T) {
	far := func(s scenes.Scene, target model.Target, to string) {
		peer := scenes.Open()
		s.VPCs = append(s.VPCs, model.VPC{ID: "far", CIDRs: []netip.Prefix{scenes.Prefix("10.9.0.0/16")}, MainTable: "rt-far", DefaultACL: "acl-default"})
		s.Subnets = append(s.Subnets, model.Subnet{ID: "far", VPC: "far", CIDRs: []netip.Prefix{scenes.Prefix("10.9.0.0/24")}})
		s.Tables = append(s.Tables, model.Table{ID: "rt-far", VPC: "far"})
		f := peer.Interfaces[0]
		f.ID, f.Subnets, f.Addresses = "there", []string{"far"}, []model.Address{{IP: scenes.IP("10.9.0.10")}}
		s.Interfaces = append(s.Interfaces, f)
		s.Peerings = []model.Peering{{ID: "pcx", A: "vpc", B: "far", Active: true}}
		table := s.Table("rt-public")
		table.Routes = append(table.Routes, model.Route{CIDR: scenes.Prefix("10.9.0.0/16"), Target: target, To: to}, model.Route{CIDR: scenes.Prefix("192.168.0.0/16"), Target: target, To: to})
	}
	for name, c := range map[string]struct {
		change func(s scenes.Scene)
		asks   string
	}{
		"to the internet only":   {func(scenes.Scene) {}, "app 8.8.8.8 tcp/443 must; app 192.168.1.1 tcp/443 cannot"},
		"by a peering":           {func(s scenes.Scene) { far(s, model.PeeringLink, "pcx") }, "app there tcp/443 unknown; app 192.168.1.1 tcp/443 cannot; db there tcp/443 cannot; there app tcp/443 cannot"},
		"by a transit gateway":   {func(s scenes.Scene) { far(s, model.Other, "tgw") }, "app there tcp/443 unknown; app 192.168.1.1 tcp/443 unknown; db 192.168.1.1 tcp/443 cannot"},
		"and is private":         {func(s scenes.Scene) { far(s, model.Other, "tgw"); s.NATs[0].Private = true }, "app 192.168.1.1 tcp/443 unknown; app 8.8.8.8 tcp/443 cannot"},
		"and is down":            {func(s scenes.Scene) { far(s, model.Other, "tgw"); s.NATs[0].Down = true }, "app 192.168.1.1 tcp/443 cannot"},
		"but no group lets it":   {func(s scenes.Scene) { far(s, model.Other, "tgw"); s.Group("sg-app").Egress = nil }, "app 192.168.1.1 tcp/443 cannot"},
		"into the VPC":           {func(s scenes.Scene) { led(s, "10.0.2.0/24") }, "app db tcp/443 unknown; app2 db tcp/443 unknown; app web tcp/443 must"},
		"from IPv6 to IPv4":      {func(s scenes.Scene) { onlySix(s); led(s, "64:ff9b::/96") }, "app 8.8.8.8 tcp/443 unknown; app db tcp/443 unknown; db app tcp/443 cannot"},
		"IPv6 without NAT64":     {onlySix, "app 8.8.8.8 tcp/443 cannot; app db tcp/443 cannot"},
		"IPv6 that no group let": {func(s scenes.Scene) { onlySix(s); led(s, "64:ff9b::/96"); s.Group("sg-app").Egress = nil }, "app 8.8.8.8 tcp/443 cannot; app db tcp/443 cannot"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenes.Open()
			c.change(s)
			ask(t, reach.New(s.Network), c.asks)
		})
	}
}

// led leads a range from the private subnets to the NAT gateway.
func led(s scenes.Scene, cidr string) {
	table := s.Table("rt-private")
	table.Routes = append(table.Routes, model.Route{CIDR: scenes.Prefix(cidr), Target: model.NATGateway, To: "nat"})
}

// onlySix gives app nothing but an IPv6 address.
func onlySix(s scenes.Scene) {
	s.Interface("app").Addresses = []model.Address{{IP: scenes.IP("2600:1f14:1:ff01::10")}}
}

// TestTheSimulatorAgreesOnOddRoutes has routes that AWS may refuse, into the VPC and out of it, and NAT gateways in every state.
func TestTheSimulatorAgreesOnOddRoutes(t *testing.T) {
	for seed := range uint64(150) {
		s := scenes.NewSource(seed)
		net := scenes.Random(s)
		for i := range net.Tables {
			table := &net.Tables[i]
			for range s.IntN(4) {
				if r := oddRoute(s, net, table); !slices.ContainsFunc(table.Routes, func(o model.Route) bool { return o.CIDR == r.CIDR && o.List == r.List }) {
					table.Routes = append(table.Routes, r)
				}
			}
		}
		for i := range net.NATs {
			x := &net.NATs[i]
			x.Down, x.Private = s.IntN(6) == 0, s.IntN(6) == 0
			x.Subnet = fmt.Sprint("subnet", i*4+s.IntN(2))
		}
		questions(t, s, net, 60)
	}
}

func oddRoute(s scenes.Source, net *model.Network, table *model.Table) model.Route {
	cidrs := []string{"10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/24", "10.1.1.0/25", "10.0.0.0/8", "52.0.0.0/16", "0.0.0.0/1", "::/1", "2600:1f14:0:ff00::/64", "2600:1f14:1:ff01::/64", "8.8.8.8/32", "10.0.1.10/32"}
	r := model.Route{CIDR: scenes.Prefix(cidrs[s.IntN(len(cidrs))]), Target: model.Blackhole}
	if s.IntN(4) == 0 {
		r.CIDR, r.List = netip.Prefix{}, "list"
	}
	number := table.VPC[len("vpc"):]
	switch s.IntN(7) {
	case 0:
		r.Target, r.To = model.InternetGateway, "igw"+number
	case 1:
		r.Target, r.To = model.NATGateway, "nat"+number
	case 2:
		r.Target, r.To = model.EgressOnly, "eigw"+number
	case 3:
		if len(net.Peerings) > 0 {
			r.Target, r.To = model.PeeringLink, "pcx"
		}
	case 4:
		if cidr := net.VPCs[int(number[0]-'0')].CIDRs[0]; cidr.Contains(r.CIDR.Addr()) && r.CIDR.Bits() >= cidr.Bits() {
			r.Target = model.Local
		}
	}
	return r
}
