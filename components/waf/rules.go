// SPDX-License-Identifier: Apache-2.0

package waf

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// rateWindowSeconds is how far back AWS WAF looks when it counts a client's requests.
	rateWindowSeconds = 300
	// tooManyRequests is the status a client over the rate limit gets, so that an honest one knows to slow down.
	tooManyRequests = 429
	// forbidden is the status of everything else that is blocked.
	forbidden = 403
)

// ruleArgs turns the planned rules into resource arguments.
func ruleArgs(rules []rule, rateLimit int) wafv2.WebAclRuleArray {
	out := make(wafv2.WebAclRuleArray, 0, len(rules))
	for _, r := range rules {
		args := named(string(r.Intent), r.Priority)
		switch {
		case r.Intent == RateLimit:
			args.Action = ownAction(r.Count, tooManyRequests)
			args.Statement = rateStatement(rateLimit)
		case r.Group == "":
			args.Action = ownAction(r.Count, forbidden)
			args.Statement = oversizeStatement()
		default:
			args.OverrideAction = groupAction(r)
			args.Statement = groupStatement(r)
		}
		out = append(out, args)
		for i, e := range r.Elsewhere {
			args := named(strings.Replace(e.what(), ".", "-", 1), r.Priority+i+1)
			args.Action = ownAction(r.Count, forbidden)
			args.Statement = elsewhereStatement(r.label(e.Rule), e.Paths)
			out = append(out, args)
		}
	}
	return out
}

// named is a rule with its metric.
func named(name string, priority int) wafv2.WebAclRuleArgs {
	return wafv2.WebAclRuleArgs{
		Name:     pulumi.String(name),
		Priority: pulumi.Int(priority),
		VisibilityConfig: wafv2.WebAclRuleVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true),
			MetricName:               pulumi.String(name),
			SampledRequestsEnabled:   pulumi.Bool(false),
		},
	}
}

// ownAction blocks, or counts, what a rule of our own matches.
func ownAction(count bool, status int) wafv2.WebAclRuleActionArgs {
	if count {
		return wafv2.WebAclRuleActionArgs{Count: wafv2.WebAclRuleActionCountArgs{}}
	}
	return wafv2.WebAclRuleActionArgs{Block: wafv2.WebAclRuleActionBlockArgs{
		CustomResponse: wafv2.WebAclRuleActionBlockCustomResponseArgs{ResponseCode: pulumi.Int(status)},
	}}
}

func rateStatement(limit int) wafv2.WebAclRuleStatementArgs {
	return wafv2.WebAclRuleStatementArgs{
		RateBasedStatement: wafv2.WebAclRuleStatementRateBasedStatementArgs{
			// The address that opened the connection: no header that a client can forge takes part.
			AggregateKeyType:    pulumi.String("IP"),
			EvaluationWindowSec: pulumi.Int(rateWindowSeconds),
			Limit:               pulumi.Int(limit),
		},
	}
}

// groupAction keeps the actions that the group's own rules define (block, nearly always), or has them all count.
func groupAction(r rule) wafv2.WebAclRuleOverrideActionArgs {
	if r.Count {
		return wafv2.WebAclRuleOverrideActionArgs{Count: wafv2.WebAclRuleOverrideActionCountArgs{}}
	}
	return wafv2.WebAclRuleOverrideActionArgs{None: wafv2.WebAclRuleOverrideActionNoneArgs{}}
}

func groupStatement(r rule) wafv2.WebAclRuleStatementArgs {
	group := wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{
		Name:       pulumi.String(r.Group),
		VendorName: pulumi.String("AWS"),
	}
	if len(r.CountRules) > 0 {
		overrides := make(wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray, 0, len(r.CountRules))
		for _, name := range r.CountRules {
			overrides = append(overrides, wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
				Name: pulumi.String(name),
				ActionToUse: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
					Count: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
				},
			})
		}
		group.RuleActionOverrides = overrides
	}
	return wafv2.WebAclRuleStatementArgs{ManagedRuleGroupStatement: group}
}
