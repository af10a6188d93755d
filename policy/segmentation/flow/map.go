// SPDX-License-Identifier: Apache-2.0

package flow

import "slices"

// point is a key that is ordered and counted, such as a port or an address. Next and Prev may wrap at the ends.
type point[K any] interface {
	comparable
	Compare(K) int
	Next() K
	Prev() K
}

// value is what a map holds at a key: itself a set, empty when it is the zero value.
type value[V any] interface {
	Or(V) V
	And(V) V
	Minus(V) V
	Equal(V) bool
	Empty() bool
}

// Entry says that every key from Lo to Hi, both included, has the set V.
type Entry[K point[K], V value[V]] struct {
	Lo, Hi K
	V      V
}

// Map gives a set to every key. It is sorted, holds no empty sets, and joins neighbours that are equal: two maps with
// the same content are the same list. Maps of maps are exact sets of several dimensions. No method changes its receiver.
type Map[K point[K], V value[V]] []Entry[K, V]

// Span is the map that gives one set to every key from lo to hi.
func Span[K point[K], V value[V]](lo, hi K, v V) Map[K, V] {
	if v.Empty() || lo.Compare(hi) > 0 {
		return nil
	}
	return Map[K, V]{{lo, hi, v}}
}

// Empty reports whether nothing is in it.
func (m Map[K, V]) Empty() bool { return len(m) == 0 }

// Equal reports whether both hold the same.
func (m Map[K, V]) Equal(o Map[K, V]) bool {
	if len(m) != len(o) {
		return false
	}
	if len(m) == 0 || &m[0] == &o[0] {
		return true
	}
	for i := range m {
		if m[i].Lo != o[i].Lo || m[i].Hi != o[i].Hi || !m[i].V.Equal(o[i].V) {
			return false
		}
	}
	return true
}

// Or is the union.
func (m Map[K, V]) Or(o Map[K, V]) Map[K, V] {
	switch {
	case len(m) == 0:
		return o
	case len(o) == 0 || len(m) == len(o) && &m[0] == &o[0]:
		return m
	}
	return combine(m, o, func(x, y V) V { return x.Or(y) })
}

// And is the intersection.
func (m Map[K, V]) And(o Map[K, V]) Map[K, V] {
	switch {
	case len(m) == 0 || len(o) == 0:
		return nil
	case len(m) == len(o) && &m[0] == &o[0]:
		return m
	}
	return combine(m, o, func(x, y V) V { return x.And(y) })
}

// Minus is what is in m and not in o.
func (m Map[K, V]) Minus(o Map[K, V]) Map[K, V] {
	if len(m) == 0 || len(o) == 0 {
		return m
	}
	return combine(m, o, func(x, y V) V { return x.Minus(y) })
}

// Joined is the map of sorted entries some of which may be neighbours with equal sets.
func Joined[K point[K], V value[V]](entries Map[K, V]) Map[K, V] {
	var out Map[K, V]
	for _, e := range entries {
		out = emit(out, e.Lo, e.Hi, e.V)
	}
	return out
}

// At is the set at a key.
func (m Map[K, V]) At(k K) V {
	lo, hi := 0, len(m)
	for lo < hi {
		if mid := (lo + hi) / 2; m[mid].Hi.Compare(k) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(m) && m[lo].Lo.Compare(k) <= 0 {
		return m[lo].V
	}
	var none V
	return none
}

// Keys are the keys that have something.
func (m Map[K, V]) Keys() Map[K, Bit] {
	var out Map[K, Bit]
	for _, e := range m {
		out = emit(out, e.Lo, e.Hi, Bit(true))
	}
	return out
}

// Shared is a set that several keys have.
type Shared[K point[K], V value[V]] struct {
	Keys Map[K, Bit]
	V    V
}

// Alike puts together the keys that have the same set.
func (m Map[K, V]) Alike() []Shared[K, V] {
	var out []Shared[K, V]
	for _, e := range m {
		keys := Span(e.Lo, e.Hi, Bit(true))
		if i := slices.IndexFunc(out, func(s Shared[K, V]) bool { return s.V.Equal(e.V) }); i >= 0 {
			out[i].Keys = out[i].Keys.Or(keys)
		} else {
			out = append(out, Shared[K, V]{keys, e.V})
		}
	}
	return out
}

// Within keeps what m has at the given keys.
func (m Map[K, V]) Within(keys Map[K, Bit]) Map[K, V] {
	var out Map[K, V]
	for i, j := 0, 0; i < len(m) && j < len(keys); {
		a, b := m[i], keys[j]
		lo, hi := later(a.Lo, b.Lo), earlier(a.Hi, b.Hi)
		if lo.Compare(hi) <= 0 {
			out = emit(out, lo, hi, a.V)
		}
		if a.Hi.Compare(b.Hi) <= 0 {
			i++
		} else {
			j++
		}
	}
	return out
}

// Touches reports whether m has anything at any of the keys.
func (m Map[K, V]) Touches(keys Map[K, Bit]) bool {
	for i, j := 0, 0; i < len(m) && j < len(keys); {
		switch {
		case m[i].Hi.Compare(keys[j].Lo) < 0:
			i++
		case keys[j].Hi.Compare(m[i].Lo) < 0:
			j++
		default:
			return true
		}
	}
	return false
}

// Union is all that m has at any key.
func (m Map[K, V]) Union() V {
	var all V
	for _, e := range m {
		all = all.Or(e.V)
	}
	return all
}

// Common is what m has at every one of the keys: nothing when there are no keys.
func (m Map[K, V]) Common(keys Map[K, Bit]) V {
	var all V
	in := m.Within(keys)
	if len(in) == 0 || !in.Keys().Equal(keys) {
		return all
	}
	all = in[0].V
	for _, e := range in[1:] {
		all = all.And(e.V)
	}
	return all
}

func later[K point[K]](a, b K) K {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

func earlier[K point[K]](a, b K) K {
	if a.Compare(b) < 0 {
		return a
	}
	return b
}

// combine sweeps over both lists and gives every stretch of keys the set that f makes of theirs.
func combine[K point[K], V value[V]](m, o Map[K, V], f func(x, y V) V) Map[K, V] {
	out := make(Map[K, V], 0, len(m)+len(o))
	var none V
	var a, b Entry[K, V] // the rest of the entries that m and o begin with
	a, m = first(m)
	b, o = first(o)
	for len(m) > 0 && len(o) > 0 {
		switch c := a.Lo.Compare(b.Lo); {
		case a.Hi.Compare(b.Lo) < 0:
			out = emit(out, a.Lo, a.Hi, f(a.V, none))
			a, m = first(m[1:])
		case b.Hi.Compare(a.Lo) < 0:
			out = emit(out, b.Lo, b.Hi, f(none, b.V))
			b, o = first(o[1:])
		case c < 0:
			out, a.Lo = emit(out, a.Lo, b.Lo.Prev(), f(a.V, none)), b.Lo
		case c > 0:
			out, b.Lo = emit(out, b.Lo, a.Lo.Prev(), f(none, b.V)), a.Lo
		default:
			hi := earlier(a.Hi, b.Hi)
			out = emit(out, a.Lo, hi, f(a.V, b.V))
			a, m = after(a, m, hi)
			b, o = after(b, o, hi)
		}
	}
	for len(m) > 0 {
		out = emit(out, a.Lo, a.Hi, f(a.V, none))
		a, m = first(m[1:])
	}
	for len(o) > 0 {
		out = emit(out, b.Lo, b.Hi, f(none, b.V))
		b, o = first(o[1:])
	}
	return out
}

// first is the entry that m begins with, if any.
func first[K point[K], V value[V]](m Map[K, V]) (e Entry[K, V], same Map[K, V]) {
	if len(m) > 0 {
		e = m[0]
	}
	return e, m
}

// after moves the rest of a list's first entry beyond hi, which lies in it.
func after[K point[K], V value[V]](rest Entry[K, V], m Map[K, V], hi K) (Entry[K, V], Map[K, V]) {
	if rest.Hi != hi {
		rest.Lo = hi.Next()
		return rest, m
	}
	return first(m[1:])
}

// emit appends an entry, unless it is empty, and joins it with its neighbour when that is equal.
func emit[K point[K], V value[V]](out Map[K, V], lo, hi K, v V) Map[K, V] {
	if v.Empty() {
		return out
	}
	if n := len(out); n > 0 && out[n-1].Hi.Next() == lo && out[n-1].Hi.Compare(lo) < 0 && out[n-1].V.Equal(v) {
		out[n-1].Hi = hi
		return out
	}
	return append(out, Entry[K, V]{lo, hi, v})
}
