// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AccountBlockArgs are the arguments of NewAccountBlock.
type AccountBlockArgs struct {
	// AccountID is the account to close, twelve digits.
	AccountID string
}

// AccountBlock keeps every bucket of an account private, present and future, whoever makes it (FSBP S3.1). An account has
// one.
type AccountBlock struct {
	pulumi.ResourceState
}

// NewAccountBlock closes the account to public buckets.
func NewAccountBlock(ctx *pulumi.Context, name string, args *AccountBlockArgs, opts ...pulumi.ResourceOption) (*AccountBlock, error) {
	err := errors.New("args are missing")
	if args != nil {
		err = identity.CheckAccountID(args.AccountID)
	}
	if err != nil {
		return nil, fmt.Errorf("account block %q: %w", name, err)
	}
	b := &AccountBlock{}
	if err := ctx.RegisterComponentResource("bulkhead:storage:AccountBlock", name, b, opts...); err != nil {
		return nil, err
	}
	if _, err := s3.NewAccountPublicAccessBlock(ctx, name+"-public-access", &s3.AccountPublicAccessBlockArgs{
		AccountId:             pulumi.String(args.AccountID),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(b)); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}
