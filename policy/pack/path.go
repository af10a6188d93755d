// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"strconv"
	"strings"
)

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
