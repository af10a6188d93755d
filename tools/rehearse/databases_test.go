// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/postgresql"
)

func TestDatabasesAreShownAsTheirServersSay(t *testing.T) {
	d := databases{servers: []fill.DatabaseServer{
		{Instance: "absent", Declared: "17", Missing: "its engine is mysql"},
		{Instance: "shop", Declared: "17", Stands: "15", Ignored: []string{"rds.logical_replication"}, WithoutTLS: "no encryption", Accounts: []postgresql.Account{
			{Name: "dbowner", Login: "password", Server: []string{"create roles"}, Databases: map[string][]string{"postgres": {"SELECT"}}},
			{Name: "old", Login: "nothing yet"},
			{Name: "reader", Login: "IAM token", Databases: map[string][]string{"app": {"SELECT"}, "b": nil}},
		}},
	}}
	var out strings.Builder
	d.showDatabases(&out)
	require.Equal(t, `
Database shop, read back from the real PostgreSQL 15 that stands for it:
  user     logs in by   may
  dbowner  password     create roles; in postgres: SELECT
  old      nothing yet  nothing
  reader   IAM token    in app: SELECT; in b: nothing
  The right password without TLS: no encryption.
`, out.String())
	require.Equal(t, []string{
		"the database engine of absent: the instance is a record, for its engine is mysql; forced TLS and users need a real server",
		"RDS itself: PostgreSQL 15 stands for 17 of shop; logins with IAM tokens, which nobody checks here, restores and upgrades need RDS, and so do the parameters rds.logical_replication",
	}, d.notShown())
}

func TestARecordSaysWhyThereIsNoServer(t *testing.T) {
	require.Contains(t, (&databases{off: true}).notShown()[0], "database servers are turned off")
	require.Contains(t, (&databases{}).notShown()[0], "no function has connected to it")
}
