// SPDX-License-Identifier: Apache-2.0

// Package exposure holds the controls of what opens resources of any service: policies, shares, public switches and credentials
// in inputs.
package exposure

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(carriers(), policies(), credentialInputs(), doors(), services())
}
