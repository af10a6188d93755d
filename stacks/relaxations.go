// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

// Relaxation lets a part of the web ACL count requests instead of blocking them.
type Relaxation struct {
	// Intent is one of wafIntents.
	Intent string
	// Rule is one rule of the intent's managed group; empty for the whole intent.
	Rule string
	// Paths are the beginnings of the only paths on which the rule counts; none means every path.
	Paths []string
	// Reason says why; it becomes a tag.
	Reason string
}

// what names the relaxed part.
func (r Relaxation) what() string {
	if r.Rule == "" {
		return r.Intent
	}
	return r.Intent + "." + r.Rule
}

// Intents that are one rule, of our own.
const rateLimit, oversize = "RateLimit", "Oversize"

// wafIntents are the parts of every web ACL.
var wafIntents = []string{"IPReputation", rateLimit, "CommonRuleSet", "KnownBadInputs", "SQLInjection", "Linux", oversize}

// WAFIntents returns the parts of every web ACL that a relaxation may name.
func WAFIntents() []string { return slices.Clone(wafIntents) }

// at and because stand between what is relaxed, where, and why.
const at, because = " at ", " because "

// relaxationOf takes "CommonRuleSet.SizeRestrictions_BODY at /photos because people upload photos"
// apart.
func relaxationOf(s string) (Relaxation, error) {
	const example = "write it like CommonRuleSet.SizeRestrictions_BODY at /photos because people upload photos"
	what, why, found := strings.Cut(s, because)
	if !found {
		return Relaxation{}, form.Text(s, "gives no reason", example)
	}
	what, where, some := strings.Cut(what, at)
	intent, rule, single := strings.Cut(what, ".")
	switch {
	case !slices.Contains(wafIntents, intent):
		return Relaxation{}, form.Text(s, "relaxes something that is not part of the web ACL",
			meant(intent, wafIntents, "choose from "+strings.Join(wafIntents, ", ")))
	case single && intent == rateLimit:
		return Relaxation{}, form.Text(s, "names a rule inside the rate limit, which is one rule", "name RateLimit alone, or raise wafRateLimit")
	case single && intent == oversize:
		return Relaxation{}, form.Text(s, "names a rule inside Oversize, which is one rule", "name Oversize alone")
	case single && form.CheckWAFRule(rule) != nil:
		return Relaxation{}, form.Text(s, "does not name a rule of AWS WAF", example)
	}
	if err := reasonOf(s, why); err != nil {
		return Relaxation{}, err
	}
	r := Relaxation{Intent: intent, Rule: rule, Reason: why}
	if some {
		r.Paths = strings.Split(where, ",")
	}
	for _, path := range r.Paths {
		if refused := (*form.Error)(nil); errors.As(form.CheckRelaxedPath(rule, path), &refused) {
			return Relaxation{}, form.Text(s, fmt.Sprintf("relaxes a path that it cannot: %q %s", path, refused.Fault), refused.Cure)
		}
	}
	return r, nil
}

// reasonOf checks the reason that an entry of a list gives.
func reasonOf(entry, reason string) error {
	if refused := (*form.Error)(nil); errors.As(form.CheckReason(reason), &refused) {
		return form.Text(entry, "gives a reason that is not valid", refused.Cure)
	}
	return nil
}

// relaxations checks a list of relaxations, in which nothing may be relaxed twice.
func relaxations(value any) []fault {
	seen := map[string]string{}
	return each(func(s string) error {
		r, err := relaxationOf(s)
		if err != nil {
			return err
		}
		if first, twice := seen[r.what()]; twice && first != s {
			return form.Text(s, "relaxes "+r.what()+" a second time", "keep one")
		}
		seen[r.what()] = s
		return nil
	})(value)
}

// Relaxed are the relaxations in a form that a program reads.
func (w WAF) Relaxed() []Relaxation {
	var relaxed []Relaxation
	for _, s := range w.Relaxations {
		if r, err := relaxationOf(s); err == nil {
			relaxed = append(relaxed, r)
		}
	}
	return relaxed
}

// wholeIntents reports the relaxations of production that leave nothing of an intent.
func wholeIntents(s *Settings) []fault {
	var faults []fault
	for i, r := range s.WAF.Relaxed() {
		if r.Rule == "" {
			faults = append(faults, fault{"wafRelaxations", i, quoted(s.WAF.Relaxations[i]),
				fmt.Sprintf("leaves production without %s", r.Intent), "name the one rule that is in the way"})
		}
	}
	return faults
}
