// SPDX-License-Identifier: Apache-2.0

// Package key makes KMS keys that rotate, that say who may use them, and that cannot vanish in a hurry.
package key

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/form"
)

// DefaultDeletionWindowDays is how long a deleted key can still be brought back: the longest that KMS has.
const DefaultDeletionWindowDays = 30

// Args are the arguments of New.
type Args struct {
	// Account is the account and region of the key. Required; no more than ID and Region needs to be known of it.
	Account *account.Account
	// Description says what the key protects; it shows in the console.
	Description string `pulumi:"description"`
	// Services are the service principals that may use the key, such as "logs.eu-central-1.amazonaws.com" or
	// "rds.eu-central-1.amazonaws.com". Nobody else may, not even the account's administrators by themselves. See Policy.
	Services []string `pulumi:"services"`
	// BackupAccounts are other accounts of the organization in which AWS Backup may use the key, to copy what it encrypts into a vault of
	// theirs. Default: none.
	BackupAccounts []string `pulumi:"backupAccounts"`
	// DeletionWindowDays is how long a deleted key can still be brought back, 7 to 30. Default 30.
	DeletionWindowDays int `pulumi:"deletionWindowDays"`
	// OutlivesStack leaves the key where it is when its stack is destroyed: for the key of something that stays as well, such
	// as backups or log files, which nobody could read without it. The alias goes, so that the next stack can have it; the
	// description and the tag Name say what the key was for. Default: the key is deleted after DeletionWindowDays.
	OutlivesStack bool `pulumi:"outlivesStack"`
}

// Key is a customer-managed KMS key with an alias. It rotates every year (Security Hub KMS.4).
type Key struct {
	pulumi.ResourceState

	// ARN is the ARN of the key.
	ARN pulumi.StringOutput
	// ID is the id of the key, a UUID.
	ID pulumi.StringOutput
}

var aliasForm = regexp.MustCompile(`^[a-zA-Z0-9/_-]{1,249}$`)

// New creates a key, and the alias "alias/<project>-<name>" for it: an account has each alias once, and two projects may
// have a stack of one name in it.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Key, error) {
	policy, err := args.check(ctx.Project() + "-" + name)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	k := &Key{}
	if err := component.Register(ctx, "bulkhead:key:Key", name, args, k, opts...); err != nil {
		return nil, err
	}
	window := args.DeletionWindowDays
	if window == 0 {
		window = DefaultDeletionWindowDays
	}
	options := []pulumi.ResourceOption{pulumi.Parent(k)}
	if args.OutlivesStack {
		options = append(options, pulumi.RetainOnDelete(true))
	}
	key, err := kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
		Description:          pulumi.String(args.Description),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(window),
		Policy:               pulumi.String(policy),
		Tags:                 pulumi.StringMap{"Name": pulumi.String(name)},
	}, options...)
	if err != nil {
		return nil, err
	}
	// The alias is written out, because every alias must start with "alias/". One from before it carried the project stays: the
	// key is the same.
	if _, err := kms.NewAlias(ctx, name+"-alias", &kms.AliasArgs{
		Name:        pulumi.String("alias/" + ctx.Project() + "-" + name),
		TargetKeyId: key.KeyId,
	}, pulumi.Parent(k), pulumi.IgnoreChanges([]string{"name"})); err != nil {
		return nil, err
	}
	k.ARN, k.ID = key.Arn, key.KeyId
	return k, ctx.RegisterResourceOutputs(k, pulumi.Map{"arn": k.ARN, "id": k.ID})
}

// check reports everything wrong with the arguments, or returns the key policy as text.
func (args *Args) check(alias string) (policy string, err error) {
	args = component.Given(args)
	var problems []error
	if !aliasForm.MatchString(alias) {
		problems = append(problems, fmt.Errorf("project and name become the alias %q: use at most 249 letters, digits and /_-", alias))
	}
	if args.Description == "" || len(args.Description) > 8192 {
		problems = append(problems, fmt.Errorf("the Description has %d characters: say in 1 to 8192 what the key protects", len(args.Description)))
	}
	if args.DeletionWindowDays != 0 && (args.DeletionWindowDays < 7 || args.DeletionWindowDays > 30) {
		problems = append(problems, fmt.Errorf("DeletionWindowDays %d: use 7 to 30", args.DeletionWindowDays))
	}
	if args.Account == nil {
		return "", errors.Join(append(problems, args.Account.CheckPlace()...)...)
	}
	document, err := Policy(args.Account.ID, args.Account.Region, args.Services)
	for i, other := range args.BackupAccounts {
		problems = append(problems, form.Problems(form.In(fmt.Sprintf("BackupAccounts[%d]", i), form.CheckAccountID(other)))...)
	}
	if len(args.BackupAccounts) > 0 {
		document.Statements = append(document.Statements, copying(args.BackupAccounts)...)
	}
	if err == nil {
		policy, err = document.JSON()
	}
	return policy, errors.Join(append(problems, err)...)
}
