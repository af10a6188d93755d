// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Defaults of Args.
const (
	// DefaultInstanceClass is the size of the instance.
	DefaultInstanceClass = "db.t4g.small"
	// DefaultEngineVersion is the major version of PostgreSQL.
	DefaultEngineVersion = "17"
	// DefaultStorageGB is the first size of the disk, in GiB.
	DefaultStorageGB = 50
	// DefaultBackupRetentionDays is how long automated backups are kept.
	DefaultBackupRetentionDays = 30
	// DefaultName is the name of the first database in the instance.
	DefaultName = "app"
	// DefaultMasterUsername is the owner's account; it is not "postgres", which is the
	// first name an attacker tries (FSBP RDS.25).
	DefaultMasterUsername = "dbowner"
	// DefaultBackupWindow is the daily hour of the automated backup, UTC.
	DefaultBackupWindow = "02:00-03:00" // #nosec G101 -- hours, although "BackupWindow" holds the letters of a password
	// DefaultMaintenanceWindow is the weekly hour of patches, UTC.
	DefaultMaintenanceWindow = "sun:03:30-sun:04:30"
)

// Args are the arguments of New.
type Args struct {
	// Segment is where the database lives, in a tier without a route out. Required; it cannot be changed in place. Some row of
	// the table must lead to it.
	Segment *network.Segment
	// InstanceClass is the size. Default db.t4g.small. A change restarts the instance in
	// the next maintenance window, for a minute or two with a standby, longer without.
	// A class that cannot be encrypted at rest is refused.
	InstanceClass string `pulumi:"instanceClass"`
	// EngineVersion is the major version of PostgreSQL, 15 to 18. Default "17". Minor
	// versions are security patches and are applied by RDS in the maintenance window
	// (FSBP RDS.13); a pinned minor version would make the next deployment try to undo
	// them, so it is refused. Another major version needs Upgrade, and with that may be
	// exact, such as "17.9": a bare one is AWS's default minor, which may be older than
	// what RDS has patched the present one to, and then RDS refuses it. An exact one from
	// before the version that runs is refused in the preview.
	EngineVersion string `pulumi:"engineVersion"`
	// Upgrade lets AWS change the major version, which it refuses otherwise. The database
	// is away for the upgrade, minutes to an hour, and there is no way back but the
	// snapshot that RDS takes before. Everything else that changes while Upgrade is set
	// takes effect at once too, rather than in the maintenance window: in the window the
	// upgrade would come after the deployment, which waits for the old parameter group to
	// be free. Set it for the one deployment that upgrades. Default: off.
	Upgrade bool `pulumi:"upgrade"`
	// DatabaseName is the first database; default "app". Cannot be changed in place: a
	// new name would replace the instance.
	DatabaseName string `pulumi:"databaseName"`
	// MasterUsername is the owner's account; default "dbowner". Its password is generated
	// by RDS, kept in Secrets Manager, rotated every seven days and never in Pulumi's
	// state. Cannot be changed in place: a new name would replace the instance.
	MasterUsername string `pulumi:"masterUsername"`
	// StorageGB is the first size of the disk in GiB, 20 to 59578. Default 50. It can only
	// grow, and RDS grows it by itself up to MaxStorageGB.
	StorageGB int `pulumi:"storageGb"`
	// MaxStorageGB is how far RDS may grow the disk, in GiB: at least a tenth more than
	// StorageGB, because a full disk stops the database. Default: four times StorageGB.
	MaxStorageGB int `pulumi:"maxStorageGb"`
	// BackupRetentionDays is how far back the database can be restored to any second, 7
	// to 35 days. Default 30.
	BackupRetentionDays int `pulumi:"backupRetentionDays"`
	// BackupWindow is the daily window of the automated backup in UTC; default "02:00-03:00".
	BackupWindow string `pulumi:"backupWindow"`
	// MaintenanceWindow is the weekly window of patches and of changes that need a
	// restart, in UTC and lower case; default "sun:03:30-sun:04:30".
	MaintenanceWindow string `pulumi:"maintenanceWindow"`
	// SingleAZ saves the synchronous standby in a second zone, to which RDS fails over within
	// about a minute (FSBP RDS.5), and half the price. The loss of the zone is then the loss
	// of the service until it is restored. Default: with a standby.
	SingleAZ bool `pulumi:"singleAz"`
	// DeletionProtectionOffReason is the written reason to let the database be deleted; it
	// becomes the tag bulkhead:relaxed:DeletionProtection. Empty, the default, keeps the
	// protection on, both in RDS (FSBP RDS.8) and in Pulumi, so that a replacement or a
	// destroy already fails in the preview. To delete the database, first deploy the
	// reason, then destroy.
	DeletionProtectionOffReason string `pulumi:"deletionProtectionOffReason"`
	// ExtendedSupportReason is the written reason to stay on a major version after its end of standard support, 10 to 256 characters; it
	// becomes the tag bulkhead:relaxed:ExtendedSupport. AWS then charges for each vCPU and hour, standby included, on top of the
	// instance: from 0.10 US dollars in the first two years and 0.20 in the third, by region (Amazon RDS for PostgreSQL pricing,
	// "Extended Support"), which is some 290 dollars a month for two instances of two vCPUs. Default: none, and RDS upgrades the
	// database to a supported major version by itself on that day or shortly after, so upgrade it before. Decided when
	// a database is made or restored and never later (RDS user guide, "Creating a DB instance with Amazon RDS Extended Support"): one
	// that is there stays as it is, and one from before this argument is enrolled, which AWS does unless it is told.
	ExtendedSupportReason string `pulumi:"extendedSupportReason"`
	// RestoreFrom is the backup that a new database is made from, under a name of its own, beside the one that it came from:
	// "snapshot" and the name of a DB snapshot, or the ARN of another account's; or "instance" and an identifier, "resource" and a
	// resource id, or "backup" and the ARN of automated backups, each with the moment to go back to, such as
	// "2026-11-29T10:00:00Z" or "latest". DatabaseName and MasterUsername have to be those of the backup. From a snapshot the
	// database gets its own key, from the others that of its source. A backup that is not there, not encrypted or of another major
	// version is refused, and so is a database that exists. When the database is there, RestoreFrom may stay or go. Default: none.
	RestoreFrom string `pulumi:"restoreFrom"`
	// BackupAccounts are the accounts into whose vaults AWS Backup copies snapshots of the database, and which may therefore use its key: see
	// key.Args. Default: none.
	BackupAccounts []string `pulumi:"backupAccounts"`
	// Users are who logs in, each with the least privilege, and the function that makes them. Default: nobody but the owner, as
	// whom a service then logs in: that is rds_superuser.
	Users *Users
}

var (
	sqlName           = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	reservedUsers     = []string{"admin", "postgres", "rdsadmin", "rdsrepladmin", "rdstopmgr", "root", "user"}
	reservedDatabases = []string{"postgres", "rdsadmin", "template0", "template1"}
)

// defaults returns a copy with the defaults filled in.
func (args Args) defaults() *Args {
	args.InstanceClass = component.Or(args.InstanceClass, DefaultInstanceClass)
	args.EngineVersion = component.Or(args.EngineVersion, DefaultEngineVersion)
	args.DatabaseName = component.Or(args.DatabaseName, DefaultName)
	args.MasterUsername = component.Or(args.MasterUsername, DefaultMasterUsername)
	args.StorageGB = component.Or(args.StorageGB, DefaultStorageGB)
	args.MaxStorageGB = component.Or(args.MaxStorageGB, min(4*args.StorageGB, form.MaxStorageGB))
	args.BackupRetentionDays = component.Or(args.BackupRetentionDays, DefaultBackupRetentionDays)
	args.BackupWindow = component.Or(args.BackupWindow, DefaultBackupWindow)
	args.MaintenanceWindow = component.Or(args.MaintenanceWindow, DefaultMaintenanceWindow)
	return &args
}

// Check reports every problem of the arguments; each names field, value and cure.
func (args *Args) Check() []error {
	filled := args.defaults()
	return filled.problems()
}

func (args *Args) problems() []error {
	problems := args.Segment.Check([]segment.Reach{segment.ReachNowhere})
	if args.Segment != nil && !args.Segment.Reached(segment.PostgreSQL) {
		problems = append(problems, fmt.Errorf("Segment %q: no row of the table leads to the database at %s; add {From: \"...\", To: %q, Ports: segment.PostgreSQL, Why: \"...\"} to its Connections",
			args.Segment.Name, segment.PostgreSQL, args.Segment.Name))
	}
	storage := form.In("StorageGB", form.CheckFirstStorage(args.StorageGB))
	if storage == nil {
		storage = form.In("MaxStorageGB", form.CheckMaxStorage(args.MaxStorageGB, args.StorageGB))
	}
	problems = append(problems, form.Problems(
		form.In("InstanceClass", form.CheckDatabaseClass(args.InstanceClass)),
		form.In("EngineVersion", form.CheckPostgreSQL(args.EngineVersion, args.Upgrade)),
		storage,
		form.In("BackupRetentionDays", form.CheckBackupDays(args.BackupRetentionDays)),
	)...)
	if args.RestoreFrom != "" && args.Segment != nil {
		problems = append(problems, form.Problems(form.In("RestoreFrom", form.CheckBackup(args.RestoreFrom, args.Segment.Account().Region)))...)
	}
	if off := args.DeletionProtectionOffReason; off != "" {
		problems = append(problems, form.In("DeletionProtectionOffReason", form.CheckReason(off)))
	}
	if reason := args.ExtendedSupportReason; reason != "" {
		problems = append(problems, form.Problems(form.In("ExtendedSupportReason", form.CheckReason(reason)))...)
	}
	if args.Users != nil {
		problems = append(problems, form.Within("Users", args.Users.problems(args.Segment, args.MasterUsername)...)...)
	}
	problems = append(problems, args.checkNames()...)
	problems = append(problems, checkWindows(args.BackupWindow, args.MaintenanceWindow)...)
	return problems
}

func (args *Args) checkNames() []error {
	var problems []error
	if !sqlName.MatchString(args.DatabaseName) || slices.Contains(reservedDatabases, args.DatabaseName) {
		problems = append(problems, fmt.Errorf(
			"DatabaseName: %q is reserved or not a plain SQL name; use lower-case letters, digits and underscores", args.DatabaseName))
	}
	user := args.MasterUsername
	if !sqlName.MatchString(user) || slices.Contains(reservedUsers, user) || strings.HasPrefix(user, "pg_") || strings.HasPrefix(user, "rds_") {
		problems = append(problems, fmt.Errorf(
			"MasterUsername: %q is reserved, a default name or not a plain SQL name; use lower-case letters, digits and underscores", user))
	}
	return problems
}
