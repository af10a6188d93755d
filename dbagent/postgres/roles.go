// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

const (
	// mark is the comment of every role that the agent has made, by which it knows its own again.
	mark = "made by bulkhead"
	// iamGroup is the group of those whom RDS lets in with a token (RDS user guide, "Creating a database account using IAM
	// authentication").
	iamGroup = "rds_iam"
	// maxNameBytes is the longest name.
	maxNameBytes = 63
)

// group names the role that holds one kind of access to a database. It fits for every name: a long one is cut and told apart by
// its hash.
func group(kind string, names ...string) string {
	name := declare.ReservedPrefix + kind + ":" + strings.Join(names, ":")
	if len(name) <= maxNameBytes {
		return name
	}
	hash := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	end := maxNameBytes - 17
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "#" + hex.EncodeToString(hash[:8])
}

func ownerGroup(d declare.Database) string { return group("owner", d.Name) }

// groupOf is the role whose access a user has.
func groupOf(d declare.Database, u declare.User) string {
	switch u.Access {
	case declare.Owner:
		return ownerGroup(d)
	case declare.ReadWrite:
		return group("write", d.Name)
	case declare.ReadOnly:
		return group("read", d.Name)
	}
	return group("custom", d.Name, u.Name)
}

// role is one role as the server has it, or as it shall be.
type role struct {
	login, inherit, managed bool
	powers                  []string // Attributes that no role of ours has, such as "CREATEDB".
	groups                  []string
	held                    []string // Those of groups that somebody else has given, so that the administrator cannot take them away.
	enters                  []string // Databases that it may log in to.
	settings                []setting
	used                    bool // The administrator has the rights of the role. Only of roles that the server has.
}

// setting is a parameter that a role starts with in one database, or in all if that is empty.
type setting struct{ database, key, value string }

// wanted are the roles that a document asks for.
func wanted(document *declare.Document) map[string]role {
	roles := map[string]role{}
	for _, d := range document.Databases {
		for _, kind := range []string{"owner", "write", "read"} {
			roles[group(kind, d.Name)] = role{inherit: true, managed: true}
		}
		for _, u := range d.Users {
			access := groupOf(d, u)
			roles[access] = role{inherit: true, managed: true}
			want := role{login: true, inherit: true, managed: true, groups: []string{access}}
			if u.Login == declare.IAM {
				want.groups = append(want.groups, iamGroup)
			}
			switch u.Access {
			case declare.Owner:
				// What it makes belongs to the group, so that every owner may change it and default privileges hold; without
				// inheritance there is no other way to make something.
				want.inherit, want.settings = false, []setting{{d.Name, "role", access}}
			case declare.ReadOnly:
				// A second fence only: the user could take it away, and would find that it still has no right to write.
				want.settings = []setting{{d.Name, "default_transaction_read_only", "on"}}
			}
			for _, login := range u.Logins() {
				roles[login] = want
			}
		}
	}
	return roles
}

// readRoles are the roles of the server, except its own.
func readRoles(ctx context.Context, conn *pgx.Conn) (map[string]role, error) {
	rows, err := conn.Query(ctx, `
		SELECT r.rolname, r.rolcanlogin, r.rolinherit, coalesce(shobj_description(r.oid, 'pg_authid') = $1, false),
			pg_has_role(r.oid, 'USAGE'),
			array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
				CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
				CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL),
			ARRAY(SELECT DISTINCT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1),
			ARRAY(SELECT DISTINCT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid
				AND CASE WHEN current_setting('server_version_num')::int >= 160000 THEN NOT pg_has_role(m.grantor, 'USAGE') END),
			ARRAY(SELECT DISTINCT d.datname::text FROM pg_database d, aclexplode(d.datacl) a WHERE a.grantee = r.oid)
		FROM pg_roles r WHERE r.rolname !~ '^pg_'`, mark)
	if err != nil {
		return nil, fmt.Errorf("reading the roles: %w", err)
	}
	roles := map[string]role{}
	var name string
	var r role
	_, err = pgx.ForEachRow(rows, []any{&name, &r.login, &r.inherit, &r.managed, &r.used, &r.powers, &r.groups, &r.held, &r.enters}, func() error {
		roles[name] = r
		r.powers, r.groups, r.held, r.enters = nil, nil, nil, nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the roles: %w", err)
	}
	rows, err = conn.Query(ctx, `
		SELECT r.rolname, coalesce(d.datname, ''), split_part(s, '=', 1), substr(s, strpos(s, '=') + 1)
		FROM pg_db_role_setting t JOIN pg_roles r ON r.oid = t.setrole LEFT JOIN pg_database d ON d.oid = t.setdatabase, unnest(t.setconfig) s
		WHERE r.rolname !~ '^pg_' ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, fmt.Errorf("reading the settings of roles: %w", err)
	}
	var s setting
	_, err = pgx.ForEachRow(rows, []any{&name, &s.database, &s.key, &s.value}, func() error {
		r := roles[name]
		r.settings = append(r.settings, s)
		roles[name] = r
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the settings of roles: %w", err)
	}
	return roles, nil
}

// planRoles are the statements that make the roles what they shall be, or every reason why that cannot be. From PostgreSQL 16 on only whoever
// gave a membership takes it away, and REVOKE by anybody else is but a warning; an upgrade from an older version makes all of them the
// superuser's. A role that must lose such a one is made anew, without its password; PostgreSQL refuses that for one that owns something.
func planRoles(have, want map[string]role, administrator string) (plan, error) {
	var p plan
	have = maps.Clone(have)
	for _, name := range sorted(want) {
		shall := want[name]
		if is := have[name]; is.managed && slices.ContainsFunc(is.held, func(g string) bool { return !slices.Contains(shall.groups, g) }) {
			p.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = " + literal(name))
			for _, d := range is.enters {
				p.do("REVOKE ALL ON DATABASE " + quote(d) + " FROM " + quote(name))
			}
			p.do("DROP ROLE " + quote(name))
			delete(have, name)
		}
		is, there := have[name]
		if !there {
			is = role{inherit: true, managed: true}
			p.do("CREATE ROLE " + quote(name) + " NOLOGIN")
			p.do("COMMENT ON ROLE " + quote(name) + " IS '" + mark + "'")
		}
		if !is.managed {
			p.refuse("the role %q is there and was not made by the agent; drop it, or declare another name", name)
			continue
		}
		if strings.HasPrefix(name, declare.ReservedPrefix) && !is.used {
			p.do("GRANT " + quote(name) + " TO " + quote(administrator))
		}
		p.alterRole(name, is, shall)
	}
	for _, name := range sorted(want) { // Groups first exist, then have members.
		p.memberships(name, have[name].groups, want[name].groups)
	}
	for _, name := range sorted(have) {
		if is := have[name]; is.managed {
			if _, declared := want[name]; !declared {
				p.lockOut(name, is)
			}
		}
	}
	return p, p.err()
}

func (p *plan) alterRole(name string, is, shall role) {
	for _, power := range is.powers {
		if power == "CREATEDB" || power == "CREATEROLE" {
			p.do("ALTER ROLE " + quote(name) + " NO" + power)
			continue
		}
		p.refuse("the role %q has %s, which only a superuser can take away; do so, or drop the role", name, power)
	}
	attribute := func(is, shall bool, word string) {
		if is == shall {
			return
		}
		if !shall {
			word = "NO" + word
		}
		p.do("ALTER ROLE " + quote(name) + " " + word)
	}
	attribute(is.inherit, shall.inherit, "INHERIT")
	attribute(is.login, shall.login, "LOGIN")
	if slices.Contains(shall.groups, iamGroup) && !slices.Contains(is.groups, iamGroup) && is.login {
		p.do("ALTER ROLE " + quote(name) + " PASSWORD NULL")
	}
}

func (p *plan) memberships(name string, is, shall []string) {
	for _, g := range shall {
		if !slices.Contains(is, g) {
			p.do("GRANT " + quote(g) + " TO " + quote(name))
		}
	}
	for _, g := range is {
		if !slices.Contains(shall, g) {
			p.do("REVOKE " + quote(g) + " FROM " + quote(name))
		}
	}
}

// lockOut takes everything from a role that is declared no longer, except what it owns: that would be a loss.
func (p *plan) lockOut(name string, is role) {
	p.memberships(name, is.groups, is.held) // Without a login, those that stay are of no use.
	if is.login {
		p.do("ALTER ROLE " + quote(name) + " NOLOGIN PASSWORD NULL")
	}
}

// planSettings are the statements about settings of a role in a database, which has to be there first.
func planSettings(have, want map[string]role) plan {
	var p plan
	for _, name := range sorted(have) {
		if !have[name].managed {
			continue
		}
		for _, s := range have[name].settings {
			if !slices.Contains(want[name].settings, s) {
				p.do(s.alter(name) + " RESET " + quote(s.key))
			}
		}
	}
	for _, name := range sorted(want) {
		for _, s := range want[name].settings {
			if !slices.Contains(have[name].settings, s) {
				p.do(s.alter(name) + " SET " + quote(s.key) + " = " + literal(s.value))
			}
		}
	}
	return p
}

func (s setting) alter(role string) string {
	if s.database == "" {
		return "ALTER ROLE " + quote(role)
	}
	return "ALTER ROLE " + quote(role) + " IN DATABASE " + quote(s.database)
}
