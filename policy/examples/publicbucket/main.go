// SPDX-License-Identifier: Apache-2.0

// Command publicbucket makes seven buckets, each open to the internet in another way. It is the example with
// which the policy pack shows what it refuses; see README.md. It is never meant to be deployed.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(program) }

// program makes the seven buckets.
func program(ctx *pulumi.Context) error {
	for _, way := range []func(*pulumi.Context) error{
		byACL, byPolicy, byConditionThatDoesNotRestrict, byTwoHalvesOfTheInternet, byExclusion, byPartialBlock, byGrant,
	} {
		if err := way(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bucket makes a bucket whose name is written down, as people do who refer to it elsewhere.
func bucket(ctx *pulumi.Context, name string) (*s3.BucketV2, error) {
	return s3.NewBucketV2(ctx, name, &s3.BucketV2Args{Bucket: pulumi.String("bulkhead-example-" + name)})
}

// open is a policy that lets anybody read the bucket, with the condition given.
func open(name, condition string) pulumi.String {
	return pulumi.String(`{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Principal":"*",` +
		`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bulkhead-example-` + name + `/*"` + condition + `}]}`)
}

// 1: an access control list.
func byACL(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "acl")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketAclV2(ctx, "acl", &s3.BucketAclV2Args{Bucket: b.ID(), Acl: pulumi.String("public-read")})
	return err
}

// 2: a policy for everybody.
func byPolicy(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "policy")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "policy", &s3.BucketPolicyArgs{Bucket: b.ID(), Policy: open("policy", "")})
	return err
}

// 3: a policy with a condition that every organisation meets.
func byConditionThatDoesNotRestrict(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "organisations")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "organisations", &s3.BucketPolicyArgs{
		Bucket: b.ID(), Policy: open("organisations", `,"Condition":{"StringLike":{"aws:PrincipalOrgID":"o-*"}}`),
	})
	return err
}

// 4: a policy for two address ranges that are the whole internet together.
func byTwoHalvesOfTheInternet(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "halves")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "halves", &s3.BucketPolicyArgs{
		Bucket: b.ID(), Policy: open("halves", `,"Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}`),
	})
	return err
}

// 5: a policy for everybody but one.
func byExclusion(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "exclusion")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "exclusion", &s3.BucketPolicyArgs{
		Bucket: b.ID(),
		Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/former"},` +
			`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bulkhead-example-exclusion/*"}]}`),
	})
	return err
}

// 6: a public access block with two of its four flags.
func byPartialBlock(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "partial")
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPublicAccessBlock(ctx, "partial", &s3.BucketPublicAccessBlockArgs{
		Bucket: b.ID(), BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true),
	})
	return err
}

// 7: a grant to every AWS account in the world, which the word "authenticated" hides.
func byGrant(ctx *pulumi.Context) error {
	b, err := bucket(ctx, "grant")
	if err != nil {
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
