// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

func TestPlanLaysOutTheDocumentedExample(t *testing.T) {
	plan, err := NewPlan("10.0.0.0/16")
	require.NoError(t, err)
	require.Equal(t, "10.0.0.0/18", plan.Tier(segment.App).String())
	require.Equal(t, "10.0.128.0/19", plan.Tier(segment.Public).String())
	require.Equal(t, "10.0.192.0/19", plan.Tier(segment.Data).String())
	for _, want := range []struct {
		tier segment.Tier
		zone string
		cidr string
	}{
		{segment.App, "eu-central-1a", "10.0.0.0/20"},
		{segment.App, "eu-central-1b", "10.0.16.0/20"},
		{segment.App, "eu-central-1d", "10.0.48.0/20"},
		{segment.Public, "eu-central-1a", "10.0.128.0/21"},
		{segment.Public, "eu-central-1c", "10.0.144.0/21"},
		{segment.Data, "eu-central-1b", "10.0.200.0/21"},
		{segment.Data, "eu-central-1d", "10.0.216.0/21"},
		{segment.App, "us-east-1e", "10.0.0.0/20"},
		{extraTiers[1], "eu-central-1a", "10.0.64.0/21"},
		{extraTiers[1], "eu-central-1d", "10.0.88.0/21"},
		{extraTiers[0], "eu-central-1b", "10.0.104.0/21"},
		{segment.Tier{Name: "third", Place: 3}, "eu-central-1c", "10.0.176.0/21"},
		{extraTiers[2], "eu-central-1a", "10.0.224.0/21"},
	} {
		require.Equal(t, want.cidr, plan.Subnet(want.tier, want.zone).String(), "%s in %s", want.tier.Name, want.zone)
	}
}

func TestPlanRefusesBadRanges(t *testing.T) {
	for _, bad := range []string{"", "10.0.0.0", "10.0.0.1/16", "10.0.0.0/15", "10.0.0.0/21", "8.8.0.0/16", "fd00::/16"} {
		_, err := NewPlan(bad)
		require.ErrorContains(t, err, fmt.Sprintf("%q", bad))
	}
}

// checkPlan asserts what must hold for every VPC: each tier and subnet lies inside its parent, nothing overlaps, tiers of
// one's own included, and every subnet has the 128 addresses a load balancer can grow into.
func checkPlan(t *testing.T, plan Plan) {
	t.Helper()
	var all []netip.Prefix
	var ranges []netip.Prefix
	places := []segment.Tier{segment.Public, segment.App, segment.Data}
	for place := 1; place <= segment.Places; place++ {
		places = append(places, segment.Tier{Name: "own", Place: place})
	}
	for _, tier := range places {
		rng := plan.Tier(tier)
		require.Equal(t, rng, rng.Masked())
		require.True(t, contains(plan.VPC(), rng), "%s in %s", rng, plan.VPC())
		ranges = append(ranges, rng)
		for _, letter := range "abcd" {
			subnet := plan.Subnet(tier, "eu-central-1"+string(letter))
			require.Equal(t, subnet, subnet.Masked())
			require.True(t, contains(rng, subnet), "%s in %s", subnet, rng)
			require.LessOrEqual(t, subnet.Bits(), 25)
			all = append(all, subnet)
		}
	}
	requireDisjoint(t, all)
	requireDisjoint(t, ranges)
}

func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func requireDisjoint(t *testing.T, prefixes []netip.Prefix) {
	t.Helper()
	for i, a := range prefixes {
		for _, b := range prefixes[i+1:] {
			require.False(t, a.Overlaps(b), "%s and %s overlap", a, b)
		}
	}
}

func TestPlanHoldsForEverySize(t *testing.T) {
	for bits := cidr.VPCMinBits; bits <= cidr.VPCMaxBits; bits++ {
		for _, base := range []string{"10.0.0.0", "10.255.240.0", "172.31.240.0", "192.168.240.0"} {
			prefix := netip.PrefixFrom(netip.MustParseAddr(base), bits).Masked()
			plan, err := NewPlan(prefix.String())
			require.NoError(t, err)
			checkPlan(t, plan)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("10.0.0.0/16")
	f.Add("172.16.16.0/20")
	f.Add("192.168.0.0/18")
	f.Add("10.0.0.0/08")
	f.Add("::/0")
	f.Fuzz(func(t *testing.T, vpc string) {
		plan, err := NewPlan(vpc)
		if err != nil {
			return
		}
		require.Equal(t, vpc, plan.VPC().String())
		checkPlan(t, plan)
	})
}

func TestZoneProblems(t *testing.T) {
	for name, c := range map[string]struct {
		zones    []string
		messages []string
	}{
		"two":          {zones: []string{"eu-central-1a", "eu-central-1b"}},
		"three":        {zones: []string{"eu-central-1c", "eu-central-1a", "eu-central-1b"}},
		"four":         {zones: []string{"eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"}},
		"wrapped":      {zones: []string{"eu-central-1e", "eu-central-1b"}},
		"one":          {zones: []string{"eu-central-1a"}, messages: []string{"Zones: names one zone"}},
		"none":         {messages: []string{"Zones: names 0 zones"}},
		"other region": {zones: []string{"eu-central-1a", "eu-west-1b"}, messages: []string{`Zones[1]: "eu-west-1b" lies outside region eu-central-1`}},
		"prefix only":  {zones: []string{"eu-central-1a", "eu-central-1"}, messages: []string{"Zones[1]"}},
		"longer name":  {zones: []string{"eu-central-1a", "eu-central-1-ham-1a"}, messages: []string{"Zones[1]"}},
		"empty":        {zones: []string{"eu-central-1a", ""}, messages: []string{"Zones[1]"}},
		"twice":        {zones: []string{"eu-central-1a", "eu-central-1a"}, messages: []string{"listed twice"}},
		"clash":        {zones: []string{"eu-central-1a", "eu-central-1e"}, messages: []string{"has the same address slot"}},
		"all at once": {
			zones:    []string{"eu-west-1a", "eu-central-1b", "eu-central-1b", "eu-central-1f", "eu-central-1z"},
			messages: []string{"Zones: names 5 zones", "Zones[0]", "Zones[2]", "Zones[3]", "Zones[4]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			problems := zoneProblems("eu-central-1", c.zones)
			require.Len(t, problems, len(c.messages), fmt.Sprint(problems))
			for i, message := range c.messages {
				require.ErrorContains(t, problems[i], message)
			}
		})
	}
}
