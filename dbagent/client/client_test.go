// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package client_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/client"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgrestest"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
	"github.com/bulkhead-iac/bulkhead/dbagent/secrets"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }

// database is a real server with a user for each way to log in, and the secrets of those who have one in the emulator.
type database struct {
	account  *emulatortest.Account
	rotation *rotate.Rotation
	secrets  map[declare.Login]string
}

func start(t *testing.T) *database {
	t.Helper()
	running, d := postgrestest.Start(t), &database{account: emulatortest.NewAccount(t), secrets: map[declare.Login]string{}}
	roots, err := postgres.Roots(running.Authority.PEM)
	require.NoError(t, err)
	server := &postgres.Server{Host: postgrestest.Host, Port: running.Port, Roots: roots, Administrator: func(context.Context) (string, string, error) {
		return postgrestest.Administrator, running.Password, nil
	}}
	manager := secretsmanager.NewFromConfig(d.account.Config)
	d.rotation = &rotate.Rotation{Store: secrets.Store{Client: manager}, Server: server, Host: server.Host, Port: server.Port}
	users := []declare.User{
		{Name: "service", Access: declare.ReadWrite, Login: declare.IAM}, {Name: "report", Access: declare.ReadOnly, Login: declare.AlternatingSecret},
		{Name: "batch", Access: declare.ReadWrite, Login: declare.Secret},
	}
	_, err = server.Converge(t.Context(), &declare.Document{Databases: []declare.Database{{Name: "shop", Users: users}}})
	require.NoError(t, err)
	for _, user := range users[1:] {
		made, err := manager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(user.Name)})
		require.NoError(t, err)
		_, err = d.rotation.Provide(t.Context(), *made.ARN, "shop", user)
		require.NoError(t, err)
		d.secrets[user.Login] = *made.ARN
	}
	authority := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(authority, running.Authority.PEM, 0o600))
	for name, value := range map[string]string{
		"PGHOST": postgrestest.Host, "PGPORT": fmt.Sprint(running.Port), "PGDATABASE": "shop", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": authority,
	} {
		t.Setenv(name, value)
	}
	return d
}

// open is a pool of a service whose service.env says how it logs in.
func (d *database) open(t *testing.T, login declare.Login) *pgxpool.Pool {
	t.Helper()
	pool, err := client.Open(t.Context(), d.account.Config, func(name string) string {
		return map[string]string{"DATABASE_LOGIN": string(login), "DATABASE_SECRET_ARN": d.secrets[login]}[name]
	})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func TestAServiceLogsInWithItsSecretThroughRotations(t *testing.T) {
	d := start(t)
	for login, users := range map[declare.Login][]string{declare.AlternatingSecret: {"report", "report_clone", "report"}, declare.Secret: {"batch", "batch", "batch"}} {
		pool := d.open(t, login)
		for _, want := range users {
			var user string
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT session_user").Scan(&user))
			require.Equal(t, want, user)
			d.turn(t, login)
			require.NoError(t, pool.Ping(t.Context()), "a connection that is open stays so")
			pool.Reset()
		}
	}
}

// No server here checks a token: that each connection brings one for its user is all that can be seen.
func TestAServiceLogsInWithATokenForEachConnection(t *testing.T) {
	d := start(t)
	t.Setenv("PGUSER", "service")
	pool := d.open(t, declare.IAM)
	config := pool.Config()
	require.NoError(t, config.BeforeConnect(t.Context(), config.ConnConfig))
	require.True(t, strings.HasPrefix(config.ConnConfig.Password, fmt.Sprintf("localhost:%d?Action=connect&DBUser=service&", config.ConnConfig.Port)))
	require.ErrorContains(t, pool.Ping(t.Context()), `password authentication failed for user "service"`)
}

func TestAServiceThatIsToldNothingSaysSo(t *testing.T) {
	_, err := client.Open(t.Context(), aws.Config{}, func(string) string { return "" })
	require.ErrorContains(t, err, `DATABASE_LOGIN: "" is unknown; use IAM, AlternatingSecret or Secret`)
}

// The documentation shows the very program.
func TestTheDocumentationShowsThisClient(t *testing.T) {
	code, err := os.ReadFile("client.go")
	require.NoError(t, err)
	_, shown, found := strings.Cut(string(code), "\t\"github.com/jackc/pgx/v5/pgxpool\"\n)\n\n")
	require.True(t, found)
	text, err := os.ReadFile("../../docs/database.md")
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), "```go\n"+shown+"```\n"), "put the functions of client.go into docs/database.md")
}
