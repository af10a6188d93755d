// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// lookAtTables looks at the route table of every subnet that was found, and at each table once.
func (s *surveyor) lookAtTables() {
	seen := map[string]bool{}
	for _, tier := range s.args.tiers() {
		for _, zone := range s.args.Zones {
			at := place{tier, zone}
			subnet, known := s.subnets[at]
			if !known {
				continue
			}
			id := s.tableOf(subnet)
			s.tables[at] = id
			if id == "" {
				continue
			}
			table := look(s, id, ec2.LookupRouteTable, ec2.LookupRouteTableArgs{RouteTableId: &id}, func(r *ec2.LookupRouteTableResult) string { return r.Id })
			if table == nil {
				continue
			}
			if !seen[id] {
				s.judgeSharing(tier, table)
				s.judgeRoutes(tier, table)
			}
			seen[id] = true
			s.lookAtNAT(at, table)
		}
	}
}

// tableOf is the route table that a subnet has been given; empty with a problem noted.
func (s *surveyor) tableOf(subnet string) string {
	tables := look(s, subnet+": its route table", ec2.GetRouteTables, ec2.GetRouteTablesArgs{
		Filters: []ec2.GetRouteTablesFilter{{Name: "association.subnet-id", Values: []string{subnet}}},
	}, func(r *ec2.GetRouteTablesResult) string { return r.Id })
	if tables == nil {
		return ""
	}
	if len(tables.Ids) != 1 {
		s.wrong(subnet, "has no route table of its own and follows the VPC's main one, which changes for whatever else follows it; associate a route table with the subnet")
		return ""
	}
	return tables.Ids[0]
}

// judgeSharing wants a route table for subnets of one tier alone: the links to gateway endpoints would reach the others too.
func (s *surveyor) judgeSharing(tier segment.Tier, table *ec2.LookupRouteTableResult) {
	for _, a := range table.Associations {
		if a.SubnetId != "" && !slices.Contains(s.args.Existing.SubnetIDs[tier.Name], a.SubnetId) {
			s.wrong(table.Id, "is the route table of the tier %q and of %s, which is not in it; give the tier a route table of its own", tier.Name, a.SubnetId)
		}
	}
}

// judgeRoutes compares the routes of a table with the reach of the tier and with its rows.
func (s *surveyor) judgeRoutes(tier segment.Tier, table *ec2.LookupRouteTableResult) {
	wanted := s.args.waysOut(tier)
	for _, r := range table.Routes {
		if !leads(tier.Reach, r) {
			s.wrong(table.Id, "has the route %s, and the tier %q with reach %s has no such way; remove the route, or give the tier another route table", describe(r), tier.Name, tier.Reach)
		} else if tier.Reach == segment.ReachNAT && !slices.ContainsFunc(wanted, func(w wayOut) bool { return w.six == (r.EgressOnlyGatewayId != "") }) {
			s.wrong(table.Id, "has the route %s, and no row leads from the tier %q out that way; remove the route, or add the row that needs it", describe(r), tier.Name)
		}
	}
	if tier.Reach == segment.ReachNowhere {
		return
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(table.Routes, func(r ec2.GetRouteTableRoute) bool { return leads(tier.Reach, r) && carries(r, w) }) {
			target := map[segment.Reach]string{segment.ReachInternet: "an internet gateway", segment.ReachNAT: "a NAT gateway"}[tier.Reach]
			if w.six && tier.Reach == segment.ReachNAT {
				target = "an egress-only internet gateway"
			}
			s.wrong(table.Id, "has no route for %s, and the tier %q wants one to %s; add it", w.cidr, tier.Name, target)
		}
	}
}

// leads reports whether a route leads where those of a reach do.
func leads(reach segment.Reach, r ec2.GetRouteTableRoute) bool {
	switch reach {
	case segment.ReachInternet:
		return strings.HasPrefix(r.GatewayId, "igw-")
	case segment.ReachNAT:
		return r.NatGatewayId != "" || r.EgressOnlyGatewayId != ""
	}
	return false
}

// carries reports whether the destination of a route holds a range.
func carries(r ec2.GetRouteTableRoute, w wayOut) bool {
	destination := r.CidrBlock
	if w.six {
		destination = r.Ipv6CidrBlock
	}
	whole, err := netip.ParsePrefix(destination)
	part, alsoBad := netip.ParsePrefix(w.cidr)
	return err == nil && alsoBad == nil && whole.Bits() <= part.Bits() && whole.Contains(part.Addr())
}

// lookAtNAT looks at the NAT gateway that serves a place, whose traffic passes the ACL of the public tier.
func (s *surveyor) lookAtNAT(at place, table *ec2.LookupRouteTableResult) {
	for _, r := range table.Routes {
		if at.tier.Reach != segment.ReachNAT || r.NatGatewayId == "" || !s.args.needsNAT() {
			continue
		}
		gateway, known := s.nat[r.NatGatewayId]
		if !known {
			gateway = look(s, r.NatGatewayId, ec2.LookupNatGateway, ec2.LookupNatGatewayArgs{Id: &r.NatGatewayId}, func(r *ec2.LookupNatGatewayResult) string { return r.Id })
			s.nat[r.NatGatewayId] = gateway
			s.judgeNAT(gateway)
		}
		if gateway != nil {
			s.addresses[at.zone] = gateway.PublicIp
		}
	}
}

func (s *surveyor) judgeNAT(gateway *ec2.LookupNatGatewayResult) {
	switch {
	case gateway == nil:
	case gateway.ConnectivityType == "private":
		s.wrong(gateway.Id, "is a private NAT gateway, which does not reach the internet; route to a public one")
	case gateway.SubnetId == "":
		s.wrong(gateway.Id, "stands in no subnet, and its traffic wants to pass the ACL of the tier %q; route to a gateway in a subnet of the tier", segment.Public.Name)
	case !slices.Contains(s.args.Existing.SubnetIDs[segment.Public.Name], gateway.SubnetId):
		s.wrong(gateway.Id, "stands in %s, and its traffic wants to pass the ACL of the tier %q; give that subnet to the tier, or route to a gateway in it", gateway.SubnetId, segment.Public.Name)
	}
}
