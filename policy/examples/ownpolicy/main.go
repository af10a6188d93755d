// SPDX-License-Identifier: Apache-2.0

// Command ownpolicy is a policy pack of one's own. Build it and hand it to Pulumi with --policy-pack.
package main

import (
	"os"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

var owned = &pack.Control{
	ID: "bucket-owned", Title: "Every bucket says whose it is", Severity: pack.High,
	Types: []string{"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"},
	Why:   "Nobody cleans up, or answers for, what belongs to nobody.",
	Fix:   "Set the tag Owner to the name of a team.",
	Check: func(k *pack.Case) { k.Require(k.Get("tags.Owner").IsSet(), "the tag Owner is not set") },
}

func main() {
	os.Exit(pack.Main(&pack.Pack{Name: "own", Version: "0.1.0"}, owned))
}
