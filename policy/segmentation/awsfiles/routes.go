// SPDX-License-Identifier: Apache-2.0

package awsfiles

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

func (b *builder) gateways() {
	for _, egress := range []bool{false, true} {
		list := b.InternetGateways
		if egress {
			list = b.EgressOnlyInternetGateways
		}
		for _, g := range list {
			m := model.Gateway{ID: g.InternetGatewayID + g.EgressOnlyInternetGatewayID, Name: g.Tags.name(), EgressOnly: egress}
			for _, a := range g.Attachments {
				if a.State != "detached" {
					m.VPC = a.VpcID
				}
				if a.State == "attaching" || a.State == "detaching" {
					m.Doubt = "it is " + a.State
				}
			}
			b.net.Gateways = append(b.net.Gateways, m)
		}
	}
	for _, p := range b.VpcPeeringConnections {
		r, a := p.RequesterVpcInfo, p.AccepterVpcInfo
		m := model.Peering{ID: p.VpcPeeringConnectionID, Name: p.Tags.name(), A: r.VpcID, B: a.VpcID, References: r.Region == a.Region}
		if r.Region != a.Region && (r.Region == "" || a.Region == "") {
			m.References, m.Doubt = true, "the region of one end is not among the answers"
		}
		switch p.Status.Code {
		case "active", "":
			m.Active = true
		case "initiating-request", "pending-acceptance", "expired", "rejected", "failed", "deleted":
		default:
			m.Active, m.Doubt = true, "it is "+p.Status.Code
		}
		b.net.Peerings = append(b.net.Peerings, m)
	}
}

func (b *builder) nats() {
	for _, x := range b.NatGateways {
		if i := slices.IndexFunc(b.Subnets, func(s subnet) bool { return s.SubnetID == x.SubnetID }); i >= 0 {
			x.VpcID = cmp.Or(x.VpcID, b.Subnets[i].VpcID)
		}
		m := model.NAT{ID: x.NatGatewayID, Name: x.Tags.name(), VPC: x.VpcID, Subnet: x.SubnetID, Private: x.ConnectivityType == "private", Down: x.State == "failed" || x.State == "deleted"}
		if !m.Down && x.State != "available" && x.State != "" {
			m.Doubt = "it is " + x.State
		}
		if x.AvailabilityMode == "regional" || x.SubnetID == "" {
			m.Doubt = "a regional NAT gateway is not modelled"
		}
		for _, a := range x.NatGatewayAddresses {
			if ip, err := netip.ParseAddr(a.PublicIP); err == nil && len(x.NatGatewayAddresses) == 1 {
				m.Public = ip
			}
		}
		b.net.NATs = append(b.net.NATs, m)
	}
}

func (b *builder) tables() {
	for _, t := range b.RouteTables {
		m := model.Table{ID: t.RouteTableID, Name: t.Tags.name(), VPC: t.VpcID}
		for _, a := range t.Associations {
			if counts, _ := associates(a.AssociationState.State); counts && a.GatewayID != "" {
				b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: t.RouteTableID, What: "a route table of the gateway " + a.GatewayID, VPC: t.VpcID})
			}
		}
		for _, r := range t.Routes {
			x := model.Route{List: r.DestinationPrefixListID, Propagated: r.Origin == "EnableVgwRoutePropagation"}
			if cidrs, _ := b.prefixes("route table "+t.RouteTableID, r.DestinationCidrBlock, r.DestinationIpv6CidrBlock); len(cidrs) == 1 {
				x.CIDR = cidrs[0]
			}
			b.lead(&x, r)
			m.Routes = append(m.Routes, x)
		}
		if t.Routes == nil {
			m.Doubt = "its routes are not among the answers"
		}
		b.associated(&m)
		b.net.Tables = append(b.net.Tables, m)
	}
}

// lead says where a route leads.
func (b *builder) lead(x *model.Route, r route) {
	switch {
	case r.State == "blackhole":
		x.Target = model.Blackhole
	case r.NatGatewayID != "":
		x.Target, x.To = model.NATGateway, r.NatGatewayID
	case r.VpcPeeringConnectionID != "":
		x.Target, x.To = model.PeeringLink, r.VpcPeeringConnectionID
	case r.EgressOnlyInternetGatewayID != "":
		x.Target, x.To = model.EgressOnly, r.EgressOnlyInternetGatewayID
	case r.GatewayID == "local":
		x.Target = model.Local
	case strings.HasPrefix(r.GatewayID, "igw-"):
		x.Target, x.To = model.InternetGateway, r.GatewayID
	case strings.HasPrefix(r.GatewayID, "vpce-") && x.List != "":
		x.Target, x.To = model.GatewayEndpoint, r.GatewayID
		b.endpointList(x.List, r.GatewayID)
	default:
		x.Target, x.To = model.Other, r.GatewayID+r.NetworkInterfaceID+r.InstanceID
	}
}

// associated adds the routes to gateway endpoints that name the table, where its own answer lacks them.
func (b *builder) associated(t *model.Table) {
	for _, e := range b.VpcEndpoints {
		if e.VpcEndpointType != "Gateway" || !slices.Contains(e.RouteTableIDs, t.ID) || slices.ContainsFunc(t.Routes, func(r model.Route) bool { return r.To == e.VpcEndpointID }) {
			continue
		}
		if i := slices.IndexFunc(b.net.Lists, func(l model.PrefixList) bool { return l.Service && l.Name == e.ServiceName }); i >= 0 {
			t.Routes = append(t.Routes, model.Route{List: b.net.Lists[i].ID, Target: model.GatewayEndpoint, To: e.VpcEndpointID})
		}
	}
}

// endpointList adds the list that a gateway endpoint's route names where no file has it: AWS keeps it.
func (b *builder) endpointList(list, endpoint string) {
	if slices.ContainsFunc(b.net.Lists, func(l model.PrefixList) bool { return l.ID == list }) {
		return
	}
	m := model.PrefixList{ID: list, Service: true, Doubt: "its entries are not known"}
	for _, e := range b.VpcEndpoints {
		if e.VpcEndpointID == endpoint {
			m.Name = e.ServiceName
		}
	}
	b.net.Lists = append(b.net.Lists, m)
}
