// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const reason = "Rollout until 2030-01-31 see OPS-42"

func intents(rules []rule) []Intent {
	var out []Intent
	for _, r := range rules {
		out = append(out, r.Intent)
	}
	return out
}

func TestBaselineOrder(t *testing.T) {
	rules, err := plan(nil, nil)
	require.NoError(t, err)
	require.Equal(t, []Intent{IPReputation, RateLimit, CommonRuleSet, KnownBadInputs, SQLInjection, Linux, Oversize}, intents(rules))
	for i, r := range rules {
		require.False(t, r.Count, r.Intent)
		require.Empty(t, r.CountRules, r.Intent)
		if i > 0 {
			require.Greater(t, r.Priority, rules[i-1].Priority)
		}
	}
}

func TestBaselineFitsTheBudget(t *testing.T) {
	rules, err := plan(nil, nil)
	require.NoError(t, err)
	require.Equal(t, 25+2+700+200+200+200+22, capacity(rules))
	require.LessOrEqual(t, capacity(rules), CapacityBudget)
}

// An intent added later must not renumber the others: AWS WAF would evaluate them in another order for a while.
func TestAdditionalKeepsPriorities(t *testing.T) {
	before, err := plan(nil, nil)
	require.NoError(t, err)
	after, err := plan([]Intent{AnonymousIP, WordPress}, nil)
	require.NoError(t, err)
	for _, r := range before {
		require.Contains(t, after, r)
	}
	require.Equal(t, []Intent{IPReputation, AnonymousIP, RateLimit, CommonRuleSet, KnownBadInputs, SQLInjection, Linux, WordPress, Oversize}, intents(after))
	require.Equal(t, capacity(before)+50+100, capacity(after))
}

func TestCatalogueIsSound(t *testing.T) {
	seen := map[Intent]bool{}
	for _, e := range catalogue {
		require.False(t, seen[e.Intent], e.Intent)
		seen[e.Intent] = true
		require.Positive(t, e.Capacity, e.Intent)
		require.Equal(t, e.Intent != RateLimit && e.Intent != Oversize, strings.HasPrefix(e.Group, "AWSManagedRules"), e.Intent)
	}
}

func TestPlanRefuses(t *testing.T) {
	cases := map[string]struct {
		additional  []Intent
		relaxations []Relaxation
		want        []string
	}{
		"too much for the budget": {
			additional: []Intent{AnonymousIP, POSIX, PHP},
			want:       []string{"need 1599 web ACL capacity units, 99 more than the 1500", "leave out one of [AnonymousIP POSIX PHP]"},
		},
		"an unknown intent": {additional: []Intent{"BotControl"}, want: []string{`Additional[0]: "BotControl" is not an intent; use one of AnonymousIP, AdminProtection, POSIX`}},
		"a baseline intent": {additional: []Intent{Linux}, want: []string{`Additional[0]: "Linux" is in every web ACL already`}},
		"an intent twice":   {additional: []Intent{PHP, PHP}, want: []string{`Additional[1]: "PHP" is listed twice`}},
		"no reason": {
			relaxations: []Relaxation{{Intent: Linux}},
			want:        []string{`Relaxations[0]: Reason for Linux: "" is not a valid reason; write 10 to 256`},
		},
		"a reason that no tag can hold": {
			relaxations: []Relaxation{{Intent: Linux, Reason: "because (reasons) & more"}},
			want:        []string{"Relaxations[0]: Reason"},
		},
		"an intent that is not there": {
			relaxations: []Relaxation{{Intent: PHP, Reason: reason}},
			want:        []string{`Relaxations[0]: Intent "PHP" is not in this web ACL`},
		},
		"a rule of the rate limit": {
			relaxations: []Relaxation{{Intent: RateLimit, Rule: "Any", Reason: reason}},
			want:        []string{`RateLimit has no rules inside, so Rule "Any" means nothing`},
		},
		"a rule that cannot be": {
			relaxations: []Relaxation{{Intent: Linux, Rule: "a b", Reason: reason}},
			want:        []string{`Rule: "a b" is not the name of a rule`},
		},
		"a relaxation twice": {
			relaxations: []Relaxation{{Intent: Linux, Reason: reason}, {Intent: Linux, Reason: reason}},
			want:        []string{"Relaxations[1]: Linux is relaxed twice"},
		},
		"everything at once": {
			additional:  []Intent{"BotControl"},
			relaxations: []Relaxation{{Intent: PHP, Reason: reason}},
			want:        []string{"Additional[0]", "Relaxations[0]"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := plan(c.additional, c.relaxations)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestRelaxations(t *testing.T) {
	rules, err := plan(nil, []Relaxation{
		{Intent: CommonRuleSet, Rule: "SizeRestrictions_BODY", Reason: reason},
		{Intent: CommonRuleSet, Rule: "GenericRFI_BODY", Reason: reason},
		{Intent: RateLimit, Reason: reason},
	})
	require.NoError(t, err)
	for _, r := range rules {
		require.Equal(t, r.Intent == RateLimit, r.Count, r.Intent)
		if r.Intent == CommonRuleSet {
			require.Equal(t, []string{"GenericRFI_BODY", "SizeRestrictions_BODY"}, r.CountRules)
		} else {
			require.Empty(t, r.CountRules, r.Intent)
		}
	}
}

// Whatever is asked for, a plan has the whole baseline in order, within the budget, and counts only what has a reason.
func FuzzPlan(f *testing.F) {
	f.Add("AnonymousIP,PHP", "Linux", "", reason)
	f.Add("", "CommonRuleSet", "SizeRestrictions_BODY", reason)
	f.Add("Linux,Linux", "", "x", "")
	f.Fuzz(func(t *testing.T, additional, intent, name, why string) {
		var wanted []Intent
		for _, i := range strings.Split(additional, ",") {
			if i != "" {
				wanted = append(wanted, Intent(i))
			}
		}
		rules, err := plan(wanted, []Relaxation{{Intent: Intent(intent), Rule: name, Reason: why}})
		if err != nil {
			require.Empty(t, rules)
			return
		}
		require.LessOrEqual(t, capacity(rules), CapacityBudget)
		require.True(t, slices.IsSortedFunc(rules, func(a, b rule) int { return a.Priority - b.Priority }))
		require.NotEmpty(t, why)
		relaxed := 0
		for _, r := range rules {
			if r.Count {
				relaxed++
			}
			relaxed += len(r.CountRules)
		}
		require.Equal(t, 1, relaxed)
		for _, e := range catalogue {
			if e.Baseline {
				require.Contains(t, intents(rules), e.Intent)
			}
		}
	})
}
