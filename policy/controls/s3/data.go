// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// bucketProtection is about who can read what is stored and what is written down about it.
func bucketProtection() []*pack.Control {
	return []*pack.Control{
		{
			ID: "s3-encryption", Title: "Bucket default encryption uses KMS or AES-256", Severity: pack.Medium,
			Types: inAndBeside(aws.BucketEncryptions),
			Why:   "An encryption rule without a known algorithm leaves new objects to the account's luck.",
			Fix:   "Set sseAlgorithm to aws:kms, aws:kms:dsse or AES256.", Maps: standard.Meets("NIST:SC-28(1)", standard.AtRest),
			Check: func(k *pack.Case) {
				rules, ok := form(k, "rules", "serverSideEncryptionConfiguration.rule", "serverSideEncryptionConfigurations.rules")
				if !ok {
					return
				}
				k.Require(rules.IsSet(), "there is no encryption rule")
				for rule := range rules.Items() {
					k.Require(rule.Get("applyServerSideEncryptionByDefault.sseAlgorithm").OneOf("aws:kms", "aws:kms:dsse", "AES256"))
				}
			},
		},
		{
			ID: "s3-encryption-configured", Title: "Every bucket states its default encryption", Severity: pack.Low, Types: aws.Buckets,
			Joins: aws.BucketEncryptions, Stack: true,
			Why: "S3 encrypts with its own keys by itself; writing it down keeps the choice of key reviewable.",
			Fix: "Add a server-side encryption configuration for the bucket.", Maps: standard.Meets(standard.AtRest),
			Check: func(k *pack.Case) {
				inline := k.Get("serverSideEncryptionConfiguration").IsSet().Or(k.Get("serverSideEncryptionConfigurations").IsSet())
				k.Require(inline.Or(want.AnyCompanion(k, "bucket", aws.BucketEncryptions, want.Present)),
					"no encryption configuration points at this bucket")
			},
		},
		{
			ID: "s3-encryption-kms", Title: "Bucket encryption uses a customer managed key", Severity: pack.Medium, Level: pack.Disabled,
			Types: inAndBeside(aws.BucketEncryptions),
			Why:   "Only a key of your own lets you see and stop each use. Load balancer access logs cannot use one, so this is off by default.",
			Fix:   "Set sseAlgorithm to aws:kms and kmsMasterKeyId to your key.",
			Maps:  standard.Meets("FSBP:S3.17", standard.AtRest, standard.KeyCare),
			Check: func(k *pack.Case) {
				rules, ok := form(k, "rules", "serverSideEncryptionConfiguration.rule", "serverSideEncryptionConfigurations.rules")
				if !ok {
					return
				}
				d := rules.Get("applyServerSideEncryptionByDefault")
				k.Require(d.Get("sseAlgorithm").OneOf("aws:kms", "aws:kms:dsse"))
				k.Require(d.Get("kmsMasterKeyId").IsSet())
				k.Forbid(d.Get("kmsMasterKeyId").Matches(func(s string) bool { return strings.HasSuffix(s, "alias/aws/s3") }))
			},
		},
		{
			ID: "s3-bucket-key", Title: "KMS encryption of buckets uses a bucket key, except for trails", Severity: pack.Low, Concern: pack.Cost,
			Types: inAndBeside(aws.BucketEncryptions),
			Joins: append([]string{aws.CloudTrailTrail}, aws.Buckets...), Stack: true,
			Why: "Without a bucket key every object costs a KMS request, and a busy bucket can use up the key's request quota. CloudTrail writes " +
				"few objects, and with a bucket key it needs to decrypt as well.",
			Fix: "Set bucketKeyEnabled to true.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				rules, ok := form(k, "rules", "serverSideEncryptionConfiguration.rule", "serverSideEncryptionConfigurations.rules")
				if !ok {
					return
				}
				forTrail := receivesTrail(k)
				for rule := range rules.Items() {
					kms := rule.Get("applyServerSideEncryptionByDefault.sseAlgorithm").OneOf("aws:kms")
					k.Require(kms.Not().Or(rule.Get("bucketKeyEnabled").IsTrue()).Or(forTrail), "%s encrypts with KMS without a bucket key", rule.Path())
				}
			},
		},
		{
			ID: "s3-access-logging", Title: "Buckets log access, except those that hold logs", Severity: pack.Medium, Level: pack.Disabled,
			Types: aws.Buckets,
			Joins: slices.Concat(aws.BucketLoggings,
				[]string{"aws:cloudtrail/trail:Trail", aws.LoadBalancer, aws.ALBLoadBalancer, "aws:ec2/flowLog:FlowLog"}), Stack: true,
			Why: "Without access logs nobody can tell afterwards what was read. CloudTrail data events are the other way to know, so this is off " +
				"by default.",
			Fix: "Add a BucketLoggingV2 that delivers to a log bucket.", Maps: standard.Meets("FSBP:S3.9", standard.Logging),
			Check: func(k *pack.Case) {
				inline := k.Get("loggings").IsSet().Or(k.Get("logging").IsSet())
				answer := inline.Or(want.AnyCompanion(k, "bucket", aws.BucketLoggings, want.Present)).Or(holdsLogs(k))
				k.Require(answer, "no access log is configured for this bucket")
			},
		},
		{
			ID: "s3-log-loop", Title: "No bucket logs to itself", Severity: pack.High, Concern: pack.Cost, Types: aws.Buckets,
			Joins: aws.BucketLoggings, Stack: true,
			Why: "Each log delivery is an access that is logged again: the bucket grows without end.",
			Fix: "Deliver to another bucket.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				for _, r := range k.Stack.Of(aws.BucketLoggings...) {
					from := k.Stack.Refers(r, "bucket", r.Get("bucket"), k.Resource)
					to := k.Stack.Refers(r, "targetBucket", r.Get("targetBucket"), k.Resource)
					k.Forbid(from.And(to), "the bucket is its own log target")
				}
				for _, property := range []string{"logging", "loggings"} {
					target := k.Get(property + ".targetBucket")
					k.Forbid(k.Stack.Refers(k.Resource, property, target, k.Resource), "the bucket is its own log target")
				}
			},
		},
		{
			ID: "s3-object-kms", Title: "Objects written by the program use KMS when they name a key", Severity: pack.Low,
			Types: []string{aws.S3BucketObjectV2, aws.S3ObjectCopy, aws.S3BucketObject},
			Why:   "A key that is named without aws:kms as method is not used.", Fix: "Set serverSideEncryption to aws:kms, or leave both out.",
			Maps: standard.Meets(standard.AtRest), Check: func(k *pack.Case) {
				sse := k.Get("serverSideEncryption")
				k.Require(k.Get("kmsKeyId").IsSet().Not().Or(pack.No(sse).Or(sse.OneOf("aws:kms", "aws:kms:dsse"))).Or(sse.IsSet().Not()),
					"kmsKeyId is set but serverSideEncryption is %s", sse)
			},
		},
	}
}

// holdsLogs is the fact that something delivers logs to the bucket.
func holdsLogs(k *pack.Case) pack.Fact {
	answer := pack.No(pack.Value{})
	for _, source := range []struct {
		property string
		tokens   []string
	}{
		{"targetBucket", aws.BucketLoggings},
		{"loggings.targetBucket", aws.Buckets},
		{"logging.targetBucket", aws.Buckets},
		{"s3BucketName", []string{"aws:cloudtrail/trail:Trail"}},
		{"accessLogs.bucket", aws.LoadBalancers},
		{"logDestination", []string{"aws:ec2/flowLog:FlowLog"}},
	} {
		for _, r := range k.Stack.Of(source.tokens...) {
			root, _, _ := strings.Cut(source.property, ".")
			answer = answer.Or(k.Stack.Refers(r, root, r.Get(source.property), k.Resource))
		}
	}
	return answer
}

// receivesTrail is the fact that a trail delivers to a bucket, or to that of a companion, such as its encryption.
func receivesTrail(k *pack.Case) pack.Fact {
	bucket, found := k.Resource, pack.Fact{}
	if !k.IsA(aws.Buckets...) {
		bucket, found = k.Stack.Target(k.Resource, "bucket", k.Get("bucket"), aws.Buckets...)
	}
	if bucket == nil {
		return found
	}
	sure, maybe := k.Stack.Pointing(bucket, "s3BucketName", aws.CloudTrailTrail)
	if len(sure) > 0 {
		return pack.Yes(k.Get("bucket"))
	}
	answer := pack.No(k.Get("bucket"))
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// bucketData is about what happens to the data itself.
func bucketData() []*pack.Control {
	return []*pack.Control{
		{
			ID: "s3-versioning", Title: "Every bucket keeps versions", Severity: pack.Medium, Concern: pack.Resilience, Types: aws.Buckets,
			Joins: aws.BucketVersionings, Stack: true,
			Why: "Without versions an overwritten or deleted object is gone, also when a program or an attacker did it.",
			Fix: "Add a BucketVersioningV2 with status Enabled.", Maps: standard.Meets("FSBP:S3.14", standard.Recovery),
			Check: func(k *pack.Case) {
				on := func(r *pack.Resource) pack.Fact { return r.Get("versioningConfiguration.status").OneOf("Enabled") }
				inline := k.Get("versioning.enabled").IsTrue().Or(k.Get("versionings.enabled").IsTrue())
				k.Require(inline.Or(want.AnyCompanion(k, "bucket", aws.BucketVersionings, on)), "versioning is not enabled for this bucket")
			},
		},
		{
			ID: "s3-versioning-not-suspended", Title: "Versioning is not suspended", Severity: pack.Medium, Concern: pack.Resilience,
			Types: inAndBeside(aws.BucketVersionings),
			Why:   "While it is suspended, new writes overwrite each other without a trace.", Fix: "Set versioningConfiguration.status to Enabled.",
			Maps: standard.Meets("FSBP:S3.14", standard.Recovery), Check: func(k *pack.Case) {
				if !k.IsA(aws.Buckets...) {
					k.Require(k.Get("versioningConfiguration.status").OneOf("Enabled"))
				} else if on, ok := form(k, "", "versioning.enabled", "versionings.enabled"); ok {
					k.Require(on.IsTrue())
				}
			},
		},
		{
			ID: "s3-mfa-delete", Title: "Deleting versions needs a second factor", Severity: pack.Low, Level: pack.Disabled,
			Types: inAndBeside(aws.BucketVersionings),
			Why:   "With MFA delete a stolen key cannot destroy history. Only the root user can switch it on, so this is off by default.",
			Fix:   "Switch it on as the root user and set versioningConfiguration.mfaDelete to Enabled.",
			Maps:  standard.Meets("FSBP:S3.20 CIS:2.1.2", standard.KeepSafe),
			Check: func(k *pack.Case) {
				if v, ok := form(k, "versioningConfiguration.mfaDelete", "versioning.mfaDelete", "versionings.mfaDelete"); ok {
					k.Require(v.OneOf("Enabled", "true"))
				}
			},
		},
		{
			ID: "s3-lifecycle", Title: "Every bucket has a lifecycle", Severity: pack.Low, Concern: pack.Cost, Types: aws.Buckets,
			Joins: aws.BucketLifecycles, Stack: true,
			Why: "Old versions and broken uploads otherwise stay, and are paid for, forever.",
			Fix: "Add a BucketLifecycleConfigurationV2.", Maps: standard.Meets("FSBP:S3.13 FSBP:S3.10", standard.Hygiene),
			Check: func(k *pack.Case) {
				inline := k.Get("lifecycleRules").IsSet()
				k.Require(inline.Or(want.AnyCompanion(k, "bucket", aws.BucketLifecycles, want.Present)),
					"no lifecycle configuration points at this bucket")
			},
		},
		{
			ID: "s3-lifecycle-aborts-uploads", Title: "Lifecycles end uploads that were never finished", Severity: pack.Low, Concern: pack.Cost,
			Types: inAndBeside(aws.BucketLifecycles),
			Why:   "The parts of a broken multipart upload are invisible in listings and are paid for.",
			Fix:   "Add a rule with abortIncompleteMultipartUpload.daysAfterInitiation.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				rules, ok := form(k, "rules", "lifecycleRules")
				if !ok {
					return
				}
				k.Require(rules.Any(func(rule pack.Value) pack.Fact {
					days := rule.Get("abortIncompleteMultipartUpload.daysAfterInitiation").AtLeast(1).
						Or(rule.Get("abortIncompleteMultipartUploadDays").AtLeast(1))
					return enabled(rule).And(days)
				}), "no enabled rule aborts incomplete uploads")
			},
		},
		{
			ID: "s3-lifecycle-enabled", Title: "Lifecycle rules are enabled", Severity: pack.Low, Concern: pack.Cost,
			Types: inAndBeside(aws.BucketLifecycles),
			Why:   "A rule that is off looks like housekeeping and does none.", Fix: "Set status to Enabled or remove the rule.",
			Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) {
				if rules, ok := form(k, "rules", "lifecycleRules"); ok {
					k.Require(rules.All(enabled))
				}
			},
		},
		{
			ID: "s3-force-destroy", Title: "Buckets are not emptied when they are removed", Severity: pack.Medium, Level: pack.Disabled,
			Concern: pack.Resilience, Types: aws.Buckets,
			Why: "forceDestroy deletes every object with the bucket, in one step. Short-lived environments want that, so this is off by default.",
			Fix: "Leave forceDestroy out.", Maps: standard.Meets(standard.KeepSafe), Check: want.IsFalse("forceDestroy"),
		},
		{
			ID: "s3-event-notifications", Title: "Buckets report events", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations,
			Types: aws.Buckets,
			Joins: []string{aws.S3BucketNotification}, Stack: true, Why: "Events tell other systems about changes as they happen.",
			Fix:  "Add a BucketNotification.",
			Maps: standard.Meets("FSBP:S3.11", standard.Monitoring), Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "bucket", []string{aws.S3BucketNotification}, want.Present), "no notification points at this bucket")
			},
		},
		{
			ID: "s3-replication", Title: "Buckets are copied to another place", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Resilience,
			Types: aws.Buckets,
			Joins: []string{aws.S3BucketReplicationConfig}, Stack: true, Why: "A copy in another Region or account survives the loss of this one.",
			Fix:  "Add a BucketReplicationConfig.",
			Maps: standard.Meets("FSBP:S3.7", standard.Recovery), Check: func(k *pack.Case) {
				inline := k.Get("replicationConfiguration").IsSet().Or(k.Get("replicationConfigurations").IsSet())
				k.Require(inline.Or(want.AnyCompanion(k, "bucket", []string{aws.S3BucketReplicationConfig}, want.Present)),
					"no replication is configured for this bucket")
			},
		},
		{
			ID: "s3-replication-enabled", Title: "Replication rules are enabled", Severity: pack.Medium, Concern: pack.Resilience,
			Types: inAndBeside([]string{aws.S3BucketReplicationConfig}),
			Why:   "A replication rule that is off copies nothing.", Fix: "Set status to Enabled.", Maps: standard.Meets(standard.Recovery),
			Check: func(k *pack.Case) {
				if rules, ok := form(k, "rules", "replicationConfiguration.rules", "replicationConfigurations.rules"); ok {
					k.Require(rules.All(enabled))
				}
			},
		},
		{
			ID: "s3-object-lock", Title: "Buckets can lock objects", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Resilience,
			Types: aws.Buckets, Joins: aws.BucketObjectLocks, Stack: true,
			Why:  "Locked objects cannot be deleted before their time, not even by an administrator.",
			Fix:  "Set objectLockEnabled when the bucket is made.",
			Maps: standard.Meets("FSBP:S3.15", standard.KeepSafe), Check: func(k *pack.Case) {
				inline := k.Get("objectLockConfiguration.objectLockEnabled").OneOf("Enabled")
				k.Require(k.Get("objectLockEnabled").IsTrue().Or(inline).Or(want.AnyCompanion(k, "bucket", aws.BucketObjectLocks, want.Present)),
					"object lock is not enabled for this bucket")
			},
		},
		{
			ID: "s3-object-lock-retention", Title: "Object lock has a retention of at least a day", Severity: pack.Low, Concern: pack.Resilience,
			Types: inAndBeside(aws.BucketObjectLocks),
			Why:   "Without a default retention nothing is locked unless each writer asks for it.",
			Fix:   "Set rule.defaultRetention with days or years.",
			Maps:  standard.Meets(standard.KeepSafe), Check: func(k *pack.Case) {
				if rule, ok := form(k, "rule", "objectLockConfiguration.rule", "objectLockConfiguration"); ok {
					d := rule.Get("defaultRetention")
					k.Require(d.Get("days").AtLeast(1).Or(d.Get("years").AtLeast(1)), "%s is not set", d.Path())
				}
			},
		},
		{
			ID: "s3-bucket-name", Title: "Bucket names are valid DNS labels without dots", Severity: pack.Low, Concern: pack.Operations,
			Types: aws.Buckets,
			Why:   "TLS certificates of S3 do not cover names with dots, so clients must then give up checking them.",
			Fix:   "Use 3 to 63 lower case letters, digits and hyphens, or leave the name out.",
			Maps:  standard.Meets(standard.Hygiene, standard.InTransit),
			Check: func(k *pack.Case) {
				k.Require(k.Get("bucket").IsSet().Not().Or(k.Get("bucket").Matches(bucketName.MatchString)))
			},
		},
	}
}
