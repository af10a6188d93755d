// SPDX-License-Identifier: Apache-2.0

// Package iam reads AWS policy documents and answers questions about them: who is let in, whether a
// condition really restricts that, what may be done, and whether that adds up to full control.
package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Document is a policy document.
type Document struct {
	Version    string
	ID         string
	Statements []Statement
	wide       []*Statement
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
}

// Principal is one entry of Principal or NotPrincipal. "Principal": "*" is {"*", "*"}.
type Principal struct {
	// Kind is AWS, Service, Federated, CanonicalUser or "*".
	Kind string
	ID   string
}

// Condition is one operator with one key and its values; the values are alternatives.
type Condition struct {
	Operator string
	Key      string
	Values   []string
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

// longestDocument is far above AWS's limit for any policy (20 KB for a bucket or an organisation).
const longestDocument = 1 << 20

// ErrTooLong is returned for a document that AWS would never accept because of its size.
var ErrTooLong = errors.New("the policy document is longer than 1 MB; AWS accepts at most 20 KB")

// Parse reads a document. An error means that nothing in it can be relied on. Smaller faults are listed in
// Problems, and what is wrong is kept in the reading that gives more access.
func Parse(text string) (*Document, error) {
	if len(text) > longestDocument {
		return nil, ErrTooLong
	}
	if err := duplicateKeys(text); err != nil {
		return nil, err
	}
	var raw struct {
		Version   any             `json:"Version"`
		ID        any             `json:"Id"`
		Statement json.RawMessage `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("the policy document is not valid JSON: %w", err)
	}
	d := &Document{}
	d.Version, _ = raw.Version.(string)
	d.ID, _ = raw.ID.(string)
	if d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		d.fault("version %q is not 2012-10-17", d.Version)
	}
	if len(raw.Statement) == 0 || string(raw.Statement) == "null" {
		return nil, errors.New("the policy document has no Statement")
	}
	many, err := statements(raw.Statement)
	if err != nil {
		return nil, err
	}
	d.fill(many)
	return d, nil
}

// fill reads the statements and notes which of them allow something on every resource without a limit.
func (d *Document) fill(many []map[string]any) {
	sids := map[string]bool{}
	for i, m := range many {
		s := d.statement(i, m)
		if s.Sid != "" && sids[s.Sid] {
			d.fault("Sid %q is used twice", s.Sid)
		}
		sids[s.Sid] = true
		d.Statements = append(d.Statements, s)
	}
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Allows() && s.AnyResource() && !s.Limited() {
			d.wide = append(d.wide, s)
		}
	}
}

// statements reads one statement or a list of them.
func statements(raw json.RawMessage) ([]map[string]any, error) {
	if raw[0] == '{' {
		var one map[string]any
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, fmt.Errorf("the policy document's Statement cannot be read: %w", err)
		}
		return []map[string]any{one}, nil
	}
	var many []map[string]any
	if err := json.Unmarshal(raw, &many); err != nil {
		return nil, fmt.Errorf("the policy document's Statement is not a list of objects: %w", err)
	}
	return many, nil
}

// duplicateKeys refuses a document in which an object has a key twice: readers differ in which one counts,
// so the document may not say what it seems to.
func duplicateKeys(text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	type level struct {
		keys  map[string]bool
		onKey bool
	}
	var stack []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the policy document is not valid JSON: %w", err)
		}
		top := len(stack) - 1
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				stack = append(stack, level{keys: map[string]bool{}, onKey: true})
				continue
			case '[':
				stack = append(stack, level{})
				continue
			}
			stack = stack[:top]
			top--
		case string:
			if top >= 0 && stack[top].keys != nil && stack[top].onKey {
				if stack[top].keys[t] {
					return fmt.Errorf("the policy document has the key %q twice in one object", t)
				}
				stack[top].keys[t], stack[top].onKey = true, false
				continue
			}
		}
		if top >= 0 && stack[top].keys != nil {
			stack[top].onKey = true
		}
	}
}

func (d *Document) fault(format string, args ...any) {
	d.Problems = append(d.Problems, fmt.Sprintf(format, args...))
}

func (d *Document) statement(i int, m map[string]any) Statement {
	s := Statement{Index: i}
	for key, v := range m {
		switch key {
		case "Sid":
			s.Sid, _ = v.(string)
		case "Effect":
			s.Effect, _ = v.(string)
		case "Action":
			s.Actions = texts(v)
		case "NotAction":
			s.NotActions = texts(v)
		case "Resource":
			s.Resources = texts(v)
		case "NotResource":
			s.NotResources = texts(v)
		case "Principal":
			s.Principals = principals(v)
		case "NotPrincipal":
			s.NotPrincipals = principals(v)
		case "Condition":
			s.Conditions = conditions(v)
		default:
			d.fault("statement %d has an element %q that AWS does not know", i+1, key)
		}
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		d.fault("%s has the effect %q; AWS knows Allow and Deny", s.Label(), s.Effect)
		s.Effect = "Allow"
	}
	if len(s.Actions) == 0 && len(s.NotActions) == 0 {
		d.fault("%s has neither Action nor NotAction", s.Label())
	}
	return s
}

// texts reads a string or a list of strings.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			out = append(out, texts(item)...)
		}
		return out
	}
	return nil
}

func principals(v any) []Principal {
	if s, ok := v.(string); ok {
		return []Principal{{Kind: "*", ID: s}}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	var out []Principal
	for _, kind := range sortedKeys(m) {
		for _, id := range texts(m[kind]) {
			out = append(out, Principal{Kind: kind, ID: id})
		}
	}
	return out
}

func conditions(v any) []Condition {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	var out []Condition
	for _, op := range sortedKeys(m) {
		keys, ok := m[op].(map[string]any)
		if !ok {
			continue
		}
		for _, key := range sortedKeys(keys) {
			out = append(out, Condition{Operator: op, Key: key, Values: texts(keys[key])})
		}
	}
	return out
}
