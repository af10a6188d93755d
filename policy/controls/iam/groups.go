// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

func groups() []*pack.Control {
	return []*pack.Control{
		{
			ID: "iam-group-members", Title: "Every group has a member", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations,
			Types: []string{aws.IAMGroup}, Joins: []string{aws.IAMGroupMembership, aws.IAMUserGroupMembership}, Stack: true,
			Why: "Rights that nobody has today are given by accident tomorrow. People are often put into groups elsewhere, so this is off by " +
				"default.",
			Fix: "Remove the group, or add a GroupMembership or UserGroupMembership.", Maps: standard.Meets(standard.Hygiene, standard.Privilege),
			Check: func(k *pack.Case) {
				all := want.AnyCompanion(k, "group", []string{aws.IAMGroupMembership},
					func(r *pack.Resource) pack.Fact { return r.Get("users").IsSet() })
				k.Require(all.Or(want.AnyCompanion(k, "groups", []string{aws.IAMUserGroupMembership}, want.Present)),
					"no membership of this stack names the group")
			},
		},
		{
			ID: "iam-group-mfa", Title: "Policies of groups ask for a second factor", Severity: pack.Medium, Level: pack.Disabled,
			Types: []string{aws.IAMGroupPolicy},
			Why: "Members of a group are people with passwords and keys, and a password alone is guessed or phished. Where people sign in " +
				"elsewhere the provider asks, so this is off by default.",
			Fix:   "Add the condition Bool aws:MultiFactorAuthPresent true, or deny everything else while it is not true.",
			Maps:  standard.Meets("FSBP:IAM.5 CIS:1.9 NIST:IA-2(1) PCI:8.4.2"),
			Check: document.Each(document.At("policy"), asksSecondFactor),
		},
	}
}

// asksSecondFactor wants a document to refuse requests without a second factor, or each of its grants to demand one.
// A statement that refuses may leave out what is needed to set a second factor up.
func asksSecondFactor(k *pack.Case, v pack.Value, d *iam.Document) {
	if slices.ContainsFunc(d.Statements, refusesWithoutFactor) {
		return
	}
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Allows() &&
			!slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool { return c.DemandsSecondFactor() }) {
			k.Report(v, "%s allows without a second factor", s.Label())
		}
	}
}

// refusesWithoutFactor reports whether a statement denies everything, or everything but a list, without a second
// factor. Long-lived keys send no such key at all, for which IfExists is.
func refusesWithoutFactor(s iam.Statement) bool {
	if !s.Denies() || !s.AnyResource() || len(s.NotActions) == 0 && !s.EveryAction("") || len(s.Conditions) != 1 {
		return false
	}
	c := s.Conditions[0]
	return strings.EqualFold(c.Key, "aws:MultiFactorAuthPresent") && strings.EqualFold(c.Operator, "BoolIfExists") &&
		slices.Equal(c.Values, []string{"false"})
}
