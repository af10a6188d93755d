// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// inAndBeside are the types that hold a part of a bucket: resources of their own, and the bucket itself.
func inAndBeside(companions []string) []string { return slices.Concat(companions, aws.Buckets) }

// form is a part of a bucket where it stands: at the path in a companion, or at the first path that is set in the bucket
// itself. A bucket without the part is none of the control's business.
func form(k *pack.Case, companion string, inline ...string) (part pack.Value, ok bool) {
	if !k.IsA(aws.Buckets...) {
		return k.Get(companion), true
	}
	part = k.Inputs().First(inline...)
	if !part.Exists() {
		k.Skip("the bucket does not say it inline")
		return part, false
	}
	return part, true
}

// enabled is the fact that a rule of a lifecycle or a replication is on, in either form.
func enabled(rule pack.Value) pack.Fact {
	return rule.Get("status").OneOf("Enabled").Or(rule.Get("enabled").IsTrue())
}
