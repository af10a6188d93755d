// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// byIdentity indexes what a run registered by type and name, and leaves out the component itself.
func byIdentity(rec *pulumitest.Recording) map[string]pulumitest.Registration {
	all := map[string]pulumitest.Registration{}
	for _, r := range rec.Registrations() {
		if strings.HasPrefix(r.Type, "aws:") {
			all[r.Type+" "+r.Name] = r
		}
	}
	return all
}

// difference compares two runs as the engine would: what is created, what goes, and which inputs change.
func difference(before, after *pulumitest.Recording) (created, deleted, changed []string) {
	old, current := byIdentity(before), byIdentity(after)
	for _, id := range slices.Sorted(maps.Keys(current)) {
		was, existed := old[id]
		if !existed {
			created = append(created, id)
			continue
		}
		if diff := was.Inputs.Diff(current[id].Inputs); diff != nil {
			changed = append(changed, fmt.Sprintf("%s: %v", id, keys(diff)))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if _, remains := current[id]; !remains {
			deleted = append(deleted, id)
		}
	}
	return created, deleted, changed
}

func keys(diff *resource.ObjectDiff) []resource.PropertyKey {
	var changed []resource.PropertyKey
	for _, key := range diff.Keys() {
		if diff.Changed(key) {
			changed = append(changed, key)
		}
	}
	return changed
}

func TestAZoneMoreOnlyCreates(t *testing.T) {
	for _, nat := range []NATStrategy{NATSingle, NATOnePerZone} {
		for name, zones := range map[string][2][]string{
			"appended":        {{zoneA, zoneB}, {zoneA, zoneB, zoneC}},
			"in the middle":   {{zoneA, zoneC}, {zoneA, zoneB, zoneC}},
			"two to four":     {{zoneA, zoneB}, {zoneA, zoneB, zoneC, "eu-central-1d"}},
			"before the rest": {{zoneB, zoneC}, {zoneB, zoneA, zoneC}},
		} {
			t.Run(string(nat)+" "+name, func(t *testing.T) {
				run := func(i int) *pulumitest.Recording {
					return build(t, func(args *Args) { args.NATStrategy, args.Zones = nat, zones[i] })
				}
				created, deleted, changed := difference(run(0), run(1))
				require.Empty(t, deleted)
				// 3 subnets with 2 links each, an app route table with its route and its link to S3, and perhaps NAT with its address.
				perZone := 12
				if nat == NATOnePerZone {
					perZone += 2
				}
				require.Len(t, created, perZone*(len(zones[1])-len(zones[0])))
				// The endpoints gain an address in place; every other resource stays as it is.
				require.Len(t, changed, len(interfaceServices))
				for _, change := range changed {
					require.Regexp(t, `^aws:ec2/vpcEndpoint:VpcEndpoint net-[a-z0-9]+: \[subnetIds\]$`, change)
				}
			})
		}
	}
}

func TestAZoneMoreKeepsTheEndpointsInTheOldZones(t *testing.T) {
	before := build(t, nil)
	after := build(t, func(args *Args) { args.Zones = append(args.Zones, zoneC) })
	for _, endpoint := range before.ByType(endpointType) {
		if endpoint.Value("subnetIds") != nil {
			require.Subset(t, after.Get(t, endpointType, endpoint.Name).Value("subnetIds"), endpoint.Value("subnetIds"))
		}
	}
}

func TestSingleToOnePerZoneKeepsTheGateway(t *testing.T) {
	before := build(t, func(args *Args) { args.NATStrategy = NATSingle })
	after := build(t, nil)
	created, deleted, changed := difference(before, after)
	require.Empty(t, deleted)
	require.Equal(t, []string{eipType + " net-nat-" + zoneB, natType + " net-nat-" + zoneB}, created)
	require.Equal(t, []string{routeType + " net-app-" + zoneB + "-198.51.100.0-24: [natGatewayId]"}, changed, "updated in place")
}

func TestARowMoreOnlyCreates(t *testing.T) {
	after := build(t, func(args *Args) {
		connect(args, segment.Connection{From: segment.Addresses("198.18.0.0/24"), To: "bastion", Ports: segment.SSH})
	})
	created, deleted, changed := difference(build(t, nil), after)
	require.Empty(t, deleted)
	require.Empty(t, changed)
	require.Equal(t, []string{
		aclRuleType + " net-public-in-22-from-198.18.0.0-24",
		groupIngressType + " net-bastion-from-cidr-198-18-0-0-24-ssh",
	}, created)
}

func TestASegmentMoreOnlyCreates(t *testing.T) {
	after := build(t, func(args *Args) {
		args.Table.Segments = append(args.Table.Segments, segment.Segment{Name: "cache", Tier: segment.Data, Holds: "Cache"})
		connect(args, segment.Connection{From: "app", To: "cache", Ports: segment.TCP(6379)})
	})
	created, deleted, changed := difference(build(t, nil), after)
	require.Empty(t, deleted)
	require.Empty(t, changed)
	require.Equal(t, []string{
		aclRuleType + " net-app-out-6379-to-data", aclRuleType + " net-data-in-6379-from-app", groupType + " net-cache-group",
		groupEgressType + " net-app-to-net-cache-tcp-6379", groupIngressType + " net-cache-from-net-app-tcp-6379",
	}, slices.DeleteFunc(created, func(id string) bool { return strings.Contains(id, "answers") }))
}

func TestIPv6LaterReplacesNothing(t *testing.T) {
	after := build(t, func(args *Args) { args.IPv6 = true })
	_, deleted, changed := difference(build(t, nil), after)
	require.Empty(t, deleted)
	for _, change := range changed {
		require.Regexp(t, `^(aws:ec2/vpc:Vpc net-vpc: \[assignGeneratedIpv6CidrBlock\]|aws:ec2/subnet:Subnet \S+: \[ipv6CidrBlock\])$`, change)
	}
}

func TestZoneOrderIsOfNoConsequence(t *testing.T) {
	created, deleted, changed := difference(build(t, nil), build(t, func(args *Args) { args.Zones = []string{zoneB, zoneA} }))
	require.Empty(t, created)
	require.Empty(t, deleted)
	for _, change := range changed {
		require.Contains(t, change, "[subnetIds]")
	}
}
