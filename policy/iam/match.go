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
	return slices.ContainsFunc(s.Resources, everyResource)
}

// everyResource reports whether a resource pattern names no particular resource: "*", "arn:*",
// "arn:aws:s3:::*" or "arn:aws:iam::123456789012:role/*" (every role).
func everyResource(pattern string) bool {
	if strings.Trim(pattern, "*?") == "" {
		return true
	}
	parts := strings.SplitN(pattern, ":", 6)
	if parts[0] != "arn" {
		return false
	}
	if len(parts) < 6 {
		return strings.HasSuffix(pattern, "*")
	}
	name := parts[5]
	if parts[2] == "s3" {
		bucket, _, _ := strings.Cut(name, "/")
		return strings.Trim(bucket, "*?") == ""
	}
	if i := strings.IndexAny(name, "/:"); i >= 0 {
		if strings.Trim(name[:i], "*?") == "" {
			return true
		}
		name = name[i+1:]
	}
	return strings.Trim(name, "*?/:") == ""
}

// Grants reports whether the document lets the action happen on every resource without a condition, and no
// statement denies it as widely. The statement that grants it is returned.
func (d *Document) Grants(action string) (*Statement, bool) {
	for _, s := range d.wide {
		if s.CoversAction(action) {
			return s, !d.Denies(action)
		}
	}
	return nil, false
}

// Limited reports whether the statement has a condition that narrows whom or what it is about. Conditions
// that are met by everybody who asks properly, such as encryption in transit, do not count.
func (s *Statement) Limited() bool { return s.limited }

func (s *Statement) isLimited() bool {
	for _, c := range s.Conditions {
		key := strings.ToLower(c.Key)
		if key == "aws:securetransport" || key == "aws:multifactorauthpresent" || key == "aws:currenttime" {
			continue
		}
		op := strings.ToLower(c.Operator)
		if strings.Contains(op, "not") || strings.HasPrefix(op, "null") || strings.HasSuffix(op, "ifexists") || strings.HasPrefix(op, "forallvalues:") && !alwaysSent(key) {
			continue
		}
		if !slices.ContainsFunc(c.Values, func(v string) bool { return strings.Trim(v, "*?") == "" }) {
			return true
		}
	}
	return false
}

// alwaysSent reports whether every request that a condition key is for carries the key, so that ForAllValues cannot
// hold because it is missing. For the keys about records Route 53 documents just that form (Route 53 developer guide,
// "Using IAM policy conditions for fine-grained access control").
func alwaysSent(key string) bool {
	return strings.HasPrefix(key, "route53:changeresourcerecordsets")
}
