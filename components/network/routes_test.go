// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

func TestRouteTables(t *testing.T) {
	rec := build(t, nil)
	require.Len(t, rec.ByType(tableType), 4)
	require.Len(t, rec.ByType(routeType), 3)

	public := rec.Get(t, routeType, "net-public-internet")
	require.Equal(t, "0.0.0.0/0", public.String("destinationCidrBlock"))
	require.Equal(t, rec.Only(t, internetType).ID, public.String("gatewayId"))
	require.Equal(t, rec.Get(t, tableType, "net-public").ID, public.String("routeTableId"))

	for _, zone := range []string{zoneA, zoneB} {
		route := rec.Get(t, routeType, "net-app-"+zone+"-198.51.100.0-24")
		require.Equal(t, partners, route.String("destinationCidrBlock"))
		require.Equal(t, rec.Get(t, natType, "net-nat-"+zone).ID, route.String("natGatewayId"))
		require.Nil(t, route.Value("gatewayId"))
		require.Equal(t, rec.Get(t, tableType, "net-app-"+zone).ID, route.String("routeTableId"))
	}
}

func TestDataTierHasNoRouteOut(t *testing.T) {
	for _, nat := range []NATStrategy{NATNone, NATSingle, NATOnePerZone} {
		rec := build(t, func(args *Args) {
			if nat == NATNone {
				closed(args)
			}
			args.NATStrategy = nat
		})
		data := rec.Get(t, tableType, "net-data")
		require.Equal(t, []any{}, data.Value("routes"), "declared empty, so that a route added by hand is removed")
		for _, route := range rec.ByType(routeType) {
			require.NotEqual(t, data.ID, route.String("routeTableId"), route.Name)
		}
		for _, link := range rec.ByType(endpointLinkType) {
			require.NotEqual(t, data.ID, link.String("routeTableId"), link.Name)
		}
		for _, table := range rec.ByType(tableType) {
			if table.ID != data.ID {
				require.Nil(t, table.Value("routes"), "%s has its routes as resources", table.Name)
			}
		}
	}
}

func TestNATStrategies(t *testing.T) {
	for nat, want := range map[NATStrategy]map[string]string{ // zone of the servers to zone of their gateway
		NATNone:       {},
		NATSingle:     {zoneA: zoneA, zoneB: zoneA},
		NATOnePerZone: {zoneA: zoneA, zoneB: zoneB},
	} {
		rec := build(t, func(args *Args) {
			if nat == NATNone {
				closed(args)
			}
			args.NATStrategy = nat
		})
		gateways := map[string]bool{}
		for zone, gateway := range want {
			gateways[gateway] = true
			route := rec.Get(t, routeType, "net-app-"+zone+"-198.51.100.0-24")
			require.Equal(t, rec.Get(t, natType, "net-nat-"+gateway).ID, route.String("natGatewayId"))
		}
		require.Len(t, rec.ByType(routeType), len(want)+1)
		require.Len(t, rec.ByType(natType), len(gateways))
		require.Len(t, rec.ByType(eipType), len(gateways))
		for zone := range gateways {
			gateway := rec.Get(t, natType, "net-nat-"+zone)
			require.Equal(t, rec.Get(t, subnetType, "net-public-"+zone).ID, gateway.String("subnetId"))
			require.Equal(t, rec.Get(t, eipType, "net-nat-"+zone).ID, gateway.String("allocationId"))
			require.Contains(t, gateway.DependsOn, rec.Only(t, internetType).URN)
			require.Equal(t, "vpc", rec.Get(t, eipType, "net-nat-"+zone).String("domain"))
		}
	}
}

// An address that no row names does not exist for the app tier, whatever an ACL or a security group says.
func TestAppTierHasRoutesToItsDestinationsOnly(t *testing.T) {
	known := []string{"198.51.100.0/24", "203.0.113.64/28"}
	rec := build(t, func(args *Args) {
		closed(args)
		args.NATStrategy = NATOnePerZone
		connect(args, segment.Connection{From: "app", To: segment.Addresses(known...), Ports: segment.HTTPS})
		for _, partner := range known {
			connect(args, segment.Connection{From: "app", To: segment.Addresses(partner), Ports: segment.TCP(587)})
		}
	})
	require.Len(t, rec.ByType(routeType), 1+2*len(known))
	for _, zone := range []string{zoneA, zoneB} {
		for _, partner := range known {
			route := rec.Get(t, routeType, "net-app-"+zone+"-"+strings.ReplaceAll(partner, "/", "-"))
			require.Equal(t, partner, route.String("destinationCidrBlock"))
			require.Equal(t, rec.Get(t, natType, "net-nat-"+zone).ID, route.String("natGatewayId"))
			require.Equal(t, rec.Get(t, tableType, "net-app-"+zone).ID, route.String("routeTableId"))
		}
	}
}

func TestTiersOfYourOwnHaveSubnetsACLsAndRoutesByTheirReach(t *testing.T) {
	rec := build(t, func(args *Args) {
		for _, tier := range extraTiers {
			args.Table.Segments = append(args.Table.Segments, segment.Segment{Name: "in-" + tier.Name, Tier: tier, Holds: "A segment of its own"})
		}
		connect(args,
			segment.Connection{From: "in-batch", To: segment.Addresses(partners), Ports: segment.UDP(123)},
			segment.Connection{From: segment.Internet, To: "in-partner", Ports: segment.HTTPS},
			segment.Connection{From: "in-partner", To: "in-cold", Ports: segment.TCP(9000)})
	})
	require.Len(t, rec.ByType(subnetType), 12)
	require.Equal(t, "10.0.72.0/21", rec.Get(t, subnetType, "net-batch-"+zoneB).String("cidrBlock"))
	require.Len(t, rec.ByType(aclType), 6)
	require.Equal(t, rec.Get(t, natType, "net-nat-"+zoneB).ID, rec.Get(t, routeType, "net-batch-"+zoneB+"-198.51.100.0-24").String("natGatewayId"))
	require.Equal(t, rec.Only(t, internetType).ID, rec.Get(t, routeType, "net-partner-internet").String("gatewayId"))
	require.Equal(t, []any{}, rec.Get(t, tableType, "net-cold").Value("routes"))
	require.Equal(t, "10.0.224.0/19", rec.Get(t, aclRuleType, "net-partner-out-9000-to-cold").String("cidrBlock"))
	require.Equal(t, "17", rec.Get(t, aclRuleType, "net-public-in-udp-123-from-batch").String("protocol"), "on the way through NAT")
}

func TestSingleNATStandsInTheFirstListedZone(t *testing.T) {
	rec := build(t, func(args *Args) { args.NATStrategy, args.Zones = NATSingle, []string{zoneB, zoneA} })
	require.Equal(t, "net-nat-"+zoneB, rec.Only(t, natType).Name)
}

func TestNothingInTheTiersIsReachableWithoutARow(t *testing.T) {
	rec := build(t, func(args *Args) {
		args.NATStrategy, args.Table.Connections = NATNone, nil
		connect(args, segment.Connection{From: "app", To: "db", Ports: segment.PostgreSQL})
	})
	require.Len(t, rec.ByType(aclRuleType), 4)
	require.Len(t, rec.ByType(groupIngressType), 1)
	require.Len(t, rec.ByType(groupEgressType), 1)
}
