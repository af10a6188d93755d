// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
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
			args := reference()
			before := deployed(t, args)
			args.Zones = zones
			after := deployed(t, args)

			old, current := identities(before), identities(after)
			for urn, inputs := range old {
				require.Contains(t, current, urn, "nothing goes")
				kind := string(resource.URN(urn).Type())
				if diff := inputs.Diff(current[urn]); diff != nil && strings.HasPrefix(kind, "aws:") {
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
	args := reference()
	rec := deployed(t, args)
	for token, input := range growsInPlace {
		for _, r := range rec.ByType(token) {
			if subnets, ok := r.Value(input).([]any); ok {
				require.Len(t, subnets, len(args.Zones), "%s %s", token, r.Name)
			}
		}
	}
}

// identities are what the engine tells resources apart by.
func identities(rec *pulumitest.Recording) map[string]resource.PropertyMap {
	all := map[string]resource.PropertyMap{}
	for _, r := range rec.Registrations() {
		all[r.URN] = r.Inputs
	}
	return all
}
