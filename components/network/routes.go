// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// table names the route table of a place: one in every zone for tiers behind NAT, since each zone may have its own NAT
// gateway, and one for all zones of any other tier.
func (p place) table() string {
	if p.tier.Reach == segment.ReachNAT {
		return p.role()
	}
	return p.tier.Name
}

// way is the route table of a place: the role that it has in names, the same for places that share it, and its id.
type way struct {
	role  string
	table pulumi.StringOutput
}

// createRouteTables creates the route tables, attaches every subnet to one, and adds the kinds of route out that exist: from
// tiers with segment.ReachInternet to the internet gateway, and from those with segment.ReachNAT to the addresses that the
// table names, through NAT.
//
// A table of a tier with segment.ReachNowhere is declared to have no routes, so that even one that somebody adds by hand is
// found and removed. The others leave their list alone, because the routes are resources of their own.
func (b *builder) createRouteTables(ctx *pulumi.Context) error {
	b.tables = map[string]*ec2.RouteTable{}
	for _, tier := range b.tiers {
		for _, zone := range b.Zones {
			at := place{tier, zone}
			table, err := b.table(ctx, at)
			if err != nil {
				return err
			}
			association, err := ec2.NewRouteTableAssociation(ctx, b.child(at.role()), &ec2.RouteTableAssociationArgs{
				RouteTableId: table.ID(),
				SubnetId:     b.subnets[at],
			}, pulumi.Parent(b.Network))
			if err != nil {
				return err
			}
			b.ways[at] = way{role: at.table(), table: table.ID().ToStringOutput()}
			b.link(at, association)
		}
	}
	return nil
}

// table returns the route table of a place and creates it, with its routes out, the first time.
func (b *builder) table(ctx *pulumi.Context, at place) (*ec2.RouteTable, error) {
	role := at.table()
	if table, found := b.tables[role]; found {
		return table, nil
	}
	args := &ec2.RouteTableArgs{VpcId: b.VPCID, Tags: b.tags(role)}
	if at.tier.Reach == segment.ReachNowhere {
		args.Routes = ec2.RouteTableRouteArray{}
	}
	table, err := ec2.NewRouteTable(ctx, b.child(role), args, pulumi.Parent(b.Network))
	if err != nil {
		return nil, err
	}
	b.tables[role] = table
	for _, out := range b.args.waysOut(at.tier) {
		if err := b.createRoute(ctx, at, out); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// wayOut is one destination of a tier's routes, and the rows that need it.
type wayOut struct {
	label, cidr string
	six         bool
	rows        []int
}

// waysOut are the destinations of a tier outside the VPC: everything for a tier with segment.ReachInternet, which answers
// whoever may call it, and for one with segment.ReachNAT what its rows name.
func (args *Args) waysOut(tier segment.Tier) []wayOut {
	if tier.Reach == segment.ReachInternet {
		all := []wayOut{{label: "internet", cidr: anyIPv4.String()}}
		if args.IPv6 {
			all = append(all, wayOut{label: "internet-ipv6", cidr: anyIPv6.String(), six: true})
		}
		return all
	}
	var found []wayOut
	known := map[string]int{}
	for i, row := range args.Table.Connections {
		if from, inside := args.Table.Segment(string(row.From)); !inside || from.Tier != tier {
			continue
		}
		for _, r := range row.To.Ranges() {
			at, there := known[r]
			if !there {
				at = len(found)
				known[r] = at
				found = append(found, wayOut{label: strings.NewReplacer("/", "-", ":", "-").Replace(r), cidr: r, six: strings.Contains(r, ":")})
			}
			found[at].rows = append(found[at].rows, i)
		}
	}
	return found
}

// createRoute writes one route. Those of a tier with segment.ReachInternet serve whatever stands in it.
func (b *builder) createRoute(ctx *pulumi.Context, at place, out wayOut) error {
	route := &ec2.RouteArgs{RouteTableId: b.tables[at.table()].ID()}
	if out.six {
		route.DestinationIpv6CidrBlock = pulumi.String(out.cidr)
	} else {
		route.DestinationCidrBlock = pulumi.String(out.cidr)
	}
	switch {
	case at.tier.Reach == segment.ReachInternet:
		route.GatewayId = b.internet.ID()
	case out.six:
		route.EgressOnlyGatewayId = b.outward.ID()
	default:
		route.NatGatewayId = b.nat[natOf(b.args.NATStrategy, b.Zones, at.zone)].ID()
	}
	made, err := ec2.NewRoute(ctx, b.child(at.table()+"-"+out.label), route, pulumi.Parent(b.Network))
	if at.tier.Reach == segment.ReachInternet {
		b.doors[at.tier] = append(b.doors[at.tier], made)
	}
	b.serve(made, out.rows...)
	return err
}
