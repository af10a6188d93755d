// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// kind is what a right is about, in the words of GRANT.
type kind string

const (
	databases kind = "DATABASE"
	schemas   kind = "SCHEMA"
	tables    kind = "TABLE"
	sequences kind = "SEQUENCE"
	routines  kind = "ROUTINE"
)

// right is one privilege of one role on one object. With future it is about what the owners' group will make in a schema.
type right struct {
	kind      kind
	future    bool
	object    string // Quoted, such as "public"."orders"; with future a schema, empty for all.
	grantee   string // Empty is PUBLIC.
	privilege string
}

// rights are a set of them.
type rights map[right]bool

// object is something in a schema that rights can be given on.
type object struct {
	kind                kind
	schema, name, quote string
	mine                bool // The administrator may give rights on it.
	owner               string
}

// access is what a group may do with everything of a kind in a schema.
var access = map[declare.Access]map[kind][]string{
	declare.ReadWrite: {tables: {"SELECT", "INSERT", "UPDATE", "DELETE"}, sequences: {"SELECT", "USAGE"}, routines: {"EXECUTE"}},
	declare.ReadOnly:  {tables: {"SELECT"}, sequences: {"SELECT"}},
}

var kinds = map[declare.Kind]kind{declare.Tables: tables, declare.Sequences: sequences, declare.Functions: routines}

// plural is what default privileges call a kind.
var plural = map[kind]string{tables: "TABLES", sequences: "SEQUENCES", routines: "ROUTINES"}

// rightsOnDatabases are who may log in where. Logins have them and not their groups: an owner inherits nothing.
func rightsOnDatabases(document *declare.Document) rights {
	all := rights{}
	for _, d := range document.Databases {
		for _, u := range d.Users {
			for _, login := range u.Logins() {
				all[right{kind: databases, object: quote(d.Name), grantee: login, privilege: "CONNECT"}] = true
				if u.Access == declare.ReadWrite {
					all[right{kind: databases, object: quote(d.Name), grantee: login, privilege: "TEMPORARY"}] = true
				}
			}
		}
	}
	return all
}

// rightsInside are the rights on what a database holds, and the reasons why some cannot be given.
func rightsInside(d declare.Database, objects []object) (rights, plan) {
	i := inside{database: d, objects: objects, all: rights{}}
	for _, schema := range d.AllSchemas() {
		for who, group := range map[declare.Access]string{declare.ReadWrite: group("write", d.Name), declare.ReadOnly: group("read", d.Name)} {
			for what, privileges := range access[who] {
				i.give(group, what, declare.Grant{Schema: schema, Privileges: privileges})
			}
		}
		for _, privilege := range []string{"USAGE", "CREATE"} {
			i.all[right{kind: schemas, object: quote(schema), grantee: ownerGroup(d), privilege: privilege}] = true
		}
	}
	for _, u := range d.Users {
		for _, g := range u.Grants {
			i.give(groupOf(d, u), kinds[g.On], g)
		}
	}
	return i.all, i.plan
}

// inside collects the rights on what a database holds.
type inside struct {
	database declare.Database
	objects  []object
	all      rights
	plan     plan
}

// give adds a grant's privileges on every object that there is or, without names, will be.
func (i *inside) give(grantee string, what kind, g declare.Grant) {
	i.all[right{kind: schemas, object: quote(g.Schema), grantee: grantee, privilege: "USAGE"}] = true
	missing := slices.Clone(g.Names)
	for _, o := range i.objects {
		if o.kind != what || o.schema != g.Schema || (len(g.Names) > 0 && !slices.Contains(g.Names, o.name)) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == o.name })
		for _, privilege := range g.Privileges {
			i.all[right{kind: what, object: o.quote, grantee: grantee, privilege: privilege}] = true
		}
	}
	if len(missing) > 0 {
		i.plan.refuse("a grant in the database %q names %q, of which schema %q has none; make them first, or leave names out", i.database.Name, missing, g.Schema)
	}
	for _, privilege := range g.Privileges {
		if len(g.Names) == 0 {
			i.all[right{kind: what, future: true, object: quote(g.Schema), grantee: grantee, privilege: privilege}] = true
		}
	}
}

// planRights are the statements from one set of rights to another: first what is taken away.
func planRights(have, want rights, owners string) plan {
	var p plan
	p.rights("REVOKE", have, want, owners)
	p.rights("GRANT", want, have, owners)
	return p
}

// rights writes one statement for all objects of a kind on which one role has one privilege in the first set and not in the
// second.
func (p *plan) rights(verb string, set, without rights, owners string) {
	several := map[right][]string{}
	for r := range set {
		if !without[r] {
			alike := r
			alike.object = ""
			several[alike] = append(several[alike], r.object)
		}
	}
	heads := make([]right, 0, len(several))
	for head := range several {
		heads = append(heads, head)
	}
	slices.SortFunc(heads, func(a, b right) int {
		return cmp.Or(strings.Compare(string(a.kind), string(b.kind)), strings.Compare(a.grantee, b.grantee), strings.Compare(a.privilege, b.privilege), compare(a.future, b.future))
	})
	direction := map[string]string{"GRANT": " TO ", "REVOKE": " FROM "}[verb]
	for _, head := range heads {
		objects, grantee := several[head], "PUBLIC"
		slices.Sort(objects)
		if head.grantee != "" {
			grantee = quote(head.grantee)
		}
		if !head.future {
			p.do(verb + " " + head.privilege + " ON " + string(head.kind) + " " + strings.Join(objects, ", ") + direction + grantee)
			continue
		}
		in := " IN SCHEMA " + strings.Join(objects, ", ")
		if objects[0] == "" { // A default of all schemas is alone: nobody but PUBLIC has any.
			in = ""
		}
		p.do("ALTER DEFAULT PRIVILEGES FOR ROLE " + quote(owners) + in + " " + verb + " " + head.privilege + " ON " + plural[head.kind] + direction + grantee)
	}
}

func compare(a, b bool) int {
	if a == b {
		return 0
	}
	if b {
		return -1
	}
	return 1
}
