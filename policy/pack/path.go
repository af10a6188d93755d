// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"
	"strconv"
	"strings"
)

// Get follows a path such as "metadataOptions.httpTokens" or "ingress[0].cidrBlocks". A list of one is
// looked through, because provider versions differ in whether a block is an object or a list of one. When a
// value on the way is unknown, Get returns that unknown value.
func (v Value) Get(path string) Value {
	n := v.n
	if n == nil || v.step != "" {
		return v.below(path)
	}
	for path != "" {
		step, rest := cutStep(path)
		next := n.next(step)
		if next == nil {
			return n.without(path)
		}
		n, path = next, rest
	}
	return Value{n: n}
}

// cutStep splits a path after its first step, a key or an index in brackets.
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

// next returns the value one step below, or nil.
func (n *node) next(step string) *node {
	if step[0] == '[' {
		i, err := strconv.Atoi(strings.Trim(step, "[]"))
		if n.kind == List && err == nil && i >= 0 && i < len(n.items) {
			return &n.items[i]
		}
		return nil
	}
	return n.only().child(step)
}

// only looks through a list to its first item.
func (n *node) only() *node {
	if n.kind == List && len(n.items) > 0 {
		return &n.items[0]
	}
	return n
}

// child finds a key of a map by binary search.
func (n *node) child(key string) *node {
	if n.kind != Map {
		return nil
	}
	lo, hi := 0, len(n.items)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if order(n.items[mid].key, key) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(n.items) && n.items[lo].key == key {
		return &n.items[lo]
	}
	return nil
}

// without is the value at a path that does not exist below the node. What lies below an unknown value is
// that unknown value.
func (n *node) without(path string) Value {
	if path[0] != '[' {
		n = n.only()
	}
	if n.kind == Unknown {
		return Value{n: n}
	}
	return Value{n: n, step: path}
}

// below is a path from a value that is itself not set.
func (v Value) below(path string) Value {
	if path != "" {
		v.step = joinStep(v.step, path)
	}
	return v
}

func joinStep(a, b string) string {
	if a == "" || b[0] == '[' {
		return a + b
	}
	return a + "." + b
}

// Place is where the value is, without the value: a message about the place of a secret may say more than that it breaks
// a rule.
func (v Value) Place() Value {
	if v.n == nil || v.step != "" || v.n.parent == nil || v.n.parent.kind == List {
		return Value{step: v.Path()}
	}
	return Value{n: v.n.parent, step: v.n.key}
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

// Path returns where the value is, such as "ingress[0].cidrBlocks[1]", also for a value that is not set.
// The path of a whole property map is "".
func (v Value) Path() string {
	if v.n == nil {
		return v.step
	}
	base := v.n.path()
	if v.step == "" {
		return base
	}
	return joinStep(base, v.step)
}

func (n *node) path() string {
	var steps []*node
	for at := n; at.parent != nil; at = at.parent {
		steps = append(steps, at)
	}
	var b strings.Builder
	for _, at := range slices.Backward(steps) {
		if at.parent.kind == List {
			b.WriteString("[" + strconv.Itoa(int(at.index)) + "]")
			continue
		}
		if b.Len() > 0 && !strings.HasPrefix(at.key, "[") {
			b.WriteByte('.')
		}
		b.WriteString(at.key)
	}
	return b.String()
}
