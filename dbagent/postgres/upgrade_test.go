// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package postgres_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgrestest"
)

// TestUsersOutliveANewMajorVersion takes a server from the major version before to this one by pg_upgrade, as RDS does: rows, passwords and
// rights are as before, the next run of the agent has nothing to do, and it is still the one that gives passwords and takes users away.
func TestUsersOutliveANewMajorVersion(t *testing.T) {
	major := os.Getenv(postgrestest.VersionVariable)
	if major == "" {
		t.Skip("make test-versions runs it: this is the version that upgrades begin with")
	}
	n, err := strconv.Atoi(major)
	require.NoError(t, err)
	// Without pgaudit, which the other versions do not have.
	r := of(t, postgrestest.StartVersion(t, fmt.Sprint(n-1), postgrestest.With("shared_preload_libraries", "pg_stat_statements")))
	r.converge(shop())
	r.fill()
	for _, user := range []string{"service", "report", "picker"} {
		r.as(user, "shop")
	}

	require.NoError(t, r.running.Upgrade(t.Context(), major))

	var version string
	require.NoError(t, r.running.Superuser(t, "postgres").QueryRow(t.Context(), "SHOW server_version").Scan(&version))
	require.Regexp(t, "^"+major+`\.`, version)
	service, err := r.dial("service", "shop")
	require.NoError(t, err, "the password is as before")
	r.do(service, "INSERT INTO orders (what) VALUES ('second')", "SELECT * FROM late", "SELECT empty()")
	report, err := r.dial("report", "shop")
	require.NoError(t, err)
	r.do(report, "SELECT * FROM orders")
	for _, statement := range []string{"SET default_transaction_read_only = off", "INSERT INTO orders (what) VALUES ('third')"} {
		_, err = report.Exec(t.Context(), statement)
	}
	require.ErrorContains(t, err, "42501")
	_, err = r.dial("service", "other")
	require.ErrorContains(t, err, "permission denied for database")

	changes, err := r.server.Converge(t.Context(), shop())
	require.NoError(t, err)
	require.Empty(t, changes, "nothing of what was declared has gone")
	r.do(r.as("migrator", "shop"), "CREATE TABLE newer (id int)", "INSERT INTO newer VALUES (1)")
	r.do(r.as("report", "shop"), "SELECT * FROM newer")
	less := shop()
	less.Databases[1].Users[1].Access = declare.ReadOnly
	r.converge(less)
	service = r.as("service", "shop")
	r.do(service, "SELECT * FROM orders", "SET default_transaction_read_only = off")
	_, err = service.Exec(t.Context(), "INSERT INTO orders (what) VALUES ('third')")
	require.ErrorContains(t, err, "42501", "an access that was given before the upgrade is taken away")
	fewer := shop()
	fewer.Databases[1].Users = fewer.Databases[1].Users[:1]
	require.NotEmpty(t, r.converge(fewer))
	_, err = r.dial("service", "shop")
	require.Error(t, err, "a user that is declared no longer")

	// What a server that is not RDS's leaves behind: a role from before version 16 that nobody lets the administrator alter.
	r.do(r.running.Superuser(t, "postgres"), "CREATE ROLE old LOGIN", "COMMENT ON ROLE old IS 'made by bulkhead'")
	err = r.server.SetPassword(t.Context(), "old", "known-to-this-test")
	require.ErrorContains(t, err, `GRANT "old" TO "`+postgrestest.Administrator+`" WITH ADMIN OPTION`)
}
