// SPDX-License-Identifier: Apache-2.0

package network

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// tableOf names the route table of a tier in a zone: one for the public tier, one in every zone for the app tier, since
// each zone may have its own NAT gateway, and one for the data tier.
func tableOf(tier Tier, zone string) string {
	if tier == App {
		return key(tier, zone)
	}
	return string(tier)
}

// createRouteTables creates the route tables, attaches every subnet to one, and adds the two kinds of route out that exist:
// from the public tier to the internet gateway, and from the app tier to a NAT gateway.
//
// The data tier's table is declared to have no routes, so that even one that somebody adds by hand is found and removed.
// The others leave their list alone, because the routes are resources of their own.
func (b *builder) createRouteTables(ctx *pulumi.Context) error {
	b.tables = map[string]*ec2.RouteTable{}
	b.tableOfSubnet = map[Tier]map[string]*ec2.RouteTableAssociation{}
	for _, tier := range tiers {
		b.tableOfSubnet[tier] = map[string]*ec2.RouteTableAssociation{}
		for _, zone := range b.Zones {
			table, err := b.table(ctx, tier, zone)
			if err != nil {
				return err
			}
			association, err := ec2.NewRouteTableAssociation(ctx, b.child(key(tier, zone)), &ec2.RouteTableAssociationArgs{
				RouteTableId: table.ID(),
				SubnetId:     b.Subnets[tier][zone].ID(),
			}, pulumi.Parent(b.Network))
			if err != nil {
				return err
			}
			b.tableOfSubnet[tier][zone] = association
		}
	}
	return nil
}

// table returns the route table of a tier in a zone and creates it, with its routes out, the first time.
func (b *builder) table(ctx *pulumi.Context, tier Tier, zone string) (*ec2.RouteTable, error) {
	role := tableOf(tier, zone)
	if table, found := b.tables[role]; found {
		return table, nil
	}
	args := &ec2.RouteTableArgs{VpcId: b.VpcID, Tags: b.tags(role)}
	if tier == Data {
		args.Routes = ec2.RouteTableRouteArray{}
	}
	table, err := ec2.NewRouteTable(ctx, b.child(role), args, pulumi.Parent(b.Network))
	if err != nil {
		return nil, err
	}
	b.tables[role] = table
	return table, b.routeOut(ctx, table, tier, zone)
}

// routeOut adds the routes that lead out of the VPC. To the app tier nothing exists out there but the destinations of its
// flows.
func (b *builder) routeOut(ctx *pulumi.Context, table *ec2.RouteTable, tier Tier, zone string) error {
	for _, to := range destinations(tier, b.args.Flows) {
		label, addresses := labelOfWorld, anyIPv4.String()
		if to.kind == aCIDR {
			label, addresses = strings.ReplaceAll(to.cidr, "/", "-"), to.cidr
		}
		route := &ec2.RouteArgs{RouteTableId: table.ID(), DestinationCidrBlock: pulumi.String(addresses)}
		if gateway, found := natOf(b.args.NAT, b.Zones, zone); tier == App && found {
			route.NatGatewayId = b.nat[gateway].ID()
		} else {
			route.GatewayId = b.internet.ID()
		}
		if err := b.keep(ec2.NewRoute(ctx, b.child(tableOf(tier, zone)+"-"+label), route, pulumi.Parent(b.Network))); err != nil {
			return err
		}
	}
	return nil
}

// destinations are the ends of a tier's routes out: everything for the public tier, which answers whoever may call it,
// and for the app tier what its flows name, each once.
func destinations(tier Tier, flows []Flow) []Endpoint {
	if tier == Public {
		return []Endpoint{Internet}
	}
	var found []Endpoint
	for _, flow := range flows {
		if tier == App && flow.From == TierOf(App) && flow.To.outside() && !slices.Contains(found, flow.To) {
			found = append(found, flow.To)
		}
	}
	return found
}
