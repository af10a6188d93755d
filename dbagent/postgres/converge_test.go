// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package postgres_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgrestest"
	"github.com/bulkhead-iac/bulkhead/internal/authority"
)

// rig is a running server with the agent's view of it.
type rig struct {
	testing.TB
	running *postgrestest.Server
	server  *postgres.Server
}

func start(tb testing.TB, options ...postgrestest.Option) *rig {
	tb.Helper()
	return of(tb, postgrestest.Start(tb, options...))
}

func of(tb testing.TB, running *postgrestest.Server) *rig {
	tb.Helper()
	roots, err := postgres.Roots(running.Authority.PEM)
	require.NoError(tb, err)
	return &rig{TB: tb, running: running, server: &postgres.Server{
		Host: postgrestest.Host, Port: running.Port, Roots: roots,
		Administrator: func(context.Context) (string, string, error) {
			return postgrestest.Administrator, running.Password, nil
		},
	}}
}

// converge also demands that a second run does nothing.
func (r *rig) converge(document *declare.Document) []string {
	r.Helper()
	changes, err := r.server.Converge(r.Context(), document)
	require.NoError(r, err)
	again, err := r.server.Converge(r.Context(), document)
	require.NoError(r, err)
	require.Empty(r, again, "a second run changes something")
	return changes
}

// as logs a user in with a password that it is given for the purpose.
func (r *rig) as(user, database string) *pgx.Conn {
	r.Helper()
	require.NoError(r, r.server.SetPassword(r.Context(), user, "known-to-this-test"))
	conn, err := r.dial(user, database)
	require.NoError(r, err)
	r.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func (r *rig) dial(user, database string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%d sslmode=require", postgrestest.Host, r.running.Port))
	require.NoError(r, err)
	config.TLSConfig.RootCAs, config.TLSConfig.InsecureSkipVerify, config.TLSConfig.VerifyConnection = r.server.Roots, false, nil
	config.TLSConfig.ServerName = postgrestest.Host
	config.User, config.Database, config.Password = user, database, "known-to-this-test"
	return pgx.ConnectConfig(r.Context(), config)
}

func (r *rig) do(conn *pgx.Conn, statements ...string) {
	r.Helper()
	for _, statement := range statements {
		_, err := conn.Exec(r.Context(), statement)
		require.NoError(r, err, statement)
	}
}

// shop is a document with one user of each kind; all log in with a secret, because nobody here can check a token.
func shop() *declare.Document {
	extensions := []string{"citext"}
	if os.Getenv(postgrestest.VersionVariable) == "" { // Other versions are without.
		extensions = append(extensions, "pgaudit")
	}
	return &declare.Document{Databases: []declare.Database{
		{Name: postgrestest.FirstDatabase},
		{Name: "shop", Schemas: []string{"stock"}, Extensions: extensions, Users: []declare.User{
			{Name: "migrator", Access: declare.Owner, Login: declare.Secret},
			{Name: "service", Access: declare.ReadWrite, Login: declare.AlternatingSecret},
			{Name: "report", Access: declare.ReadOnly, Login: declare.Secret},
			{Name: "token", Access: declare.ReadOnly, Login: declare.IAM},
			{Name: "picker", Access: declare.Custom, Login: declare.Secret, Grants: []declare.Grant{
				{Schema: "stock", On: declare.Tables, Privileges: []string{"SELECT", "UPDATE"}},
			}},
		}},
		{Name: "other", Users: []declare.User{{Name: "stranger", Access: declare.ReadWrite, Login: declare.Secret}}},
	}}
}

// fill makes tables, a sequence, functions and a large object as migrations would: the rights on them come by default.
func (r *rig) fill() {
	r.Helper()
	owner := r.as("migrator", "shop")
	r.do(owner,
		"CREATE TABLE orders (id serial PRIMARY KEY, what text)", "INSERT INTO orders (what) VALUES ('first')",
		"CREATE TABLE stock.items (id int, count int)", "INSERT INTO stock.items VALUES (1, 1)",
		"CREATE VIEW late AS SELECT * FROM orders",
		"CREATE FUNCTION empty() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM public.orders'",
		"SELECT lo_create(4711)")
}

func TestADocumentBecomesDatabasesUsersAndRights(t *testing.T) {
	r := start(t)
	changes := r.converge(shop())
	require.NotEmpty(t, changes)
	r.fill()
	require.Empty(t, must(r.server.Converge(t.Context(), shop())), "what migrations make has its rights by default")

	service := r.as("service", "shop")
	r.do(service, "INSERT INTO orders (what) VALUES ('second')", "UPDATE orders SET what = 'x'", "SELECT * FROM late", "SELECT empty()",
		"CREATE TEMPORARY TABLE scratch (id int)")
	clone := r.as("service_clone", "shop")
	r.do(clone, "DELETE FROM orders")
	r.do(r.as("report", "shop"), "SELECT * FROM orders", "SELECT * FROM stock.items", "SELECT * FROM late", "SELECT 'A'::public.citext = 'a'::public.citext")
	picker := r.as("picker", "shop")
	r.do(picker, "UPDATE stock.items SET count = 2", "SELECT * FROM stock.items")
	for _, statement := range []string{"INSERT INTO stock.items VALUES (2, 2)", "DELETE FROM stock.items", "SELECT * FROM public.orders"} {
		_, err := picker.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "42501", statement)
	}
	var iam bool
	require.NoError(t, r.running.Superuser(t, "postgres").QueryRow(t.Context(),
		"SELECT pg_has_role('token', 'rds_iam', 'MEMBER') AND rolpassword IS NULL FROM pg_authid WHERE rolname = 'token'").Scan(&iam))
	require.True(t, iam)
}

func TestAReadOnlyUserWritesNothing(t *testing.T) {
	r := start(t)
	r.converge(shop())
	r.fill()
	report := r.as("report", "shop")
	for _, statement := range []string{
		"INSERT INTO orders (what) VALUES ('x')", "UPDATE orders SET what = 'x'", "DELETE FROM orders", "TRUNCATE orders",
		"MERGE INTO orders o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN DELETE",
		"COPY orders FROM STDIN", "COPY (SELECT 1) TO '/tmp/x'", "COPY (SELECT 1) TO PROGRAM 'cat'", "COPY orders FROM PROGRAM 'echo 1'",
		"SELECT * FROM orders FOR UPDATE",
		"INSERT INTO late (what) VALUES ('x')", "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
		"CREATE TABLE mine (id int)", "CREATE TEMPORARY TABLE mine (id int)", "SELECT * INTO mine FROM orders", "CREATE VIEW mine AS SELECT 1",
		"CREATE SCHEMA mine", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE EXTENSION pg_trgm", "CREATE SEQUENCE mine",
		"CREATE DATABASE mine", "CREATE ROLE mine", "ALTER TABLE orders ADD COLUMN x int", "DROP TABLE orders", "CREATE INDEX ON orders (what)",
		"COMMENT ON TABLE orders IS 'x'", "GRANT report TO stranger", "ALTER DEFAULT PRIVILEGES FOR ROLE migrator GRANT ALL ON TABLES TO report",
		"SET ROLE migrator", `SET ROLE "bulkhead:owner:shop"`, "SET ROLE dbowner", "SET SESSION AUTHORIZATION migrator", "ALTER ROLE report CREATEDB",
		"SELECT nextval('orders_id_seq')", "SELECT setval('orders_id_seq', 9)", "SELECT empty()", "DO 'BEGIN DELETE FROM public.orders; END'",
		"SELECT lo_put(4711, 0, 'x')", "SELECT lo_unlink(4711)", "SELECT lo_import('/etc/passwd')", "SELECT pg_notify('x', 'y') FROM orders WHERE lo_open(4711, 131072) > 0",
		"SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('.')", "SELECT * FROM pg_authid",
		"ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_promote()",
	} {
		t.Run(statement, func(t *testing.T) {
			// The fence that the user could take away is down: what is left is a matter of rights.
			_, err := report.Exec(t.Context(), "SET default_transaction_read_only = off")
			require.NoError(t, err)
			_, err = report.Exec(t.Context(), statement)
			require.Error(t, err)
			require.Regexp(t, "42501|0LP01", err.Error(), "refused for want of a right, not for a mistake of this test")
		})
	}
}

func TestAServiceReachesNothingThatIsNotItsOwn(t *testing.T) {
	r := start(t)
	r.converge(shop())
	r.fill()
	service := r.as("service", "shop")
	for _, database := range []string{"other", "postgres", "template1", postgrestest.FirstDatabase, "rdsadmin"} {
		_, err := r.dial("service", database)
		require.Error(t, err, database)
		require.True(t, postgres.Rejected(err), "%s: %v", database, err)
	}
	r.do(r.running.Superuser(t, "shop"), "CREATE SCHEMA private", "CREATE TABLE private.t (id int)", "CREATE TABLE public.superusers (id int)")
	for _, statement := range []string{
		"SELECT * FROM pg_authid", "SELECT pg_read_file('/etc/passwd')", "COPY orders FROM '/etc/passwd'", "COPY orders TO PROGRAM 'cat'",
		"SELECT * FROM private.t", "SELECT * FROM superusers", "CREATE TABLE mine (id int)", "TRUNCATE orders", "DROP TABLE orders", "SET ROLE migrator",
		"ALTER ROLE stranger PASSWORD 'x'", "CREATE EXTENSION pg_trgm", "SELECT * FROM pg_user_mapping", "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
	} {
		_, err := service.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "42501", statement)
	}
}

func TestWhatIsDeclaredNoLongerIsTakenAway(t *testing.T) {
	r := start(t)
	r.converge(shop())
	r.fill()
	gone, changed := r.as("stranger", "other"), r.as("service", "shop")
	r.do(r.as("migrator", "shop"), "GRANT SELECT ON orders TO PUBLIC", "GRANT ALL ON orders TO report")
	document := shop()
	document.Databases = document.Databases[:2]
	document.Databases[1].Users[1].Access = declare.ReadOnly
	changes := strings.Join(r.converge(document), "\n")
	require.Contains(t, changes, "NOLOGIN")
	require.Contains(t, changes, `REVOKE SELECT ON TABLE "public"."orders" FROM PUBLIC`)
	_, err := gone.Exec(t.Context(), "SELECT 1")
	require.Error(t, err, "its session has ended")
	_, err = r.dial("stranger", "other")
	require.True(t, postgres.Rejected(err))
	_, err = changed.Exec(t.Context(), "DELETE FROM orders")
	require.ErrorContains(t, err, "42501")
	report := r.as("report", "shop")
	r.do(report, "SET default_transaction_read_only = off")
	_, err = report.Exec(t.Context(), "DELETE FROM orders")
	require.ErrorContains(t, err, "42501")
	r.converge(shop())
	r.do(r.as("stranger", "other"), "SELECT 1")
}

func TestNamesMayHoldAnything(t *testing.T) {
	r := start(t)
	names := []string{
		`Robert'); DROP DATABASE "app"; --`, `two "quotes" and a \ backslash`, "ünïcödé 数据库 🐘", "select", "UPPER lower", "a: b=c, {d}", "%s %d $1 ?", " space ",
		strings.Repeat("x", 63), strings.Repeat("ü", 31) + "y",
	}
	document := &declare.Document{}
	for i, name := range names {
		grants := []declare.Grant{{Schema: name, On: declare.Tables, Privileges: []string{"SELECT"}}}
		document.Databases = append(document.Databases, declare.Database{Name: name, Schemas: []string{name}, Users: []declare.User{
			{Name: name, Access: declare.Owner, Login: declare.Secret},
			{Name: fmt.Sprintf("custom%d", i), Access: declare.Custom, Login: declare.Secret, Grants: grants},
		}})
	}
	r.converge(document)
	for i, name := range names {
		owner := r.as(name, name)
		table := pgx.Identifier{name, name}.Sanitize()
		r.do(owner, "CREATE TABLE "+table+" (id int)", "INSERT INTO "+table+" VALUES (1)")
		r.do(r.as(fmt.Sprintf("custom%d", i), name), "SELECT * FROM "+table)
	}
	require.Empty(t, must(r.server.Converge(t.Context(), document)))
}

func TestTheServerIsVerified(t *testing.T) {
	r := start(t)
	t.Run("another authority", func(t *testing.T) {
		stranger, err := authority.New("stranger")
		require.NoError(t, err)
		server := *r.server
		server.Roots, err = postgres.Roots(stranger.PEM)
		require.NoError(t, err)
		_, err = server.Converge(t.Context(), shop())
		require.ErrorContains(t, err, "certificate signed by unknown authority")
	})
	t.Run("the authorities of RDS", func(t *testing.T) {
		server := *r.server
		var err error
		server.Roots, err = postgres.Roots(postgres.RDSRoots)
		require.NoError(t, err)
		_, err = server.Login(t.Context(), "postgres", "x", "x")
		require.ErrorContains(t, err, "certificate signed by unknown authority")
	})
	t.Run("another name", func(t *testing.T) {
		server := *r.server
		server.Host = "127.0.0.1"
		_, err := server.Login(t.Context(), "postgres", "x", "x")
		require.ErrorContains(t, err, "certificate")
	})
	t.Run("no authority", func(t *testing.T) {
		server := *r.server
		server.Roots = nil
		_, err := server.Login(t.Context(), "postgres", "x", "x")
		require.ErrorContains(t, err, "no certificate authority")
	})
	t.Run("without TLS nobody gets in", func(t *testing.T) {
		_, err := pgx.Connect(t.Context(), fmt.Sprintf("host=localhost port=%d user=dbowner password=%s dbname=postgres sslmode=disable", r.running.Port, r.running.Password))
		require.True(t, postgres.Rejected(err), "%v", err)
	})
}

func TestAServerWithOldTLSIsRefused(t *testing.T) {
	r := start(t, postgrestest.With("ssl_min_protocol_version", "TLSv1"), postgrestest.With("ssl_max_protocol_version", "TLSv1.1"))
	_, err := r.server.Login(t.Context(), "postgres", "x", "x")
	require.ErrorContains(t, err, "tls")
}

func TestAReadOnlyServerIsAClearFailure(t *testing.T) {
	r := start(t)
	r.converge(shop())
	r.do(r.as("report", "shop"), "SELECT 1")
	superuser := r.running.Superuser(t, "postgres")
	r.do(superuser, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool {
		var on string
		conn := r.running.Superuser(t, "postgres")
		defer func() { _ = conn.Close(t.Context()) }()
		return conn.QueryRow(t.Context(), "SHOW default_transaction_read_only").Scan(&on) == nil && on == "on"
	}, 10e9, 10e6)
	require.Empty(t, must(r.server.Converge(t.Context(), shop())), "there is nothing to do")
	document := shop()
	document.Databases[1].Users = append(document.Databases[1].Users, declare.User{Name: "late", Access: declare.ReadOnly, Login: declare.Secret})
	_, err := r.server.Converge(t.Context(), document)
	require.ErrorContains(t, err, "read-only transaction")
	require.ErrorContains(t, r.server.SetPassword(t.Context(), "report", "another"), "read-only transaction")
	works, err := r.server.Login(t.Context(), "shop", "report", "known-to-this-test")
	require.NoError(t, err)
	require.True(t, works, "the previous password stays")
}

func TestRolesOfOthersAreLeftAlone(t *testing.T) {
	r := start(t)
	r.do(r.running.Superuser(t, "postgres"), "CREATE ROLE report LOGIN", "CREATE ROLE partner LOGIN CREATEDB")
	_, err := r.server.Converge(t.Context(), shop())
	require.ErrorContains(t, err, `the role "report" is there and was not made by the agent; drop it, or declare another name`)
	require.Error(t, r.server.SetPassword(t.Context(), "partner", "x"))
	r.do(r.running.Superuser(t, "postgres"), "DROP ROLE report")
	r.converge(shop())
	var createdb, login bool
	require.NoError(t, r.running.Superuser(t, "postgres").QueryRow(t.Context(), "SELECT rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = 'partner'").Scan(&createdb, &login))
	require.True(t, createdb && login)
}

func TestAGrantOnATableThatIsMissingIsRefused(t *testing.T) {
	r := start(t)
	document := shop()
	document.Databases[1].Users[4].Grants[0].Names = []string{"items"}
	_, err := r.server.Converge(t.Context(), document)
	require.ErrorContains(t, err, `names ["items"], of which schema "stock" has none`)
	r.fill()
	r.converge(document)
}

func TestNoPasswordReachesTheServersLog(t *testing.T) {
	r := start(t)
	r.converge(shop())
	require.NoError(t, r.server.SetPassword(t.Context(), "report", "Pa55w0rdPa55w0rd"))
	log := r.running.Log(t)
	if r.running.Audits {
		require.Contains(t, log, "AUDIT: ", "pgaudit writes")
		require.Contains(t, log, "ALTER ROLE")
	}
	for _, secret := range []string{"Pa55w0rd", "SCRAM-SHA-256$", r.running.Password} {
		require.NotContains(t, log, secret)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
