// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// encryption is about the keys of objects.
func encryption() []*pack.Control {
	return []*pack.Control{
		{
			ID: "s3-object-cmk", Title: "Objects written by the program use a customer managed key", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.S3BucketObjectV2, aws.S3BucketObject, aws.S3ObjectCopy}, Joins: slices.Concat(aws.Buckets, aws.BucketEncryptions),
			Stack: true,
			Why:   "Only a key of your own lets you see and stop each use. Files that anybody may read need none, so this is off by default.",
			Fix:   "Set kmsKeyId, or leave the encryption to a bucket whose default is a key of yours.",
			Maps:  standard.Meets(standard.AtRest, standard.KeyCare), Check: objectKey,
		},
		{
			ID: "s3-directory-lifecycle", Title: "Every directory bucket has a lifecycle", Severity: pack.Low, Concern: pack.Cost,
			Types: []string{aws.S3DirectoryBucket}, Joins: aws.BucketLifecycles, Stack: true,
			Why: "Storage in one zone is the dearest that S3 has, and nothing leaves it by itself.",
			Fix: "Add a BucketLifecycleConfigurationV2 with an enabled rule.", Maps: standard.Meets("FSBP:S3.25", standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "bucket", aws.BucketLifecycles, func(r *pack.Resource) pack.Fact {
					return r.Get("rules").Any(func(rule pack.Value) pack.Fact { return rule.Get("status").OneOf("Enabled") })
				}), "no lifecycle configuration with an enabled rule points at this bucket")
			},
		},
	}
}

// customerKey is the fact that a value names a key which is not the one that AWS manages for S3.
func customerKey(v pack.Value) pack.Fact {
	return v.IsSet().And(v.Matches(func(s string) bool { return strings.HasSuffix(s, "alias/aws/s3") }).Not())
}

// objectKey wants an object to name a customer managed key, or to leave it to its bucket, which does.
func objectKey(k *pack.Case) {
	key, method := k.Get("kmsKeyId"), k.Get("serverSideEncryption")
	byBucket := pack.No(key)
	bucket, found := k.Stack.Target(k.Resource, "bucket", k.Get("bucket"), aws.Buckets...)
	switch {
	case bucket != nil:
		byBucket = bucketKey(k, bucket)
	case found.Is == pack.Deferred:
		byBucket = found
	}
	k.Require(customerKey(key).Or(want.Absent(key).And(want.Absent(method)).And(byBucket)), "the object is not encrypted with a key of yours")
}

// bucketKey is the fact that a bucket encrypts with a customer managed key unless it is told otherwise.
func bucketKey(k *pack.Case, bucket *pack.Resource) pack.Fact {
	byDefault := func(rules pack.Value) pack.Fact {
		d := rules.Get("applyServerSideEncryptionByDefault")
		return d.Get("sseAlgorithm").OneOf("aws:kms", "aws:kms:dsse").And(customerKey(d.Get("kmsMasterKeyId")))
	}
	answer := byDefault(bucket.Get("serverSideEncryptionConfiguration.rule")).
		Or(byDefault(bucket.Get("serverSideEncryptionConfigurations.rules")))
	for _, r := range k.Stack.Of(aws.BucketEncryptions...) {
		answer = answer.Or(k.Stack.Refers(r, "bucket", r.Get("bucket"), bucket).And(byDefault(r.Get("rules"))))
	}
	return answer
}
