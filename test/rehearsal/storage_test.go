// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"
)

// lookAtBuckets finds every bucket, and the account as a whole, closed to the public.
func lookAtBuckets(t *testing.T, a *account) {
	t.Helper()
	found, err := a.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	require.NoError(t, err)
	require.Len(t, found.Buckets, 3)
	for _, bucket := range found.Buckets {
		lookAtBucket(t, a, aws.ToString(bucket.Name))
	}
	account, err := a.s3control.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(a.AccountID)})
	require.NoError(t, err)
	block := account.PublicAccessBlockConfiguration
	require.True(t, aws.ToBool(block.BlockPublicAcls) && aws.ToBool(block.BlockPublicPolicy) &&
		aws.ToBool(block.IgnorePublicAcls) && aws.ToBool(block.RestrictPublicBuckets))
}

// lookAtBucket finds the four blocks, encryption, versions that expire, ownership without ACLs, and a policy that refuses
// plain HTTP and old TLS.
func lookAtBucket(t *testing.T, a *account, bucket string) {
	t.Helper()
	answer, err := a.s3.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: &bucket})
	require.NoError(t, err)
	block := answer.PublicAccessBlockConfiguration
	require.True(t, aws.ToBool(block.BlockPublicAcls) && aws.ToBool(block.BlockPublicPolicy) &&
		aws.ToBool(block.IgnorePublicAcls) && aws.ToBool(block.RestrictPublicBuckets), bucket)

	algorithm := s3types.ServerSideEncryptionAes256 // what load balancers and S3's own access logs can be written to
	if !strings.HasPrefix(bucket, a.named("access-logs")) && !strings.HasPrefix(bucket, a.named("trail-access")) {
		algorithm = s3types.ServerSideEncryptionAwsKms
	}
	require.NoError(t, terratest.AssertS3BucketServerSideEncryptionContextE(t, t.Context(), a.Region, bucket, algorithm))
	require.NoError(t, terratest.AssertS3BucketVersioningExistsContextE(t, t.Context(), a.Region, bucket))
	ownership, err := terratest.GetS3BucketOwnershipControlsContextE(t, t.Context(), a.Region, bucket)
	require.NoError(t, err)
	require.Equal(t, []string{string(s3types.ObjectOwnershipBucketOwnerEnforced)}, ownership)
	lifecycle, err := a.s3.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket})
	require.NoError(t, err)
	require.Len(t, lifecycle.Rules, 1)
	require.Equal(t, s3types.ExpirationStatusEnabled, lifecycle.Rules[0].Status)
	require.Equal(t, int32(a.Audit.LogRetentionDays), aws.ToInt32(lifecycle.Rules[0].Expiration.Days))

	policy, err := terratest.GetS3BucketPolicyContextE(t, t.Context(), a.Region, bucket)
	require.NoError(t, err)
	refused := map[string]bool{}
	for _, statement := range statements(t, policy) {
		if statement.Effect != "Deny" {
			require.NotEqual(t, map[string]any{"AWS": "*"}, statement.Principal, "%s admits everybody", bucket)
			continue
		}
		for operator, conditions := range statement.Condition {
			for key := range conditions {
				refused[operator+" "+key] = true
			}
		}
	}
	require.True(t, refused["Bool aws:SecureTransport"], "%s takes plain HTTP: %s", bucket, policy)
	require.True(t, refused["NumericLessThan s3:TlsVersion"], "%s takes old TLS: %s", bucket, policy)
}

// statement is one statement of an IAM document, as far as the tests read it.
type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    any
	NotAction any
	Resource  any
	Condition map[string]map[string]any
}

func statements(t *testing.T, document string) []statement {
	t.Helper()
	var parsed struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(document), &parsed), document)
	require.NotEmpty(t, parsed.Statement)
	return parsed.Statement
}

// lookAtKeys finds every key of the account in use and rotating.
func lookAtKeys(t *testing.T, a *account) {
	t.Helper()
	keys, err := listKeys(t.Context(), a)
	require.NoError(t, err)
	require.Len(t, keys, 4)
	for _, key := range keys {
		require.Equal(t, kmstypes.KeyStateEnabled, key.KeyState)
		rotation, err := a.kms.GetKeyRotationStatus(t.Context(), &kms.GetKeyRotationStatusInput{KeyId: key.KeyId})
		require.NoError(t, err)
		require.True(t, rotation.KeyRotationEnabled, aws.ToString(key.Description))
	}
	for _, role := range []string{"logs", "alarms", "records", "db"} {
		arn, err := terratest.GetCmkArnContextE(t, t.Context(), a.Region, a.alias(role))
		require.NoError(t, err)
		require.Contains(t, arn, ":"+a.AccountID+":key/")
	}
}
