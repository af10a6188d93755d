// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
)

// Stack is all resources of a deployment, for controls that compare resources.
type Stack struct {
	byURN    map[string]*Resource
	byType   map[string][]*Resource
	pointers map[[2]string]*pointers
	names    map[string]*names
	// users are the resources with an input that is computed from a URN; it is made when first asked for.
	users map[string][]*Resource
	all   []*Resource
	// secretive are the property maps with secrets, and hides what blots those out.
	secretive []*node
	hides     *strings.Replacer
}

// NewStack indexes the resources by URN and type.
func NewStack(resources []*Resource) *Stack {
	s := &Stack{
		all:      resources,
		byURN:    make(map[string]*Resource, len(resources)),
		byType:   map[string][]*Resource{},
		pointers: map[[2]string]*pointers{},
		names:    map[string]*names{},
	}
	for i, r := range resources {
		r.position, r.stack = i, s
		s.notice(r.props)
		s.notice(r.out)
		s.byURN[r.URN] = r
		s.byType[r.Type] = append(s.byType[r.Type], r)
	}
	return s
}

// Find returns the resource with the URN, or nil.
func (s *Stack) Find(urn string) *Resource { return s.byURN[urn] }

// All returns every resource, in the order of the engine.
func (s *Stack) All() []*Resource { return s.all }

// Of returns the resources of the given types.
func (s *Stack) Of(tokens ...string) []*Resource {
	if len(tokens) == 1 {
		return s.byType[tokens[0]]
	}
	var found []*Resource
	for _, t := range tokens {
		found = append(found, s.byType[t]...)
	}
	return found
}

// identities are the properties by which AWS resources are pointed at.
var identities = []string{"id", "arn", "bucket", "name", "identifier", "bucketRegionalDomainName", "url", "keyId", "zoneId"}

// Refers is the fact that a value in `from`, which belongs to the input property `property`, points at `to`.
// A known value is compared with the target's identities. An unknown one is judged by the URNs that the
// property depends on: the engine knows those before any id exists. When it depends on several resources
// of the target's kind, or on none that is visible, the answer is deferred.
func (s *Stack) Refers(from *Resource, property string, value Value, to *Resource) Fact {
	if !value.Exists() {
		return No(value)
	}
	if !value.IsUnknown() {
		return s.sameIdentity(value, to)
	}
	candidates, named := 0, false
	for _, urn := range from.PropertyDependencies[property] {
		target := s.byURN[urn]
		if target == nil {
			continue
		}
		if target == to {
			named = true
		}
		if sameFamily(target.Type, to.Type) {
			candidates++
		}
	}
	switch {
	case named && candidates == 1:
		return Yes(value)
	case named || candidates == 0:
		return Wait(value)
	}
	return No(value)
}

func (s *Stack) sameIdentity(value Value, to *Resource) Fact {
	text, ok := value.Text()
	if !ok {
		return No(value)
	}
	for _, key := range identities {
		if text == to.Outputs().Get(key).Str() || text == to.Inputs().Get(key).Str() {
			return fact(text != "", value)
		}
	}
	if name := nameInARN(text); name != "" && to.Outputs().Get("arn").Str() == "" && name == to.Outputs().Get("id").Str() {
		return Yes(value)
	}
	for _, key := range chosen {
		if name := to.Inputs().Get(key); name.IsUnknown() {
			return Wait(name)
		}
	}
	return No(value)
}

// nameInARN is what an ARN ends in: the id of what it is about. Exports that mocks have made, or that were cut down by hand, have
// such ids and no ARN of their own.
func nameInARN(text string) string {
	if !strings.HasPrefix(text, "arn:") {
		return ""
	}
	return text[strings.LastIndexAny(text, ":/")+1:]
}

// chosen are the identities that a program may choose by itself. While one is unknown, a name written
// elsewhere may turn out to be the same; ids that AWS makes cannot be.
var chosen = []string{"bucket", "name", "identifier"}

func sameFamily(a, b string) bool { return familyOf(a) == familyOf(b) }

// familyOf is one name for type tokens that are the same AWS resource under different names.
func familyOf(token string) string {
	if twin, ok := aws.Twin(token); ok {
		return min(token, twin)
	}
	return token
}

// Pointing returns the resources of the given types whose property points at `to`, and the values that may
// or may not do so.
func (s *Stack) Pointing(to *Resource, property string, tokens ...string) (sure []*Resource, maybe []Value) {
	for _, token := range tokens {
		for _, from := range s.candidates(to, property, token) {
			answer := No(Value{})
			for item := range from.Get(property).Items() {
				answer = answer.Or(s.Refers(from, rootOf(property), item, to))
			}
			switch answer.Is {
			case True:
				sure = append(sure, from)
			case Deferred:
				maybe = append(maybe, answer.At)
			}
		}
	}
	return sure, maybe
}

// Target returns the resource among the given types at which the value of the property points. The fact is
// false when it points at nothing in the stack, deferred when that cannot be told yet.
func (s *Stack) Target(from *Resource, property string, value Value, tokens ...string) (*Resource, Fact) {
	if !value.Exists() {
		return nil, No(value)
	}
	if value.IsUnknown() {
		return s.targetByURN(from, property, value, tokens)
	}
	answer := No(value)
	for _, token := range tokens {
		for _, to := range s.named(token, value.Str()) {
			same := s.sameIdentity(value, to)
			if same.Is == True {
				return to, same
			}
			answer = answer.Or(same)
		}
	}
	return nil, answer
}

func (s *Stack) targetByURN(from *Resource, property string, value Value, tokens []string) (*Resource, Fact) {
	var only *Resource
	for _, urn := range from.PropertyDependencies[property] {
		to := s.byURN[urn]
		if to == nil || !slices.Contains(tokens, to.Type) {
			continue
		}
		if only != nil {
			return nil, Wait(value)
		}
		only = to
	}
	if only == nil {
		return nil, Wait(value)
	}
	return only, Yes(value)
}

func rootOf(path string) string {
	step, _ := cutStep(path)
	return step
}
