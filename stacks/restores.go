// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// firstDatabase is the name of the database that every environment has.
const firstDatabase = "db"

// Restore is a database that is restored beside the first.
type Restore struct {
	// Name is what databaseAttached calls it.
	Name string
	// From is the backup, as form.ParseBackup reads it; empty for a database that is there and needs it no longer.
	From string
}

// isThere stands in the place of a backup when the database has been made from it.
const isThere = "restored"

// Restores are the databases that are restored beside the first, in the order of RestoreFrom.
func (d Database) Restores() []Restore {
	var all []Restore
	for _, entry := range d.RestoreFrom {
		name, from, _ := strings.Cut(entry, " ")
		if from == isThere {
			from = ""
		}
		all = append(all, Restore{Name: name, From: from})
	}
	return all
}

// taken are the names of what an environment has beside its databases, and begins the names of their resources with.
var taken = []string{firstDatabase, "db-agent", "app", "bastion", "edge", "logs", "alarms", "trail", "backups", "boundary", "public", "data"}

// restore checks one of RestoreFrom.
func restore(entry string) error {
	name, from, two := strings.Cut(entry, " ")
	switch {
	case !two:
		return form.Text(entry, "is not a name and a backup", "write it like monday snapshot shop-db-final-1a2b3c4d")
	case form.CheckServerName(name) != nil:
		return form.CheckServerName(name)
	case slices.Contains(taken, name):
		return form.Text(name, "is the name of something else in the environment", "call the database something else, such as monday")
	case from == isThere:
		return nil
	}
	_, err := form.ParseBackup(from)
	return err
}

func restoresFit(s *Settings) []fault {
	const key, attached = "databaseRestoreFrom", "databaseAttached"
	names := []string{firstDatabase}
	var faults []fault
	for i, r := range s.Database.Restores() {
		if slices.Contains(names, r.Name) {
			faults = append(faults, about(key, quoted(s.Database.RestoreFrom[i]), "has a name that another entry has", "give each database its own")...)
		}
		names = append(names, r.Name)
		if r.From != "" {
			faults = append(faults, adopted(key, form.CheckBackup(r.From, s.Region))...)
		}
	}
	if !slices.Contains(names, s.Database.Attached) {
		faults = append(faults, about(attached, quoted(s.Database.Attached), "is not the name of a database", "use one of "+strings.Join(names, ", "))...)
	}
	return faults
}

func vaultsFit(s *Settings) []fault {
	const key = "backupCopyTo"
	copies := s.Backup.CopyTo
	if s.Backup.KeepDays == 0 && len(copies) > 0 {
		return about(key, "", "is given although backupKeepDays is 0, and nothing is there to be copied", "remove it, or set backupKeepDays: 35")
	}
	var faults []fault
	for _, arn := range copies {
		faults = append(faults, adopted(key, form.CheckVaultHome(arn, s.Region, s.AccountID))...)
	}
	return faults
}
