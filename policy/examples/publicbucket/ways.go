// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// 1: an access control list, once by name and once as a grant to every AWS account in the world, which the
// word "authenticated" hides.
func byACL(ctx *pulumi.Context) error {
	b, err := private(ctx, "acl")
	if err != nil {
		return err
	}
	if _, err = s3.NewBucketAclV2(ctx, "acl", &s3.BucketAclV2Args{Bucket: b.ID(), Acl: pulumi.String("public-read")}); err != nil {
		return err
	}
	if b, err = private(ctx, "grant"); err != nil {
		return err
	}
	_, err = s3.NewBucketAclV2(ctx, "grant", &s3.BucketAclV2Args{
		Bucket: b.ID(),
		AccessControlPolicy: &s3.BucketAclV2AccessControlPolicyArgs{
			Owner: &s3.BucketAclV2AccessControlPolicyOwnerArgs{Id: pulumi.String("75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a")},
			Grants: s3.BucketAclV2AccessControlPolicyGrantArray{&s3.BucketAclV2AccessControlPolicyGrantArgs{
				Permission: pulumi.String("READ"),
				Grantee: &s3.BucketAclV2AccessControlPolicyGrantGranteeArgs{
					Type: pulumi.String("Group"), Uri: pulumi.String("http://acs.amazonaws.com/groups/global/AuthenticatedUsers"),
				},
			}},
		},
	})
	return err
}

// 2: a policy for everybody, plainly and in three disguises: a condition that every organisation meets, two
// address ranges that are the whole internet together, and everybody but one.
func byPolicy(ctx *pulumi.Context) error {
	for _, p := range []struct{ name, principal, condition string }{
		{"policy", `"Principal":"*"`, ``},
		{"organisations", `"Principal":"*"`, `,"Condition":{"StringLike":{"aws:PrincipalOrgID":"o-*"}}`},
		{"halves", `"Principal":"*"`, `,"Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}`},
		{"exclusion", `"NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/former"}`, ``},
	} {
		b, err := private(ctx, p.name)
		if err != nil {
			return err
		}
		if _, err := s3.NewBucketPolicy(ctx, p.name, &s3.BucketPolicyArgs{Bucket: b.ID(), Policy: reading(p.name, p.principal, p.condition)}); err != nil {
			return err
		}
	}
	return nil
}

// reading is a policy that lets a principal read the objects of a bucket.
func reading(bucket, principal, condition string) pulumi.String {
	return pulumi.String(`{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow",` + principal +
		`,"Action":"s3:GetObject","Resource":"arn:aws:s3:::bulkhead-example-` + bucket + `/*"` + condition + `}]}`)
}

// 3: no public access block, so that the next ACL or policy, written anywhere by anybody, opens the bucket.
func byMissingBlock(ctx *pulumi.Context) error {
	_, err := unguarded(ctx, "missing")
	return err
}

// 4: a public access block with two of its four flags, which leaves what is already public as it is.
func byPartialBlock(ctx *pulumi.Context) error {
	b, err := unguarded(ctx, "partial")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPublicAccessBlock(ctx, "partial", &s3.BucketPublicAccessBlockArgs{
		Bucket: b.ID(), BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true),
	})
	return err
}

// 5: a door of its own, with its own block switched off and its own policy for everybody.
func byAccessPoint(ctx *pulumi.Context) error {
	b, err := private(ctx, "point")
	if err != nil {
		return err
	}
	_, err = s3.NewAccessPoint(ctx, "point", &s3.AccessPointArgs{
		Bucket: b.ID(),
		Name:   pulumi.String("bulkhead-example-point"),
		PublicAccessBlockConfiguration: &s3.AccessPointPublicAccessBlockConfigurationArgs{
			BlockPublicAcls: pulumi.Bool(true), IgnorePublicAcls: pulumi.Bool(true),
			BlockPublicPolicy: pulumi.Bool(false), RestrictPublicBuckets: pulumi.Bool(false),
		},
		Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject",` +
			`"Resource":"arn:aws:s3:eu-central-1:123456789012:accesspoint/bulkhead-example-point/object/*"}]}`),
	})
	return err
}

// 6: the bucket as a web server, which answers anybody, over plain HTTP.
func byWebsite(ctx *pulumi.Context) error {
	b, err := private(ctx, "website")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketWebsiteConfigurationV2(ctx, "website", &s3.BucketWebsiteConfigurationV2Args{
		Bucket: b.ID(), IndexDocument: &s3.BucketWebsiteConfigurationV2IndexDocumentArgs{Suffix: pulumi.String("index.html")},
	})
	return err
}

// 7: the account's block switched off for policies, in every bucket that has no block of its own.
func byAccountBlock(ctx *pulumi.Context) error {
	if _, err := private(ctx, "account"); err != nil {
		return err
	}
	_, err := s3.NewAccountPublicAccessBlock(ctx, "account", &s3.AccountPublicAccessBlockArgs{
		BlockPublicAcls: pulumi.Bool(true), IgnorePublicAcls: pulumi.Bool(true),
		BlockPublicPolicy: pulumi.Bool(false), RestrictPublicBuckets: pulumi.Bool(false),
	})
	return err
}
