// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	account        = "111122223333"
	region         = "eu-central-1"
	keyARN         = "arn:aws:kms:eu-central-1:111122223333:key/0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"
	trail          = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"
	bucketType     = "aws:s3/bucketV2:BucketV2"
	blockType      = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	ownershipType  = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	policyType     = "aws:s3/bucketPolicy:BucketPolicy"
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	versioningType = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	lifecycleType  = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	lockType       = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	loggingType    = "aws:s3/bucketLoggingV2:BucketLoggingV2"
)

var fourBlocks = []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}

// drafts is what a bucket with these writers records of its policy.
func drafts(t *testing.T, writers ...storage.Writer) map[string]any {
	t.Helper()
	draft, err := storage.Policy("arn:aws:s3:::bucket-name-to-come", writers...)
	require.NoError(t, err)
	text, err := draft.JSON()
	require.NoError(t, err)
	return map[string]any{"policy": text}
}

func bucket(name string, args *storage.BucketArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := storage.NewBucket(ctx, name, args)
		return err
	}
}

func TestBucketIsPrivateByDefault(t *testing.T) {
	rec := pulumitest.Run(t, bucket("logs", &storage.BucketArgs{}))
	component := rec.Get(t, "bulkhead:storage:Bucket", "logs")
	require.Equal(t, map[string]any{"documents": drafts(t)}, component.Values(), "only what was given is recorded, and the draft of the policy")
	b := rec.Get(t, bucketType, "logs-bucket")
	require.Len(t, rec.Children(component), 7)
	require.Equal(t, false, b.Value("forceDestroy"))
	require.True(t, b.RetainOnDelete, "a bucket with objects cannot be deleted, and its settings would be gone by then")
	require.Nil(t, b.Value("bucket"), "Pulumi names the bucket")
	require.Nil(t, b.Value("acl"))
	require.Nil(t, b.Value("tags.bulkhead:disposable"))

	block := rec.Get(t, blockType, "logs-public-access")
	for _, setting := range fourBlocks {
		require.Equal(t, true, block.Value(setting), setting)
	}
	ownership := rec.Get(t, ownershipType, "logs-ownership")
	require.Equal(t, "BucketOwnerEnforced", ownership.String("rule.objectOwnership"))

	policy := rec.Get(t, policyType, "logs-policy")
	require.Subset(t, policy.DependsOn, []string{block.URN, ownership.URN})
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"RefusePlainHTTP","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":["arn:aws:s3:::NAME","arn:aws:s3:::NAME/*"],
		 "Condition":{"Bool":{"aws:SecureTransport":"false"}}},
		{"Sid":"RefuseOldTLS","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":["arn:aws:s3:::NAME","arn:aws:s3:::NAME/*"],
		 "Condition":{"NumericLessThan":{"s3:TlsVersion":"1.2"}}}]}`, strings.ReplaceAll(policy.String("policy"), b.ID, "NAME"))

	encryption := rec.Get(t, encryptionType, "logs-encryption")
	require.Equal(t, "AES256", encryption.String("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"))
	require.Nil(t, encryption.Value("rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId"))

	versioning := rec.Get(t, versioningType, "logs-versioning")
	require.Equal(t, "Enabled", versioning.String("versioningConfiguration.status"))

	lifecycle := rec.Get(t, lifecycleType, "logs-lifecycle")
	require.Contains(t, lifecycle.DependsOn, versioning.URN)
	require.Equal(t, "Enabled", lifecycle.String("rules.0.status"))
	require.Equal(t, map[string]any{"expiredObjectDeleteMarker": true}, lifecycle.Value("rules.0.expiration"), "objects stay")
	require.EqualValues(t, 30, lifecycle.Value("rules.0.noncurrentVersionExpiration.noncurrentDays"))
	require.EqualValues(t, 7, lifecycle.Value("rules.0.abortIncompleteMultipartUpload.daysAfterInitiation"))
	require.Empty(t, rec.ByType(loggingType))
	for _, r := range rec.Children(component) {
		if r.Type != bucketType {
			require.Equal(t, b.ID, r.String("bucket"), r.Name)
			require.Equal(t, b.URN, r.DeletedWith, r.Name)
		}
	}
}

func TestBucketWithEverything(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		access, err := storage.NewLogBucket(ctx, "access", &storage.LogBucketArgs{Writers: []storage.Writer{storage.S3AccessLogs(account, "")}})
		if err != nil {
			return err
		}
		files, err := storage.NewLogBucket(ctx, "trail", &storage.LogBucketArgs{
			BucketArgs: storage.BucketArgs{
				KeyARN: pulumi.String(keyARN), ExpireDays: 30, NoncurrentDays: 5, AccessLogs: access, DisposableReason: "only a rehearsal",
			},
			Writers: []storage.Writer{storage.CloudTrail(account, trail, "")},
		})
		if err != nil {
			return err
		}
		_, err = kms.NewKey(ctx, "user", &kms.KeyArgs{}, order.After(files.Ready()))
		return err
	})
	require.Equal(t, map[string]any{
		"expireDays": 30.0, "noncurrentDays": 5.0, "disposableReason": "only a rehearsal", "documents": drafts(t, storage.CloudTrail(account, trail, "")),
	}, rec.Get(t, "bulkhead:storage:Bucket", "trail").Values())
	require.Equal(t, true, rec.Get(t, bucketType, "trail-bucket").Value("forceDestroy"))
	require.False(t, rec.Get(t, bucketType, "trail-bucket").RetainOnDelete)
	require.Equal(t, "only a rehearsal", rec.Get(t, bucketType, "trail-bucket").String("tags.bulkhead:disposable"))

	encryption := rec.Get(t, encryptionType, "trail-encryption")
	require.Equal(t, "aws:kms", encryption.String("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"))
	require.Equal(t, keyARN, encryption.String("rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId"))
	require.Equal(t, false, encryption.Value("rules.0.bucketKeyEnabled"), "CloudTrail encrypts in a context of its own")

	require.ElementsMatch(t, []string{encryption.URN, rec.Get(t, policyType, "trail-policy").URN}, rec.Only(t, "aws:kms/key:Key").DependsOn,
		"whoever delivers to the bucket waits for both")

	lifecycle := rec.Get(t, lifecycleType, "trail-lifecycle")
	require.EqualValues(t, 30, lifecycle.Value("rules.0.expiration.days"))
	require.EqualValues(t, 5, lifecycle.Value("rules.0.noncurrentVersionExpiration.noncurrentDays"))

	logging := rec.Get(t, loggingType, "trail-access-logs")
	require.Equal(t, rec.Get(t, bucketType, "access-bucket").ID, logging.String("targetBucket"))
	require.Equal(t, "trail/", logging.String("targetPrefix"))
	require.Contains(t, logging.DependsOn, rec.Get(t, policyType, "access-policy").URN)
	require.Contains(t, rec.Get(t, policyType, "trail-policy").String("policy"), "cloudtrail.amazonaws.com")
}

func TestLockedObjectsOutliveWhoeverDeletesThem(t *testing.T) {
	require.Empty(t, pulumitest.Run(t, bucket("files", nil)).ByType(lockType))
	for mode, want := range map[storage.LockMode]string{"": "GOVERNANCE", storage.Governance: "GOVERNANCE", storage.Compliance: "COMPLIANCE"} {
		rec := pulumitest.Run(t, bucket("files", &storage.BucketArgs{LockDays: 400, LockMode: mode}))
		lock := rec.Only(t, lockType)
		require.Equal(t, "Enabled", lock.String("objectLockEnabled"))
		require.Equal(t, map[string]any{"mode": want, "days": 400.0}, lock.Value("rule.defaultRetention"))
		require.Contains(t, lock.DependsOn, rec.Only(t, versioningType).URN, "S3 locks versions only")
		require.Equal(t, rec.Only(t, bucketType).URN, lock.DeletedWith)
	}
}

func TestBadLocks(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := storage.NewLogBucket(ctx, "logs", &storage.LogBucketArgs{
			BucketArgs: storage.BucketArgs{LockDays: 40000, LockMode: "Forever", DisposableReason: "only a rehearsal"},
			Writers:    []storage.Writer{storage.S3AccessLogs(account, "")},
		})
		return err
	})
	for _, want := range []string{
		"LockDays 40000: use 1 to 36500", `LockMode "Forever": use Governance or Compliance`, "cannot go with the stack",
		"writer 0: S3AccessLogs cannot deliver to a bucket that locks",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, pulumitest.RunError(t, bucket("logs", &storage.BucketArgs{LockMode: storage.Compliance})), "nothing is locked; give LockDays")
}

func TestBucketKeySparesCalls(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := storage.NewLogBucket(ctx, "files", &storage.LogBucketArgs{
			BucketArgs: storage.BucketArgs{KeyARN: pulumi.String(keyARN)},
			Writers:    []storage.Writer{storage.FlowLogs(account, region, "")},
		})
		return err
	})
	require.EqualValues(t, 365, rec.Only(t, lifecycleType).Value("rules.0.expiration.days"), "logs expire")
	require.Equal(t, true, rec.Only(t, encryptionType).Value("rules.0.bucketKeyEnabled"))
}

func TestBucketNamesEveryProblem(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		plain, err := storage.NewBucket(ctx, "plain", &storage.BucketArgs{})
		if err != nil {
			return err
		}
		_, err = storage.NewLogBucket(ctx, "Logs", &storage.LogBucketArgs{
			BucketArgs: storage.BucketArgs{
				KeyARN: pulumi.String(keyARN), ExpireDays: -1, NoncurrentDays: -2, AccessLogs: plain, AccessLogsPrefix: "logs", DisposableReason: "#",
			},
			Writers: []storage.Writer{{}, storage.ALBAccessLogs("1", "/x"), storage.ALBAccessLogs(account, ""), storage.CloudTrail(account, "audit", "AWSLogs")},
		})
		return err
	})
	for _, want := range []string{
		"the name becomes the bucket's", "ExpireDays -1", "NoncurrentDays -2", "AccessLogs: the bucket does not admit", `AccessLogsPrefix "logs"`,
		`DisposableReason: "#"`, "writer 0 is empty", `writer 1, ALBAccessLogs`, `AccountID: "1"`, `prefix "/x"`,
		"writer 1: ALBAccessLogs cannot write to a bucket with a KMS key", "writer 2: ALBAccessLogs is there already", `trail "audit"`, `prefix "AWSLogs"`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotEmpty(t, pulumitest.Run(t, bucket("logs", nil)).Registrations(), "the zero value is the safe one")
}

func TestAccountBlock(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := storage.NewAccountBlock(ctx, "account", &storage.AccountBlockArgs{AccountID: account})
		return err
	})
	block := rec.Get(t, "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "account-public-access")
	require.Equal(t, account, block.String("accountId"))
	require.Equal(t, map[string]any{"accountId": account}, rec.Only(t, "bulkhead:storage:AccountBlock").Values())
	require.True(t, block.RetainOnDelete, "it guards what others have in the account, too")
	for _, setting := range fourBlocks {
		require.Equal(t, true, block.Value(setting), setting)
	}
	for _, args := range []*storage.AccountBlockArgs{nil, {}} {
		require.Error(t, pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := storage.NewAccountBlock(ctx, "account", args)
			return err
		}))
	}
}

func TestDiskEncryption(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := storage.NewDiskEncryption(ctx, "disks")
		return err
	})
	encryption := rec.Only(t, "aws:ebs/encryptionByDefault:EncryptionByDefault")
	require.Equal(t, true, encryption.Value("enabled"))
	require.True(t, encryption.RetainOnDelete, "it guards the disks of others, too")
}
