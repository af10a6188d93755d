// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/form"
)

// restoredFrom is the tag of an instance that was restored, and says from what. What an instance was made from cannot change, so
// that the tag stays as it was.
const restoredFrom = "bulkhead:restored-from"

// inherited are what an instance has from its making. Pulumi must not change them later: RDS would rename a running database,
// the provider would replace it, or it would take the extended support that nobody can change for changed.
var inherited = []string{
	"identifier", "kmsKeyId", "snapshotIdentifier", "restoreToPointInTime", `tags["` + restoredFrom + `"]`, "engineLifecycleSupport", `tags["` + extendedSupport + `"]`,
}

// restore makes the inputs of a new instance those of one that is restored, which has the first database and the owner of its
// backup. RDS gives it another resource id, no managed password, and the default groups unless it is told others; the provider
// tells them, and has RDS manage the password as soon as the instance is there.
func (d *Database) restore(ctx *pulumi.Context, name string, args *Args, in surroundings, inputs *rds.InstanceArgs, tags pulumi.StringMap) error {
	backup, err := form.ParseBackup(args.RestoreFrom)
	if err != nil {
		return form.In("RestoreFrom", err)
	}
	tags[restoredFrom] = pulumi.String(args.RestoreFrom)
	inputs.DbName, inputs.Username = nil, nil
	if backup.Kind == form.SnapshotBackup {
		return d.restoreSnapshot(ctx, name, args, in, inputs, backup.Source)
	}
	// The instance keeps the key of its source, which nobody can change but by a copy of a snapshot.
	inputs.KmsKeyId = nil
	from := &rds.InstanceRestoreToPointInTimeArgs{}
	switch backup.Kind {
	case form.InstanceBackup:
		found, err := rds.LookupInstance(ctx, &rds.LookupInstanceArgs{DbInstanceIdentifier: &backup.Source}, pulumi.Parent(d))
		if err != nil {
			return args.absent("name an instance of this account and region, or one that is gone by its resource id", err)
		}
		if err := args.fits(found.Engine, found.EngineVersion, found.AllocatedStorage, found.StorageEncrypted); err != nil {
			return err
		}
		from.SourceDbInstanceIdentifier = pulumi.String(backup.Source)
	case form.ResourceBackup:
		from.SourceDbiResourceId = pulumi.String(backup.Source)
	case form.ReplicatedBackup:
		from.SourceDbInstanceAutomatedBackupsArn = pulumi.String(backup.Source)
	}
	if backup.Time == form.Latest {
		from.UseLatestRestorableTime = pulumi.Bool(true)
	} else {
		from.RestoreTime = pulumi.String(backup.Time)
	}
	inputs.RestoreToPointInTime = from
	return nil
}

// restoreSnapshot restores a copy of a snapshot under the database's own key. Without a copy the instance would keep the key of the
// snapshot, and RDS restores no encrypted snapshot of another account at all (RDS user guide, "Sharing encrypted snapshots"). What it is a
// copy of RDS tells only of one from another account or region (RDS API reference, DBSnapshot): the provider would replace all others.
func (d *Database) restoreSnapshot(ctx *pulumi.Context, name string, args *Args, in surroundings, inputs *rds.InstanceArgs, source string) error {
	others := strings.HasPrefix(source, "arn:")
	found, err := rds.LookupSnapshot(ctx, &rds.LookupSnapshotArgs{DbSnapshotIdentifier: &source, IncludeShared: &others}, pulumi.Parent(d))
	if err != nil {
		return args.absent("name a snapshot of this account and region, or by its ARN one that is shared with it", err)
	}
	if err := args.fits(found.Engine, found.EngineVersion, found.AllocatedStorage, found.Encrypted); err != nil {
		return err
	}
	copied, err := rds.NewSnapshotCopy(ctx, name+"-origin", &rds.SnapshotCopyArgs{
		SourceDbSnapshotIdentifier: pulumi.String(found.DbSnapshotArn),
		TargetDbSnapshotIdentifier: pulumi.Sprintf("%s-origin", in.identifier),
		KmsKeyId:                   in.keyARN,
		Tags:                       pulumi.StringMap{"Name": pulumi.String(name), restoredFrom: pulumi.String(args.RestoreFrom)},
	}, pulumi.Parent(d), pulumi.IgnoreChanges([]string{"sourceDbSnapshotIdentifier"}))
	if err != nil {
		return err
	}
	inputs.SnapshotIdentifier = copied.TargetDbSnapshotIdentifier
	// A bare major version would be an upgrade to AWS's default minor, or a step back from a newer one, which RDS refuses.
	inputs.EngineVersion = pulumi.String(found.EngineVersion)
	inputs.AllocatedStorage = pulumi.Int(max(args.StorageGB, found.AllocatedStorage))
	return nil
}

// absent is the error of a backup that is not there.
func (args *Args) absent(cure string, err error) error {
	return fmt.Errorf("RestoreFrom: %q is not there; %s; a database that has been restored needs RestoreFrom no longer (in a stack file: its name and the word restored): %w", args.RestoreFrom, cure, err)
}

// fits reports why a backup cannot become the database that the arguments describe.
func (args *Args) fits(engine, version string, gb int, encrypted bool) error {
	refuse := func(format string, values ...any) error {
		return fmt.Errorf("RestoreFrom: %q "+format, append([]any{args.RestoreFrom}, values...)...)
	}
	switch {
	case engine != "postgres":
		return refuse("is a backup of %s; choose one of postgres", engine)
	case !encrypted:
		return refuse("is not encrypted; copy the snapshot with a KMS key (aws rds copy-db-snapshot --kms-key-id), restore the copy, and delete the other")
	case major(version) != major(args.EngineVersion):
		return refuse("is of PostgreSQL %s; set EngineVersion to %q, and upgrade when the database is there and RestoreFrom has gone (in a stack file: its name and the word restored)", version, major(version))
	}
	if err := form.CheckMaxStorage(args.MaxStorageGB, max(args.StorageGB, gb)); err != nil {
		return fmt.Errorf("MaxStorageGB: RestoreFrom %q has %d GiB: %w", args.RestoreFrom, gb, err)
	}
	return nil
}

// major is the major version of a version.
func major(version string) string {
	before, _, _ := strings.Cut(version, ".")
	return before
}

// unchanged passes the address of an instance on, unless the arguments ask for another making or major version than the instance has,
// which RDS can give to none that is there: so a preview says it already, and nobody is led to a database that is not what was asked for.
func (d *Database) unchanged(instance *rds.Instance, args *Args) pulumi.StringOutput {
	return pulumi.All(instance.Address, instance.Tags, instance.EngineVersionActual, instance.Identifier).ApplyT(func(of []any) (string, error) {
		address, _ := of[0].(string)
		tags, _ := of[1].(map[string]string)
		version, _ := of[2].(string)
		if made := tags[restoredFrom]; args.RestoreFrom != "" && made != args.RestoreFrom {
			return "", fmt.Errorf("RestoreFrom: %q cannot be restored into the database %s, which exists; make a second database beside it that is restored, "+
				"let the service use that one, and keep this one until nobody misses it (docs/database.md, \"The way back\")", args.RestoreFrom, of[3])
		}
		if args.Upgrade {
			return address, form.In("EngineVersion", form.CheckUpgrade(version, args.EngineVersion))
		}
		if version != "" && major(version) != major(args.EngineVersion) {
			return "", fmt.Errorf("EngineVersion: the database %s runs PostgreSQL %s, not %q; set Upgrade for the one deployment that upgrades, or set EngineVersion back", of[3], version, args.EngineVersion)
		}
		return address, nil
	}).(pulumi.StringOutput)
}
