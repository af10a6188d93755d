// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

const world, worldIPv6 = "0.0.0.0/0", "::/0"

func lookAtVPC(t *testing.T, a *account) {
	t.Helper()
	vpc := a.vpc(t)
	id := aws.ToString(vpc.VpcId)
	require.Equal(t, a.Network.VPCCIDR, aws.ToString(vpc.CidrBlock))
	seen, err := terratest.GetVpcByIDContextE(t, t.Context(), id, a.Region)
	require.NoError(t, err)
	require.Equal(t, a.named("vpc"), seen.Name)
	require.Len(t, seen.Subnets, len(tiers)*len(a.Network.Zones))
	tags, err := terratest.GetTagsForVpcContextE(t, t.Context(), id, a.Region)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Name": a.named("vpc"), "Project": "bulkhead", "Environment": a.Name, "ManagedBy": "Pulumi"}, tags)
	for _, attribute := range []ec2types.VpcAttributeName{ec2types.VpcAttributeNameEnableDnsSupport, ec2types.VpcAttributeNameEnableDnsHostnames} {
		answer, err := a.ec2.DescribeVpcAttribute(t.Context(), &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: attribute})
		require.NoError(t, err)
		on := answer.EnableDnsSupport
		if attribute == ec2types.VpcAttributeNameEnableDnsHostnames {
			on = answer.EnableDnsHostnames
		}
		require.True(t, aws.ToBool(on.Value), attribute)
	}
}

// lookAtSubnets finds one subnet for each tier and zone, inside the VPC and apart from each other, of which those of the
// public tier and no others are public.
func lookAtSubnets(t *testing.T, a *account) {
	t.Helper()
	subnets := a.subnets(t)
	require.Len(t, subnets, len(tiers)*len(a.Network.Zones))
	whole := netip.MustParsePrefix(a.Network.VPCCIDR)
	var taken []netip.Prefix
	for _, tier := range tiers {
		for _, zone := range a.Network.Zones {
			subnet, found := subnets[a.named(tier+"-"+zone)]
			require.True(t, found, "no subnet of tier %s in %s", tier, zone)
			require.Equal(t, zone, aws.ToString(subnet.AvailabilityZone))
			require.False(t, aws.ToBool(subnet.MapPublicIpOnLaunch))
			require.False(t, aws.ToBool(subnet.AssignIpv6AddressOnCreation))
			require.Len(t, subnet.Ipv6CidrBlockAssociationSet, len(a.worlds())-1)
			block := netip.MustParsePrefix(aws.ToString(subnet.CidrBlock))
			require.True(t, whole.Overlaps(block) && whole.Bits() < block.Bits(), block)
			for _, other := range taken {
				require.False(t, other.Overlaps(block), "%s and %s", other, block)
			}
			taken = append(taken, block)
			public, err := terratest.IsPublicSubnetContextE(t, t.Context(), aws.ToString(subnet.SubnetId), a.Region)
			require.NoError(t, err)
			require.Equal(t, tier == "public", public, name(subnet.Tags))
		}
	}
	listed, err := terratest.GetSubnetsForVpcContextE(t, t.Context(), a.Region, a.inVPC(t))
	require.NoError(t, err)
	require.Len(t, listed, len(subnets))
}

// lookAtRoutes follows the ways out of every subnet: the public tier's to the internet gateway, the app tier's to what the
// service may call and by way of a NAT gateway, the data tier's nowhere.
func lookAtRoutes(t *testing.T, a *account) {
	t.Helper()
	tables, err := a.ec2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: a.inVPC(t)})
	require.NoError(t, err)
	of := map[string]ec2types.RouteTable{}
	for _, table := range tables.RouteTables {
		for _, association := range table.Associations {
			if aws.ToBool(association.Main) {
				require.Empty(t, beyondVPC(table), "the main route table leads somewhere")
				require.Len(t, table.Associations, 1, "a subnet is in the main route table")
			} else {
				of[aws.ToString(association.SubnetId)] = table
			}
		}
	}
	gateways := natGateways(t, a)
	subnets := a.subnets(t)
	require.Len(t, of, len(subnets))
	for _, zone := range a.Network.Zones {
		id := func(tier string) string { return aws.ToString(subnets[a.named(tier+"-"+zone)].SubnetId) }
		require.Empty(t, beyondVPC(of[id("data")]), "the data tier has a way out")

		routes := beyondVPC(of[id("public")])
		require.Len(t, routes, len(a.worlds()))
		for _, everything := range a.worlds() {
			require.True(t, strings.HasPrefix(aws.ToString(routes[everything].GatewayId), "igw-"), everything)
		}

		routes = beyondVPC(of[id("app")])
		require.Len(t, routes, len(a.App.EgressCIDRs))
		for _, destination := range a.App.EgressCIDRs {
			require.Contains(t, routes, destination)
			if strings.Contains(destination, ":") {
				require.True(t, strings.HasPrefix(aws.ToString(routes[destination].EgressOnlyInternetGatewayId), "eigw-"), "something may come in by the app tier's way out")
				continue
			}
			through, found := gateways[aws.ToString(routes[destination].NatGatewayId)]
			require.True(t, found, "the app tier's way out is no NAT gateway")
			if a.Network.NATStrategy == stacks.NATOnePerZone {
				require.Equal(t, id("public"), aws.ToString(through.SubnetId), "the NAT gateway of another zone")
			}
		}
	}
}

// beyondVPC returns the routes of a table that lead out of the VPC, by destination. Which tables lead to a gateway endpoint
// is for the endpoint to say.
func beyondVPC(table ec2types.RouteTable) map[string]ec2types.Route {
	routes := map[string]ec2types.Route{}
	for _, route := range table.Routes {
		if gateway := aws.ToString(route.GatewayId); gateway != "local" && !strings.HasPrefix(gateway, "vpce-") {
			routes[aws.ToString(route.DestinationCidrBlock)+aws.ToString(route.DestinationPrefixListId)+aws.ToString(route.DestinationIpv6CidrBlock)] = route
		}
	}
	return routes
}

// natGateways returns the NAT gateways by id; there are as many as the strategy says, each with an address of its own in
// the public tier.
func natGateways(t *testing.T, a *account) map[string]ec2types.NatGateway {
	t.Helper()
	found, err := a.ec2.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{Filter: a.inVPC(t)})
	require.NoError(t, err)
	wanted := map[string]int{stacks.NATNone: 0, stacks.NATSingle: 1, stacks.NATOnePerZone: len(a.Network.Zones)}[a.Network.NATStrategy]
	require.Len(t, found.NatGateways, wanted)
	public := a.subnetIDs(t, "public")
	byID, addresses := map[string]ec2types.NatGateway{}, map[string]bool{}
	for _, gateway := range found.NatGateways {
		require.Contains(t, public, aws.ToString(gateway.SubnetId))
		require.Len(t, gateway.NatGatewayAddresses, 1)
		addresses[aws.ToString(gateway.NatGatewayAddresses[0].PublicIp)] = true
		byID[aws.ToString(gateway.NatGatewayId)] = gateway
	}
	require.Len(t, addresses, wanted)
	return byID
}

// lookAtACLs finds each subnet in the ACL of its tier, no rule for everything from everywhere, and none at all in the
// default ACL.
func lookAtACLs(t *testing.T, a *account) {
	t.Helper()
	found, err := a.ec2.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: a.inVPC(t)})
	require.NoError(t, err)
	require.Len(t, found.NetworkAcls, len(tiers)+1)
	own := []netip.Prefix{netip.MustParsePrefix(a.Network.VPCCIDR)}
	for _, more := range a.vpc(t).Ipv6CidrBlockAssociationSet {
		own = append(own, netip.MustParsePrefix(aws.ToString(more.Ipv6CidrBlock)))
	}
	for _, acl := range found.NetworkAcls {
		var subnets []string
		for _, association := range acl.Associations {
			subnets = append(subnets, aws.ToString(association.SubnetId))
		}
		if aws.ToBool(acl.IsDefault) {
			require.Empty(t, subnets, "a subnet is in the default ACL")
			require.Empty(t, allowing(acl), "the default ACL lets something pass")
			continue
		}
		tier := strings.TrimPrefix(name(acl.Tags), a.named(""))
		require.ElementsMatch(t, a.subnetIDs(t, tier), subnets)
		require.NotEmpty(t, allowing(acl))
		for _, entry := range allowing(acl) {
			require.NotEqual(t, "-1", aws.ToString(entry.Protocol), "ACL of the %s tier, rule %d", tier, aws.ToInt32(entry.RuleNumber))
			if tier == "data" {
				peer := netip.MustParsePrefix(aws.ToString(entry.CidrBlock) + aws.ToString(entry.Ipv6CidrBlock))
				require.True(t, slices.ContainsFunc(own, func(r netip.Prefix) bool { return r.Contains(peer.Addr()) }), "the data tier speaks with %s", peer)
			}
		}
	}
}

func allowing(acl ec2types.NetworkAcl) []ec2types.NetworkAclEntry {
	var entries []ec2types.NetworkAclEntry
	for _, entry := range acl.Entries {
		if entry.RuleAction == ec2types.RuleActionAllow {
			entries = append(entries, entry)
		}
	}
	return entries
}

// lookAtEndpoints finds S3 on the way of the tiers that may use it, and an address of every service in the app tier of every
// zone, each for the account's own identities only.
func lookAtEndpoints(t *testing.T, a *account) {
	t.Helper()
	found, err := a.ec2.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{Filters: a.inVPC(t)})
	require.NoError(t, err)
	var services []string
	for _, endpoint := range found.VpcEndpoints {
		require.Contains(t, aws.ToString(endpoint.PolicyDocument), "aws:PrincipalAccount")
		require.Contains(t, aws.ToString(endpoint.PolicyDocument), a.AccountID)
		service := strings.TrimPrefix(aws.ToString(endpoint.ServiceName), "com.amazonaws."+a.Region+".")
		if endpoint.VpcEndpointType == ec2types.VpcEndpointTypeGateway {
			require.Equal(t, "s3", service)
			require.ElementsMatch(t, tablesOf(t, a, "public", "app"), endpoint.RouteTableIds)
			continue
		}
		services = append(services, service)
		require.ElementsMatch(t, a.subnetIDs(t, "app"), endpoint.SubnetIds)
		require.True(t, aws.ToBool(endpoint.PrivateDnsEnabled))
		require.Len(t, endpoint.Groups, 1)
		require.Equal(t, a.groupID(t, "endpoint-"+service), aws.ToString(endpoint.Groups[0].GroupId))
	}
	want := slices.Clone(a.Network.InterfaceEndpoints)
	if a.Bastion.Access != stacks.BastionNone && !slices.Contains(want, "ssmmessages") {
		want = append(want, "ssmmessages") // for its sessions
	}
	require.ElementsMatch(t, want, services)
}

// tablesOf returns the ids of the route tables that the subnets of the tiers use, each once.
func tablesOf(t *testing.T, a *account, tiers ...string) []string {
	t.Helper()
	var subnets []string
	for _, tier := range tiers {
		subnets = append(subnets, a.subnetIDs(t, tier)...)
	}
	found, err := a.ec2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: where("association.subnet-id", subnets...)})
	require.NoError(t, err)
	return each(found.RouteTables, func(r ec2types.RouteTable) *string { return r.RouteTableId })
}

// lookAtFlowLogs finds one flow log of all traffic.
func lookAtFlowLogs(t *testing.T, a *account) {
	t.Helper()
	found, err := a.ec2.DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{})
	require.NoError(t, err)
	require.Len(t, found.FlowLogs, 1)
	log := found.FlowLogs[0]
	require.Equal(t, aws.ToString(a.vpc(t).VpcId), aws.ToString(log.ResourceId))
	require.Equal(t, ec2types.TrafficTypeAll, log.TrafficType)
	require.Equal(t, "ACTIVE", aws.ToString(log.FlowLogStatus))
	require.Equal(t, int32(60), aws.ToInt32(log.MaxAggregationInterval))
	require.Contains(t, aws.ToString(log.LogFormat), "${flow-direction}")
	require.Contains(t, aws.ToString(log.LogDestination), "log-group:"+a.named("flow-logs"))
}
