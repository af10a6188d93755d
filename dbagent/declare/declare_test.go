// SPDX-License-Identifier: Apache-2.0

package declare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const valid = `{"databases": [{"name": "shop", "schemas": ["stock"], "users": [
	{"name": "service", "access": "ReadWrite"},
	{"name": "picker", "access": "Custom", "login": "AlternatingSecret", "grants": [{"schema": "stock", "privileges": ["SELECT"]}]}]}]}`

func TestParseFillsInTheDefaults(t *testing.T) {
	document, err := Parse([]byte(valid))
	require.NoError(t, err)
	require.NoError(t, document.Check("dbowner"))
	users := document.Databases[0].Users
	require.Equal(t, IAM, users[0].Login)
	require.Equal(t, Tables, users[1].Grants[0].On)
	require.Equal(t, []string{"service"}, users[0].Logins())
	require.Equal(t, []string{"picker", "picker_clone"}, users[1].Logins())
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	for text, problem := range map[string]string{
		strings.Replace(valid, "schemas", "shemas", 1): `unknown field "shemas"`,
		valid + "{}":         "one JSON object",
		`{"databases": "x"}`: "cannot be read",
		"":                   "cannot be read",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, problem, text)
	}
}

func TestCheckNamesKeyValueAndCure(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Document)
		problem string
	}{
		{"no database", func(d *Document) { d.Databases = nil }, "databases: none is declared"},
		{"a database twice", func(d *Document) { d.Databases = append(d.Databases, Database{Name: "shop"}) }, `databases[1].name: "shop" is declared twice`},
		{"the server's database", func(d *Document) { d.Databases[0].Name = "rdsadmin" }, `databases[0].name: "rdsadmin" is the server's own`},
		{"a user twice", func(d *Document) { d.Databases[0].Users[1].Name = "service" }, `databases[0].users[1].name: the role "service" is that of databases[0].users[0]`},
		{"a user named as another's second", func(d *Document) { d.Databases[0].Users[0].Name = "picker_clone" }, `the role "picker_clone" is that of`},
		{"a first user named as a second", func(d *Document) { d.Databases[0].Users[1].Name = "x_clone" }, `"x_clone" ends as the second`},
		{"the administrator", func(d *Document) { d.Databases[0].Users[0].Name = "dbowner" }, `"dbowner" is the administrator`},
		{"a reserved user", func(d *Document) { d.Databases[0].Users[0].Name = "rdsadmin" }, `begins with "rds", which is reserved`},
		{"a group of the agent's", func(d *Document) { d.Databases[0].Users[0].Name = "bulkhead:owner:shop" }, `begins with "bulkhead:"`},
		{"nobody", func(d *Document) { d.Databases[0].Users[0].Name = "" }, "databases[0].users[0].name: is empty"},
		{"64 bytes", func(d *Document) { d.Databases[0].Users[0].Name = strings.Repeat("ü", 32) }, "has 64 bytes; use at most 63"},
		{"58 bytes with a second user", func(d *Document) { d.Databases[0].Users[1].Name = strings.Repeat("x", 58) }, "use at most 57"},
		{"NUL", func(d *Document) { d.Databases[0].Users[0].Name = "a\x00b" }, "is not UTF-8 without NUL"},
		{"an unknown login", func(d *Document) { d.Databases[0].Users[0].Login = "Kerberos" }, `users[0].login: "Kerberos" is unknown`},
		{"an unknown access", func(d *Document) { d.Databases[0].Users[0].Access = "Root" }, `users[0].access: "Root" is unknown`},
		{"no grants", func(d *Document) { d.Databases[0].Users[1].Grants = nil }, "users[1].grants: 0 grants with access Custom"},
		{"grants of a reader", func(d *Document) { d.Databases[0].Users[1].Access = ReadOnly }, "1 grants with access ReadOnly"},
		{"a schema that is missing", func(d *Document) { d.Databases[0].Users[1].Grants[0].Schema = "stok" }, `grants[0].schema: "stok" is not a schema of "shop"`},
		{"a schema of the server's", func(d *Document) { d.Databases[0].Schemas[0] = "pg_x" }, `schemas[0]: "pg_x" is the server's own`},
		{"public declared", func(d *Document) { d.Databases[0].Schemas = append(d.Databases[0].Schemas, "public") }, `schemas[1]: "public" is there already`},
		{"an unknown kind", func(d *Document) { d.Databases[0].Users[1].Grants[0].On = "Types" }, `grants[0].on: "Types" is unknown`},
		{"no privileges", func(d *Document) { d.Databases[0].Users[1].Grants[0].Privileges = nil }, "grants[0].privileges: is empty"},
		{"a privilege of another kind", func(d *Document) { d.Databases[0].Users[1].Grants[0].Privileges = []string{"EXECUTE"} }, `"EXECUTE" cannot be granted on Tables`},
		{"SQL in a privilege", func(d *Document) { d.Databases[0].Users[1].Grants[0].Privileges = []string{"SELECT; DROP"} }, "cannot be granted"},
		{"a function by name", func(d *Document) {
			d.Databases[0].Users[1].Grants[0] = Grant{Schema: "stock", On: Functions, Names: []string{"f"}, Privileges: []string{"EXECUTE"}}
		}, "not told apart by their name alone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			document, err := Parse([]byte(valid))
			require.NoError(t, err)
			test.change(document)
			require.ErrorContains(t, document.Check("dbowner"), test.problem)
		})
	}
}

func TestCheckReportsAllProblems(t *testing.T) {
	document := &Document{Databases: []Database{{Name: "", Users: []User{{Name: "dbowner", Access: "x", Login: "y"}}}}}
	err := document.Check("dbowner")
	for _, problem := range []string{"databases[0].name", "users[0].name", "users[0].access", "users[0].login"} {
		require.ErrorContains(t, err, problem)
	}
}
