// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"strconv"

	"github.com/bulkhead-iac/bulkhead/form"
)

// externalWhole wants all that an external database takes, or nothing of it.
func externalWhole(s *Settings) []fault {
	e := s.Database.External
	var faults []fault
	for _, part := range []struct {
		key   string
		given bool
		cure  string // Empty if it may be missing.
	}{
		{"databaseExternalCidrs", len(e.CIDRs) > 0, "list the addresses in which its host name resolves"},
		{"databaseExternalCa", e.CA != "", "give the PEM of the authority that signs the server's certificate"},
		{"databaseExternalSecretArn", e.SecretARN != "", "name the secret with username and password of the service"},
		{"databaseExternalKeyArn", e.KeyARN != "", ""},
	} {
		switch {
		case e.Given() && !part.given && part.cure != "":
			faults = append(faults, about(part.key, "", "is missing beside databaseExternalUrl", part.cure)...)
		case !e.Given() && part.given:
			faults = append(faults, about(part.key, "", "is given without databaseExternalUrl", "name the database too, or remove it")...)
		}
	}
	return faults
}

func externalSecretFits(s *Settings) []fault {
	e := s.Database.External
	var faults []fault
	if e.SecretARN != "" {
		faults = adopted("databaseExternalSecretArn", form.CheckSecretHome(e.SecretARN, s.Region, s.AccountID))
	}
	if e.KeyARN != "" {
		faults = append(faults, adopted("databaseExternalKeyArn", form.CheckKeyHome(e.KeyARN, s.Region))...)
	}
	return faults
}

// externalAlone refuses settings about databases that the environment makes where it makes none.
func externalAlone(s *Settings) []fault {
	if !s.Database.External.Given() {
		return nil
	}
	const wrong = "is given beside databaseExternalUrl, with which the environment makes no database"
	var faults []fault
	if len(s.Database.RestoreFrom) > 0 {
		faults = about("databaseRestoreFrom", "", wrong, "remove it")
	}
	if s.Database.Attached != firstDatabase {
		faults = append(faults, about("databaseAttached", quoted(s.Database.Attached), wrong, "remove it")...)
	}
	if days := s.Backup.KeepDays; days != 0 {
		faults = append(faults, about("backupKeepDays", strconv.Itoa(days), wrong, "remove it")...)
	}
	if s.Bastion.ReachesDatabase {
		faults = append(faults, about("bastionReachesDatabase", "true", wrong, "remove it")...)
	}
	return faults
}
