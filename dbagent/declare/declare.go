// SPDX-License-Identifier: Apache-2.0

// Package declare is the document that says which databases a server has, who logs in to them, and what each may do. It knows
// no server and no cloud: the agent converges to it, and whoever writes it can check it first.
package declare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Document is all that the agent is to make of one server.
type Document struct {
	// Databases are made where they are missing. One that is no longer declared keeps its data; its users are locked out.
	Databases []Database `json:"databases"`
}

// Database is one database and those who may log in to it.
type Database struct {
	// Name may hold any character but NUL, 1 to 63 bytes.
	Name string `json:"name"`
	// Schemas are made where they are missing, beside "public", which is always there.
	Schemas []string `json:"schemas,omitempty"`
	// Extensions are made where they are missing, such as "pgaudit". None is ever removed.
	Extensions []string `json:"extensions,omitempty"`
	// Users may log in to this database and to no other.
	Users []User `json:"users,omitempty"`
}

// Access is what a user may do.
type Access string

// The kinds of access.
const (
	// Owner changes the schema: for migrations, and for nothing that serves requests.
	Owner Access = "Owner"
	// ReadWrite reads and changes rows, and calls functions.
	ReadWrite Access = "ReadWrite"
	// ReadOnly reads rows.
	ReadOnly Access = "ReadOnly"
	// Custom may do what its Grants say.
	Custom Access = "Custom"
)

// Login is how a user proves who it is.
type Login string

const (
	// IAM is a token that AWS signs for fifteen minutes; the user has no password.
	IAM Login = "IAM"
	// Secret is one user whose password changes in place: between the change and the end of the rotation, some seconds, what
	// the secret says does not log in.
	Secret Login = "Secret"
	// AlternatingSecret is two users in turn, the second named with CloneSuffix: a password stays valid until the rotation
	// after the next.
	AlternatingSecret Login = "AlternatingSecret"
)

// CloneSuffix names the second of two alternating users, as the rotation functions of AWS do (Secrets Manager user guide,
// "Rotation strategy: alternating users").
const CloneSuffix = "_clone"

// User logs in to one database.
type User struct {
	// Name is the role, 1 to 63 bytes; 57 with AlternatingSecret.
	Name string `json:"name"`
	// Access is what it may do. Required.
	Access Access `json:"access"`
	// Login is how it logs in. Default IAM.
	Login Login `json:"login,omitempty"`
	// Grants are what a Custom user may do, and nobody else has any.
	Grants []Grant `json:"grants,omitempty"`
}

// Kind is the kind of the objects that a grant is about.
type Kind string

// The kinds of objects.
const (
	Tables    Kind = "Tables" // Views too.
	Sequences Kind = "Sequences"
	Functions Kind = "Functions"
)

// Grant is a privilege on objects of one schema, in PostgreSQL's words.
type Grant struct {
	// Schema is "public" or one of the database's Schemas.
	Schema string `json:"schema"`
	// On is the kind of object. Default Tables.
	On Kind `json:"on,omitempty"`
	// Names are single objects, which must exist. Empty: all there are and all that there will be.
	Names []string `json:"names,omitempty"`
	// Privileges are such as "SELECT". Required.
	Privileges []string `json:"privileges"`
}

// Logins are the roles that the user logs in as, one or two.
func (u User) Logins() []string {
	if u.Login == AlternatingSecret {
		return []string{u.Name, u.Name + CloneSuffix}
	}
	return []string{u.Name}
}

// AllSchemas are "public" and the schemas that are declared.
func (d Database) AllSchemas() []string { return append([]string{"public"}, d.Schemas...) }

// Parse reads a document and fills in the defaults. A field that is not known is an error: a misspelt restriction would be
// none. Check is not called.
func Parse(data []byte) (*Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var document Document
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("the declared databases cannot be read: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("the declared databases end before the text does; write one JSON object")
	}
	document.defaults()
	return &document, nil
}

// New is a document with copies of the databases, in which the defaults are filled in. Check is not called.
func New(databases []Database) *Document {
	document := &Document{Databases: slices.Clone(databases)}
	for i := range document.Databases {
		users := slices.Clone(document.Databases[i].Users)
		for j := range users {
			users[j].Grants = slices.Clone(users[j].Grants)
		}
		document.Databases[i].Users = users
	}
	document.defaults()
	return document
}

func (d *Document) defaults() {
	for i := range d.Databases {
		for j := range d.Databases[i].Users {
			user := &d.Databases[i].Users[j]
			if user.Login == "" {
				user.Login = IAM
			}
			for k := range user.Grants {
				if user.Grants[k].On == "" {
					user.Grants[k].On = Tables
				}
			}
		}
	}
}
