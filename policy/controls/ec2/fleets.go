// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// fleetWide are the controls of instances that hold for the launch specifications of a spot fleet as well. A specification
// says nothing about the metadata service: a fleet that wants IMDSv2 takes a launch template.
var fleetWide = []string{"ec2-no-public-ip", "ec2-user-data-secrets", "ec2-no-key-pair", "ec2-disks-encrypted", "ec2-old-types"}

// withFleets lets the controls of instances judge spot fleets, one launch specification after the other.
func withFleets(all []*pack.Control) []*pack.Control {
	for _, c := range all {
		if slices.Contains(fleetWide, c.ID) {
			c.Types, c.Check = append(slices.Clone(c.Types), aws.SpotFleetRequest), eachSpecification(c.Check)
		}
	}
	return all
}

func eachSpecification(check func(*pack.Case)) func(*pack.Case) {
	return func(k *pack.Case) {
		if k.Type != aws.SpotFleetRequest {
			check(k)
			return
		}
		fleet := k.Resource
		defer func() { k.Resource = fleet }()
		for s := range fleet.Get("launchSpecifications").Items() {
			if s.IsUnknown() {
				k.Defer(s)
				continue
			}
			k.Resource = fleet.Within(s)
			check(k)
		}
	}
}
