// SPDX-License-Identifier: Apache-2.0

// Package database builds a PostgreSQL database that nobody reaches but whom the table
// names: RDS in a tier which has no route to the internet, encrypted with a key
// of its own, with TLS forced, backups, and a password that no person and no state file
// ever holds.
package database

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// Database is one RDS for PostgreSQL instance and what belongs to it.
type Database struct {
	pulumi.ResourceState

	// Segment is where the database lives, nil for an external one.
	Segment *network.Segment
	// Address is the DNS name of the database, which resolves to a private address.
	Address pulumi.StringOutput
	// Port is where the database listens: PostgreSQL's own port, 5432.
	Port segment.Ports
	// Name is the name of the first database.
	Name string
	// SecretARN is the Secrets Manager secret with the username and password of the
	// owner, as JSON. RDS rotates the password every seven days.
	SecretARN pulumi.StringOutput
	// KeyARN is the KMS key of the storage, the backups, the secret and Performance
	// Insights. Whoever loses it loses the data, so it outlives the stack as the final
	// snapshot and the automated backups do; delete it when they are gone.
	KeyARN pulumi.StringOutput
	// Identifier is the DB instance identifier: project, stack and component name, and
	// eight characters that are others whenever the database is made anew. A database from
	// before they were added keeps its identifier.
	Identifier pulumi.StringOutput
	// FinalSnapshotIdentifier names the snapshot that a destroy or a replacement leaves
	// behind: project, stack and component name, "-final-" and eight characters that are
	// others in every deployment. It stays until somebody deletes it.
	FinalSnapshotIdentifier pulumi.StringOutput
	// ARN is the ARN of the instance, empty for an external one.
	ARN pulumi.StringOutput
	// ResourceID is the immutable id of the instance, such as db-ABCDEFGHIJKL, which IAM
	// policies name for IAM database authentication (rds-db:connect).
	ResourceID pulumi.StringOutput
	// BackupRule is the rule of EventBridge that each complete backup of the instance triggers: Invocations in the namespace
	// AWS/Events, by RuleName. It is known when the instance is there, which has been backed up then.
	BackupRule pulumi.StringOutput
	// UserSecretARNs are the secrets of the declared users who log in with a password, by user. Each holds host, port, dbname, username
	// and password as JSON.
	UserSecretARNs map[string]pulumi.StringOutput
	// Declared are the databases of the instance with who may log in to them, none without Users.
	Declared []declare.Database

	// AgentRoleARN is the role of the function that makes the users, which alone reads the owner's secret. Without Users there is none.
	AgentRoleARN pulumi.StringOutput
	// AgentName is the name of that function.
	AgentName pulumi.StringOutput
	external  *ExternalArgs
	name      string // Project, stack and component name, as RDS takes them.
	users     []pulumi.CustomResource
}

// Ready is what must exist before a declared user can log in: the users and their first passwords. Without Users it is nothing. Hand it to
// order.After.
func (d *Database) Ready() []pulumi.CustomResource { return d.users }

// New creates a database.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Database, error) {
	args = component.Given(args)
	args = args.defaults()
	if err := component.Failure("database", name, args.problems()...); err != nil {
		return nil, err
	}
	d := &Database{Segment: args.Segment, Port: segment.PostgreSQL, Name: args.DatabaseName}
	d.name = identifier(ctx.Project(), ctx.Stack(), name)
	if err := component.Register(ctx, "bulkhead:database:Database", name, args, d, opts...); err != nil {
		return nil, err
	}
	in, err := d.prepare(ctx, name, args)
	if err != nil {
		return nil, err
	}
	d.FinalSnapshotIdentifier = in.keyID.ApplyT(func(id string) string {
		return finalSnapshot(d.name, id, args.DatabaseName, args.MasterUsername)
	}).(pulumi.StringOutput)
	instance, err := newInstance(ctx, name, d, args, in)
	if err != nil {
		return nil, err
	}
	d.BackupRule = pulumi.All(in.backups.Name, instance.ID()).ApplyT(func(of []any) string { return of[0].(string) }).(pulumi.StringOutput)
	d.KeyARN, d.ARN = in.keyARN, instance.Arn
	d.Identifier, d.Address, d.ResourceID = instance.Identifier, d.unchanged(instance, args), instance.ResourceId
	d.SecretARN = secretARN(instance)
	if args.Users != nil {
		d.Declared = args.Users.Databases
		if err := newAgent(ctx, name, d, args, instance); err != nil {
			return nil, err
		}
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{
		"userSecretArns":          pulumi.ToStringMapOutput(d.UserSecretARNs),
		"address":                 d.Address,
		"port":                    pulumi.Int(d.Port.From),
		"identifier":              d.Identifier,
		"secretArn":               d.SecretARN,
		"keyArn":                  d.KeyARN,
		"finalSnapshotIdentifier": d.FinalSnapshotIdentifier,
	})
}

// prepare creates everything that the instance is placed between.
func (d *Database) prepare(ctx *pulumi.Context, name string, args *Args) (in surroundings, err error) {
	region := args.Segment.Account().Region
	// Storage, snapshots and Performance Insights use the key through RDS, the master
	// password through Secrets Manager. A destroy leaves a snapshot and backups, and RDS
	// can restore neither once their key waits for its deletion (RDS user guide,
	// "Encrypting Amazon RDS resources").
	own, err := key.New(ctx, name, &key.Args{
		Account:       args.Segment.Account(),
		Description:   "Database " + d.name + ": storage, backups, password and insights",
		Services:      []string{"rds." + region + ".amazonaws.com", "secretsmanager." + region + ".amazonaws.com"},
		OutlivesStack: true, BackupAccounts: args.BackupAccounts,
	}, pulumi.Parent(d), pulumi.Protect(args.DeletionProtectionOffReason == ""))
	if err != nil {
		return in, err
	}
	in.keyARN, in.keyID = own.ARN, own.ID
	if in.subnets, err = newSubnetGroup(ctx, name, d, args); err != nil {
		return in, err
	}
	if in.settings, err = newParameterGroup(ctx, name, d, args); err != nil {
		return in, err
	}
	fresh := in.subnets.Name.ApplyT(func(ofSubnets string) string { return ending(d.name, digest(ofSubnets)) }).(pulumi.StringOutput)
	if in.identifier, in.logs, err = newLogGroups(ctx, name, d, args, fresh); err != nil {
		return in, err
	}
	if in.backups, in.counted, err = newBackupRule(ctx, name, d, args, in.identifier); err != nil {
		return in, err
	}
	monitoring, err := newMonitoringRole(ctx, name, d, args, in.identifier)
	if err != nil {
		return in, err
	}
	in.monitoring = monitoring.ARN
	return in, nil
}

// secretARN reads the one secret that RDS keeps for an instance with a managed password.
func secretARN(instance *rds.Instance) pulumi.StringOutput {
	return instance.MasterUserSecrets.ApplyT(func(secrets []rds.InstanceMasterUserSecret) (string, error) {
		if len(secrets) != 1 || secrets[0].SecretArn == nil {
			return "", errors.New("the database has no managed master password; RDS returned no secret for it")
		}
		return *secrets[0].SecretArn, nil
	}).(pulumi.StringOutput)
}
