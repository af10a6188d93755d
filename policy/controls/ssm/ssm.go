// SPDX-License-Identifier: Apache-2.0

// Package ssm holds the controls of AWS Systems Manager.
package ssm

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(parameters(), sessionDocuments(), switches())
}
