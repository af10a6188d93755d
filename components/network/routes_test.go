// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// closedFlows are the typical flows without those that need NAT.
func closedFlows() []Flow {
	var flows []Flow
	for _, flow := range typicalFlows() {
		if flow.From.tier != App || !flow.To.outside() {
			flows = append(flows, flow)
		}
	}
	return flows
}

func TestRouteTables(t *testing.T) {
	rec := build(t, nil)
	require.Len(t, rec.ByType(tableType), 4)
	require.Len(t, rec.ByType(routeType), 3)

	public := rec.Get(t, routeType, "net-public-internet")
	require.Equal(t, "0.0.0.0/0", public.String("destinationCidrBlock"))
	require.Equal(t, rec.Only(t, internetType).ID, public.String("gatewayId"))
	require.Equal(t, rec.Get(t, tableType, "net-public").ID, public.String("routeTableId"))

	for _, zone := range []string{zoneA, zoneB} {
		route := rec.Get(t, routeType, "net-app-"+zone+"-internet")
		require.Equal(t, "0.0.0.0/0", route.String("destinationCidrBlock"))
		require.Equal(t, rec.Get(t, natType, "net-nat-"+zone).ID, route.String("natGatewayId"))
		require.Nil(t, route.Value("gatewayId"))
		require.Equal(t, rec.Get(t, tableType, "net-app-"+zone).ID, route.String("routeTableId"))
	}
}

func TestDataTierHasNoRouteOut(t *testing.T) {
	for _, nat := range []NATStrategy{NATNone, NATSingle, NATOnePerZone} {
		rec := build(t, func(args *Args) {
			args.NAT = nat
			if nat == NATNone {
				args.Flows = closedFlows()
			}
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
			args.NAT = nat
			if nat == NATNone {
				args.Flows = closedFlows()
			}
		})
		gateways := map[string]bool{}
		for zone, gateway := range want {
			gateways[gateway] = true
			route := rec.Get(t, routeType, "net-app-"+zone+"-internet")
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

// An address that no flow names does not exist for the app tier, whatever an ACL or a security group says.
func TestAppTierHasRoutesToItsDestinationsOnly(t *testing.T) {
	partners := []string{"198.51.100.0/24", "203.0.113.64/28"}
	rec := build(t, func(args *Args) {
		args.Flows = closedFlows()
		for _, partner := range partners {
			args.Flows = append(args.Flows, Flow{From: TierOf(App), To: CIDR(partner), Port: firewall.HTTPS},
				Flow{From: TierOf(App), To: CIDR(partner), Port: firewall.Port{Name: "mail", Number: 587}})
		}
	})
	require.Len(t, rec.ByType(routeType), 1+2*len(partners))
	for _, zone := range []string{zoneA, zoneB} {
		for _, partner := range partners {
			route := rec.Get(t, routeType, "net-app-"+zone+"-"+strings.ReplaceAll(partner, "/", "-"))
			require.Equal(t, partner, route.String("destinationCidrBlock"))
			require.Equal(t, rec.Get(t, natType, "net-nat-"+zone).ID, route.String("natGatewayId"))
			require.Equal(t, rec.Get(t, tableType, "net-app-"+zone).ID, route.String("routeTableId"))
		}
	}
}

func TestNATWithoutDestinationsIsRefused(t *testing.T) {
	for _, nat := range []NATStrategy{NATSingle, NATOnePerZone} {
		problems := flowProblems(testPlan(t), nat, closedFlows())
		require.Len(t, problems, 1)
		require.ErrorContains(t, problems[0], "NAT: "+string(nat)+", but no flow of the app tier leads outside")
	}
	require.Empty(t, flowProblems(testPlan(t), NATNone, closedFlows()))
}

func TestSingleNATStandsInTheFirstListedZone(t *testing.T) {
	rec := build(t, func(args *Args) { args.NAT, args.Zones = NATSingle, []string{zoneB, zoneA} })
	require.Equal(t, "net-nat-"+zoneB, rec.Only(t, natType).Name)
}

func TestNothingInTheTiersIsReachableWithoutAFlow(t *testing.T) {
	rec := build(t, func(args *Args) {
		args.NAT = NATNone
		args.InterfaceEndpoints = nil
		args.Flows = []Flow{{From: TierOf(App), To: TierOf(Data), Port: firewall.PostgreSQL}}
	})
	require.Len(t, rec.ByType(aclRuleType), 4)
}
