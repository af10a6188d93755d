// SPDX-License-Identifier: Apache-2.0

// Package ec2 holds the controls of Amazon EC2: instances, templates, volumes and Auto Scaling groups.
package ec2

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return withFleets(slices.Concat(addresses(), instances(), volumes(), scaling(), attached(), placement()))
}
