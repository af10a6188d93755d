// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// demands is what a control wants of the properties of several types: for each type its paths, and for each path
// what the value must be.
type demands map[string]map[string]want

// want is what a value must be. The text completes the sentence "it must be".
type want struct {
	holds func(pack.Value) pack.Fact
	text  string
}

// What most properties must be. keptOn is for switches that AWS turns on by itself.
var (
	on     = want{pack.Value.IsTrue, "true"}
	off    = want{pack.Value.IsFalse, "false or left out"}
	keptOn = want{func(v pack.Value) pack.Fact { return v.Is(true, true) }, "true or left out"}
	given  = want{pack.Value.IsSet, "set"}
)

// is wants one of the words.
func is(words ...string) want {
	return want{func(v pack.Value) pack.Fact { return v.OneOf(words...) }, oneOfText(words)}
}

// isOrDefault wants one of the words, or nothing.
func isOrDefault(words ...string) want {
	return want{func(v pack.Value) pack.Fact { return absent(v).Or(v.OneOf(words...)) }, oneOfText(words) + " or left out"}
}

// other wants a word that is not the given one.
func other(word string) want {
	return want{func(v pack.Value) pack.Fact { return v.IsSet().And(v.OneOf(word).Not()) }, "another than " + word}
}

// below wants a folder below the root.
var below = want{func(v pack.Value) pack.Fact { return v.IsSet().And(v.OneOf("/").Not()) }, "a folder below the root"}

// holding wants a list with the word among its items.
func holding(word string) want {
	return want{func(v pack.Value) pack.Fact { return v.Contains(word) }, "a list with " + word}
}

// least wants a number not below the limit.
func least(n float64) want {
	return want{func(v pack.Value) pack.Fact { return v.AtLeast(n) }, "at least " + strconv.FormatFloat(n, 'f', -1, 64)}
}

func oneOfText(words []string) string { return strings.Join(words, " or ") }

// control completes a control with the types of the demands and the check that they hold.
func (d demands) control(c pack.Control) *pack.Control {
	c.Types = sorted(d)
	c.Check = func(k *pack.Case) {
		for _, path := range sorted(d[k.Type]) {
			v, w := k.Get(path), d[k.Type][path]
			k.Require(w.holds(v), "%s is %s; it must be %s", path, v, w.text)
		}
	}
	return &c
}

// sorted are the keys of a table, such as the types that it is about, in the order of the alphabet.
func sorted[T any](byType map[string]T) []string { return slices.Sorted(maps.Keys(byType)) }
