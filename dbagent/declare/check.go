// SPDX-License-Identifier: Apache-2.0

package declare

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReservedPrefix begins the names of the groups that the agent makes for itself.
const ReservedPrefix = "bulkhead:"

// maxNameBytes is the longest name: PostgreSQL cuts off what is longer (NAMEDATALEN).
const maxNameBytes = 63

// privileges are what may be granted on each kind of object (PostgreSQL documentation, table 5.2), without TRIGGER, with which
// code of the grantee runs as whoever writes the table.
var privileges = map[Kind][]string{
	Tables:    {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES"},
	Sequences: {"SELECT", "USAGE", "UPDATE"},
	Functions: {"EXECUTE"},
}

// Check reports everything that is wrong with the document, each problem with its key, value and cure. The administrator is the
// account that the agent logs in with.
func (d *Document) Check(administrator string) error {
	c := check{administrator: administrator, logins: map[string]string{}}
	databases := map[string]bool{}
	if len(d.Databases) == 0 {
		c.report("databases", "none is declared; that would lock every user out, so name at least one")
	}
	for i, database := range d.Databases {
		key := fmt.Sprintf("databases[%d]", i)
		c.name(key+".name", database.Name, maxNameBytes)
		if slices.Contains([]string{"postgres", "rdsadmin", "template0", "template1"}, database.Name) {
			c.report(key+".name", "%q is the server's own; choose another", database.Name)
		}
		if databases[database.Name] {
			c.report(key+".name", "%q is declared twice; put its users in one place", database.Name)
		}
		databases[database.Name] = true
		c.schemas(key, database)
		for j, user := range database.Users {
			c.user(fmt.Sprintf("%s.users[%d]", key, j), database, user)
		}
	}
	return errors.Join(c.problems...)
}

type check struct {
	administrator string
	logins        map[string]string // Who has taken a role's name.
	problems      []error
}

func (c *check) report(key, format string, values ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s: "+format, append([]any{key}, values...)...))
}

// name checks what PostgreSQL takes as a name in quotes.
func (c *check) name(key, name string, limit int) {
	switch {
	case name == "":
		c.report(key, "is empty; name it")
	case len(name) > limit:
		c.report(key, "%q has %d bytes; use at most %d", name, len(name), limit)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		c.report(key, "%q is not UTF-8 without NUL", name)
	}
}

func (c *check) schemas(key string, database Database) {
	seen := map[string]bool{"public": true}
	for i, schema := range database.Schemas {
		at := fmt.Sprintf("%s.schemas[%d]", key, i)
		c.name(at, schema, maxNameBytes)
		if seen[schema] {
			c.report(at, "%q is there already; remove it", schema)
		}
		if strings.HasPrefix(schema, "pg_") || schema == "information_schema" {
			c.report(at, "%q is the server's own; choose another", schema)
		}
		seen[schema] = true
	}
	for i, extension := range database.Extensions {
		c.name(fmt.Sprintf("%s.extensions[%d]", key, i), extension, maxNameBytes)
	}
}

func (c *check) user(key string, database Database, user User) {
	limit := maxNameBytes
	if user.Login == AlternatingSecret {
		limit -= len(CloneSuffix)
	}
	c.name(key+".name", user.Name, limit)
	if user.Login == AlternatingSecret && strings.HasSuffix(user.Name, CloneSuffix) {
		c.report(key+".name", "%q ends as the second of two alternating users does; choose another", user.Name)
	}
	for _, login := range user.Logins() {
		if where, taken := c.logins[login]; taken {
			c.report(key+".name", "the role %q is that of %s already; a user belongs to one database, so name another", login, where)
		}
		c.logins[login] = key
	}
	for _, prefix := range []string{"pg_", "rds", ReservedPrefix} {
		if strings.HasPrefix(user.Name, prefix) {
			c.report(key+".name", "%q begins with %q, which is reserved; choose another", user.Name, prefix)
		}
	}
	if slices.Contains([]string{"postgres", "public", "none", "current_user", "current_role", "session_user"}, user.Name) {
		c.report(key+".name", "%q is the server's own; choose another", user.Name)
	}
	if slices.Contains(user.Logins(), c.administrator) {
		c.report(key+".name", "%q is the administrator, who is not for services; choose another", c.administrator)
	}
	if !slices.Contains([]Login{IAM, Secret, AlternatingSecret}, user.Login) {
		c.report(key+".login", "%q is unknown; use %s, %s or %s", user.Login, IAM, Secret, AlternatingSecret)
	}
	if !slices.Contains([]Access{Owner, ReadWrite, ReadOnly, Custom}, user.Access) {
		c.report(key+".access", "%q is unknown; use %s, %s, %s or %s", user.Access, Owner, ReadWrite, ReadOnly, Custom)
	}
	if (user.Access == Custom) != (len(user.Grants) > 0) {
		c.report(key+".grants", "%d grants with access %s; grants belong to %s and it needs some", len(user.Grants), user.Access, Custom)
	}
	for i, grant := range user.Grants {
		c.grant(fmt.Sprintf("%s.grants[%d]", key, i), database, grant)
	}
}

func (c *check) grant(key string, database Database, grant Grant) {
	if !slices.Contains(database.AllSchemas(), grant.Schema) {
		c.report(key+".schema", "%q is not a schema of %q; declare it in schemas, or use one of %q", grant.Schema, database.Name, database.AllSchemas())
	}
	allowed, known := privileges[grant.On]
	if !known {
		c.report(key+".on", "%q is unknown; use %s, %s or %s", grant.On, Tables, Sequences, Functions)
		return
	}
	if len(grant.Privileges) == 0 {
		c.report(key+".privileges", "is empty; use some of %q", allowed)
	}
	for _, privilege := range grant.Privileges {
		if !slices.Contains(allowed, privilege) {
			c.report(key+".privileges", "%q cannot be granted on %s; use some of %q", privilege, grant.On, allowed)
		}
	}
	if grant.On == Functions && len(grant.Names) > 0 {
		c.report(key+".names", "%q: functions are not told apart by their name alone; grant on the schema, or put them in one of their own", grant.Names)
	}
}
