// SPDX-License-Identifier: Apache-2.0

// Package postgrestest gives Go tests a real PostgreSQL server (package postgresql), which ends with the test.
package postgrestest

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database/parameter"
	"github.com/bulkhead-iac/bulkhead/tools/postgresql"
)

// Host is the name in the server's certificate.
const Host = postgresql.Host

// Administrator is the account that RDS makes for the owner of an instance: no superuser.
const Administrator = "dbowner"

// FirstDatabase is the one that RDS makes with an instance, which the administrator owns.
const FirstDatabase = "app"

// Server is a running one.
type Server struct {
	*postgresql.Server
	// Password is the administrator's.
	Password string
}

// Option changes a server before it starts.
type Option func(settings map[string]string)

// With sets a parameter of the server.
func With(name, value string) Option {
	return func(settings map[string]string) { settings[name] = value }
}

// VersionVariable names another major version for all tests, such as 17: see tools/postgresql/versions.
const VersionVariable = "BULKHEAD_POSTGRESQL"

// Start starts a server, which ends with the test. It fails the test, with the cure, where there is none.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	return StartVersion(tb, os.Getenv(VersionVariable), options...)
}

// StartVersion starts a server of a major version.
func StartVersion(tb testing.TB, version string, options ...Option) *Server {
	tb.Helper()
	parameters := map[string]string{}
	for _, p := range parameter.All {
		parameters[p.Name] = p.Value
	}
	for _, option := range options {
		option(parameters)
	}
	password := rand.Text()
	s, err := postgresql.Start(tb.Context(), postgresql.Options{
		Root: projectRoot(tb), Version: version, Administrator: Administrator, Password: password, Database: FirstDatabase, Parameters: parameters,
	})
	require.NoError(tb, err)
	tb.Cleanup(s.Stop)
	return &Server{Server: s, Password: password}
}

// Log is what the server has written, every statement of a schema, role or privilege among it.
func (s *Server) Log(tb testing.TB) string {
	tb.Helper()
	text, err := s.Server.Log()
	require.NoError(tb, err)
	return text
}

// Superuser logs in as the one that RDS keeps to itself.
func (s *Server) Superuser(tb testing.TB, database string) *pgx.Conn {
	tb.Helper()
	conn, err := s.Server.Superuser(tb.Context(), database)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// projectRoot finds the folder of go.mod.
func projectRoot(tb testing.TB) string {
	tb.Helper()
	folder, err := os.Getwd()
	require.NoError(tb, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		require.NotEqual(tb, filepath.Dir(folder), folder, "no go.mod above the test's folder")
		folder = filepath.Dir(folder)
	}
}
