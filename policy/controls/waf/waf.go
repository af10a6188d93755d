// SPDX-License-Identifier: Apache-2.0

// Package waf holds the controls of AWS WAF.
package waf

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return slices.Concat(firewalls(), firewallBypasses())
}

// wholeTraffic is the fact that a scope-down statement is not there, or only leaves some requests out by a NOT.
func wholeTraffic(scope pack.Value) pack.Fact {
	return want.Exists(scope).Not().Or(want.Exists(scope.Get("notStatement")))
}

// managed is the fact that a web ACL uses one of the managed rule groups of AWS for the whole traffic.
func managed(rules pack.Value, names ...string) pack.Fact {
	return rules.Any(func(r pack.Value) pack.Fact {
		group := r.Get("statement.managedRuleGroupStatement")
		ours := want.Absent(group.Get("vendorName")).Or(group.Get("vendorName").OneOf("AWS"))
		return group.Get("name").OneOf(names...).And(ours).And(wholeTraffic(group.Get("scopeDownStatement")))
	})
}

func firewalls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "waf-has-rules", Title: "Web ACLs have rules", Severity: pack.High, Types: []string{aws.WAFWebACL, aws.WAFRuleGroup},
			Why: "A web ACL without rules passes everything on.", Fix: "Add rules; AWS managed groups are a start.",
			Maps: standard.Meets("FSBP:WAF.10", standard.WebAttack),
			Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				k.Require(rules.IsSet(), "there are no rules")
			}),
		},
		{
			ID: "waf-rule-actions", Title: "Every rule of a web ACL or rule group does something", Severity: pack.Medium,
			Types: []string{aws.WAFWebACL, aws.WAFRuleGroup},
			Why:   "A rule without an action is refused by AWS, or counts and lets through.",
			Fix:   "Give each rule an action, or an overrideAction for groups.",
			Maps:  standard.Meets(standard.WebAttack), Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				for r := range rules.Items() {
					group := r.Get("statement.managedRuleGroupStatement").IsSet().Or(r.Get("statement.ruleGroupReferenceStatement").IsSet())
					over := chosen(r.Get("overrideAction"), "none", "count")
					own := chosen(r.Get("action"), "allow", "block", "count", "captcha", "challenge")
					acts := group.And(over).Or(group.Not().And(own))
					k.Require(acts, "%s has no action that fits its kind", r.Path())
				}
			}),
		},
		{
			ID: "waf-groups-not-counting", Title: "Rule groups, and rules for known exploits, are not set to count only", Severity: pack.High,
			Types: []string{aws.WAFWebACL},
			Why:   "A group that only counts blocks nothing.", Fix: "Set overrideAction to none once the group is tried out.",
			Maps: standard.Meets(standard.WebAttack),
			Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				for r := range rules.Items() {
					count := r.Get("overrideAction.count")
					k.Forbid(want.Exists(count), "%s only counts", r.Path())
					exploits := r.Get("statement.managedRuleGroupStatement")
					known := exploits.Get("name").OneOf("AWSManagedRulesKnownBadInputsRuleSet")
					for o := range exploits.Get("ruleActionOverrides").Items() {
						k.Forbid(known.And(want.Exists(o.Get("actionToUse.count"))), "%s lets %s, a known exploit, through and counts it", o.Path(),
							o.Get("name"))
					}
					for o := range exploits.Get("excludedRules").Items() {
						k.Forbid(known.And(want.Exists(o)), "%s lets %s, a known exploit, through and counts it", o.Path(), o.Get("name"))
					}
				}
			}),
		},
		{
			ID: "waf-rate-limit", Title: "Web ACLs limit the rate of requests", Severity: pack.High, Types: []string{aws.WAFWebACL},
			Why: "Without a limit one client can use up what all others need.",
			Fix: "Add a rule with a rateBasedStatement that blocks, without a scopeDownStatement or with one that only leaves requests out " +
				"by a notStatement; the setting maxRequests is the highest limit.",
			Settings: want.Number("maxRequests", 10000, "Highest limit of requests in the window."), Maps: standard.Meets(standard.WebAttack),
			Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				k.Require(rules.Any(func(r pack.Value) pack.Fact {
					rate := r.Get("statement.rateBasedStatement")
					return rate.Get("limit").AtMost(k.Num("maxRequests")).And(want.Exists(r.Get("action.block"))).
						And(wholeTraffic(rate.Get("scopeDownStatement")))
				}), "no rule blocks clients above a rate, whatever they ask for")
			}),
		},
		{
			ID: "waf-known-bad-inputs", Title: "Web ACLs stop known attacks", Severity: pack.Medium, Types: []string{aws.WAFWebACL},
			Why: "AWSManagedRulesKnownBadInputsRuleSet holds requests that are only ever sent by attackers, such as Log4Shell.",
			Fix: "Add the managed rule group AWSManagedRulesKnownBadInputsRuleSet.", Maps: standard.Meets(standard.WebAttack, standard.Patching),
			Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				k.Require(managed(rules, "AWSManagedRulesKnownBadInputsRuleSet"), "the managed group for known bad inputs is missing")
			}),
		},
		{
			ID: "waf-common-rules", Title: "Web ACLs use the common rule set", Severity: pack.Medium, Types: []string{aws.WAFWebACL},
			Why:  "The common set covers the most frequent kinds of attack on web applications.",
			Fix:  "Add the managed rule group AWSManagedRulesCommonRuleSet.",
			Maps: standard.Meets(standard.WebAttack), Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				k.Require(managed(rules, "AWSManagedRulesCommonRuleSet"), "the common rule set is missing")
			}),
		},
		{
			ID: "waf-metrics", Title: "Web ACLs and their rules are measured", Severity: pack.Medium, Concern: pack.Operations,
			Types: []string{aws.WAFWebACL, aws.WAFRuleGroup},
			Why:   "Without metrics nobody sees an attack, nor a rule that blocks customers.",
			Fix:   "Set visibilityConfig.cloudwatchMetricsEnabled to true.",
			Maps:  standard.Meets("FSBP:WAF.12", standard.Monitoring), Check: eachFirewall(func(k *pack.Case, rules pack.Value) {
				k.Require(k.Get("visibilityConfig.cloudwatchMetricsEnabled").IsTrue())
				for r := range rules.Items() {
					k.Require(r.Get("visibilityConfig.cloudwatchMetricsEnabled").IsTrue())
				}
			}),
		},
		{
			ID: "waf-logging", Title: "Web ACLs log requests", Severity: pack.Medium, Types: []string{aws.WAFWebACL},
			Joins: []string{aws.WAFWebACLLogging}, Stack: true,
			Why: "Only the log shows what was blocked and why.", Fix: "Add a WebAclLoggingConfiguration.",
			Maps: standard.Meets("FSBP:WAF.11", standard.Logging),
			Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "resourceArn", []string{aws.WAFWebACLLogging}, want.Present),
					"no logging configuration points at this web ACL")
			},
		},
		{
			ID: "waf-logs-redacted", Title: "Logs of web ACLs leave out credentials", Severity: pack.Medium, Types: []string{aws.WAFWebACLLogging},
			Why: "The log holds headers as they came, sessions and tokens included.",
			Fix: "Redact the headers authorization and cookie in redactedFields.", Maps: standard.Meets(standard.LogContent),
			Check: func(k *pack.Case) {
				for _, header := range []string{"authorization", "cookie"} {
					k.Require(k.Get("redactedFields").Any(func(f pack.Value) pack.Fact { return f.Get("singleHeader.name").OneOf(header) }),
						"the header %s is not redacted", header)
				}
			},
		},
		{
			ID: "waf-associated", Title: "Regional web ACLs protect something", Severity: pack.Low, Concern: pack.Cost,
			Types: []string{aws.WAFWebACL}, Joins: []string{aws.WAFWebACLAssociation}, Stack: true,
			Why: "A web ACL is paid for whether it protects something or not.", Fix: "Associate it or remove it.",
			Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) {
				global := k.Get("scope").OneOf("CLOUDFRONT")
				k.Require(global.Or(want.AnyCompanion(k, "webAclArn", []string{aws.WAFWebACLAssociation}, want.Present)),
					"nothing is associated with the web ACL")
			},
		},
		want.Row("waf-classic-rules", "Classic web ACLs, groups and rules are not empty",
			"An empty rule stops nothing and looks like one that does.",
			"Add predicates to the rule, rules to the group and to the web ACL.",
			"FSBP:WAF.2 FSBP:WAF.3 FSBP:WAF.4 FSBP:WAF.6 FSBP:WAF.7 FSBP:WAF.8 "+standard.WebAttack, pack.Medium, "", want.Properties{
				"aws:waf/rule:Rule": {"predicates": want.Given}, "aws:waf/ruleGroup:RuleGroup": {"activatedRules": want.Given},
				"aws:waf/webAcl:WebAcl":     {"rules": want.Given},
				"aws:wafregional/rule:Rule": {"predicates": want.Given}, "aws:wafregional/ruleGroup:RuleGroup": {"activatedRules": want.Given},
				"aws:wafregional/webAcl:WebAcl": {"rules": want.Given},
			}),
	}
}

// eachFirewall runs a check on the rules of a web ACL or rule group, also when they are written as the JSON of AWS's
// own API. Text that is not such JSON is reported by every control, because nobody knows which rules it stands for.
func eachFirewall(check func(*pack.Case, pack.Value)) func(*pack.Case) {
	return func(k *pack.Case) {
		text := k.Get("ruleJson")
		switch {
		case !document.Written(text):
			check(k, k.Get("rules"))
			return
		case text.IsUnknown():
			check(k, text)
			return
		}
		rules := pack.Memo(k, text, func() pack.Value { return readRuleJSON(text) })
		if !rules.Exists() {
			k.Report(text, "ruleJson is not a list of rules in JSON")
			return
		}
		check(k, rules)
	}
}

// readRuleJSON returns the rules as a value, which does not exist when the text is not a list in JSON.
func readRuleJSON(text pack.Value) pack.Value {
	var rules []any
	if json.Unmarshal([]byte(text.Str()), &rules) != nil || rules == nil {
		return pack.Value{}
	}
	s, err := structpb.NewStruct(map[string]any{"ruleJson": pulumiNames(rules)})
	if err != nil {
		return pack.Value{}
	}
	return text.Parsed(s).Get("ruleJson")
}

// pulumiNames writes the keys of the API as Pulumi spells them.
func pulumiNames(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = pulumiNames(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			item := v[key]
			if key == "CloudWatchMetricsEnabled" {
				key = "cloudwatchMetricsEnabled"
			}
			out[strings.ToLower(key[:min(1, len(key))])+key[min(1, len(key)):]] = pulumiNames(item)
		}
		return out
	}
	return v
}

// chosen is the fact that one of the kinds of an action is there.
func chosen(action pack.Value, kinds ...string) pack.Fact {
	answer := pack.No(action)
	for _, kind := range kinds {
		answer = answer.Or(want.Exists(action.Get(kind)))
	}
	return answer
}
