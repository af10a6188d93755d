// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"iter"
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
// is printed.
type node struct {
	memo   any
	parent *node
	key    string
	text   string
	items  []*node
	keys   []string
	number float64
	index  int32
	kind   Kind
	truth  bool
	secret bool
}

// Value is a view of one property, present or not. The zero Value is absent. A Value is small and is
// passed by value; it stays valid as long as the resource it came from.
type Value struct {
	n     *node
	owner *node
	step  string
}

// Kind returns what the value holds.
func (v Value) Kind() Kind {
	if v.n == nil {
		return Absent
	}
	return v.n.kind
}

// Exists reports whether the property is set to something, known or not.
func (v Value) Exists() bool { return v.Kind() != Absent && v.Kind() != Null }

// IsUnknown reports whether the value is known only after a deployment.
func (v Value) IsUnknown() bool { return v.Kind() == Unknown }

// Secret reports whether the value, or a value around it, is a Pulumi secret.
func (v Value) Secret() bool { return v.n != nil && v.n.secret }

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

// Str returns the string, or "" when the value is not a known string.
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

// Get follows a path such as "metadataOptions.httpTokens" or "ingress[0].cidrBlocks". A list of one is
// looked through, because provider versions differ in whether a block is an object or a list of one. When a
// value on the way is unknown, Get returns that unknown value.
func (v Value) Get(path string) Value {
	for path != "" {
		var step string
		step, path = cutStep(path)
		v = v.step1(step)
	}
	return v
}

func cutStep(path string) (step, rest string) {
	for i := 1; i < len(path); i++ {
		switch path[i] {
		case '.':
			return path[:i], path[i+1:]
		case '[':
			return path[:i], path[i:]
		case ']':
			rest = path[i+1:]
			return path[:i+1], strings.TrimPrefix(rest, ".")
		}
	}
	return path, ""
}

func (v Value) step1(step string) Value {
	n := v.n
	if n == nil {
		return Value{owner: v.owner, step: joinStep(v.step, step)}
	}
	if step[0] == '[' {
		i, err := strconv.Atoi(strings.Trim(step, "[]"))
		if n.kind == List && err == nil && i >= 0 && i < len(n.items) {
			return Value{n: n.items[i]}
		}
		return missing(n, step)
	}
	if n.kind == List {
		if len(n.items) == 0 {
			return Value{owner: n, step: step}
		}
		n = n.items[0]
	}
	if n.kind == Map {
		if child := n.child(step); child != nil {
			return Value{n: child}
		}
	}
	return missing(n, step)
}

func missing(n *node, step string) Value {
	if n.kind == Unknown {
		return Value{n: n}
	}
	return Value{owner: n, step: step}
}

func joinStep(a, b string) string {
	if a == "" || b[0] == '[' {
		return a + b
	}
	return a + "." + b
}

// child finds a key by binary search; keys are sorted when the tree is decoded.
func (n *node) child(key string) *node {
	lo, hi := 0, len(n.keys)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if n.keys[mid] < key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(n.keys) && n.keys[lo] == key {
		return n.items[lo]
	}
	return nil
}

// First returns the first of the paths that is set, or the value at the first path when none is.
func (v Value) First(paths ...string) Value {
	for _, p := range paths {
		if got := v.Get(p); got.Exists() {
			return got
		}
	}
	if len(paths) == 0 {
		return Value{}
	}
	return v.Get(paths[0])
}

// Items yields the items of a list. A single value that is not a list is its own only item; nothing yields
// nothing; an unknown list yields one unknown value.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		switch v.Kind() {
		case Absent, Null:
		case List:
			for _, item := range v.n.items {
				if item.kind != Null && !yield(Value{n: item}) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}

// Fields yields the keys and values of a map in the order of the keys.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Map {
			return
		}
		for i, key := range v.n.keys {
			if !yield(key, Value{n: v.n.items[i]}) {
				return
			}
		}
	}
}

// Strings returns the known strings of a list (or of a single string), and the first item that is unknown.
func (v Value) Strings() (known []string, unknown Value) {
	for item := range v.Items() {
		if item.IsUnknown() {
			if !unknown.IsUnknown() {
				unknown = item
			}
			continue
		}
		if s, ok := item.Text(); ok {
			known = append(known, s)
		}
	}
	return known, unknown
}

// AnyUnknown returns the first unknown value in the tree below v, and whether there is one.
func (v Value) AnyUnknown() (Value, bool) {
	if v.n == nil {
		return Value{}, false
	}
	if found := v.n.firstUnknown(); found != nil {
		return Value{n: found}, true
	}
	return Value{}, false
}

func (n *node) firstUnknown() *node {
	if n.kind == Unknown {
		return n
	}
	for _, item := range n.items {
		if found := item.firstUnknown(); found != nil {
			return found
		}
	}
	return nil
}

// Path returns where the value is, such as "ingress[0].cidrBlocks[1]", also for a value that is not set.
// The path of a whole property map is "".
func (v Value) Path() string {
	if v.n != nil {
		return v.n.path()
	}
	if v.owner == nil {
		return v.step
	}
	base := v.owner.path()
	if v.step == "" {
		return base
	}
	return joinStep(base, v.step)
}

func (n *node) path() string {
	if n.parent == nil {
		return n.key
	}
	base := n.parent.path()
	if n.parent.kind == List {
		return base + "[" + strconv.Itoa(int(n.index)) + "]"
	}
	return joinStep(base, n.key)
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
	case v.Kind() == List:
		parts := make([]string, 0, len(v.n.items))
		for item := range v.Items() {
			parts = append(parts, item.String())
		}
		return "[" + shorten(strings.Join(parts, ", ")) + "]"
	case v.Kind() == Map:
		return "an object with " + strconv.Itoa(len(v.n.keys)) + " properties"
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

// Memo keeps what a check works out from a value, such as a parsed document, so that other checks of the same
// value need not do it again. Every check that uses it on one value must use the same function.
func (v Value) Memo(work func() any) any {
	if v.n == nil {
		return work()
	}
	if v.n.memo == nil {
		v.n.memo = work()
	}
	return v.n.memo
}

// Plain returns the value as JSON types, and whether it is known throughout.
func (v Value) Plain() (plain any, known bool) {
	switch v.Kind() {
	case Unknown, Asset:
		return nil, false
	case Bool:
		return v.n.truth, true
	case Number:
		return v.n.number, true
	case Text:
		return v.n.text, true
	case List:
		list := make([]any, 0, len(v.n.items))
		for _, item := range v.n.items {
			p, ok := Value{n: item}.Plain()
			if !ok {
				return nil, false
			}
			list = append(list, p)
		}
		return list, true
	case Map:
		m := make(map[string]any, len(v.n.keys))
		for key, item := range v.Fields() {
			p, ok := item.Plain()
			if !ok {
				return nil, false
			}
			m[key] = p
		}
		return m, true
	}
	return nil, true
}
