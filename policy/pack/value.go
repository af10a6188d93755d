// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"strconv"
	"strings"
)

// Kind says what a [Value] holds.
type Kind uint8

// The kinds of a value. Absent is a property that is not set; Unknown is one whose value is known only
// after a deployment.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	Text
	List
	Map
	Unknown
	Asset
)

// node is one decoded value in a property tree. Nodes know their parent, so a path costs nothing until it
// is printed. The items of a list or map lie side by side; those of a map are in the [order] of their keys.
type node struct {
	parent *node
	key    string
	text   string
	items  []node
	number float64
	index  int32
	kind   Kind
	truth  bool
	secret bool
	hides  bool // there is a secret below
	own    bool // unknown, and computed from resources of the stack alone
	given  bool // own, and certainly not empty: the id or ARN of one of them
}

// Value is a view of one property, present or not. The zero Value is absent. A Value is small and is
// passed by value; it stays valid as long as the resource it came from.
type Value struct {
	n *node
	// step is the path below n to a property that is not there; it is empty for n itself.
	step string
}

// Kind returns what the value holds.
func (v Value) Kind() Kind {
	if v.n == nil || v.step != "" {
		return Absent
	}
	return v.n.kind
}

// Exists reports whether the property is set to something, known or not.
func (v Value) Exists() bool { return v.Kind() != Absent && v.Kind() != Null }

// IsUnknown reports whether the value is known only after a deployment.
func (v Value) IsUnknown() bool { return v.Kind() == Unknown }

// Secret reports whether the value, or a value around it, is a Pulumi secret.
func (v Value) Secret() bool { return v.n != nil && v.step == "" && v.n.secret }

// Bool returns the truth value, and whether there is one. The strings "true" and "false" count, because
// providers accept them.
func (v Value) Bool() (truth, ok bool) {
	switch v.Kind() {
	case Bool:
		return v.n.truth, true
	case Text:
		switch v.n.text {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	return false, false
}

// Number returns the number, and whether there is one. A decimal string counts.
func (v Value) Number() (number float64, ok bool) {
	switch v.Kind() {
	case Number:
		return v.n.number, true
	case Text:
		f, err := strconv.ParseFloat(v.n.text, 64)
		return f, err == nil
	}
	return 0, false
}

// Text returns the string, and whether there is one. Numbers and booleans are written as JSON writes them.
func (v Value) Text() (text string, ok bool) {
	switch v.Kind() {
	case Text:
		return v.n.text, true
	case Number:
		return strconv.FormatFloat(v.n.number, 'f', -1, 64), true
	case Bool:
		return strconv.FormatBool(v.n.truth), true
	}
	return "", false
}

// Str is [Value.Text], or "" when there is none.
func (v Value) Str() string {
	s, _ := v.Text()
	return s
}

// Len returns the number of items of a list or keys of a map, 1 for a scalar, 0 for nothing.
func (v Value) Len() int {
	switch v.Kind() {
	case Absent, Null:
		return 0
	case List, Map:
		return len(v.n.items)
	}
	return 1
}

// String writes the value for a message: strings in quotes, "[secret]" for a secret, "unknown until
// deployed" for an unknown value, "not set" for an absent one. Long values are cut.
func (v Value) String() string {
	switch {
	case v.Secret():
		return "[secret]"
	case v.Kind() == Absent || v.Kind() == Null:
		return "not set"
	case v.Kind() == Unknown:
		return "unknown until deployed"
	case v.Kind() == Text:
		return strconv.Quote(shorten(v.n.text))
	case v.Kind() == List && len(v.n.items) > 0 && v.n.items[0].kind == Map:
		return "a list of " + strings.TrimSuffix(strconv.Itoa(len(v.n.items))+" objects", map[bool]string{true: "s"}[len(v.n.items) == 1])
	case v.Kind() == List:
		parts := make([]string, 0, len(v.n.items))
		for item := range v.Items() {
			parts = append(parts, item.String())
		}
		return "[" + shorten(strings.Join(parts, ", ")) + "]"
	case v.Kind() == Map:
		return "an object with " + strconv.Itoa(len(v.n.items)) + " properties"
	case v.Kind() == Asset:
		return "an asset"
	}
	return v.Str()
}

const longest = 120

func shorten(s string) string {
	if len(s) <= longest {
		return s
	}
	cut := longest
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

// Plain returns the value as JSON types, and whether it is known throughout.
func (v Value) Plain() (plain any, known bool) { return v.plain("") }

// Sketch is [Value.Plain], with another text in the place of every unknown value that comes from resources of the stack.
func (v Value) Sketch(instead string) (plain any, known bool) { return v.plain(instead) }

func (v Value) plain(instead string) (plain any, known bool) {
	switch v.Kind() {
	case Unknown:
		return instead, v.n.own && instead != ""
	case Asset:
		return nil, false
	case Bool:
		return v.n.truth, true
	case Number:
		return v.n.number, true
	case Text:
		return v.n.text, true
	case List:
		list := make([]any, 0, len(v.n.items))
		for i := range v.n.items {
			p, ok := Value{n: &v.n.items[i]}.plain(instead)
			if !ok {
				return nil, false
			}
			list = append(list, p)
		}
		return list, true
	case Map:
		m := make(map[string]any, len(v.n.items))
		for key, item := range v.Fields() {
			p, ok := item.plain(instead)
			if !ok {
				return nil, false
			}
			m[key] = p
		}
		return m, true
	}
	return nil, true
}
