// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

// growsInPlace are the inputs in which a resource may gain a zone; AWS changes each without replacing the resource.
var growsInPlace = map[string]string{
	"aws:autoscaling/group:Group":      "vpcZoneIdentifiers",
	"aws:ec2/vpcEndpoint:VpcEndpoint":  "subnetIds",
	"aws:lb/loadBalancer:LoadBalancer": "subnets",
	"aws:rds/subnetGroup:SubnetGroup":  "subnetIds",
}

func TestAThirdZoneOnlyAdds(t *testing.T) {
	for name, zones := range map[string][]string{
		"at the end":    {"eu-central-1a", "eu-central-1b", "eu-central-1c"},
		"in the middle": {"eu-central-1a", "eu-central-1c", "eu-central-1b"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := settingsOf(t, "staging")
			before := deployed(t, settings)
			settings.Network.Zones = zones
			after := deployed(t, settings)

			old, current := identities(before), identities(after)
			for urn, inputs := range old {
				require.Contains(t, current, urn, "nothing goes")
				if diff := inputs.Diff(current[urn]); diff != nil {
					kind := string(resource.URN(urn).Type())
					for _, key := range diff.Keys() {
						if diff.Changed(key) {
							require.Equalf(t, growsInPlace[kind], string(key), "%s changes", urn)
						}
					}
				}
			}
			added := slices.DeleteFunc(slices.Collect(maps.Keys(current)), func(urn string) bool {
				_, was := old[urn]
				return was
			})
			require.NotEmpty(t, added)
			for _, urn := range added {
				require.Contains(t, resource.URN(urn).Name(), "eu-central-1c", "only the new zone is new")
			}
		})
	}
}

func TestEveryGroupSpansEveryZone(t *testing.T) {
	for _, environment := range environments {
		settings := settingsOf(t, environment)
		rec := deployed(t, settings)
		for token, input := range growsInPlace {
			for _, r := range rec.ByType(token) {
				if subnets, ok := r.Value(input).([]any); ok {
					require.Len(t, subnets, len(settings.Network.Zones), "%s %s", token, r.Name)
				}
			}
		}
	}
}

// Staging and production differ in size alone: of whatever staging has, production has at least as many.
func TestProductionLacksNothingThatStagingHas(t *testing.T) {
	count := func(environment string) map[string]int {
		found := map[string]int{}
		for _, r := range deployed(t, settingsOf(t, environment)).Registrations() {
			found[r.Type]++
		}
		return found
	}
	staging, production := count("staging"), count("production")
	require.Len(t, production, len(staging), "types of resources")
	for kind, n := range staging {
		require.GreaterOrEqual(t, production[kind], n, kind)
	}
}
