// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// longestDocument is far above AWS's limit for any policy, such as 20 KB for a bucket and 32 KB for a key.
const longestDocument = 256 << 10

// usual is how many items most lists of a document have at most.
const usual = 4

// What keeps a document from being read at all.
var (
	// ErrTooLong is returned for a document that AWS would never accept because of its size.
	ErrTooLong = errors.New("the policy document is longer than 256 KB; no AWS service accepts that")

	errNoObject    = errors.New("the policy document is not a JSON object")
	errNoStatement = errors.New("the policy document has no Statement")
	errNotAList    = errors.New("the policy document's Statement is not a list of objects")
	errTrailing    = errors.New("the policy document is not valid JSON: there is more text after its end")
	errNumber      = errors.New("the policy document holds a number that is out of range")
)

// Parse reads a document. An error means that nothing in it can be relied on; a key that stands twice in one
// object is one, because readers differ in which of the two counts. Smaller faults are listed in Problems, and
// what is wrong is kept in the reading that gives more access.
func Parse(text string) (*Document, error) {
	if len(text) > longestDocument {
		return nil, ErrTooLong
	}
	from := decoders.Get().(*decoder) //nolint:forcetypeassert // the pool makes nothing else
	defer decoders.Put(from)
	from.text.Reset()
	from.text.WriteString(text)
	from.Reset(&from.text, jsontext.AllowInvalidUTF8(true))
	r := reader{text: text, in: &from.Decoder}
	d := r.document()
	if _, err := r.in.ReadToken(); r.err == nil && !errors.Is(err, io.EOF) {
		r.err = errTrailing
	}
	if r.err != nil {
		return nil, r.err
	}
	d.check()
	return d, nil
}

// decoder is a decoder and the text that it reads.
type decoder struct {
	jsontext.Decoder
	text bytes.Buffer
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// reader reads a document in one pass. After the first error it reads nothing more.
type reader struct {
	in   *jsontext.Decoder
	err  error
	text string
	// element is the element of a statement that is being read, odd those whose form AWS does not read.
	element string
	odd     []string
}

// strange notes that the element has a form which AWS does not read, and passes over the value.
func (r *reader) strange() {
	r.odd = append(r.odd, r.element)
	r.skip()
}

// next reads a bracket or a scalar; after an error it returns nothing.
func (r *reader) next() jsontext.Value {
	if r.err != nil {
		return nil
	}
	switch r.in.PeekKind() {
	case '{', '}', '[', ']':
		_, r.err = r.in.ReadToken()
		if r.err != nil {
			r.err = explain(r.err)
		}
		return nil
	}
	raw, err := r.in.ReadValue()
	if err != nil {
		r.err = explain(err)
	}
	return raw
}

// word reads a string or a key. Without an escape in it, it is a part of the text and costs nothing.
func (r *reader) word() string {
	raw := r.next()
	if len(raw) < len(`""`) || raw[0] != '"' {
		return ""
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		end := int(r.in.InputOffset())
		return r.text[end-len(raw)+1 : end-1]
	}
	plain, _ := jsontext.AppendUnquote(nil, raw) // the error says that a character was replaced
	return string(plain)
}

func (r *reader) peek() jsontext.Kind {
	if r.err != nil {
		return 0
	}
	return r.in.PeekKind()
}

func (r *reader) skip() {
	if r.err == nil {
		if err := r.in.SkipValue(); err != nil {
			r.err = explain(err)
		}
	}
}

// more reports whether the object or list that is being read goes on, and steps out of it when it does not.
func (r *reader) more() bool {
	switch r.peek() {
	case '}', ']':
		r.next()
		return false
	}
	return r.err == nil
}

func explain(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Errorf("the policy document has the key %q twice in one object", syntax.JSONPointer.LastToken())
	}
	return fmt.Errorf("the policy document is not valid JSON: %w", err)
}

// document reads the outermost object. AWS's own readers differ in whether the case of its keys counts, so it
// does not count here.
func (r *reader) document() *Document {
	d := &Document{}
	if r.peek() != '{' {
		r.skip()
		r.fail(errNoObject)
		return d
	}
	r.next()
	found := false
	for r.more() {
		switch key := r.word(); {
		case strings.EqualFold(key, "Version"):
			d.Version = r.scalar()
		case strings.EqualFold(key, "Id"):
			d.ID = r.scalar()
		case strings.EqualFold(key, "Statement"):
			if found {
				r.fail(fmt.Errorf("the policy document has the key %q twice in one object", key))
			}
			found = r.statements(d)
		default:
			r.skip()
		}
	}
	if !found {
		r.fail(errNoStatement)
	}
	return d
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// statements reads one statement or a list of them.
func (r *reader) statements(d *Document) (found bool) {
	switch r.peek() {
	case 'n':
		r.skip()
		return false
	case '{':
		r.statement(d)
	case '[':
		d.Statements = make([]Statement, 0, usual)
		for r.next(); r.more(); {
			if r.peek() != '{' {
				r.skip()
				r.fail(errNotAList)
				break
			}
			r.statement(d)
		}
	default:
		r.skip()
		r.fail(errNotAList)
	}
	return true
}

func (r *reader) statement(d *Document) {
	s := Statement{Index: len(d.Statements)}
	for r.next(); r.more(); {
		r.element = r.word()
		switch r.element {
		case "Sid":
			s.Sid = r.scalar()
		case "Effect":
			s.Effect = r.scalar()
		case "Action":
			s.Actions = r.texts(nil)
		case "NotAction":
			s.NotActions = r.texts(nil)
		case "Resource":
			s.Resources = r.texts(nil)
		case "NotResource":
			s.NotResources = r.texts(nil)
		case "Principal":
			s.Principals = r.principals()
		case "NotPrincipal":
			s.NotPrincipals = r.principals()
		case "Condition":
			s.Conditions = r.conditions()
		default:
			d.fault("statement %d has an element %q that AWS does not know", s.Index+1, r.element)
			r.skip()
		}
	}
	for _, element := range slices.Compact(r.odd) {
		d.fault("the %s of statement %d has a form that AWS does not read", element, s.Index+1)
	}
	r.odd = nil
	d.Statements = append(d.Statements, s)
}

// scalar reads a string; anything else counts as not there.
func (r *reader) scalar() string {
	if r.peek() != '"' {
		r.skip()
		return ""
	}
	return r.word()
}

// texts appends a string, or the strings of a list. A number or truth value is written as text.
func (r *reader) texts(list []string) []string {
	switch r.peek() {
	case '"':
		return append(list, r.word())
	case 't':
		r.skip()
		return append(list, "true")
	case 'f':
		r.skip()
		return append(list, "false")
	case '0':
		f, err := strconv.ParseFloat(string(r.next()), 64)
		if err != nil {
			r.fail(errNumber)
		}
		return append(list, strconv.FormatFloat(f, 'f', -1, 64))
	case '[':
		list = slices.Grow(list, usual)
		for r.next(); r.more(); {
			list = r.texts(list)
		}
		return list
	}
	r.strange()
	return list
}

func (r *reader) principals() []Principal {
	switch r.peek() {
	case '"':
		id := r.word()
		if id != "*" { // AWS refuses it; it names somebody all the same
			r.odd = append(r.odd, r.element)
			return []Principal{{Kind: "AWS", ID: id}}
		}
		return []Principal{{Kind: "*", ID: id}}
	case '{':
	default:
		r.strange()
		return nil
	}
	var out []Principal
	for r.next(); r.more(); {
		kind := r.kind(r.word())
		for _, id := range r.texts(nil) {
			out = append(out, Principal{Kind: kind, ID: id})
		}
	}
	slices.SortStableFunc(out, func(a, b Principal) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}

// kind returns the kind of a principal as AWS writes it. Whatever else stands there is odd, and read as an account.
func (r *reader) kind(text string) string {
	for _, kind := range [...]string{"AWS", "Service", "Federated", "CanonicalUser", "*"} {
		if text == kind {
			return kind
		}
		if strings.EqualFold(text, kind) {
			r.odd = append(r.odd, r.element)
			return kind
		}
	}
	r.odd = append(r.odd, r.element)
	return "AWS"
}

func (r *reader) conditions() []Condition {
	if r.peek() != '{' {
		r.strange()
		return nil
	}
	var out []Condition
	for r.next(); r.more(); {
		operator := r.word()
		if r.peek() != '{' {
			r.strange()
			continue
		}
		op := readOperator(operator)
		for r.next(); r.more(); {
			key := r.word()
			out = append(out, Condition{Operator: operator, Key: key, Values: r.texts(nil), key: strings.ToLower(key), op: op})
		}
	}
	slices.SortStableFunc(out, func(a, b Condition) int {
		return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key))
	})
	return out
}

// check lists what AWS would refuse, and notes which statements allow something on every resource without a
// limit.
func (d *Document) check() {
	if d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		d.fault("version %q is not 2012-10-17", d.Version)
	}
	sids := make(map[string]bool, len(d.Statements))
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Sid != "" && sids[s.Sid] {
			d.fault("Sid %q is used twice", s.Sid)
		}
		sids[s.Sid] = true
		if s.Effect != "Allow" && s.Effect != "Deny" {
			d.fault("%s has the effect %q; AWS knows Allow and Deny", s.Label(), s.Effect)
			s.Effect = "Allow"
		}
		if len(s.Actions) == 0 && len(s.NotActions) == 0 {
			d.fault("%s has neither Action nor NotAction", s.Label())
		}
		for _, a := range s.Actions {
			s.starts |= start(a)
		}
		d.checkForms(s)
		s.anywhere, s.limited = s.isAnywhere(), s.isLimited()
		if s.Allows() && s.AnyResource() && !s.Limited() {
			d.wide = append(d.wide, s)
		}
	}
	d.guardrail = d.isGuardrail()
}
