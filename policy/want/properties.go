// SPDX-License-Identifier: Apache-2.0

package want

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

// Properties is what a control wants of the properties of several types: for each type its paths, and for each path
// what the value must be. A path with "[]" goes on in every item of a list.
type Properties map[string]map[string]Want

// Want is what a value must be. The text completes the sentence "it must be".
type Want struct {
	holds func(pack.Value) pack.Fact
	text  string
	// applies is the fact that the value matters at all, from the resource or the item of the list; nil is always.
	applies func(pack.Value) pack.Fact
}

// Where limits the want to resources, or items of a list, whose value at the path is one of the words.
func (w Want) Where(path string, words ...string) Want {
	return w.WhereIs(path, func(v pack.Value) pack.Fact { return v.OneOf(words...) })
}

// WhereIs limits the want to resources, or items of a list, for whose value at the path the fact holds.
func (w Want) WhereIs(path string, holds func(pack.Value) pack.Fact) Want {
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
func (w Want) judge(k *pack.Case, at pack.Value, path string) {
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
	if fact.Is == pack.True {
		return
	}
	if v.Kind() == pack.Map {
		k.Require(fact, "%s is not %s", v.Path(), w.text)
		return
	}
	k.Require(fact, "%s is %s; it must be %s", v.Path(), v, w.text)
}

// What most properties must be. keptOn is for switches that AWS turns on by itself.
var (
	On     = Want{holds: pack.Value.IsTrue, text: "true"}
	Off    = Want{holds: pack.Value.IsFalse, text: "false or left out"}
	KeptOn = Want{holds: func(v pack.Value) pack.Fact { return v.Is(true, true) }, text: "true or left out"}
	Given  = Want{holds: pack.Value.IsSet, text: "set"}
	None   = Want{holds: func(v pack.Value) pack.Fact { return v.IsSet().Not() }, text: "left out"}
)

// Matching wants a text for which the predicate holds; the text says what that is.
func Matching(text string, holds func(string) bool) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.Matches(holds) }, text: text}
}

// Unlike wants a text that the pattern does not match.
func Unlike(text string, pattern *regexp.Regexp) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.Matches(pattern.MatchString).Not() }, text: text}
}

// Both wants a list with two words among its items.
func Both(one, two string) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.Contains(one).And(v.Contains(two)) },
		text: "a list with " + one + " and " + two}
}

// Without wants a list with none of the words among its items.
func Without(words ...string) Want {
	return Want{text: "a list without " + oneOfText(words), holds: func(v pack.Value) pack.Fact {
		return v.Any(func(item pack.Value) pack.Fact { return item.OneOf(words...) }).Not()
	}}
}

// One wants a list with an item for which the fact holds; the text says what that is.
func One(text string, holds func(item pack.Value) pack.Fact) Want {
	return Want{text: text, holds: func(v pack.Value) pack.Fact { return v.Any(holds) }}
}

// Entry wants an item in a list of objects: the values of its fields, as field, value, field, value.
func Entry(fields ...string) Want {
	var pairs []string
	for pair := range slices.Chunk(fields, 2) {
		pairs = append(pairs, pair[0]+" "+strconv.Quote(pair[1]))
	}
	return One("a list with one of "+strings.Join(pairs, ", "), func(item pack.Value) pack.Fact {
		fits := pack.Yes(item)
		for pair := range slices.Chunk(fields, 2) {
			fits = fits.And(item.Get(pair[0]).OneOf(pair[1]))
		}
		return fits
	})
}

// AnyOn wants an object in which one of the switches at the paths is on.
func AnyOn(paths ...string) Want {
	return Want{text: "an object in which " + oneOfText(paths) + " is true", holds: func(v pack.Value) pack.Fact {
		on := pack.No(v)
		for _, path := range paths {
			on = on.Or(v.Get(path).IsTrue())
		}
		return on
	}}
}

// Items wants a list of so many items at least.
func Items(n int) Want {
	return Want{text: "a list of at least " + strconv.Itoa(n), holds: func(v pack.Value) pack.Fact {
		if v.IsUnknown() {
			return pack.Wait(v)
		}
		if v.Len() < n {
			return pack.No(v)
		}
		return pack.Yes(v)
	}}
}

// InJSON wants a text of JSON in which the value at the path of keys is true.
func InJSON(keys ...string) Want {
	return Matching("JSON in which "+strings.Join(keys, ".")+" is true", func(text string) bool {
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

// Is wants one of the words.
func Is(words ...string) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.OneOf(words...) }, text: oneOfText(words)}
}

// IsOrDefault wants one of the words, or nothing.
func IsOrDefault(words ...string) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return Absent(v).Or(v.OneOf(words...)) }, text: oneOfText(words) + " or left out"}
}

// Other wants a word that is none of the given ones.
func Other(words ...string) Want {
	return Want{text: "another than " + oneOfText(words), holds: func(v pack.Value) pack.Fact {
		return v.IsSet().And(v.OneOf(words...).Not())
	}}
}

// NotThe wants anything but the word; nothing is fine.
func NotThe(words ...string) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.OneOf(words...).Not() }, text: "another than " + oneOfText(words)}
}

// Holding wants a list with the word among its items.
func Holding(word string) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.Contains(word) }, text: "a list with " + word}
}

// Least wants a number not below the limit.
func Least(n float64) Want {
	return Want{holds: func(v pack.Value) pack.Fact { return v.AtLeast(n) }, text: "at least " + strconv.FormatFloat(n, 'f', -1, 64)}
}

func oneOfText(words []string) string { return strings.Join(words, " or ") }

// Control completes a control with the types of the demands and the check that they hold.
func (d Properties) Control(c pack.Control) *pack.Control {
	c.Types, c.Check = Keys(d), d.check
	return &c
}

func (d Properties) check(k *pack.Case) {
	for _, path := range Keys(d[k.Type]) {
		d[k.Type][path].judge(k, k.Inputs(), path)
	}
}

// Companion is a resource of another type that a control wants to find at one: it points there by its property, and
// its value at the path is what is wanted. One that is set in the resource itself, at own, does as well.
type Companion struct {
	Token, Property, Path string
	Want                  Want
	Own                   string
}

// Beside wants companions of several types.
type Beside map[string]Companion

// Control completes a control with the types of the table and the check that each has its companion.
func (b Beside) Control(c pack.Control) *pack.Control {
	c.Types, c.Stack = Keys(b), true
	for _, one := range b {
		c.Joins = append(c.Joins, one.Token)
	}
	slices.Sort(c.Joins)
	c.Check = func(k *pack.Case) {
		one := b[k.Type]
		found := AnyCompanion(k, one.Property, []string{one.Token}, func(r *pack.Resource) pack.Fact {
			if one.Path == "" {
				return pack.Yes(r.Inputs())
			}
			return one.Want.holds(r.Get(one.Path))
		})
		if one.Own != "" {
			found = found.Or(k.Get(one.Own).IsTrue())
		}
		k.Require(found, "no %s in which %s is %s points at it", one.Token[strings.LastIndexByte(one.Token, ':')+1:],
			cmp.Or(one.Path, one.Property), cmp.Or(one.Want.text, "its name"))
	}
	return &c
}

// Target is what a control wants of the resource that a property points at.
type Target struct {
	Property, Token, Path string
	Want                  Want
}

// Leading wants something of the resources that several types point at.
type Leading map[string]Target

// Control completes a control with the types of the table and the check of what each points at.
func (l Leading) Control(c pack.Control) *pack.Control {
	c.Types, c.Stack = Keys(l), true
	for _, one := range l {
		if !slices.Contains(c.Joins, one.Token) {
			c.Joins = append(c.Joins, one.Token)
		}
	}
	slices.Sort(c.Joins)
	c.Check = func(k *pack.Case) {
		one := l[k.Type]
		if one.Want.applies != nil {
			switch applies := one.Want.applies(k.Inputs()); applies.Is {
			case pack.False:
				return
			case pack.Deferred:
				k.Defer(applies.At)
				return
			}
		}
		root, _, _ := strings.Cut(one.Property, ".")
		switch to, found := k.Stack.Target(k.Resource, root, k.Get(one.Property), one.Token); {
		case to != nil:
			v := to.Get(one.Path)
			k.Require(one.Want.holds(v), "%s of %q, at which %s points, is %s; it must be %s", one.Path, to.Name, one.Property, v, one.Want.text)
		case found.Is == pack.Deferred:
			k.Defer(found.At)
		default:
			k.Skip("what %s points at is not part of the stack", one.Property)
		}
	}
	return &c
}

// Keys are the keys of a table, such as the types that it is about, in the order of the alphabet.
func Keys[T any](byType map[string]T) []string { return slices.Sorted(maps.Keys(byType)) }
