// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"regexp"
	"strconv"
)

// The limits of a database.
const (
	// MinPostgreSQL is the oldest major version of PostgreSQL that the toolkit runs: the
	// first for which RDS demands TLS by default, and the oldest that the community
	// supports (https://www.postgresql.org/support/versioning/).
	MinPostgreSQL = 15
	// MaxPostgreSQL is the newest with which the toolkit was tried: `make test-versions`.
	MaxPostgreSQL = 18
	// MinStorageGB is the smallest gp3 volume of RDS for PostgreSQL, in GiB (RDS User Guide,
	// "Amazon RDS DB instance storage").
	MinStorageGB = 20
	// MaxStorageGB is the largest such volume.
	MaxStorageGB = 65536
	// MaxFirstStorageGB is the largest first volume that can still grow by a tenth, in GiB.
	MaxFirstStorageGB = MaxStorageGB * 10 / 11
	// MinBackupDays is the shortest retention of automated backups (FSBP RDS.11), in days.
	MinBackupDays = 7
	// MaxBackupDays is the longest retention of automated backups that RDS offers, in days.
	MaxBackupDays = 35
	// PostgreSQLPort is the TCP port of PostgreSQL.
	PostgreSQLPort = 5432
)

var (
	classForm = regexp.MustCompile(`^db\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	// plainClasses are the classes without encryption at rest, from "Availability of
	// Amazon RDS encryption" in the RDS User Guide; db.t1.micro is their predecessor.
	plainClasses = regexp.MustCompile(`^db\.(m1\..*|m2\..*|t1\..*|t2\.micro)$`)
	versionForm  = regexp.MustCompile(`^([1-9][0-9])(\.[0-9]+)?$`)
)

// CheckDatabaseClass accepts an RDS instance class that can encrypt its storage.
func CheckDatabaseClass(class string) error {
	switch {
	case plainClasses.MatchString(class):
		return Text(class, "cannot encrypt its storage", "choose a current class such as db.t4g.small")
	case class == "db.serverless":
		return Text(class, "is a class of Aurora, not of RDS for PostgreSQL", "choose a class such as db.t4g.small")
	case !classForm.MatchString(class):
		return Text(class, "is not an RDS instance class", "write it like db.t4g.small")
	}
	return nil
}

// CheckPostgreSQL accepts a major version of PostgreSQL that is in support. An exact version, such as "17.9", is the target of one upgrade and
// refused where there is none: RDS installs minor versions by itself, and the next deployment would try to undo it.
func CheckPostgreSQL(version string, upgrade bool) error {
	parts := versionForm.FindStringSubmatch(version)
	if parts == nil {
		return Text(version, "is not a major version of PostgreSQL", `write it in quotes, such as "17"`)
	}
	if parts[2] != "" && !upgrade {
		return Text(version, "pins a minor version, which RDS patches by itself", "write only the major version, "+strconv.Quote(parts[1])+", but for the one deployment that upgrades")
	}
	major, err := strconv.Atoi(parts[1])
	switch cure := fmt.Sprintf("choose %d to %d", MinPostgreSQL, MaxPostgreSQL); {
	case err != nil || major < MinPostgreSQL:
		return Text(version, "is a PostgreSQL out of support", cure)
	case major > MaxPostgreSQL:
		return Text(version, "is a PostgreSQL with which nothing here was tried", cure)
	}
	return nil
}

// minorsAhead tells which minor versions are of one day: so many more than those of the oldest major version here has that one
// (https://www.postgresql.org/support/versioning/; on 2025-02-20 came 15.12, 16.8 and 17.4, on 2025-11-13 17.7 and 18.1).
var minorsAhead = map[int]int{15: 0, 16: -4, 17: -8, 18: -14}

// CheckUpgrade accepts a target to which RDS upgrades PostgreSQL from another version: no older one, and of another major version one that was
// released with the present one or later (RDS user guide, "Choosing a major version for an upgrade"). A bare major version is AWS's
// default minor, which nobody knows here.
func CheckUpgrade(from, to string) error {
	old, oldMinor, okOld := splitVersion(from)
	wanted, minor, okWanted := splitVersion(to)
	if !okOld || !okWanted {
		return nil
	}
	if wanted < old || wanted == old && minor >= 0 && minor < oldMinor {
		return Text(to, "is older than the PostgreSQL "+from+" that runs, and RDS never goes back", "restore a backup beside it, or choose a later version")
	}
	ahead, known := minorsAhead[wanted]
	of, knownOld := minorsAhead[old]
	if least := oldMinor + ahead - of; wanted != old && known && knownOld && minor >= 0 && oldMinor >= 0 && minor < least {
		return Text(to, "was released before the PostgreSQL "+from+" that runs, and RDS cannot upgrade to it", fmt.Sprintf("choose %d.%d or later", wanted, least))
	}
	return nil
}

// splitVersion takes a version apart; the minor is -1 for a bare major.
func splitVersion(version string) (major, minor int, ok bool) {
	parts := versionForm.FindStringSubmatch(version)
	if parts == nil {
		return 0, 0, false
	}
	major, err := strconv.Atoi(parts[1])
	if err != nil || parts[2] == "" {
		return major, -1, err == nil
	}
	minor, err = strconv.Atoi(parts[2][1:])
	return major, minor, err == nil
}

// CheckFirstStorage accepts the size of a new volume in GiB. It leaves room to grow.
func CheckFirstStorage(gb int) error { return CheckBetween(gb, MinStorageGB, MaxFirstStorageGB, "GiB") }

// CheckMaxStorage accepts the size up to which RDS may let a volume grow by itself, in
// GiB. RDS wants it to be at least a tenth above the first size (RDS User Guide, "Managing
// capacity automatically with Amazon RDS storage autoscaling").
func CheckMaxStorage(gb, first int) error {
	least := (first*11 + 9) / 10
	switch {
	case gb < least:
		return Number(gb, fmt.Sprintf("leaves no room to grow from %d GiB", first), fmt.Sprintf("set it to %d or more", least))
	case gb > MaxStorageGB:
		return Number(gb, "is more GiB than a volume of RDS can have", fmt.Sprintf("the most is %d", MaxStorageGB))
	}
	return nil
}

// CheckBackupDays accepts how long automated backups are kept, in days.
func CheckBackupDays(days int) error {
	cure := fmt.Sprintf("keep them for %d to %d days", MinBackupDays, MaxBackupDays)
	switch {
	case days == 0:
		return Number(days, "switches backups off", cure)
	case days < MinBackupDays:
		return Number(days, fmt.Sprintf("keeps backups for less than %d days (FSBP RDS.11)", MinBackupDays), cure)
	case days > MaxBackupDays:
		return Number(days, "is more than RDS can keep", cure)
	}
	return nil
}
