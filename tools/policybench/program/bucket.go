// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// store makes six resources: a bucket and what protects it. The bucket has a fixed name, so that what refers
// to it by name is known in a preview: only then can a pack without joins by URN judge it.
func (c *cell) store() error {
	bucket, err := s3.NewBucketV2(c.ctx, c.name, &s3.BucketV2Args{
		Bucket: pulumi.String("comparison-" + c.name), ForceDestroy: pulumi.Bool(c.weak), Tags: c.tags(),
	})
	if err != nil {
		return err
	}
	for _, part := range []func(*s3.BucketV2) error{c.close, c.version, c.seal} {
		if err := part(bucket); err != nil {
			return err
		}
	}
	return nil
}

func (c *cell) close(bucket *s3.BucketV2) error {
	if _, err := s3.NewBucketPublicAccessBlock(c.ctx, c.name, &s3.BucketPublicAccessBlockArgs{
		Bucket: bucket.Bucket, BlockPublicAcls: c.strong(), BlockPublicPolicy: pulumi.Bool(true),
		IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: c.strong(),
	}); err != nil {
		return err
	}
	_, err := s3.NewBucketOwnershipControls(c.ctx, c.name, &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.Bucket,
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: c.choose("BucketOwnerEnforced", "ObjectWriter")},
	})
	return err
}

func (c *cell) version(bucket *s3.BucketV2) error {
	_, err := s3.NewBucketVersioningV2(c.ctx, c.name, &s3.BucketVersioningV2Args{
		Bucket:                  bucket.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	})
	return err
}

func (c *cell) seal(bucket *s3.BucketV2) error {
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(c.ctx, c.name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("aws:kms"), KmsMasterKeyId: c.key.Arn,
			},
			BucketKeyEnabled: pulumi.Bool(true),
		}},
	}); err != nil {
		return err
	}
	_, err := s3.NewBucketPolicy(c.ctx, c.name, &s3.BucketPolicyArgs{
		Bucket: bucket.Bucket,
		Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Sid":"OnlyTLS","Effect":"Deny","Principal":"*","Action":"s3:*",` +
			`"Resource":["arn:aws:s3:::comparison-` + c.name + `","arn:aws:s3:::comparison-` + c.name + `/*"],` +
			`"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`),
	})
	return err
}
