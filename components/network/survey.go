// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// largestBalancerBits is the longest prefix of a subnet with an application load balancer (Elastic Load Balancing user guide,
// "Subnets for your load balancer").
const largestBalancerBits = 27

// found is what a survey has found in an existing VPC.
type found struct {
	plan      Plan
	rules     []rule
	subnets   map[place]string
	tables    map[place]string
	addresses map[string]string // of NAT, by zone
}

// surveyor looks at an existing VPC and notes what does not fit.
type surveyor struct {
	found
	ctx      *pulumi.Context
	name     string
	args     *Args
	opts     []pulumi.InvokeOption
	nat      map[string]*ec2.LookupNatGatewayResult
	problems []error
}

// survey reads the VPC and everything in it that the tiers depend on.
func survey(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.InvokeOption) (found, []error) {
	s := &surveyor{
		found: found{
			plan:    Plan{ranges: map[place][]netip.Prefix{}},
			subnets: map[place]string{}, tables: map[place]string{}, addresses: map[string]string{},
		},
		ctx: ctx, name: name, args: args, opts: opts, nat: map[string]*ec2.LookupNatGatewayResult{},
	}
	s.lookAtVPC()
	s.lookAtSubnets()
	s.lookAtTables()
	s.lookAtEndpoints()
	if len(s.problems) == 0 {
		s.rules, s.problems = args.derive(s.plan)
	}
	return s.found, s.problems
}

// wrong notes what does not fit: of what, and what was found, what is wanted and the cure.
func (s *surveyor) wrong(id, format string, values ...any) {
	s.problems = append(s.problems, in("Existing", "%s: "+format, append([]any{id}, values...)...))
}

// look asks the provider about something. What cannot be read, or is not known yet, is a problem, because the network would
// otherwise be built on what nobody has seen.
func look[A, R any](s *surveyor, id string, ask func(*pulumi.Context, *A, ...pulumi.InvokeOption) (*R, error), args A, answered func(*R) string) *R {
	answer, err := ask(s.ctx, &args, s.opts...)
	switch {
	case err != nil:
		s.wrong(id, "cannot be read: %w; check the id, the region and the permission to describe it", err)
	case answered(answer) == "":
		s.wrong(id, "is not known in this preview, because the settings of the AWS provider are not known yet; give the provider settings that are known, or make it in a deployment before")
	default:
		return answer
	}
	return nil
}

// there is look for what need not exist: the provider's answer to a search without a result is an error that says so.
func there[A, R any](s *surveyor, id string, ask func(*pulumi.Context, *A, ...pulumi.InvokeOption) (*R, error), args A, answered func(*R) string) *R {
	answer, err := ask(s.ctx, &args, s.opts...)
	if err != nil && strings.Contains(err.Error(), "no matching") {
		return nil
	}
	return look(s, id, func(*pulumi.Context, *A, ...pulumi.InvokeOption) (*R, error) { return answer, err }, args, answered)
}

func (s *surveyor) lookAtVPC() {
	id := s.args.Existing.VPCID
	vpc := look(s, id, ec2.LookupVpc, ec2.LookupVpcArgs{Id: &id}, func(r *ec2.LookupVpcResult) string { return r.Id })
	if vpc == nil {
		return
	}
	if vpc.OwnerId != s.args.Account.ID {
		s.wrong(id, "belongs to the account %s, and a shared VPC has the ACLs and flow logs of its owner; use a VPC of the account %s", vpc.OwnerId, s.args.Account.ID)
	}
	if !vpc.EnableDnsSupport || !vpc.EnableDnsHostnames {
		s.wrong(id, "has DNS support %t and DNS host names %t, and VPC endpoints need both for their private names; switch both on", vpc.EnableDnsSupport, vpc.EnableDnsHostnames)
	}
	if s.args.IPv6 && vpc.Ipv6CidrBlock == "" {
		s.wrong(id, "has no IPv6 range, and IPv6 is asked for; give the VPC one, or leave IPv6 out")
	}
	for _, block := range vpc.CidrBlockAssociations {
		if block.State == "associated" {
			s.addRange(block.CidrBlock)
		}
	}
	if vpc.Ipv6CidrBlock != "" {
		s.addRange(vpc.Ipv6CidrBlock)
	}
	gateway := there(s, id+": its virtual private gateway", ec2.LookupVpnGateway, ec2.LookupVpnGatewayArgs{AttachedVpcId: &id}, func(r *ec2.LookupVpnGatewayResult) string { return r.Id })
	if gateway != nil {
		s.wrong(id, "has the virtual private gateway %s, whose routes no row of the table describes and the provider does not show; detach it, or use a VPC without one", gateway.Id)
	}
}

// addRange notes a range of the VPC. The provider has checked its form.
func (s *surveyor) addRange(text string) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		s.wrong(s.args.Existing.VPCID, "has the range %q, which cannot be read: %w; look at the VPC", text, err)
		return
	}
	if !s.plan.vpc.IsValid() && prefix.Addr().Is4() {
		s.plan.vpc = prefix
	} else {
		s.plan.further = append(s.plan.further, prefix)
	}
}

func (s *surveyor) lookAtSubnets() {
	for _, tier := range s.args.tiers() {
		for _, id := range s.args.Existing.SubnetIDs[tier.Name] {
			subnet := look(s, id, ec2.LookupSubnet, ec2.LookupSubnetArgs{Id: &id}, func(r *ec2.LookupSubnetResult) string { return r.Id })
			if subnet != nil {
				s.judgeSubnet(tier, subnet)
			}
		}
	}
}

func (s *surveyor) judgeSubnet(tier segment.Tier, subnet *ec2.LookupSubnetResult) {
	at, id := place{tier, subnet.AvailabilityZone}, subnet.Id
	if subnet.VpcId != s.args.Existing.VPCID {
		s.wrong(id, "is in the VPC %s; give a subnet of %s", subnet.VpcId, s.args.Existing.VPCID)
		return
	}
	if !slices.Contains(s.args.Zones, at.zone) {
		s.wrong(id, "is in the zone %s, and the tier %q wants one in each of %v; give a subnet in one of them, or change Zones", at.zone, tier.Name, s.args.Zones)
	} else if other, taken := s.subnets[at]; taken {
		s.wrong(id, "is in the zone %s, as %s of the same tier %q; give one subnet in each of %v", at.zone, other, tier.Name, s.args.Zones)
	}
	if subnet.MapPublicIpOnLaunch {
		s.wrong(id, "gives every machine a public address, and the tier %q wants none that nobody asks for (FSBP EC2.15); switch the assignment of public addresses off", tier.Name)
	}
	if subnet.AssignIpv6AddressOnCreation && tier.Reach == segment.ReachInternet {
		s.wrong(id, "gives every machine an IPv6 address, and the tier %q wants none that nobody asks for; switch the assignment of IPv6 addresses off", tier.Name)
	}
	if s.args.IPv6 && subnet.Ipv6CidrBlock == "" {
		s.wrong(id, "has no IPv6 range, and IPv6 is asked for; give the subnet one, or leave IPv6 out")
	}
	four, err := netip.ParsePrefix(subnet.CidrBlock)
	if err != nil {
		s.wrong(id, "has the IPv4 range %q, and every subnet of a tier wants one; give a subnet with IPv4 addresses", subnet.CidrBlock)
		return
	}
	if tier == segment.Public && four.Bits() > largestBalancerBits {
		s.wrong(id, "has the range %s, and a load balancer in the public tier wants a /%d at least; give a larger subnet", four, largestBalancerBits)
	}
	s.subnets[at], s.plan.ranges[at] = id, []netip.Prefix{four}
	if six, err := netip.ParsePrefix(subnet.Ipv6CidrBlock); err == nil {
		s.plan.ranges[at] = append(s.plan.ranges[at], six)
	}
	s.lookAtACL(at, id)
}

// lookAtACL looks for an ACL that somebody has chosen for a subnet: the network's would take its place for good.
func (s *surveyor) lookAtACL(at place, id string) {
	filters := []ec2.GetNetworkAclsFilter{{Name: "association.subnet-id", Values: []string{id}}, {Name: "default", Values: []string{"false"}}}
	answered := func(r *ec2.GetNetworkAclsResult) string { return r.Id }
	chosen := look(s, id+": its network ACL", ec2.GetNetworkAcls, ec2.GetNetworkAclsArgs{Filters: filters}, answered)
	own := look(s, id+": its network ACL", ec2.GetNetworkAcls, ec2.GetNetworkAclsArgs{Filters: filters, Tags: map[string]string{"Name": s.name + "-" + at.tier.Name}}, answered)
	if chosen == nil || own == nil || len(chosen.Ids) == len(own.Ids) {
		return
	}
	s.wrong(id, "is behind the network ACL %s, whose place the ACL of the tier %q would take; put its rules into rows of the table and the subnet behind the VPC's default ACL",
		strings.Join(chosen.Ids, ", "), at.tier.Name)
}

// lookAtEndpoints looks for endpoints of others that stand where those of the network would. Where the network's own stands, EC2
// has let no other in.
func (s *surveyor) lookAtEndpoints() {
	for _, service := range s.args.Table.Services() {
		name := serviceName(s.args.Account.Region, service)
		search := ec2.LookupVpcEndpointArgs{VpcId: &s.args.Existing.VPCID, ServiceName: &name}
		own := search
		own.Tags = map[string]string{"Name": s.name + "-" + service}
		if s.endpoint(own) != nil {
			continue
		}
		other := s.endpoint(search)
		if other == nil {
			continue
		}
		if other.PrivateDnsEnabled && !segment.Gateway(service) {
			s.wrong(other.Id, "answers to the private name of %s already, and the endpoint that the table asks for wants it; switch private DNS names off there, or remove it", name)
		}
		for _, table := range slices.Compact(slices.Sorted(maps.Values(s.tables))) {
			if segment.Gateway(service) && slices.Contains(other.RouteTableIds, table) {
				s.wrong(other.Id, "is the way of the route table %s to %s already, and the table of connections asks for one with a policy of its own; take the route table off it", table, name)
			}
		}
	}
}

// endpoint finds an endpoint; nil without one.
func (s *surveyor) endpoint(search ec2.LookupVpcEndpointArgs) *ec2.LookupVpcEndpointResult {
	return there(s, s.args.Existing.VPCID+": its endpoint of "+*search.ServiceName, ec2.LookupVpcEndpoint, search,
		func(r *ec2.LookupVpcEndpointResult) string { return r.Id })
}

// describe names a route by its destination and target.
func describe(r ec2.GetRouteTableRoute) string {
	pick := func(values ...string) string {
		i := slices.IndexFunc(values, func(v string) bool { return v != "" })
		if i < 0 {
			return "nothing known"
		}
		return values[i]
	}
	return fmt.Sprintf("%s to %s", pick(r.CidrBlock, r.Ipv6CidrBlock, r.DestinationPrefixListId),
		pick(r.GatewayId, r.NatGatewayId, r.EgressOnlyGatewayId, r.TransitGatewayId, r.VpcPeeringConnectionId, r.NetworkInterfaceId,
			r.VpcEndpointId, r.InstanceId, r.LocalGatewayId, r.CarrierGatewayId, r.CoreNetworkArn))
}
