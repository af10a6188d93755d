// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
)

// AccountBlockArgs are the arguments of NewAccountBlock.
type AccountBlockArgs struct {
	// AccountID is the account to close, twelve digits.
	AccountID string `pulumi:"accountId"`
}

// AccountBlock keeps every bucket of an account private, present and future, whoever makes it (FSBP S3.1). An account has
// one, which several stacks may set, and which outlives them all: a stack that is destroyed takes it from nobody.
type AccountBlock struct {
	pulumi.ResourceState
}

// NewAccountBlock closes the account to public buckets.
func NewAccountBlock(ctx *pulumi.Context, name string, args *AccountBlockArgs, opts ...pulumi.ResourceOption) (*AccountBlock, error) {
	args = component.Given(args)
	if err := identity.CheckAccountID(args.AccountID); err != nil {
		return nil, fmt.Errorf("account block %q: %w", name, err)
	}
	b := &AccountBlock{}
	if err := component.Register(ctx, "bulkhead:storage:AccountBlock", name, args, b, opts...); err != nil {
		return nil, err
	}
	if _, err := s3.NewAccountPublicAccessBlock(ctx, name+"-public-access", &s3.AccountPublicAccessBlockArgs{
		AccountId:             pulumi.String(args.AccountID),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(b), pulumi.RetainOnDelete(true)); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// DiskEncryption has EC2 encrypt every disk that is made in the account and region from now on, whoever makes it and
// whatever image it comes from (FSBP EC2.7). An account has one for each region, which outlives the stacks that set it, as
// AccountBlock does.
type DiskEncryption struct {
	pulumi.ResourceState
}

// NewDiskEncryption switches encryption by default on, with the account's own EBS key.
func NewDiskEncryption(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (*DiskEncryption, error) {
	d := &DiskEncryption{}
	if err := component.Register(ctx, "bulkhead:storage:DiskEncryption", name, nil, d, opts...); err != nil {
		return nil, err
	}
	if _, err := ebs.NewEncryptionByDefault(ctx, name+"-default", &ebs.EncryptionByDefaultArgs{
		Enabled: pulumi.Bool(true),
	}, pulumi.Parent(d), pulumi.RetainOnDelete(true)); err != nil {
		return nil, err
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{})
}
