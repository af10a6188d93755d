// SPDX-License-Identifier: Apache-2.0

// Package cloudwatch holds the controls of Amazon CloudWatch and its logs.
package cloudwatch

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "log-retention", Title: "Log groups say how long they keep", Severity: pack.Low, Concern: pack.Cost, Types: []string{aws.LogGroup},
			Why: "Without a number, logs are kept and paid for forever.", Fix: "Set retentionInDays.",
			Maps: standard.Meets("NIST:AU-11"), Check: func(k *pack.Case) { k.Require(k.Get("retentionInDays").AtLeast(1)) },
		},
		{
			ID: "log-retention-year", Title: "Log groups keep a year", Severity: pack.Low, Level: pack.Disabled, Types: []string{aws.LogGroup},
			Why: "Intrusions are often found after months. Not every log is worth a year, so this is off by default.",
			Fix: "Set retentionInDays to 365 or more.", Settings: want.Number("minDays", 365, "Fewest days."),
			Maps: standard.Meets("FSBP:CloudWatch.16", standard.Retention), Check: func(k *pack.Case) {
				v := k.Get("retentionInDays")
				k.Require(v.OneOf("0").Or(want.Absent(v)).Or(v.AtLeast(k.Num("minDays"))), "retentionInDays is %s; at least %v is wanted", v,
					k.Num("minDays"))
			},
		},
		{
			ID: "log-encrypted", Title: "Log groups use a customer managed key", Severity: pack.Low, Types: []string{aws.LogGroup},
			Why: "Logs hold more than was meant to be in them; a key of your own lets you see and stop each reader.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets(standard.AtRest, standard.LogSafety), Check: want.IsSet("kmsKeyId"),
		},
		{
			ID: "log-policy-public", Title: "Resource policies of CloudWatch and EventBridge do not admit everybody", Severity: pack.High,
			Public: true,
			Types:  []string{aws.LogResourcePolicy, aws.LogDestinationPolicy, aws.EventBusPolicy},
			Why:    "Strangers could then write false events or read real ones.", Fix: "Name the principals.",
			Maps: standard.Meets(standard.Exposure, standard.LogSafety), Check: document.NotPublic("policyDocument", "accessPolicy", "policy"),
		},
		{
			ID: "alarm-actions", Title: "Alarms tell somebody", Severity: pack.Medium, Concern: pack.Operations, Types: []string{aws.MetricAlarm},
			Joins: []string{aws.CompositeAlarm}, Stack: true, Why: "An alarm without an action rings where nobody is.",
			Fix:  "Set alarmActions and leave actionsEnabled out, or combine the alarm with others in a CompositeAlarm.",
			Maps: standard.Meets("FSBP:CloudWatch.15 FSBP:CloudWatch.17", standard.Monitoring), Check: func(k *pack.Case) {
				k.Require(k.Get("actionsEnabled").Is(true, true))
				k.Require(k.Get("alarmActions").IsSet().Or(combined(k)), "alarmActions is not set")
			},
		},
		{
			ID: "event-rule-on", Title: "Rules of EventBridge are on", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{"aws:cloudwatch/eventRule:EventRule"},
			Why:   "What waits for a rule that is off, such as an alarm or a report of findings, never hears of anything.",
			Fix:   "Leave state and isEnabled out, or remove the rule.",
			Maps:  standard.Meets(standard.Monitoring), Check: func(k *pack.Case) {
				k.Forbid(k.Get("state").OneOf("DISABLED"))
				k.Require(k.Get("isEnabled").Is(true, true))
			},
		},
		{
			ID: "event-permission-public", Public: true, Title: "Event buses do not take events from everybody", Severity: pack.High,
			Types: []string{"aws:cloudwatch/eventPermission:EventPermission"}, Why: "Strangers could set off your rules.",
			Fix: "Name an account, or add the condition aws:PrincipalOrgID.", Maps: standard.Meets(standard.Exposure), Check: func(k *pack.Case) {
				k.Forbid(k.Get("principal").OneOf("*").And(k.Get("condition").IsSet().Not()), "principal is \"*\" without a condition")
			},
		},
		want.Row("event-bus-policy", "Event buses of your own say who may send to them",
			"Without a policy the rights of whoever is in the account decide.", "Add an EventBusPolicy.", "FSBP:EventBridge.3 "+standard.Privilege,
			pack.Low, "", want.Beside{"aws:cloudwatch/eventBus:EventBus": {Token: aws.EventBusPolicy, Property: "eventBusName"}}),
	}
}

// combined is the fact that a composite alarm names the alarm in its rule.
func combined(k *pack.Case) pack.Fact {
	answer := pack.No(k.Get("alarmActions"))
	for _, c := range k.Stack.Of(aws.CompositeAlarm) {
		rule := c.Get("alarmRule")
		name := k.Outputs().Get("name")
		switch {
		case slices.Contains(c.PropertyDependencies["alarmRule"], k.URN):
			answer = answer.Or(pack.Yes(rule))
		case rule.IsUnknown() || name.IsUnknown():
			answer = answer.Or(pack.Wait(rule))
		default:
			answer = answer.Or(rule.Matches(func(s string) bool { return name.Str() != "" && strings.Contains(s, name.Str()) }))
		}
	}
	return answer
}
