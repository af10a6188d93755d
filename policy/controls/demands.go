// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// demands is what a control wants of the properties of several types: for each type its paths, and for each path
// what the value must be. A path with "[]" goes on in every item of a list.
type demands map[string]map[string]want

// want is what a value must be. The text completes the sentence "it must be".
type want struct {
	holds func(pack.Value) pack.Fact
	text  string
	// applies is the fact that the value matters at all, from the resource or the item of the list; nil is always.
	applies func(pack.Value) pack.Fact
}

// where limits the want to resources, or items of a list, whose value at the path is one of the words.
func (w want) where(path string, words ...string) want {
	return w.whereIs(path, func(v pack.Value) pack.Fact { return v.OneOf(words...) })
}

// whereIs limits the want to resources, or items of a list, for whose value at the path the fact holds.
func (w want) whereIs(path string, holds func(pack.Value) pack.Fact) want {
	before := w.applies
	w.applies = func(at pack.Value) pack.Fact {
		if before == nil {
			return holds(at.Get(path))
		}
		return before(at).And(holds(at.Get(path)))
	}
	return w
}

// judge requires what is wanted of the value at the path.
func (w want) judge(k *pack.Case, at pack.Value, path string) {
	if list, inner, nested := strings.Cut(path, "[]"); nested {
		for item := range at.Get(list).Items() {
			w.judge(k, item, strings.TrimPrefix(inner, "."))
		}
		return
	}
	v := at.Get(path)
	fact := w.holds(v)
	if w.applies != nil {
		fact = w.applies(at).Not().Or(fact)
	}
	k.Require(fact, "%s is %s; it must be %s", v.Path(), v, w.text)
}

// What most properties must be. keptOn is for switches that AWS turns on by itself.
var (
	on     = want{holds: pack.Value.IsTrue, text: "true"}
	off    = want{holds: pack.Value.IsFalse, text: "false or left out"}
	keptOn = want{holds: func(v pack.Value) pack.Fact { return v.Is(true, true) }, text: "true or left out"}
	given  = want{holds: pack.Value.IsSet, text: "set"}
	none   = want{holds: func(v pack.Value) pack.Fact { return v.IsSet().Not() }, text: "left out"}
)

// matching wants a text for which the predicate holds; the text says what that is.
func matching(text string, holds func(string) bool) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.Matches(holds) }, text: text}
}

// unlike wants a text that the pattern does not match.
func unlike(text string, pattern *regexp.Regexp) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.Matches(pattern.MatchString).Not() }, text: text}
}

// both wants a list with two words among its items.
func both(one, two string) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.Contains(one).And(v.Contains(two)) }, text: "a list with " + one + " and " + two}
}

// without wants a list with none of the words among its items.
func without(words ...string) want {
	return want{text: "a list without " + oneOfText(words), holds: func(v pack.Value) pack.Fact {
		return v.Any(func(item pack.Value) pack.Fact { return item.OneOf(words...) }).Not()
	}}
}

// entry wants an item in a list of objects: the values of its fields, as field, value, field, value.
func entry(fields ...string) want {
	return want{text: "a list with " + strings.Join(fields, " "), holds: func(v pack.Value) pack.Fact {
		return v.Any(func(item pack.Value) pack.Fact {
			fits := pack.Yes(item)
			for pair := range slices.Chunk(fields, 2) {
				fits = fits.And(item.Get(pair[0]).OneOf(pair[1]))
			}
			return fits
		})
	}}
}

// items wants a list of so many items at least.
func items(n int) want {
	return want{text: "a list of at least " + strconv.Itoa(n), holds: func(v pack.Value) pack.Fact {
		if v.IsUnknown() {
			return pack.Wait(v)
		}
		if v.Len() < n {
			return pack.No(v)
		}
		return pack.Yes(v)
	}}
}

// inJSON wants a text of JSON in which the value at the path of keys is true.
func inJSON(keys ...string) want {
	return matching("JSON in which "+strings.Join(keys, ".")+" is true", func(text string) bool {
		var at any
		if json.Unmarshal([]byte(text), &at) != nil {
			return false
		}
		for _, key := range keys {
			object, _ := at.(map[string]any)
			at = object[key]
		}
		return at == true
	})
}

// is wants one of the words.
func is(words ...string) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.OneOf(words...) }, text: oneOfText(words)}
}

// isOrDefault wants one of the words, or nothing.
func isOrDefault(words ...string) want {
	return want{holds: func(v pack.Value) pack.Fact { return absent(v).Or(v.OneOf(words...)) }, text: oneOfText(words) + " or left out"}
}

// other wants a word that is not the given one.
func other(word string) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.IsSet().And(v.OneOf(word).Not()) }, text: "another than " + word}
}

// notThe wants anything but the word; nothing is fine.
func notThe(words ...string) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.OneOf(words...).Not() }, text: "another than " + oneOfText(words)}
}

// holding wants a list with the word among its items.
func holding(word string) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.Contains(word) }, text: "a list with " + word}
}

// least wants a number not below the limit.
func least(n float64) want {
	return want{holds: func(v pack.Value) pack.Fact { return v.AtLeast(n) }, text: "at least " + strconv.FormatFloat(n, 'f', -1, 64)}
}

func oneOfText(words []string) string { return strings.Join(words, " or ") }

// control completes a control with the types of the demands and the check that they hold.
func (d demands) control(c pack.Control) *pack.Control {
	c.Types, c.Check = sorted(d), d.check
	return &c
}

func (d demands) check(k *pack.Case) {
	for _, path := range sorted(d[k.Type]) {
		d[k.Type][path].judge(k, k.Inputs(), path)
	}
}

// companion is a resource of another type that a control wants to find at one: it points there by its property, and
// its value at the path is what is wanted. One that is set in the resource itself, at own, does as well.
type companion struct {
	token, property, path string
	want                  want
	own                   string
}

// beside wants companions of several types.
type beside map[string]companion

func (b beside) control(c pack.Control) *pack.Control {
	c.Types, c.Stack = sorted(b), true
	for _, one := range b {
		c.Joins = append(c.Joins, one.token)
	}
	slices.Sort(c.Joins)
	c.Check = func(k *pack.Case) {
		one := b[k.Type]
		found := anyCompanion(k, one.property, []string{one.token}, func(r *pack.Resource) pack.Fact {
			if one.path == "" {
				return pack.Yes(r.Inputs())
			}
			return one.want.holds(r.Get(one.path))
		})
		if one.own != "" {
			found = found.Or(k.Get(one.own).IsTrue())
		}
		k.Require(found, "no %s in which %s is %s points at it", one.token[strings.LastIndexByte(one.token, ':')+1:], cmp.Or(one.path, one.property), cmp.Or(one.want.text, "its name"))
	}
	return &c
}

// target is what a control wants of the resource that a property points at.
type target struct {
	property, token, path string
	want                  want
}

// leading wants something of the resources that several types point at.
type leading map[string]target

func (l leading) control(c pack.Control) *pack.Control {
	c.Types, c.Stack = sorted(l), true
	for _, one := range l {
		if !slices.Contains(c.Joins, one.token) {
			c.Joins = append(c.Joins, one.token)
		}
	}
	slices.Sort(c.Joins)
	c.Check = func(k *pack.Case) {
		one := l[k.Type]
		if one.want.applies != nil {
			switch applies := one.want.applies(k.Inputs()); applies.Is {
			case pack.False:
				return
			case pack.Deferred:
				k.Defer(applies.At)
				return
			}
		}
		root, _, _ := strings.Cut(one.property, ".")
		switch to, found := k.Stack.Target(k.Resource, root, k.Get(one.property), one.token); {
		case to != nil:
			v := to.Get(one.path)
			k.Require(one.want.holds(v), "%s of %q, at which %s points, is %s; it must be %s", one.path, to.Name, one.property, v, one.want.text)
		case found.Is == pack.Deferred:
			k.Defer(found.At)
		default:
			k.Skip("what %s points at is not part of the stack", one.property)
		}
	}
	return &c
}

// sorted are the keys of a table, such as the types that it is about, in the order of the alphabet.
func sorted[T any](byType map[string]T) []string { return slices.Sorted(maps.Keys(byType)) }
