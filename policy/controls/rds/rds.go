// SPDX-License-Identifier: Apache-2.0

// Package rds holds the controls of Amazon RDS and Aurora.
package rds

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(databases(), options(), databaseStacks(), placement(), passwords(), parameters())
}
