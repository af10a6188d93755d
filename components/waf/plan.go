// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Relaxation lets one intent, or one rule of a managed group, count requests instead of blocking them. This is how a
// group is rolled out, and how a rule that hits honest requests is silenced without losing the rest of its group.
type Relaxation struct {
	// Intent is the intent to relax.
	Intent Intent `pulumi:"intent"`
	// Rule is the name of one rule inside the intent's managed group, such as "SizeRestrictions_BODY"; empty relaxes
	// the whole intent. The rate limit has no rules inside.
	Rule string `pulumi:"rule"`
	// Paths are the beginnings of the only paths on which the rule counts; everywhere else it blocks. For rules whose name ends in
	// "_BODY", such as the one in the way of an upload. Empty means every path.
	Paths []string `pulumi:"paths"`
	// Reason says why, in words that an auditor understands. It is required, and becomes the value of the tag
	// "bulkhead:relaxed:<Intent>[.<Rule>]" on the web ACL: 10 to 256 letters, digits, spaces and + - = . _ : / @.
	Reason string `pulumi:"reason"`
}

// what names the relaxation in tags and messages.
func (r Relaxation) what() string {
	if r.Rule == "" {
		return string(r.Intent)
	}
	return string(r.Intent) + "." + r.Rule
}

// rule is one planned rule of the web ACL, before it becomes a resource argument.
type rule struct {
	entry
	Priority int
	// Count makes the whole intent count instead of block.
	Count bool
	// CountRules are the rules of the managed group that count instead of block, sorted.
	CountRules []string
	// Elsewhere are the rules among CountRules that block on other paths than those given.
	Elsewhere []Relaxation
}

// label is what a rule of the group leaves on requests that it matches ("Label syntax and naming requirements in AWS WAF", AWS WAF
// Developer Guide).
func (r rule) label(name string) string {
	body, _ := form.BodyLabel(name)
	return "awswaf:managed:aws:" + r.Labels + ":" + body
}

const (
	// labelCapacity and pathCapacity are what the two halves of a rule for other paths cost ("Label match rule statement", "String
	// match rule statement").
	labelCapacity, pathCapacity = 1, 2 + 2*10
	// maxElsewhere are the rules for other paths that fit between two intents.
	maxElsewhere = priorityStep - 2
)

// fieldAdditional is the field of Args that problems point at.
const fieldAdditional = "Additional"

// plan decides which rules the web ACL has, in order, or reports everything that is wrong with the request.
func plan(additional []Intent, relaxations []Relaxation) ([]rule, error) {
	var rules []rule
	for i, e := range catalogue {
		if e.Baseline || slices.Contains(additional, e.Intent) {
			rules = append(rules, rule{entry: e, Priority: (i + 1) * priorityStep})
		}
	}
	if err := errors.Join(checkAdditional(additional), relax(rules, relaxations), checkCapacity(rules, additional)); err != nil {
		return nil, err
	}
	return rules, nil
}

// capacity is the sum of web ACL capacity units that the rules need.
func capacity(rules []rule) int {
	sum := 0
	for _, r := range rules {
		sum += r.Capacity
		for _, e := range r.Elsewhere {
			sum += labelCapacity + len(e.Paths)*pathCapacity
		}
	}
	return sum
}

// checkCapacity reports rules that need more than the basic price covers.
func checkCapacity(rules []rule, additional []Intent) error {
	need := capacity(rules)
	if need <= CapacityBudget {
		return nil
	}
	return fmt.Errorf("%s: the rules need %d web ACL capacity units, %d more than the %d in the basic price; leave out one of %v",
		fieldAdditional, need, need-CapacityBudget, CapacityBudget, additional)
}

// checkAdditional reports wishes that are no intents on request.
func checkAdditional(additional []Intent) error {
	var problems []error
	for i, intent := range additional {
		at := slices.IndexFunc(catalogue, func(e entry) bool { return e.Intent == intent })
		switch {
		case at < 0:
			problems = append(problems, fmt.Errorf("%s[%d]: %q is not an intent; use one of %s", fieldAdditional, i, intent, onRequest()))
		case catalogue[at].Baseline:
			problems = append(problems, fmt.Errorf("%s[%d]: %q is in every web ACL already; remove it", fieldAdditional, i, intent))
		case slices.Index(additional, intent) < i:
			problems = append(problems, fmt.Errorf("%s[%d]: %q is listed twice; remove one", fieldAdditional, i, intent))
		}
	}
	return errors.Join(problems...)
}

// onRequest lists the intents that Args.Additional accepts.
func onRequest() string {
	var names []string
	for _, e := range catalogue {
		if !e.Baseline {
			names = append(names, string(e.Intent))
		}
	}
	return strings.Join(names, ", ")
}

// relax marks the relaxed rules in place and reports what is wrong with the relaxations.
func relax(rules []rule, relaxations []Relaxation) error {
	var problems []error
	seen := map[string]bool{}
	for i, r := range relaxations {
		fail := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("Relaxations[%d]: "+format, append([]any{i}, args...)...))
		}
		if err := form.CheckReason(r.Reason); err != nil {
			fail("Reason for %s: %w", r.what(), err)
		}
		if seen[r.what()] {
			fail("%s is relaxed twice; remove one", r.what())
		}
		seen[r.what()] = true
		at := slices.IndexFunc(rules, func(have rule) bool { return have.Intent == r.Intent })
		switch {
		case at < 0:
			fail("Intent %q is not in this web ACL; remove the relaxation", r.Intent)
		case r.Rule == "" && len(r.Paths) > 0:
			fail("Paths of %s without a Rule; name the rule that is in the way", r.Intent)
		case r.Rule == "":
			rules[at].Count = true
		case rules[at].Group == "":
			fail("%s has no rules inside, so Rule %q means nothing; leave Rule empty", r.Intent, r.Rule)
		case form.CheckWAFRule(r.Rule) != nil:
			fail("Rule: %w", form.CheckWAFRule(r.Rule))
		case len(r.Paths) > 0 && len(rules[at].Elsewhere) == maxElsewhere:
			fail("Paths of %s: only %d rules of %s can be relaxed on some paths; leave Paths empty", r.what(), maxElsewhere, r.Intent)
		default:
			for j, path := range r.Paths {
				if err := form.CheckRelaxedPath(r.Rule, path); err != nil {
					fail("Paths[%d] of %s: %w", j, r.what(), err)
				}
			}
			if len(r.Paths) > 0 {
				rules[at].Elsewhere = append(rules[at].Elsewhere, r)
			}
			rules[at].CountRules = append(rules[at].CountRules, r.Rule)
			slices.Sort(rules[at].CountRules)
		}
	}
	return errors.Join(problems...)
}
