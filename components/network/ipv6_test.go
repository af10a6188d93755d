// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// dualStack is the typical network with IPv6, and a way out over it.
func dualStack(t *testing.T) *pulumitest.Recording {
	t.Helper()
	return build(t, func(args *Args) {
		args.IPv6 = true
		connect(args, segment.Connection{From: "app", To: segment.Addresses("2001:db8:1::/48"), Ports: segment.HTTPS})
	})
}

func TestWithoutIPv6NothingSpeaksIt(t *testing.T) {
	rec := build(t, func(args *Args) {
		connect(args, segment.Connection{From: segment.Addresses("2001:db8:1::/48"), To: "bastion", Ports: segment.SSH})
	})
	require.Nil(t, rec.Only(t, vpcType).Value("assignGeneratedIpv6CidrBlock"))
	require.Empty(t, rec.ByType(outwardType))
	for _, r := range append(rec.ByType(aclRuleType), append(rec.ByType(routeType), rec.ByType(subnetType)...)...) {
		require.Nil(t, r.Value("ipv6CidrBlock"), r.Name)
		require.Nil(t, r.Value("destinationIpv6CidrBlock"), r.Name)
	}
}

func TestEveryTierHasA59AndEverySubnetA64(t *testing.T) {
	rec := dualStack(t)
	require.Equal(t, true, rec.Only(t, vpcType).Value("assignGeneratedIpv6CidrBlock"))
	for name, want := range map[string]string{
		"net-app-" + zoneA:    "2001:db8:1234:5600::/64",
		"net-app-" + zoneB:    "2001:db8:1234:5601::/64",
		"net-public-" + zoneA: "2001:db8:1234:5680::/64",
		"net-public-" + zoneB: "2001:db8:1234:5681::/64",
		"net-data-" + zoneB:   "2001:db8:1234:56c1::/64",
	} {
		subnet := rec.Get(t, subnetType, name)
		require.Equal(t, want, subnet.String("ipv6CidrBlock"), name)
		require.Nil(t, subnet.Value("assignIpv6AddressOnCreation"), "a machine that wants an address asks for it")
	}
	var tiers, subnets []netip.Prefix
	for _, tier := range append([]segment.Tier{segment.Public, segment.App, segment.Data, {Name: "third", Place: 3}}, extraTiers...) {
		whole, err := tierIPv6(vpcIPv6, tier)
		require.NoError(t, err)
		require.Equal(t, 59, whole.Bits())
		require.True(t, contains(netip.MustParsePrefix(vpcIPv6), whole))
		tiers = append(tiers, whole)
		for _, zone := range []string{zoneA, zoneB, zoneC, "eu-central-1d"} {
			text, err := subnetIPv6(vpcIPv6, tier, zone)
			require.NoError(t, err)
			require.True(t, contains(whole, netip.MustParsePrefix(text)))
			subnets = append(subnets, netip.MustParsePrefix(text))
		}
	}
	requireDisjoint(t, tiers)
	requireDisjoint(t, subnets)
}

func TestARangeThatIsNoVPCsIsRefused(t *testing.T) {
	for _, bad := range []string{"", "10.0.0.0/16", "2001:db8::/48"} {
		_, err := subnetIPv6(bad, segment.App, zoneA)
		require.ErrorContains(t, err, "a /56 was expected")
	}
}

func TestIPv6LeavesThroughTheInternetGatewayOrOutwardOnly(t *testing.T) {
	rec := dualStack(t)
	outward := rec.Only(t, outwardType)
	require.Equal(t, rec.Only(t, vpcType).ID, outward.String("vpcId"))
	public := rec.Get(t, routeType, "net-public-internet-ipv6")
	require.Equal(t, "::/0", public.String("destinationIpv6CidrBlock"))
	require.Equal(t, rec.Only(t, internetType).ID, public.String("gatewayId"))
	for _, zone := range []string{zoneA, zoneB} {
		route := rec.Get(t, routeType, "net-app-"+zone+"-2001-db8-1---48")
		require.Equal(t, "2001:db8:1::/48", route.String("destinationIpv6CidrBlock"))
		require.Equal(t, outward.ID, route.String("egressOnlyGatewayId"))
		require.Nil(t, route.Value("natGatewayId"))
		require.Nil(t, route.Value("gatewayId"))
	}
	require.Equal(t, []any{}, rec.Get(t, tableType, "net-data").Value("routes"))
}

func TestIPv6LeavesWithoutNAT(t *testing.T) {
	rec := build(t, func(args *Args) {
		closed(args)
		args.IPv6 = true
		connect(args, segment.Connection{From: "app", To: segment.Addresses("2001:db8:1::/48"), Ports: segment.HTTPS})
	})
	require.Empty(t, rec.ByType(natType))
	rec.Get(t, routeType, "net-app-"+zoneA+"-2001-db8-1---48")
	require.Equal(t, "2001:db8:1::/48", rec.Get(t, aclRuleType, "net-app-out-443-to-2001-db8-1---48").String("ipv6CidrBlock"))
	for _, rule := range rec.ByType(aclRuleType) {
		require.NotRegexp(t, `^net-public-.*2001`, rule.Name, "it passes no NAT in the public tier")
	}
}

func TestACLRulesOfIPv6AreByTheRangesOfVPCAndTiers(t *testing.T) {
	rec := dualStack(t)
	for name, want := range map[string]string{
		"net-public-in-443-from-world-ipv6":         "::/0",
		"net-public-in-nothing-from-vpc-ipv6":       vpcIPv6,
		"net-public-out-nothing-to-vpc-ipv6":        vpcIPv6,
		"net-public-out-8443-to-app-ipv6":           "2001:db8:1234:5600::/59",
		"net-app-in-8443-from-public-ipv6":          "2001:db8:1234:5680::/59",
		"net-app-out-answers-to-public-ipv6":        "2001:db8:1234:5680::/59",
		"net-data-in-5432-from-app-ipv6":            "2001:db8:1234:5600::/59",
		"net-app-in-path-mtu-from-internet-ipv6":    "::/0",
		"net-app-in-answers-from-2001-db8-1---48":   "2001:db8:1::/48",
		"net-public-in-path-mtu-from-internet-ipv6": "::/0",
		"net-data-out-answers-to-public-ipv6":       "2001:db8:1234:5680::/59",
		"net-public-out-answers-to-world-ipv6":      "::/0",
		"net-app-out-5432-to-data-ipv6":             "2001:db8:1234:56c0::/59",
		"net-public-in-answers-from-app-ipv6":       "2001:db8:1234:5600::/59",
		"net-app-out-443-to-2001-db8-1---48":        "2001:db8:1::/48",
	} {
		rule := rec.Get(t, aclRuleType, name)
		require.Equal(t, want, rule.String("ipv6CidrBlock"), name)
		require.Nil(t, rule.Value("cidrBlock"), name)
	}
	mtu := rec.Get(t, aclRuleType, "net-app-in-path-mtu-from-internet-ipv6")
	require.Equal(t, "58", mtu.String("protocol"))
	require.EqualValues(t, 2, mtu.Value("icmpType"))
	require.EqualValues(t, 0, mtu.Value("icmpCode"))
	refusal := rec.Get(t, aclRuleType, "net-public-in-nothing-from-vpc-ipv6")
	require.Equal(t, "deny", refusal.String("ruleAction"))
}
