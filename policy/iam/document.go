// SPDX-License-Identifier: Apache-2.0

// Package iam reads AWS policy documents and answers questions about them: who is let in, whether a
// condition really restricts that, what may be done, and whether that adds up to full control.
package iam

import (
	"fmt"
	"strconv"
)

// Document is a policy document.
type Document struct {
	Version    string
	ID         string
	Statements []Statement
	wide       []*Statement
	guardrail  bool
	// Problems are things that AWS refuses or reads differently from how they look.
	Problems []string
}

// Statement is one statement of a document.
type Statement struct {
	Sid           string
	Effect        string
	Actions       []string
	NotActions    []string
	Resources     []string
	NotResources  []string
	Principals    []Principal
	NotPrincipals []Principal
	Conditions    []Condition
	Index         int
	// What is worked out once, when the document is read: starts has a bit for the first letter of every action, see
	// [Statement.CoversAction]; the others answer [Statement.AnyResource] and [Statement.Limited].
	starts   uint32
	anywhere bool
	limited  bool
}

// Principal is one entry of Principal or NotPrincipal. "Principal": "*" is {"*", "*"}.
type Principal struct {
	// Kind is AWS, Service, Federated, CanonicalUser or "*". A kind that AWS does not know is a problem of the document,
	// and is read as AWS.
	Kind string
	ID   string
}

// Condition is one operator with one key and its values; the values are alternatives.
type Condition struct {
	Operator string
	Key      string
	Values   []string
	// key is the key in lower case, for keys have no case, and op what the operator says.
	key string
	op  operator
}

// Label names the statement in a message.
func (s *Statement) Label() string {
	if s.Sid != "" {
		return "statement " + strconv.Quote(s.Sid)
	}
	return "statement " + strconv.Itoa(s.Index+1)
}

// Allows reports whether the effect is Allow.
func (s *Statement) Allows() bool { return s.Effect == "Allow" }

// Denies reports whether the effect is Deny.
func (s *Statement) Denies() bool { return s.Effect == "Deny" }

func quote(text string) string { return strconv.Quote(text) }

func (d *Document) fault(format string, args ...any) {
	d.Problems = append(d.Problems, fmt.Sprintf(format, args...))
}
