// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

// start is the bit for the first letter of an action, whatever its case; a pattern that starts with anything else
// may match every action.
func start(action string) uint32 {
	if action == "" {
		return 0
	}
	letter := action[0] | 0x20
	if letter < 'a' || letter > 'z' {
		return ^uint32(0)
	}
	return 1 << (letter - 'a')
}

// matchAction compares an action with a pattern without regard to case, as AWS does.
func matchAction(pattern, action string) bool {
	fixed := 0
	for fixed < len(pattern) && pattern[fixed] != '*' && pattern[fixed] != '?' {
		fixed++
	}
	switch {
	case fixed == len(pattern):
		return strings.EqualFold(pattern, action)
	case fixed > len(action) || !strings.EqualFold(pattern[:fixed], action[:fixed]):
		return false
	}
	return pattern[fixed:] == "*" || glob.Match(strings.ToLower(pattern[fixed:]), strings.ToLower(action[fixed:]))
}

// CoversAction reports whether the statement's Action or NotAction covers the action.
func (s *Statement) CoversAction(action string) bool {
	if len(s.NotActions) > 0 {
		return !slices.ContainsFunc(s.NotActions, func(p string) bool { return matchAction(p, action) })
	}
	if s.starts&start(action) == 0 {
		return false // nearly all statements are about another service
	}
	return slices.ContainsFunc(s.Actions, func(p string) bool { return matchAction(p, action) })
}

// AnyResource reports whether the statement is about every resource: "*", patterns that come to the same,
// NotResource, or no Resource element at all (resource policies of some services).
func (s *Statement) AnyResource() bool { return s.anywhere }

func (s *Statement) isAnywhere() bool {
	if len(s.NotResources) > 0 || len(s.Resources) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Resources, EveryResource)
}

// Grants reports whether the document lets the action happen on every resource without a condition, and no
// statement denies it as widely. The statement that grants it is returned.
func (d *Document) Grants(action string) (*Statement, bool) {
	for _, s := range d.wide {
		if s.CoversAction(action) && s.anywhereFor(action) {
			return s, !d.Denies(action)
		}
	}
	return nil, false
}

// Limited reports whether the statement has a condition that narrows what it is about to things that are named.
// Conditions about who calls, from where and when do not count: everybody who has the policy meets them, or can.
func (s *Statement) Limited() bool { return s.limited }

func (s *Statement) isLimited() bool {
	for i := range s.Conditions {
		if s.limitedBy(&s.Conditions[i]) {
			return true
		}
	}
	return false
}

// alwaysSent reports whether the condition is by ForAllValues, which also holds when the key is missing, and on a key
// that every request carries. For the keys about records Route 53 documents just that form (Route 53 developer guide,
// "Using IAM policy conditions for fine-grained access control").
func (c *Condition) alwaysSent() bool {
	return c.op.forAll && !c.op.negated && !c.op.ifExists && c.op.compares() && len(c.Values) > 0 &&
		strings.HasPrefix(c.key, "route53:changeresourcerecordsets")
}
