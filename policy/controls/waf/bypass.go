// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// firewallBypasses are the ways in which the rules of a web ACL are there and yet block nothing.
func firewallBypasses() []*pack.Control {
	return []*pack.Control{
		{
			ID: "waf-no-early-allow", Title: "No rule lets requests past the rules that protect", Severity: pack.High,
			Types: []string{aws.WAFWebACL},
			Why:   "Allow ends the evaluation: what such a rule matches is never seen by the rule groups and rate limits after it.",
			Fix:   "Give the rule a priority after the groups and limits, or match addresses, countries or labels that you name.",
			Maps:  standard.Meets(standard.WebAttack), Check: eachFirewall(allowsEarly),
		},
		{
			ID: "waf-group-rules-acting", Title: "The rules of managed groups keep their actions", Severity: pack.High,
			Types:    []string{aws.WAFWebACL},
			Why:      "A rule that is overridden to count or allow blocks nothing; with enough of them the group is there in name only.",
			Fix:      "Remove entries of ruleActionOverrides; answer false alarms with a label match rule or a scope-down statement.",
			Maps:     standard.Meets(standard.WebAttack),
			Settings: want.Number("maxCounting", 3, "Most rules of one group that may be overridden to count."), Check: eachFirewall(overridden),
		},
		{
			ID: "waf-rule-group-acts", Title: "Rule groups do more than count", Severity: pack.High, Types: []string{aws.WAFRuleGroup},
			Why:  "A group of rules that all count blocks nothing in any web ACL that uses it.",
			Fix:  "Give the rules the action block, captcha or challenge; a rule that counts on purpose sets a label for a later one.",
			Maps: standard.Meets(standard.WebAttack),
			Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				k.Require(rules.IsSet().Not().Or(rules.Any(func(r pack.Value) pack.Fact {
					return chosen(r.Get("action"), "block", "captcha", "challenge", "allow").Or(r.Get("ruleLabels").IsSet())
				})), "every rule of the group only counts")
			}),
		},
	}
}

// protects is the fact that a rule is one of those that an early allow takes requests away from.
func protects(r pack.Value) pack.Fact {
	return chosen(r.Get("statement"), "managedRuleGroupStatement", "ruleGroupReferenceStatement", "rateBasedStatement")
}

// namesSome is the fact that a statement matches addresses, labels or countries that somebody listed. One part of an
// and-statement is enough; an or-statement needs it of each.
func namesSome(s pack.Value) pack.Fact {
	answer := chosen(s, "ipSetReferenceStatement", "iPSetReferenceStatement", "labelMatchStatement", "geoMatchStatement")
	if parts := s.Get("andStatement.statements"); parts.Exists() {
		answer = answer.Or(parts.Any(namesSome))
	}
	if parts := s.Get("orStatement.statements"); parts.Exists() {
		answer = answer.Or(parts.IsSet().And(parts.All(namesSome)))
	}
	return answer
}

func allowsEarly(k *pack.Case, rules pack.Value) {
	if rules.IsUnknown() {
		k.Defer(rules)
		return
	}
	for r := range rules.Items() {
		open := want.Exists(r.Get("action.allow")).And(namesSome(r.Get("statement")).Not())
		if open.Is == pack.False {
			continue
		}
		later := rules.Any(func(other pack.Value) pack.Fact {
			return protects(other).And(before(r.Get("priority"), other.Get("priority")))
		})
		k.Forbid(open.And(later), "%s allows before the rules that protect", r.Path())
	}
}

// before is the fact that one priority comes before another. AWS refuses a rule without one.
func before(a, b pack.Value) pack.Fact {
	if b.IsUnknown() {
		return pack.Wait(b)
	}
	n, ok := b.Number()
	if !ok || !a.Exists() {
		return pack.No(a)
	}
	return a.AtMost(n - 1)
}

func overridden(k *pack.Case, rules pack.Value) {
	if rules.IsUnknown() {
		k.Defer(rules)
		return
	}
	for r := range rules.Items() {
		for _, kind := range []string{"managedRuleGroupStatement", "ruleGroupReferenceStatement"} {
			countsOnly(k, r.Get("statement."+kind))
		}
	}
}

// countsOnly refuses a group some of whose rules allow, or more than a few of whose rules count. The API's older way to
// have a rule count is to exclude it.
func countsOnly(k *pack.Case, group pack.Value) {
	overrides, open := group.Get("ruleActionOverrides"), want.Unknown(group.Get("ruleActionOverrides"))
	counting := group.Get("excludedRules").Len()
	for o := range overrides.Items() {
		k.Forbid(want.Exists(o.Get("actionToUse.allow")), "%s allows what the rule %s finds", o.Path(), o.Get("name"))
		switch counts := want.Exists(o.Get("actionToUse.count")); counts.Is {
		case pack.True:
			counting++
		case pack.Deferred:
			open = counts
		}
	}
	if float64(counting) > k.Num("maxCounting") {
		k.Report(group, "%d rules of the group %s only count; at most %v may", counting, group.Get("name"), k.Num("maxCounting"))
	} else if open.Is == pack.Deferred {
		k.Defer(open.At)
	}
}
