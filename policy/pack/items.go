// SPDX-License-Identifier: Apache-2.0

package pack

import "iter"

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
