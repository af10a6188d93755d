// SPDX-License-Identifier: Apache-2.0

package form_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

func TestBackups(t *testing.T) {
	const arn = "arn:aws:rds:eu-central-1:444455556666:snapshot:shop-db"
	for text, want := range map[string]form.Backup{
		"snapshot shop-db-final-1a2b3c4d":                                              {Kind: "snapshot", Source: "shop-db-final-1a2b3c4d"},
		"snapshot rds:shop-db-2026-11-29-02-10":                                        {Kind: "snapshot", Source: "rds:shop-db-2026-11-29-02-10"},
		"snapshot " + arn:                                                              {Kind: "snapshot", Source: arn},
		"instance shop-db-1a2b3c4d latest":                                             {Kind: "instance", Source: "shop-db-1a2b3c4d", Time: "latest"},
		"resource db-ABCDEFGHIJKLMNOPQRSTUVWXYZ 2026-11-29T10:00:00Z":                  {Kind: "resource", Source: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ", Time: "2026-11-29T10:00:00Z"},
		"backup arn:aws:rds:eu-central-1:111122223333:auto-backup:ab-0123abcd9 latest": {Kind: "backup", Source: "arn:aws:rds:eu-central-1:111122223333:auto-backup:ab-0123abcd9", Time: "latest"},
	} {
		got, err := form.ParseBackup(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		require.NoError(t, form.CheckBackup(text, "eu-central-1"), text)
	}
	require.ErrorContains(t, form.CheckBackup("snapshot "+arn, "eu-west-1"), "copy it to eu-west-1 first")
	for text, want := range map[string]string{
		"":                                     "is not a backup",
		"shop-db":                              "is not a backup",
		"snapshot":                             "is not a backup",
		"tape shop-db":                         "is not a backup",
		"snapshot -shop":                       "does not name a backup",
		"snapshot shop--db":                    "does not name a backup",
		"snapshot shop-db latest":              "of one moment",
		"instance shop-db":                     "which moment",
		"instance shop-db tomorrow":            "no moment of UTC",
		"instance shop-db 2026-11-29":          "no moment of UTC",
		"instance a 2026-11-29T10:00:00+01:00": "no moment of UTC",
		"resource shop-db latest":              "does not name a backup",
		"backup " + arn + " latest":            "does not name a backup",
	} {
		require.ErrorContains(t, form.CheckBackup(text, "eu-central-1"), want, text)
	}
}
