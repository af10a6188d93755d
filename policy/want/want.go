// SPDX-License-Identifier: Apache-2.0

// Package want has the words in which controls are written: facts about values at paths, companions beside a resource, tables of
// what properties of several types must be, remedies and settings.
package want

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// IsTrue wants every path to be true; a path that is not set is false.
func IsTrue(paths ...string) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, p := range paths {
			k.Require(k.Get(p).IsTrue())
		}
	}
}

// NotFalse wants the path to be true or not set, for switches that AWS turns on by itself.
func NotFalse(path string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).Is(true, true)) }
}

// IsFalse wants every path to be false or not set.
func IsFalse(paths ...string) func(*pack.Case) {
	return func(k *pack.Case) {
		for _, p := range paths {
			k.Require(k.Get(p).IsFalse())
		}
	}
}

// IsSet wants the path to hold something.
func IsSet(path string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).IsSet()) }
}

// OneOf wants the path to be one of the words.
func OneOf(path string, words ...string) func(*pack.Case) {
	return func(k *pack.Case) { k.Require(k.Get(path).OneOf(words...)) }
}

// NoneOf wants the path to be none of the words; not set is fine.
func NoneOf(path string, words ...string) func(*pack.Case) {
	return func(k *pack.Case) { k.Forbid(k.Get(path).OneOf(words...)) }
}

// AtLeast wants a number not below the setting.
func AtLeast(path, setting string) func(*pack.Case) {
	return func(k *pack.Case) {
		v := k.Get(path)
		k.Require(v.AtLeast(k.Num(setting)), "%s is %s; at least %v is wanted", path, v, k.Num(setting))
	}
}

// AtMost wants a number not above the setting.
func AtMost(path, setting string) func(*pack.Case) {
	return func(k *pack.Case) {
		v := k.Get(path)
		k.Require(v.AtMost(k.Num(setting)), "%s is %s; at most %v is allowed", path, v, k.Num(setting))
	}
}

// Put is a remedy that sets a path, unless it is right, unknown, or another remedy's business.
func Put(path string, value any) func(*pack.Edit) {
	return func(e *pack.Edit) { e.Set(path, value) }
}

// Number is a number setting.
func Number(name string, value float64, help string) []pack.Setting {
	return []pack.Setting{{Name: name, Default: value, Help: help}}
}

// Words is a setting that is a list of strings, empty by default.
func Words(name, help string, values ...string) pack.Setting {
	if values == nil {
		values = []string{}
	}
	return pack.Setting{Name: name, Default: values, Help: help}
}

// AnyCompanion is the fact that a resource which points at this one has what is wanted. AWS keeps many
// settings of a resource in companions of their own.
func AnyCompanion(k *pack.Case, property string, types []string, holds func(*pack.Resource) pack.Fact) pack.Fact {
	return AnyPointing(k.Stack, k.Resource, property, types, holds)
}

// AnyPointing is [AnyCompanion] for another resource than the one that is judged.
func AnyPointing(s *pack.Stack, to *pack.Resource, property string, types []string, holds func(*pack.Resource) pack.Fact) pack.Fact {
	answer := pack.No(pack.Value{})
	sure, maybe := s.Pointing(to, property, types...)
	for _, r := range sure {
		answer = answer.Or(holds(r))
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}

// LeadsTo is the fact that a value in a property of one resource is an output of another, such as the DNS name
// of a load balancer. While it is unknown, it is judged by what the property depends on.
func LeadsTo(s *pack.Stack, from *pack.Resource, property string, value pack.Value, to *pack.Resource, output string) pack.Fact {
	urns := from.PropertyDependencies[property]
	switch {
	case value.IsUnknown() && slices.Contains(urns, to.URN):
		return pack.Yes(value)
	case value.IsUnknown() && len(urns) > 0:
		return pack.No(value)
	case value.IsUnknown():
		return pack.Wait(value)
	}
	if own := to.Outputs().Get(output); own.Str() != "" {
		return value.OneOf(own.Str())
	}
	return s.Refers(from, property, value, to)
}

// Present is the companion fact that holds for any companion.
func Present(*pack.Resource) pack.Fact { return pack.Yes(pack.Value{}) }

// Allowed reports whether the setting allowed lists the resource by its name, and says so when it does.
func Allowed(k *pack.Case) bool {
	for _, pattern := range k.Words("allowed") {
		if glob.Match(pattern, k.Name) {
			k.Skip("the setting allowed lists the resource")
			return true
		}
	}
	return false
}

// Int is the whole number that a text holds, or -1.
func Int(s string) int {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return int(n)
}

// mostNamed is how many names of a list a message holds.
const mostNamed = 8

// Few writes a list for a message, which says how many are left out.
func Few(list []string) string {
	if len(list) <= mostNamed {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:mostNamed], ", "), len(list)-mostNamed)
}

// Count writes a number with the word for one or for many.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Absent is the fact that a value is not set at all.
func Absent(v pack.Value) pack.Fact {
	if v.Exists() {
		return pack.No(v)
	}
	return pack.Yes(v)
}

// AnyOf compares names and values of parameters, in which the engines do not tell capital letters from small ones.
func AnyOf(words ...string) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, strings.TrimSpace(s)) })
	}
}

// OldTLS reports whether a list of protocol versions has one before TLS 1.2.
func OldTLS(versions string) bool {
	return slices.ContainsFunc(strings.Split(versions, ","), AnyOf("TLSv1", "TLSv1.0", "TLSv1.1", "SSLv3"))
}

// UnknownItem reports whether an item of a list of strings is not known yet.
func UnknownItem(v pack.Value) bool {
	_, unknown := v.Strings()
	return unknown.IsUnknown()
}

// Unknown is deferred while the value is unknown, and false otherwise.
func Unknown(v pack.Value) pack.Fact {
	if v.IsUnknown() {
		return pack.Wait(v)
	}
	return pack.No(v)
}

// SameText is the fact that two values are the same string.
func SameText(a, b pack.Value) pack.Fact {
	if b.IsUnknown() {
		return pack.Wait(b)
	}
	return a.OneOf(b.Str())
}

// Exists is the fact that a block is there, even an empty one: in AWS WAF an empty block is an answer.
func Exists(v pack.Value) pack.Fact {
	switch {
	case v.IsUnknown():
		return pack.Wait(v)
	case v.Exists():
		return pack.Yes(v)
	}
	return pack.No(v)
}
