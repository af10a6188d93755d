// SPDX-License-Identifier: Apache-2.0

// Package iam holds the controls of AWS IAM and IAM Identity Center.
package iam

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(confusions(), identities(), trust(), passwords(), documents(), groups(), writeGrants())
}
