// SPDX-License-Identifier: Apache-2.0

// Package backup keeps daily snapshots of databases in a vault of AWS Backup that is locked: nobody deletes one before its time. It copies
// them to vaults in other regions and accounts, where the loss of this account does not reach them.
package backup

import (
	"fmt"

	aws "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/storage"
	"github.com/bulkhead-iac/bulkhead/form"
)

const (
	// StartHour is the hour, in UTC, in which the daily snapshots begin.
	StartHour = 5
	// startMinutes and completeMinutes are how long AWS Backup tries to begin a snapshot, and to end it, before it gives up.
	startMinutes, completeMinutes = 60, 12 * 60
	// graceDays is how long a lock of mode Compliance can still be changed or removed: the shortest that AWS Backup has (API reference,
	// PutBackupVaultLockConfiguration, ChangeableForDays).
	graceDays = 3
	// nameLimit leaves room, in the 50 characters of a vault's name, for what Pulumi appends.
	nameLimit = 42
)

// Args are the arguments of New.
type Args struct {
	// Account is the account and region of the databases and of the vault. Required.
	Account *account.Account
	// Databases are the ARNs of the RDS instances that are backed up, at least one: those, and nothing else that happens to carry a tag. A
	// snapshot keeps the key of its database, which therefore has to outlive the snapshots, and through which RDS of this account has to
	// be let (AWS Backup developer guide, "Encryption for backups in AWS Backup"): package database sees to both.
	Databases pulumi.StringArray
	// KeepDays is how long each snapshot and each copy is kept, 7 to 3650, and how long at least the lock keeps it. Required. Snapshots are
	// charged by the gigabyte and month beyond the first.
	KeepDays int `pulumi:"keepDays"`
	// LockMode says who may end the lock of the vault. With storage.Governance, the default, whoever has
	// backup:DeleteBackupVaultLockConfiguration; with storage.Compliance nobody any more, not even the root user, as soon as three days
	// have passed, and the vault is paid for until its last snapshot has ended. KeepDays can then be raised no more than lowered.
	LockMode storage.LockMode `pulumi:"lockMode"`
	// CopyTo are the ARNs of vaults in other regions or accounts to which each snapshot is copied, and where it gets the key of the vault,
	// which has to be a customer managed one. A vault of another account has to be in the same organization of AWS Organizations with
	// cross-account backup switched on, its policy has to let this account do backup:CopyIntoBackupVault, and the key of each database has
	// to admit it (key.Args.BackupAccounts). RDS copies to a region or to an account, not to both at once: copy on from there. Default: none.
	CopyTo []string `pulumi:"copyTo"`
}

// Backup is a locked vault and the plan that fills it.
type Backup struct {
	pulumi.ResourceState

	// VaultName and VaultARN are the name and the ARN of the vault. It outlives the stack with its lock, its key and what it holds; delete
	// vault and key when it is empty.
	VaultName, VaultARN pulumi.StringOutput
}

// New creates a vault and the plan that fills it.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Backup, error) {
	args = component.Given(args)
	if err := component.Failure("backup", name, args.check(name)...); err != nil {
		return nil, err
	}
	b := &Backup{}
	if err := component.Register(ctx, "bulkhead:backup:Backup", name, args, b, opts...); err != nil {
		return nil, err
	}
	vault, lock, err := b.newVault(ctx, name, args)
	if err != nil {
		return nil, err
	}
	b.VaultName, b.VaultARN = vault.Name, vault.Arn
	role, err := newRole(ctx, name, b, args)
	if err != nil {
		return nil, err
	}
	kept := pulumi.Int(args.KeepDays)
	copies := aws.PlanRuleCopyActionArray{}
	for _, to := range args.CopyTo {
		copies = append(copies, aws.PlanRuleCopyActionArgs{
			DestinationVaultArn: pulumi.String(to), Lifecycle: aws.PlanRuleCopyActionLifecycleArgs{DeleteAfter: kept},
		})
	}
	plan, err := aws.NewPlan(ctx, name+"-plan", &aws.PlanArgs{
		Rules: aws.PlanRuleArray{aws.PlanRuleArgs{
			RuleName:         pulumi.String("daily"),
			TargetVaultName:  vault.Name,
			Schedule:         pulumi.String(fmt.Sprintf("cron(0 %d * * ? *)", StartHour)),
			StartWindow:      pulumi.Int(startMinutes),
			CompletionWindow: pulumi.Int(completeMinutes),
			Lifecycle:        aws.PlanRuleLifecycleArgs{DeleteAfter: kept},
			CopyActions:      copies,
		}},
		Tags: pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(b), order.After(order.List(lock)))
	if err != nil {
		return nil, err
	}
	if _, err := aws.NewSelection(ctx, name+"-databases", &aws.SelectionArgs{
		PlanId: plan.ID(), IamRoleArn: role.ARN, Resources: args.Databases,
	}, pulumi.Parent(b)); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"vaultName": b.VaultName, "vaultArn": b.VaultARN})
}

// newVault makes the vault with its key and its lock, all of which stay when the stack is gone, as what is in it does.
func (b *Backup) newVault(ctx *pulumi.Context, name string, args *Args) (*aws.Vault, *aws.VaultLockConfiguration, error) {
	own, err := key.New(ctx, name, &key.Args{
		Account:       args.Account,
		Description:   "Backup vault " + name,
		Services:      []string{"backup." + args.Account.Region + ".amazonaws.com"},
		OutlivesStack: true,
	}, pulumi.Parent(b))
	if err != nil {
		return nil, nil, err
	}
	vault, err := aws.NewVault(ctx, name, &aws.VaultArgs{
		KmsKeyArn: own.ARN, // FSBP Backup.1
		Tags:      pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(b), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, nil, err
	}
	inputs := &aws.VaultLockConfigurationArgs{BackupVaultName: vault.Name, MinRetentionDays: pulumi.Int(args.KeepDays)}
	if args.LockMode == storage.Compliance {
		inputs.ChangeableForDays = pulumi.Int(graceDays)
	}
	lock, err := aws.NewVaultLockConfiguration(ctx, name+"-lock", inputs, pulumi.Parent(b), pulumi.RetainOnDelete(true))
	return vault, lock, err
}

// newRole makes the role of AWS Backup under a boundary of its own: that of other roles refuses to share or delete any snapshot, and
// to act in another region. AWS Backup ends snapshots in the role that made them.
func newRole(ctx *pulumi.Context, name string, b *Backup, args *Args) (*identity.Role, error) {
	regions := []string{args.Account.Region}
	for _, to := range args.CopyTo {
		if region, _ := form.VaultHome(to); region != args.Account.Region {
			regions = append(regions, region)
		}
	}
	boundary, err := identity.NewBoundary(ctx, name+"-boundary", &identity.BoundaryArgs{
		Description: "What the role of AWS Backup may not do, whatever its own policies say", Regions: regions, Backups: true,
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	return identity.NewRole(ctx, name+"-role", &identity.RoleArgs{
		AssumedBy:   identity.AssumeRoleByService("backup.amazonaws.com", identity.SourceAccount(args.Account.ID)),
		Boundary:    boundary.ARN,
		Description: "AWS Backup of " + name,
		Policies:    map[string]pulumi.StringInput{"back-up": args.policy(b.VaultARN)},
	}, pulumi.Parent(b))
}

// policy is what AWS's AWSBackupServiceRolePolicyForBackup grants for databases of RDS, narrowed to these databases, to snapshots of AWS Backup
// and to these vaults.
func (args *Args) policy(vaultARN pulumi.StringOutput) identity.Text {
	const snapshots = "arn:aws:rds:*:%s:snapshot:awsbackup:*"
	own := fmt.Sprintf(snapshots, args.Account.ID)
	allow := func(sid string, actions, resources []string) identity.Statement {
		return identity.Statement{Sid: sid, Effect: identity.Allow, Actions: actions, Resources: resources}
	}
	everywhere := allow("FindDatabasesAndKeys", []string{
		"kms:DescribeKey", "rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:ListTagsForResource", "tag:GetResources",
	}, []string{"*"})
	everywhere.Reason = "these read, and AWS Backup asks for everything at once"
	points := allow("CopyFromVault", []string{"backup:CopyFromBackupVault", "backup:TagResource"}, []string{
		own, fmt.Sprintf("arn:aws:backup:*:%s:recovery-point:*", args.Account.ID),
	})
	points.Reason = "AWS Backup chooses the id of a recovery point"
	grants := allow("LetDatabasesUseKeys", []string{"kms:CreateGrant"}, []string{"arn:aws:kms:*:*:key/*"})
	grants.Conditions = []identity.Condition{
		{Operator: "Bool", Key: "kms:GrantIsForAWSResource", Values: []string{"true"}},
		{Operator: "StringLike", Key: "kms:ViaService", Values: []string{"rds.*.amazonaws.com"}},
	}
	return identity.DocumentOutput(identity.PermissionsPolicy,
		identity.StatementInput{
			Statement:      allow("SnapshotDatabases", []string{"rds:AddTagsToResource", "rds:CreateDBSnapshot"}, []string{own}),
			ResourceInputs: args.Databases,
		},
		identity.StatementInput{Statement: allow("CopyAndEndSnapshots", []string{"rds:CopyDBSnapshot", "rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"}, []string{own})},
		identity.StatementInput{
			Statement:      allow("CopyToVaults", []string{"backup:CopyIntoBackupVault", "backup:DescribeBackupVault"}, args.CopyTo),
			ResourceInputs: pulumi.StringArray{vaultARN},
		},
		identity.StatementInput{Statement: points, ResourceInputs: pulumi.StringArray{vaultARN}},
		identity.StatementInput{Statement: everywhere},
		identity.StatementInput{Statement: grants},
	)
}

// Check reports everything that is wrong with what is known before the databases are there.
func (args *Args) Check() []error {
	problems := []error{form.In("KeepDays", form.CheckVaultDays(args.KeepDays))}
	if m := args.LockMode; m != "" && m != storage.Governance && m != storage.Compliance {
		problems = append(problems, fmt.Errorf("LockMode %q: use Governance or Compliance", m))
	}
	seen := map[string]bool{}
	for i, to := range args.CopyTo {
		field := fmt.Sprintf("CopyTo[%d]", i)
		problems = append(problems, form.In(field, form.CheckVaultARN(to)))
		if args.Account != nil {
			problems = append(problems, form.In(field, form.CheckVaultHome(to, args.Account.Region, args.Account.ID)))
		}
		if seen[to] {
			problems = append(problems, form.In(field, form.Text(to, "is listed twice", "remove one")))
		}
		seen[to] = true
	}
	return form.Problems(problems...)
}

func (args *Args) check(name string) []error {
	problems := append(args.Account.CheckPlace(), args.Check()...)
	if len(name) > nameLimit {
		problems = append(problems, fmt.Errorf("the name has %d characters: use at most %d", len(name), nameLimit))
	}
	if len(args.Databases) == 0 {
		problems = append(problems, form.Missing("Databases", "give the ARN of at least one database"))
	}
	return problems
}
