// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// ours narrows rights to those of PUBLIC and of the roles that the agent has made. What others have been given is theirs.
const ours = `(a.grantee = 0 OR shobj_description(a.grantee, 'pg_authid') = '` + mark + `')`

// notOfExtension leaves out what belongs to an extension, which comes with the rights that it needs.
const notOfExtension = `NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '%s'::regclass AND x.objid = o.oid AND x.deptype = 'e')`

var (
	// relations are tables, views and sequences as o, with their schema as n.
	relations = `pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace AND n.nspname = ANY ($1) AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ` +
		fmt.Sprintf(notOfExtension, "pg_class")
	// procedures are functions and procedures.
	procedures = `pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace AND n.nspname = ANY ($1) AND ` + fmt.Sprintf(notOfExtension, "pg_proc")
)

const (
	relationKind = `CASE o.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END`
	relationName = `('"' || replace(n.nspname::text, '"', '""') || '"') || '.' || ('"' || replace(o.relname::text, '"', '""') || '"')`
)

// readRights runs a query of kind, future, object, grantee and privilege.
func readRights(ctx context.Context, conn *pgx.Conn, query string, arguments ...any) (rights, error) {
	rows, err := conn.Query(ctx, query, arguments...)
	if err != nil {
		return nil, fmt.Errorf("reading the rights: %w", err)
	}
	all := rights{}
	var r right
	_, err = pgx.ForEachRow(rows, []any{&r.kind, &r.future, &r.object, &r.grantee, &r.privilege}, func() error { all[r] = true; return nil })
	if err != nil {
		return nil, fmt.Errorf("reading the rights: %w", err)
	}
	return all, nil
}

// readObjects are the schemas themselves and what they hold.
func readObjects(ctx context.Context, conn *pgx.Conn, names []string) ([]object, error) {
	rows, err := conn.Query(ctx, `
		SELECT 'SCHEMA', n.nspname::text, n.nspname::text, ('"' || replace(n.nspname::text, '"', '""') || '"'), pg_has_role(n.nspowner, 'USAGE'), pg_get_userbyid(n.nspowner)::text
			FROM pg_namespace n WHERE n.nspname = ANY ($1)
		UNION ALL
		SELECT `+relationKind+`, n.nspname, o.relname, `+relationName+`, pg_has_role(o.relowner, 'USAGE'), pg_get_userbyid(o.relowner) FROM `+relations+`
		UNION ALL
		SELECT 'ROUTINE', n.nspname, o.proname, o.oid::regprocedure::text, pg_has_role(o.proowner, 'USAGE'), pg_get_userbyid(o.proowner) FROM `+procedures, names)
	if err != nil {
		return nil, fmt.Errorf("reading what is there: %w", err)
	}
	var all []object
	var o object
	_, err = pgx.ForEachRow(rows, []any{&o.kind, &o.schema, &o.name, &o.quote, &o.mine, &o.owner}, func() error { all = append(all, o); return nil })
	if err != nil {
		return nil, fmt.Errorf("reading what is there: %w", err)
	}
	return all, nil
}

// readInside are the rights on what a database holds, now and by default in the future. Of what somebody may do as the owner
// there is no word, neither here nor in want: an owner that is the owners' group has it all.
func readInside(ctx context.Context, conn *pgx.Conn, d declare.Database, want rights) (rights, error) {
	have, err := readRights(ctx, conn, `
		SELECT 'SCHEMA', false, ('"' || replace(n.nspname::text, '"', '""') || '"'), coalesce(r.rolname, ''), a.privilege_type
			FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a LEFT JOIN pg_roles r ON r.oid = a.grantee
			WHERE n.nspname = ANY ($1) AND a.grantee <> n.nspowner AND `+ours+`
		UNION ALL
		SELECT `+relationKind+`, false, `+relationName+`, coalesce(r.rolname, ''), a.privilege_type
			FROM `+relations+`, aclexplode(coalesce(o.relacl, acldefault(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", o.relowner))) a
			LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> o.relowner AND `+ours+`
		UNION ALL
		SELECT 'ROUTINE', false, o.oid::regprocedure::text, coalesce(r.rolname, ''), a.privilege_type
			FROM `+procedures+`, aclexplode(coalesce(o.proacl, acldefault('f', o.proowner))) a
			LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> o.proowner AND `+ours+`
		UNION ALL
		SELECT CASE t.defaclobjtype WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'ROUTINE' ELSE 'TABLE' END, true, coalesce(('"' || replace(n.nspname::text, '"', '""') || '"'), ''),
			coalesce(r.rolname, ''), a.privilege_type
			FROM pg_default_acl t LEFT JOIN pg_namespace n ON n.oid = t.defaclnamespace, aclexplode(t.defaclacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
			WHERE t.defaclobjtype IN ('r', 'S', 'f') AND pg_get_userbyid(t.defaclrole) = $2 AND a.grantee <> t.defaclrole AND `+ours+`
		UNION ALL
		SELECT 'ROUTINE', true, '', '', 'EXECUTE'
			WHERE NOT EXISTS (SELECT FROM pg_default_acl t WHERE t.defaclobjtype = 'f' AND t.defaclnamespace = 0 AND pg_get_userbyid(t.defaclrole) = $2)`,
		d.AllSchemas(), ownerGroup(d))
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT ('"' || replace(nspname::text, '"', '""') || '"') FROM pg_namespace WHERE pg_get_userbyid(nspowner) IN ('pg_database_owner', $1)`, ownerGroup(d))
	if err != nil {
		return nil, fmt.Errorf("reading the schemas: %w", err)
	}
	own, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("reading the schemas: %w", err)
	}
	for _, schema := range own {
		for _, privilege := range []string{"USAGE", "CREATE"} {
			delete(want, right{kind: schemas, object: schema, grantee: ownerGroup(d), privilege: privilege})
		}
	}
	return have, nil
}
