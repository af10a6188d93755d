// SPDX-License-Identifier: Apache-2.0

// Package ecs holds the controls of Amazon ECS.
package ecs

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(containers(), services(), takeovers())
}
