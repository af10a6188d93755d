// SPDX-License-Identifier: Apache-2.0

package network

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSubnetsAreKeyedByTierAndZone(t *testing.T) {
	rec := build(t, nil)
	require.Len(t, rec.ByType(subnetType), 6)
	for name, cidr := range map[string]string{
		"net-public-eu-central-1a": "10.0.128.0/21",
		"net-public-eu-central-1b": "10.0.136.0/21",
		"net-app-eu-central-1a":    "10.0.0.0/20",
		"net-app-eu-central-1b":    "10.0.16.0/20",
		"net-data-eu-central-1a":   "10.0.192.0/21",
		"net-data-eu-central-1b":   "10.0.200.0/21",
	} {
		subnet := rec.Get(t, subnetType, name)
		require.Equal(t, cidr, subnet.String("cidrBlock"))
		require.Equal(t, name[len(name)-len(zoneA):], subnet.String("availabilityZone"))
		require.Equal(t, name, subnet.String("tags.Name"))
		require.Equal(t, rec.Only(t, vpcType).ID, subnet.String("vpcId"))
	}
}

func TestNoSubnetGivesOutPublicAddresses(t *testing.T) {
	for _, subnet := range build(t, nil).ByType(subnetType) {
		require.Equal(t, false, subnet.Value("mapPublicIpOnLaunch"), subnet.Name)
	}
}

func TestEverySubnetHasTheACLAndTheRouteTableOfItsTier(t *testing.T) {
	rec := build(t, nil)
	require.Len(t, rec.ByType(aclLinkType), 6)
	require.Len(t, rec.ByType(tableLinkType), 6)
	for _, tier := range typicalTable().Tiers() {
		acl := rec.Get(t, aclType, "net-"+tier.Name)
		for _, zone := range []string{zoneA, zoneB} {
			at := place{tier, zone}
			name := "net-" + at.role()
			subnet := rec.Get(t, subnetType, name)

			link := rec.Get(t, aclLinkType, name)
			require.Equal(t, acl.ID, link.String("networkAclId"))
			require.Equal(t, subnet.ID, link.String("subnetId"))

			route := rec.Get(t, tableLinkType, name)
			require.Equal(t, rec.Get(t, tableType, "net-"+at.table()).ID, route.String("routeTableId"))
			require.Equal(t, subnet.ID, route.String("subnetId"))
		}
	}
}
