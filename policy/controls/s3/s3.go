// SPDX-License-Identifier: Apache-2.0

// Package s3 holds the controls of Amazon S3.
package s3

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(confusions(), bucketExposure(), bucketProtection(), bucketData(), encryption())
}
