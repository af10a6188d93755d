// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// Converge makes of the server what the document declares, and returns the statements that it took: none if nothing was to do.
// Roles are made or changed all together or not at all, and so are the rights within each database; after a failure the next
// run goes on. Nothing that holds data is ever dropped. Users that the agent has made and that are declared no longer lose
// everything but what they own, and their sessions end; roles that others have made are left alone.
func (s *Server) Converge(ctx context.Context, document *declare.Document) ([]string, error) {
	administrator, _, err := s.Administrator(ctx)
	if err != nil {
		return nil, fmt.Errorf("the administrator's login: %w", err)
	}
	if err := document.Check(administrator); err != nil {
		return nil, err
	}
	c := convergence{server: s, document: document, administrator: administrator, want: wanted(document)}
	err = s.Exclusive(ctx, "converge", c.run)
	return c.done, err
}

type convergence struct {
	server        *Server
	document      *declare.Document
	administrator string
	want          map[string]role
	done          []string
}

func (c *convergence) run(ctx context.Context) error {
	conn, err := c.server.administer(ctx, maintenance)
	if err != nil {
		return err
	}
	defer closing(ctx, conn)
	for _, step := range []func(context.Context, *pgx.Conn) error{c.roles, c.databases, c.logins, c.sessions} {
		if err := step(ctx, conn); err != nil {
			return err
		}
	}
	for _, d := range c.document.Databases {
		if err := c.inside(ctx, d); err != nil {
			return fmt.Errorf("database %q: %w", d.Name, err)
		}
	}
	return nil
}

// apply runs a plan that has no refusals.
func (c *convergence) apply(ctx context.Context, conn *pgx.Conn, p plan) error {
	if err := p.err(); err != nil {
		return err
	}
	if err := p.run(ctx, conn); err != nil {
		return err
	}
	c.done = append(c.done, p.statements...)
	return nil
}

func (c *convergence) roles(ctx context.Context, conn *pgx.Conn) error {
	have, err := readRoles(ctx, conn)
	if err != nil {
		return err
	}
	p, err := planRoles(have, c.want, c.administrator)
	if err != nil {
		return err
	}
	return c.apply(ctx, conn, p)
}

// databases makes those that are missing and gives each to its owners. PostgreSQL makes a database outside of any transaction.
func (c *convergence) databases(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "SELECT d.datname, pg_get_userbyid(d.datdba) FROM pg_database d")
	if err != nil {
		return fmt.Errorf("reading the databases: %w", err)
	}
	owners := map[string]string{}
	var name, owner string
	if _, err := pgx.ForEachRow(rows, []any{&name, &owner}, func() error { owners[name] = owner; return nil }); err != nil {
		return fmt.Errorf("reading the databases: %w", err)
	}
	for _, d := range c.document.Databases {
		statement := "CREATE DATABASE " + quote(d.Name) + " OWNER " + quote(ownerGroup(d))
		if owner, there := owners[d.Name]; there {
			statement = "ALTER DATABASE " + quote(d.Name) + " OWNER TO " + quote(ownerGroup(d))
			if owner == ownerGroup(d) {
				continue
			}
		}
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
		c.done = append(c.done, statement)
	}
	return nil
}

// logins says who may log in to which database, and what each starts with. PUBLIC may not, to none that the administrator
// owns: the one that RDS keeps for itself refuses everybody anyway.
func (c *convergence) logins(ctx context.Context, conn *pgx.Conn) error {
	roles, err := readRoles(ctx, conn)
	if err != nil {
		return err
	}
	have, err := readRights(ctx, conn, `
		SELECT 'DATABASE', false, ('"' || replace(d.datname::text, '"', '""') || '"'), coalesce(r.rolname, ''), a.privilege_type
		FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a LEFT JOIN pg_roles r ON r.oid = a.grantee
		WHERE pg_has_role(d.datdba, 'USAGE') AND a.grantee <> d.datdba AND `+ours)
	if err != nil {
		return err
	}
	p := planRights(have, rightsOnDatabases(c.document), "")
	settings := planSettings(roles, c.want)
	p.statements = append(p.statements, settings.statements...)
	return c.apply(ctx, conn, p)
}

// sessions ends those of users that are declared no longer.
func (c *convergence) sessions(ctx context.Context, conn *pgx.Conn) error {
	roles, err := readRoles(ctx, conn)
	if err != nil {
		return err
	}
	var gone []string
	for _, name := range sorted(roles) {
		if _, declared := c.want[name]; roles[name].managed && !declared {
			gone = append(gone, name)
		}
	}
	tag, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1)", gone)
	if err != nil {
		return fmt.Errorf("ending the sessions of %q: %w", gone, err)
	}
	if tag.RowsAffected() > 0 {
		c.done = append(c.done, fmt.Sprintf("-- ended %d sessions of users that are declared no longer", tag.RowsAffected()))
	}
	return nil
}

// inside converges what one database holds.
func (c *convergence) inside(ctx context.Context, d declare.Database) error {
	conn, err := c.server.administer(ctx, d.Name)
	if err != nil {
		return err
	}
	defer closing(ctx, conn)
	if err := c.contents(ctx, conn, d); err != nil {
		return err
	}
	objects, err := readObjects(ctx, conn, d.AllSchemas())
	if err != nil {
		return err
	}
	want, p := rightsInside(d, objects)
	have, err := readInside(ctx, conn, d, want)
	if err != nil {
		return err
	}
	changes := planRights(have, want, ownerGroup(d))
	p.statements = changes.statements
	p.refusals = append(p.refusals, foreign(objects, have, want)...)
	return c.apply(ctx, conn, p)
}

// contents makes the schemas and extensions that are missing.
func (c *convergence) contents(ctx context.Context, conn *pgx.Conn, d declare.Database) error {
	there := func(query string) ([]string, error) {
		rows, err := conn.Query(ctx, query)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}
	schemas, err := there("SELECT nspname::text FROM pg_namespace")
	if err != nil {
		return fmt.Errorf("reading the schemas: %w", err)
	}
	extensions, err := there("SELECT extname::text FROM pg_extension")
	if err != nil {
		return fmt.Errorf("reading the extensions: %w", err)
	}
	var p plan
	for _, name := range d.Schemas {
		if !slices.Contains(schemas, name) {
			p.do("CREATE SCHEMA " + quote(name) + " AUTHORIZATION " + quote(ownerGroup(d)))
		}
	}
	for _, name := range d.Extensions {
		if !slices.Contains(extensions, name) {
			p.do("SET LOCAL search_path = public") // Where an extension without a schema of its own goes.
			p.do("CREATE EXTENSION " + quote(name))
		}
	}
	return c.apply(ctx, conn, p)
}

// foreign are the objects on which rights would have to change and that belong to somebody whose rights the administrator has
// not: PostgreSQL would only warn, and nothing would change.
func foreign(objects []object, have, want rights) []error {
	var problems []error
	differs := map[string]bool{}
	for _, sets := range [][2]rights{{have, want}, {want, have}} {
		for r := range sets[0] {
			if !r.future && !sets[1][r] {
				differs[string(r.kind)+r.object] = true
			}
		}
	}
	for _, o := range objects {
		if !o.mine && differs[string(o.kind)+o.quote] {
			problems = append(problems, fmt.Errorf("%s %s belongs to %q, whose rights the agent has not; give it to the owners of the database", o.kind, o.quote, o.owner))
		}
	}
	return problems
}
