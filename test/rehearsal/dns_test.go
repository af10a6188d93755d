// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver/types"
	"github.com/stretchr/testify/require"
)

// dnsKinds are the parts of the filter of DNS and of its log.
var dnsKinds = []kind{
	{"domain list", []string{"aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.resolver.ListFirewallDomainLists(ctx, &route53resolver.ListFirewallDomainListsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.FirewallDomainLists, func(l types.FirewallDomainListMetadata) *string { return l.Id }), nil
	}},
	{"DNS rule group", []string{"aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.resolver.ListFirewallRuleGroups(ctx, &route53resolver.ListFirewallRuleGroupsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.FirewallRuleGroups, func(g types.FirewallRuleGroupMetadata) *string { return g.Id }), nil
	}},
	{"DNS rule group association", []string{"aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"},
		func(ctx context.Context, a *account) ([]string, error) {
			found, err := a.resolver.ListFirewallRuleGroupAssociations(ctx, &route53resolver.ListFirewallRuleGroupAssociationsInput{})
			if err != nil {
				return nil, err
			}
			return each(found.FirewallRuleGroupAssociations, func(l types.FirewallRuleGroupAssociation) *string { return l.Id }), nil
		}},
	{"query log", []string{"aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.resolver.ListResolverQueryLogConfigs(ctx, &route53resolver.ListResolverQueryLogConfigsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.ResolverQueryLogConfigs, func(q types.ResolverQueryLogConfig) *string { return q.Id }), nil
	}},
	{"query log association", []string{"aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"},
		func(ctx context.Context, a *account) ([]string, error) {
			found, err := a.resolver.ListResolverQueryLogConfigAssociations(ctx, &route53resolver.ListResolverQueryLogConfigAssociationsInput{})
			if err != nil {
				return nil, err
			}
			return each(found.ResolverQueryLogConfigAssociations, func(q types.ResolverQueryLogConfigAssociation) *string { return q.Id }), nil
		}},
}

// lookAtDNS finds the VPC's resolver answering the names of AWS in the region and those of the configuration, and no others,
// whatever fails, and logging what it is asked.
func lookAtDNS(t *testing.T, a *account) {
	t.Helper()
	vpc := a.vpc(t).VpcId
	failure, err := a.resolver.GetFirewallConfig(t.Context(), &route53resolver.GetFirewallConfigInput{ResourceId: vpc})
	require.NoError(t, err)
	require.Equal(t, types.FirewallFailOpenStatusDisabled, failure.FirewallConfig.FirewallFailOpen)
	links, err := a.resolver.ListFirewallRuleGroupAssociations(t.Context(), &route53resolver.ListFirewallRuleGroupAssociationsInput{VpcId: vpc})
	require.NoError(t, err)
	require.Len(t, links.FirewallRuleGroupAssociations, 1)
	rules, err := a.resolver.ListFirewallRules(t.Context(), &route53resolver.ListFirewallRulesInput{
		FirewallRuleGroupId: links.FirewallRuleGroupAssociations[0].FirewallRuleGroupId,
	})
	require.NoError(t, err)
	byAction := map[types.Action]types.FirewallRule{}
	for _, rule := range rules.FirewallRules {
		byAction[rule.Action] = rule
	}
	require.Len(t, byAction, 2)
	allow, block := byAction[types.ActionAllow], byAction[types.ActionBlock]
	require.Less(t, aws.ToInt32(allow.Priority), aws.ToInt32(block.Priority))
	domains := func(rule types.FirewallRule) []string {
		found, err := a.resolver.ListFirewallDomains(t.Context(), &route53resolver.ListFirewallDomainsInput{FirewallDomainListId: rule.FirewallDomainListId})
		require.NoError(t, err)
		return found.Domains
	}
	require.Equal(t, []string{"*"}, domains(block))
	require.Subset(t, domains(allow), append([]string{"logs." + a.Region + ".amazonaws.com", "*." + a.Region + ".rds.amazonaws.com"}, a.App.EgressDomains...))
	for _, domain := range domains(allow) {
		ours := strings.HasSuffix(domain, "."+a.Region+".amazonaws.com") || strings.HasSuffix(domain, ".rds.amazonaws.com") || strings.HasSuffix(domain, ".internal")
		require.True(t, ours || strings.Contains(strings.Join(a.App.EgressDomains, " "), domain), domain)
	}
	logs, err := a.resolver.ListResolverQueryLogConfigs(t.Context(), &route53resolver.ListResolverQueryLogConfigsInput{})
	require.NoError(t, err)
	require.Len(t, logs.ResolverQueryLogConfigs, 1)
	require.Contains(t, aws.ToString(logs.ResolverQueryLogConfigs[0].DestinationArn), "log-group:"+a.named("dns-queries"))
}
