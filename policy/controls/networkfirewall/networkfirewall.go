// SPDX-License-Identifier: Apache-2.0

// Package networkfirewall holds the controls of AWS Network Firewall.
package networkfirewall

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "firewall-logging", Title: "Network firewalls log", Severity: pack.Medium, Types: []string{"aws:networkfirewall/firewall:Firewall"},
			Joins: []string{"aws:networkfirewall/loggingConfiguration:LoggingConfiguration"}, Stack: true,
			Why: "Only the log shows what was let through and what was stopped.", Fix: "Add a LoggingConfiguration for the firewall.",
			Maps: standard.Meets("FSBP:NetworkFirewall.2", standard.Logging),
			Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "firewallArn", []string{"aws:networkfirewall/loggingConfiguration:LoggingConfiguration"}, want.Present),
					"no logging configuration points at the firewall")
			},
		},
		want.Properties{
			"aws:networkfirewall/firewall:Firewall": {"subnetChangeProtection": want.On},
		}.Control(pack.Control{
			ID: "firewall-change-protection", Title: "Network firewalls do not lose their subnets by mistake", Severity: pack.Medium,
			Concern: pack.Resilience,
			Why:     "A firewall that is taken out of a subnet lets its traffic past.",
			Fix:     "Set subnetChangeProtection to true.", Maps: standard.Meets("FSBP:NetworkFirewall.10", standard.KeepSafe),
		}),
		want.Row("firewall-policy-rules", "Firewall policies have rules, and drop or inspect the rest",
			"A policy that passes what no rule names is no firewall.",
			"Add rule groups, and set the default actions to aws:drop or aws:forward_to_sfe.",
			"FSBP:NetworkFirewall.3 FSBP:NetworkFirewall.4 FSBP:NetworkFirewall.5 "+standard.Segments, pack.Medium, "",
			want.Properties{aws.NetworkFirewallFirewallPolicy: {
				"firewallPolicy.statelessDefaultActions[]":         want.Is("aws:drop", "aws:forward_to_sfe"),
				"firewallPolicy.statelessFragmentDefaultActions[]": want.Is("aws:drop", "aws:forward_to_sfe"),
				"firewallPolicy.statefulRuleGroupReferences":       want.Given.WhereIs("firewallPolicy.statelessRuleGroupReferences", want.NotSet),
			}}),
		want.Row("firewall-group-rules", "Stateless rule groups are not empty", "An empty group stops nothing.", "Add rules to the group.",
			"FSBP:NetworkFirewall.6 "+standard.Segments, pack.Medium, "", want.Properties{
				"aws:networkfirewall/ruleGroup:RuleGroup": {
					"ruleGroup.rulesSource.statelessRulesAndCustomActions.statelessRules": want.Given.Where("type", "STATELESS"),
				},
			}),
	}
}
