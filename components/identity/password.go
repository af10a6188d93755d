// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
)

const (
	// MinimumPasswordLength is the shortest password a policy may allow (CIS AWS Foundations 5.0, 1.7; FSBP IAM.7).
	MinimumPasswordLength = 14
	// MaximumPasswordAgeDays is the longest a password may live (FSBP IAM.7).
	MaximumPasswordAgeDays = 90
	// PasswordsRemembered is how many former passwords may not return: the most that IAM remembers (CIS AWS Foundations 5.0,
	// 1.8).
	PasswordsRemembered = 24
)

// PasswordPolicyArgs are the arguments of NewPasswordPolicy. They can only be stricter than the defaults. All four classes
// of characters are always required, and the last 24 passwords may not return.
type PasswordPolicyArgs struct {
	// MinimumLength is the shortest password, in characters, 14 to 128. Default 14.
	MinimumLength int `pulumi:"minimumLength"`
	// MaximumAgeDays is how long a password lives, 1 to 90 days. Default 90.
	MaximumAgeDays int `pulumi:"maximumAgeDays"`
}

// PasswordPolicy is the password policy of the account's IAM users. An account has one: a second with other arguments fights
// with the first. It outlives the stacks that set it: a stack that is destroyed takes it from nobody.
type PasswordPolicy struct {
	pulumi.ResourceState
}

// NewPasswordPolicy sets the password policy of the account.
func NewPasswordPolicy(ctx *pulumi.Context, name string, args *PasswordPolicyArgs, opts ...pulumi.ResourceOption) (*PasswordPolicy, error) {
	length, age := MinimumPasswordLength, MaximumPasswordAgeDays
	if args != nil && args.MinimumLength != 0 {
		length = args.MinimumLength
	}
	if args != nil && args.MaximumAgeDays != 0 {
		age = args.MaximumAgeDays
	}
	if err := checkPasswords(length, age); err != nil {
		return nil, fmt.Errorf("password policy %q: %w", name, err)
	}
	p := &PasswordPolicy{}
	if err := component.Register(ctx, "bulkhead:identity:PasswordPolicy", name, args, p, opts...); err != nil {
		return nil, err
	}
	if _, err := iam.NewAccountPasswordPolicy(ctx, name+"-policy", &iam.AccountPasswordPolicyArgs{
		MinimumPasswordLength:      pulumi.Int(length),
		MaxPasswordAge:             pulumi.Int(age),
		PasswordReusePrevention:    pulumi.Int(PasswordsRemembered),
		RequireLowercaseCharacters: pulumi.Bool(true),
		RequireUppercaseCharacters: pulumi.Bool(true),
		RequireNumbers:             pulumi.Bool(true),
		RequireSymbols:             pulumi.Bool(true),
		AllowUsersToChangePassword: pulumi.Bool(true),
		// An expired password is changed at the next sign-in; a hard expiry would lock out whoever was on holiday.
		HardExpiry: pulumi.Bool(false),
	}, pulumi.Parent(p), pulumi.RetainOnDelete(true)); err != nil {
		return nil, err
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{})
}

func checkPasswords(length, age int) error {
	var problems []error
	if length < MinimumPasswordLength || length > 128 {
		problems = append(problems, fmt.Errorf("MinimumLength %d: use %d to 128", length, MinimumPasswordLength))
	}
	if age < 1 || age > MaximumPasswordAgeDays {
		problems = append(problems, fmt.Errorf("MaximumAgeDays %d: use 1 to %d", age, MaximumPasswordAgeDays))
	}
	return errors.Join(problems...)
}
