// SPDX-License-Identifier: Apache-2.0

package postgresql

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Account is who may log in to the server, and what it may then do, as the server says.
type Account struct {
	Name string `json:"name"`
	// Login is how: "password", for whoever has one; else "IAM token", for a member of rds_iam; else "nothing yet".
	Login string `json:"login"`
	// Server is what it may do to the whole server, such as "create roles".
	Server []string `json:"server,omitempty"`
	// Databases is what it may do in each database that it may log in to, by name.
	Databases map[string][]string `json:"databases"`
}

// serverRights of a role that may log in: everybody but RDS's own.
const serverRights = `
	SELECT r.rolname::text,
		CASE WHEN a.rolpassword IS NOT NULL THEN 'password'
			WHEN EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid AND g.rolname = 'rds_iam') THEN 'IAM token'
			ELSE 'nothing yet' END,
		array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'everything' END, CASE WHEN r.rolcreaterole THEN 'create roles' END,
			CASE WHEN r.rolcreatedb THEN 'create databases' END, CASE WHEN r.rolreplication THEN 'replicate' END,
			CASE WHEN r.rolbypassrls THEN 'bypass row security' END], NULL),
		ARRAY(SELECT d.datname::text FROM pg_database d WHERE d.datallowconn AND d.datname <> 'rdsadmin' AND NOT d.datistemplate AND has_database_privilege(r.oid, d.oid, 'CONNECT'))
	FROM pg_roles r JOIN pg_authid a USING (oid) WHERE r.rolcanlogin AND r.rolname <> 'rdsadmin'`

// databaseRights of some roles in one database. A session starts with the role of its settings, if they name one. What a role may do
// with a table and a sequence is asked of new ones of the database's owner, which are gone afterwards.
const databaseRights = `
	WITH session AS (
		SELECT r.rolname::text AS name, coalesce((
			SELECT substr(s, 6) FROM pg_db_role_setting t, unnest(t.setconfig) s
			WHERE t.setrole = r.oid AND s LIKE 'role=%' AND t.setdatabase = d.oid), r.rolname::text)::name AS role
		FROM pg_roles r, pg_database d WHERE d.datname = current_database() AND r.rolname = ANY ($1)
	)
	SELECT name, array_remove(ARRAY[
		CASE WHEN has_schema_privilege(role, 'public', 'CREATE') THEN 'create tables' END,
		CASE WHEN has_database_privilege(role, current_database(), 'CREATE') THEN 'create schemas' END,
		CASE WHEN has_table_privilege(role, 'public.bulkhead_probe', 'SELECT') THEN 'SELECT' END,
		CASE WHEN has_table_privilege(role, 'public.bulkhead_probe', 'INSERT') THEN 'INSERT' END,
		CASE WHEN has_table_privilege(role, 'public.bulkhead_probe', 'UPDATE') THEN 'UPDATE' END,
		CASE WHEN has_table_privilege(role, 'public.bulkhead_probe', 'DELETE') THEN 'DELETE' END,
		CASE WHEN has_table_privilege(role, 'public.bulkhead_probe', 'TRUNCATE') THEN 'TRUNCATE' END,
		CASE WHEN has_sequence_privilege(role, 'public.bulkhead_probe_id_seq', 'USAGE') THEN 'use sequences' END,
		CASE WHEN has_database_privilege(role, current_database(), 'TEMPORARY') THEN 'temporary tables' END], NULL)
	FROM session`

// Accounts reads from the server who may log in, and what each may then do, by name. Nothing is changed.
func (s *Server) Accounts(ctx context.Context) ([]Account, error) {
	conn, err := s.Superuser(ctx, "postgres")
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, serverRights)
	if err != nil {
		return nil, fmt.Errorf("reading who may log in: %w", err)
	}
	members := map[string][]string{} // Who may log in, by database.
	accounts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Account, error) {
		a := Account{Databases: map[string][]string{}}
		var databases []string
		err := row.Scan(&a.Name, &a.Login, &a.Server, &databases)
		for _, name := range databases {
			members[name] = append(members[name], a.Name)
		}
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading who may log in: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		rights, err := s.rightsIn(ctx, name, members[name])
		if err != nil {
			return nil, fmt.Errorf("reading what each may do in %q: %w", name, err)
		}
		for i := range accounts {
			if may, member := rights[accounts[i].Name]; member {
				accounts[i].Databases[name] = may
			}
		}
	}
	slices.SortFunc(accounts, func(a, b Account) int { return cmp.Compare(a.Name, b.Name) })
	return accounts, nil
}

// rightsIn are those of some roles in a database.
func (s *Server) rightsIn(ctx context.Context, database string, roles []string) (map[string][]string, error) {
	conn, err := s.Superuser(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	probe, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = probe.Rollback(context.WithoutCancel(ctx)) }()
	var owner string
	err = probe.QueryRow(ctx, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()").Scan(&owner)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"SET LOCAL ROLE " + pgx.Identifier{owner}.Sanitize(), "CREATE TABLE public.bulkhead_probe (id serial)", "RESET ROLE",
	} {
		if _, err := probe.Exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
	}
	rows, err := probe.Query(ctx, databaseRights, roles)
	if err != nil {
		return nil, err
	}
	rights := map[string][]string{}
	var name string
	var may []string
	_, err = pgx.ForEachRow(rows, []any{&name, &may}, func() error {
		rights[name], may = may, nil
		return nil
	})
	return rights, err
}
