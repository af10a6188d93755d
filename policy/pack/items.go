// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"iter"
	"slices"
	"strings"
)

// Items yields the items of a list. A single value that is not a list is its own only item; nothing yields
// nothing; an unknown list yields one unknown value.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		switch v.Kind() {
		case Absent, Null:
		case List:
			for i := range v.n.items {
				if item := &v.n.items[i]; item.kind != Null && !yield(Value{n: item}) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}

// Fields yields the keys and values of a map in the order of the alphabet.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Map {
			return
		}
		var room [mostFields]*node // sorted without the heap
		list := room[:0]
		for i := range v.n.items {
			list = append(list, &v.n.items[i])
		}
		slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.key, b.key) })
		for _, item := range list {
			if !yield(item.key, Value{n: item}) {
				return
			}
		}
	}
}

// Entries yields the keys and values of a map in an order of its own, always the same, and costs less than [Value.Fields].
func (v Value) Entries() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Map {
			return
		}
		for i := range v.n.items {
			if item := &v.n.items[i]; !yield(item.key, Value{n: item}) {
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
	if v.Kind() == Absent {
		return Value{}, false
	}
	if found := v.n.firstUnknown(); found != nil {
		return Value{n: found}, true
	}
	return Value{}, false
}

// AnyUncertain is [Value.AnyUnknown] for a document: unknown parts that come from resources of the stack alone are passed
// over, because they can be nothing but ids and ARNs of those. A document that is unknown as a whole is uncertain.
func (v Value) AnyUncertain() (Value, bool) {
	if v.Kind() == Absent || v.Kind() == Unknown {
		return v, v.Kind() == Unknown
	}
	if found := v.n.firstUncertain(); found != nil {
		return Value{n: found}, true
	}
	return Value{}, false
}

func (n *node) firstUncertain() *node {
	if n.kind == Unknown && !n.own {
		return n
	}
	for i := range n.items {
		if found := n.items[i].firstUncertain(); found != nil {
			return found
		}
	}
	return nil
}

func (n *node) firstUnknown() *node {
	if n.kind == Unknown {
		return n
	}
	for i := range n.items {
		if found := n.items[i].firstUnknown(); found != nil {
			return found
		}
	}
	return nil
}
