// SPDX-License-Identifier: Apache-2.0

// Command mending leaves out what a busy day leaves out. Under level remediate the policy pack puts it in
// before anything is made; see README.md.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	for _, part := range []func(*pulumi.Context) error{files, servers, key, account} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// files is a bucket whose block has one of its four flags. The bucket's name is unknown during the preview.
func files(ctx *pulumi.Context) error {
	bucket, err := s3.NewBucketV2(ctx, "files", nil)
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPublicAccessBlock(ctx, "files", &s3.BucketPublicAccessBlockArgs{Bucket: bucket.ID(), BlockPublicAcls: pulumi.Bool(true)})
	if err != nil {
		return err
	}
	ctx.Export("bucket", bucket.ID())
	return nil
}

// servers are two launch templates that let metadata out without a session token. The user data is secret; what
// the second one says about tokens is unknown during the preview.
func servers(ctx *pulumi.Context) error {
	userData := pulumi.ToSecret(pulumi.String("IyEvYmluL3NoCg==")).(pulumi.StringOutput) //nolint:forcetypeassert // of a string
	first, err := ec2.NewLaunchTemplate(ctx, "first", &ec2.LaunchTemplateArgs{
		ImageId: pulumi.String("ami-0abcdef1234567890"), InstanceType: pulumi.String("t3.micro"), UserData: userData,
		MetadataOptions: &ec2.LaunchTemplateMetadataOptionsArgs{HttpEndpoint: pulumi.String("enabled"), HttpPutResponseHopLimit: pulumi.Int(1)},
	})
	if err != nil {
		return err
	}
	second, err := ec2.NewLaunchTemplate(ctx, "second", &ec2.LaunchTemplateArgs{
		ImageId: pulumi.String("ami-0abcdef1234567890"), InstanceType: pulumi.String("t3.micro"),
		MetadataOptions: &ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"),
			HttpTokens:   first.ID().ApplyT(func(pulumi.ID) string { return "optional" }).(pulumi.StringOutput), //nolint:forcetypeassert // of a string
		},
		Tags: pulumi.StringMap{"After": first.ID()},
	})
	if err != nil {
		return err
	}
	ctx.Export("first", first.ID())
	ctx.Export("second", second.ID())
	return nil
}

// key does not rotate, and says so with a secret.
func key(ctx *pulumi.Context) error {
	rotate := pulumi.ToSecret(pulumi.Bool(false)).(pulumi.BoolOutput) //nolint:forcetypeassert // of a boolean
	made, err := kms.NewKey(ctx, "data", &kms.KeyArgs{Description: pulumi.String("data"), EnableKeyRotation: rotate})
	if err != nil {
		return err
	}
	ctx.Export("key", made.ID())
	return nil
}

// account is the account's block with none of its flags.
func account(ctx *pulumi.Context) error {
	_, err := s3.NewAccountPublicAccessBlock(ctx, "account", nil)
	return err
}
