// SPDX-License-Identifier: Apache-2.0

package database

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Defaults of Args.
const (
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

// Limits of Args.
const (
	// MinStorageGB is the smallest gp3 volume of RDS for PostgreSQL, in GiB.
	MinStorageGB = form.MinStorageGB
	// MaxStorageGB is the largest gp3 volume of RDS for PostgreSQL, in GiB.
	MaxStorageGB = form.MaxStorageGB
	// MinBackupRetentionDays is the shortest retention that still bridges a bad week (FSBP RDS.11).
	MinBackupRetentionDays = form.MinBackupDays
	// MaxBackupRetentionDays is the longest retention of automated backups that RDS offers.
	MaxBackupRetentionDays = form.MaxBackupDays
	// MinEngineVersion is the oldest major version of PostgreSQL that the component runs.
	MinEngineVersion = form.MinPostgreSQL
)

// Args are the arguments of New.
type Args struct {
	// Network is where the database lives: it gets addresses in the data tier, which has
	// no route to the internet, in every zone. Cannot be changed in place.
	Network *network.Network
	// AccountID is the twelve digits of the AWS account, for the key policy and the roles.
	AccountID string
	// Region is the AWS region, such as eu-central-1.
	Region string
	// InstanceClass is the size, such as db.t4g.small. A change restarts the instance in
	// the next maintenance window, for a minute or two with MultiAZ, longer without.
	// A class that cannot be encrypted at rest is refused (see CheckInstanceClass).
	InstanceClass string
	// EngineVersion is the major version of PostgreSQL, such as "16", at least 15. Minor
	// versions are security patches and are applied by RDS in the maintenance window
	// (FSBP RDS.13); a pinned minor version would make the next deployment try to undo
	// them, so it is refused. Another major version needs Upgrade.
	EngineVersion string
	// Upgrade lets AWS change the major version, which it refuses otherwise. The database
	// is away for the upgrade, minutes to an hour, and there is no way back but the
	// snapshot that RDS takes before. Everything else that changes while Upgrade is set
	// takes effect at once too, rather than in the maintenance window: in the window the
	// upgrade would come after the deployment, which waits for the old parameter group to
	// be free. Set it for the one deployment that upgrades. Default: off.
	Upgrade bool
	// DatabaseName is the first database; default "app". Cannot be changed in place: a
	// new name would replace the instance.
	DatabaseName string
	// MasterUsername is the owner's account; default "dbowner". Its password is generated
	// by RDS, kept in Secrets Manager, rotated every seven days and never in Pulumi's
	// state. Cannot be changed in place: a new name would replace the instance.
	MasterUsername string
	// AllocatedStorageGB is the first size of the disk in GiB, 20 to 65536. It can only
	// grow, and RDS grows it by itself up to MaxStorageGB.
	AllocatedStorageGB int
	// MaxStorageGB is how far RDS may grow the disk, in GiB: at least a tenth more than
	// AllocatedStorageGB. 0 switches growing off, and a full disk stops the database.
	MaxStorageGB int
	// BackupRetentionDays is how far back the database can be restored to any second, 7
	// to 35 days.
	BackupRetentionDays int
	// BackupWindow is the daily window of the automated backup in UTC; default "02:00-03:00".
	BackupWindow string
	// MaintenanceWindow is the weekly window of patches and of changes that need a
	// restart, in UTC and lower case; default "sun:03:30-sun:04:30".
	MaintenanceWindow string
	// MultiAZ keeps a synchronous standby in a second zone and fails over to it within
	// about a minute (FSBP RDS.5). Off, the loss of a zone is the loss of the service
	// until it is restored. It doubles the price.
	MultiAZ bool
	// DeletionProtectionOff is the written reason to let the database be deleted; it
	// becomes the tag bulkhead:relaxed:DeletionProtection. Empty, the default, keeps the
	// protection on, both in RDS (FSBP RDS.8) and in Pulumi, so that a replacement or a
	// destroy already fails in the preview. To delete the database, first deploy the
	// reason, then destroy.
	DeletionProtectionOff string
	// LogKeyARN is the KMS key of the log groups; it must admit CloudWatch Logs.
	LogKeyARN pulumi.StringInput
	// LogRetentionDays is how long the exported logs are kept; one of the numbers that
	// CloudWatch Logs accepts; default 365.
	LogRetentionDays int
	// Boundary is the ARN of the permission boundary of the monitoring role.
	Boundary pulumi.StringInput
}

var (
	sqlName           = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	reservedUsers     = []string{"admin", "postgres", "rdsadmin", "rdsrepladmin", "rdstopmgr", "root", "user"}
	reservedDatabases = []string{"postgres", "rdsadmin", "template0", "template1"}
)

// defaults returns a copy with the defaults filled in.
func (args Args) defaults() Args {
	if args.LogRetentionDays == 0 {
		args.LogRetentionDays = audit.DefaultRetentionDays
	}
	if args.DatabaseName == "" {
		args.DatabaseName = DefaultName
	}
	if args.MasterUsername == "" {
		args.MasterUsername = DefaultMasterUsername
	}
	if args.BackupWindow == "" {
		args.BackupWindow = DefaultBackupWindow
	}
	if args.MaintenanceWindow == "" {
		args.MaintenanceWindow = DefaultMaintenanceWindow
	}
	return args
}

// check reports every problem of the arguments at once; each names field, value and cure.
func (args Args) check() error {
	var problems []error
	report := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if args.Network == nil {
		report("Network: missing; give the network whose data tier holds the database")
	}
	if err := identity.CheckAccountID(args.AccountID); err != nil {
		problems = append(problems, err)
	}
	if err := identity.CheckRegion(args.Region); err != nil {
		problems = append(problems, err)
	}
	if err := CheckInstanceClass(args.InstanceClass); err != nil {
		report("InstanceClass: %w", err)
	}
	if err := CheckEngineVersion(args.EngineVersion); err != nil {
		report("EngineVersion: %w", err)
	}
	if err := audit.CheckRetention(args.LogRetentionDays); err != nil {
		report("Log%w", err)
	}
	if args.LogKeyARN == nil {
		report("LogKeyARN: missing; give the key that encrypts the log groups")
	}
	if args.Boundary == nil {
		report("Boundary: missing; give the permission boundary of the monitoring role")
	}
	if args.BackupRetentionDays < MinBackupRetentionDays || args.BackupRetentionDays > MaxBackupRetentionDays {
		report("BackupRetentionDays: %d is out of range; keep backups for %d to %d days",
			args.BackupRetentionDays, MinBackupRetentionDays, MaxBackupRetentionDays)
	}
	if off := args.DeletionProtectionOff; off != "" {
		problems = append(problems, form.In("DeletionProtectionOff", form.CheckReason(off)))
	}
	problems = append(problems, args.checkNames()...)
	problems = append(problems, checkStorage(args.AllocatedStorageGB, args.MaxStorageGB)...)
	problems = append(problems, checkWindows(args.BackupWindow, args.MaintenanceWindow)...)
	return errors.Join(problems...)
}

func (args Args) checkNames() []error {
	var problems []error
	if !sqlName.MatchString(args.DatabaseName) || slices.Contains(reservedDatabases, args.DatabaseName) {
		problems = append(problems, fmt.Errorf(
			"DatabaseName: %q is reserved or no plain SQL name; use lower-case letters, digits and underscores", args.DatabaseName))
	}
	user := args.MasterUsername
	if !sqlName.MatchString(user) || slices.Contains(reservedUsers, user) || strings.HasPrefix(user, "pg_") || strings.HasPrefix(user, "rds_") {
		problems = append(problems, fmt.Errorf(
			"MasterUsername: %q is reserved, a default name or no plain SQL name; use lower-case letters, digits and underscores", user))
	}
	return problems
}

func checkStorage(allocated, limit int) []error {
	if allocated < MinStorageGB || allocated > MaxStorageGB {
		return []error{fmt.Errorf("AllocatedStorageGB: %d is out of range; use %d to %d", allocated, MinStorageGB, MaxStorageGB)}
	}
	if limit == 0 {
		return nil
	}
	// RDS wants the limit to be at least a tenth above the allocated storage
	// (RDS user guide, "Managing capacity automatically with storage autoscaling").
	if atLeast := (allocated*11 + 9) / 10; limit < atLeast || limit > MaxStorageGB {
		return []error{fmt.Errorf("MaxStorageGB: %d does not leave room to grow from %d; use %d to %d, or 0 to forbid growing",
			limit, allocated, atLeast, MaxStorageGB)}
	}
	return nil
}

// CheckInstanceClass reports a DB instance class that has not the form of one, or that
// RDS cannot encrypt at rest: db.m1, db.m2, db.t1 and db.t2.micro.
func CheckInstanceClass(class string) error { return form.CheckDatabaseClass(class) }

// CheckEngineVersion reports what is not the major version of a PostgreSQL that the
// component runs. A minor version is refused, see Args.EngineVersion.
func CheckEngineVersion(version string) error { return form.CheckPostgreSQL(version) }
