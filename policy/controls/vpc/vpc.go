// SPDX-License-Identifier: Apache-2.0

// Package vpc holds the controls of Amazon VPC: networks, their routes, groups and endpoints.
package vpc

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(endpoints(), groupUsers(), networks(), prefixLists(), routing(),
		securityGroups(), tiers())
}
