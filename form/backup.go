// SPDX-License-Identifier: Apache-2.0

package form

import (
	"regexp"
	"strings"
	"time"
)

// The kinds of backups that a database is restored from.
const (
	// SnapshotBackup is a DB snapshot: its name, or its ARN if it is another account's.
	SnapshotBackup = "snapshot"
	// InstanceBackup is the automated backups of an instance that is there, by its identifier.
	InstanceBackup = "instance"
	// ResourceBackup is the automated backups of an instance that may be gone, by its resource id.
	ResourceBackup = "resource"
	// ReplicatedBackup is automated backups by their ARN, such as those that were replicated into the region.
	ReplicatedBackup = "backup"
	// Latest is the latest moment that automated backups can restore.
	Latest = "latest"
)

// Backup is what a database is restored from.
type Backup struct {
	// Kind is one of the above, Source the name, id or ARN that goes with it.
	Kind, Source string
	// Time is the moment to go back to, in RFC 3339 and UTC, or Latest; empty for a snapshot, which is of one moment.
	Time string
}

var (
	sources = map[string]*regexp.Regexp{
		// "rds:" begins the names of automated snapshots, "awsbackup:" those of AWS Backup.
		SnapshotBackup:   regexp.MustCompile(`^(arn:aws:rds:[a-z0-9-]+:[0-9]{12}:snapshot:)?((rds|awsbackup):)?[a-zA-Z](-?[a-zA-Z0-9]){0,254}$`),
		InstanceBackup:   regexp.MustCompile(`^[a-zA-Z](-?[a-zA-Z0-9]){0,62}$`),
		ResourceBackup:   regexp.MustCompile(`^db-[A-Z0-9]{1,60}$`),
		ReplicatedBackup: regexp.MustCompile(`^arn:aws:rds:[a-z0-9-]+:[0-9]{12}:auto-backup:ab-[a-z0-9]+$`),
	}
	howToWrite = "write it like snapshot shop-db-final-1a2b3c4d, instance shop-db-1a2b3c4d latest, resource db-ABCDEFGHIJKLMNOPQRSTUVWXYZ 2026-11-29T10:00:00Z, or backup <arn> latest"
)

// ParseBackup reads a backup as it is written: its kind and its source, and but for a snapshot the moment.
func ParseBackup(text string) (Backup, error) {
	words := strings.Split(text, " ")
	form, known := sources[words[0]]
	if !known || len(words) < 2 {
		return Backup{}, Text(text, "is not a backup of a database", howToWrite)
	}
	b := Backup{Kind: words[0], Source: words[1]}
	switch {
	case !form.MatchString(b.Source):
		return Backup{}, Text(text, "does not name a backup of RDS", howToWrite)
	case b.Kind == SnapshotBackup && len(words) > 2:
		return Backup{}, Text(text, "has more than a snapshot, which is of one moment", "write snapshot and its name")
	case b.Kind == SnapshotBackup:
		return b, nil
	case len(words) != 3:
		return Backup{}, Text(text, "does not say which moment to go back to", "end it in latest, or in a time like 2026-11-29T10:00:00Z")
	}
	b.Time = words[2]
	if moment, err := time.Parse(time.RFC3339, b.Time); b.Time != Latest && (err != nil || moment.Format(time.RFC3339) != b.Time || !strings.HasSuffix(b.Time, "Z")) {
		return Backup{}, Text(text, "ends in no moment of UTC", "end it in latest, or in a time like 2026-11-29T10:00:00Z")
	}
	return b, nil
}

// CheckBackup accepts what ParseBackup reads, in the region: RDS restores from backups of its own region alone.
func CheckBackup(text, region string) error {
	b, err := ParseBackup(text)
	if err != nil {
		return err
	}
	if parts := strings.Split(b.Source, ":"); parts[0] == "arn" && parts[3] != region {
		return Text(text, "is in "+parts[3]+", and RDS restores backups of its own region alone", "copy it to "+region+" first")
	}
	return nil
}

// vaultForm holds the region and the account of a backup vault.
var vaultForm = regexp.MustCompile(`^arn:aws:backup:([a-z0-9-]+):([0-9]{12}):backup-vault:[a-zA-Z0-9_-]{2,50}$`)

// CheckVaultARN accepts the ARN of a vault of AWS Backup.
func CheckVaultARN(arn string) error {
	if !vaultForm.MatchString(arn) {
		return Text(arn, "is not the ARN of a backup vault", "write arn:aws:backup:<region>:<account>:backup-vault:<name>")
	}
	return nil
}

// VaultHome is the region and the account of a vault, empty for an ARN that CheckVaultARN refuses.
func VaultHome(arn string) (region, account string) {
	if parts := vaultForm.FindStringSubmatch(arn); parts != nil {
		return parts[1], parts[2]
	}
	return "", ""
}

// CheckVaultHome reports a vault to which snapshots of databases in a region of an account are not copied: one beside them, which is lost
// with them, or one in another region of another account, for RDS snapshots cross only one of both at a time (AWS Backup developer guide,
// "Copy a backup"). An ARN that does not pass CheckVaultARN is left to that check.
func CheckVaultHome(arn, region, account string) error {
	switch there, whose := VaultHome(arn); {
	case there == region && whose == account:
		return Text(arn, "is lost with what it holds copies of", "name a vault of another region or of another account")
	case there != "" && there != region && whose != account:
		return Text(arn, "lies in another region and in another account, and RDS snapshots are copied across one of both at a time",
			"name a vault of this region in the other account, and copy on from there")
	}
	return nil
}

// CheckVaultDays accepts how long a snapshot stays in a locked vault, in days.
func CheckVaultDays(days int) error { return CheckBetween(days, MinBackupDays, 3650, "days") }
