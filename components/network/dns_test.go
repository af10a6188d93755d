// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	domainListType   = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList"
	dnsRuleType      = "aws:route53/resolverFirewallRule:ResolverFirewallRule"
	dnsGroupType     = "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"
	dnsLinkType      = "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
	dnsFailureType   = "aws:route53/resolverFirewallConfig:ResolverFirewallConfig"
	queryLogType     = "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"
	queryLogLinkType = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"
	metricFilterType = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	deliveryType     = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
)

func TestTheResolverAnswersTheNamesOfTheTableAndNoOthers(t *testing.T) {
	rec := build(t, nil)
	allowed, every := rec.Get(t, domainListType, "net-dns-allowed"), rec.Get(t, domainListType, "net-dns-rest")
	require.Equal(t, toAny(typicalTable().Domains(theRegion)), allowed.Value("domains"))
	require.Contains(t, allowed.Value("domains"), "*.eu-central-1.rds.amazonaws.com", "some row leads to a database")
	require.Equal(t, []any{"*"}, every.Value("domains"))

	group := rec.Only(t, dnsGroupType)
	allow, rest := rec.Get(t, dnsRuleType, "net-dns-allowed"), rec.Get(t, dnsRuleType, "net-dns-rest")
	require.Equal(t, []any{"ALLOW", nil, "TRUST_REDIRECTION_DOMAIN", allowed.ID, group.ID},
		[]any{allow.Value("action"), allow.Value("blockResponse"), allow.Value("firewallDomainRedirectionAction"), allow.Value("firewallDomainListId"), allow.Value("firewallRuleGroupId")})
	require.Equal(t, []any{"BLOCK", "NXDOMAIN", nil, every.ID, group.ID},
		[]any{rest.Value("action"), rest.Value("blockResponse"), rest.Value("firewallDomainRedirectionAction"), rest.Value("firewallDomainListId"), rest.Value("firewallRuleGroupId")})
	require.Less(t, allow.Value("priority"), rest.Value("priority"), "the list is asked first")

	failure, link := rec.Only(t, dnsFailureType), rec.Only(t, dnsLinkType)
	require.Equal(t, "DISABLED", failure.String("firewallFailOpen"), "it fails closed")
	require.Equal(t, []any{group.ID, rec.Only(t, vpcType).ID}, []any{link.Value("firewallRuleGroupId"), link.Value("vpcId")})
	require.Equal(t, "DISABLED", link.String("mutationProtection"), "so that the provider can delete it")
	require.Subset(t, link.DependsOn, []string{allow.URN, rest.URN, failure.URN}, "no name fails or passes by a half-made list")
}

func toAny(texts []string) []any {
	var all []any
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

func TestEverySegmentWaitsForTheFilterOfDNSAndItsLog(t *testing.T) {
	rec := waiting(t, nil)
	for _, name := range typicalTable().Names() {
		require.Subset(t, readyFor(t, rec, name), []string{dnsLinkType + " net-dns", queryLogLinkType + " net-dns-queries"}, name)
	}
}

func TestWeakeningsOfDNSHaveReasonsInTags(t *testing.T) {
	const block, open = "finding out which names there are", "names matter more here than what they carry"
	rec := build(t, func(args *Args) { args.DNSBlockOffReason, args.DNSFailClosedOffReason = block, open })
	rest, group := rec.Get(t, dnsRuleType, "net-dns-rest"), rec.Only(t, dnsGroupType)
	require.Equal(t, []any{"ALERT", nil}, []any{rest.Value("action"), rest.Value("blockResponse")})
	require.Equal(t, "ENABLED", rec.Only(t, dnsFailureType).String("firewallFailOpen"))
	require.Equal(t, map[string]any{"Name": "net-dns", "bulkhead:relaxed:DNSBlock": block, "bulkhead:relaxed:DNSFailClosed": open}, group.Value("tags"))

	args := typicalArgs()
	args.DNSBlockOffReason, args.DNSFailClosedOffReason = "no", "no"
	text := fmt.Sprint(args.Check())
	require.Contains(t, text, `DNSBlockOffReason: "no" is not a valid reason`)
	require.Contains(t, text, `DNSFailClosedOffReason: "no" is not a valid reason`)
}

func TestEveryQueryIsLoggedEncryptedAndTheRefusedOnesAreCounted(t *testing.T) {
	rec := build(t, nil)
	group := rec.Get(t, logGroupType, "net-dns-queries-logs")
	require.Equal(t, keyARN, group.String("kmsKeyId"))
	require.EqualValues(t, 400, group.Value("retentionInDays"))
	config, link := rec.Only(t, queryLogType), rec.Only(t, queryLogLinkType)
	require.Equal(t, "arn:aws:logs:eu-central-1:"+accountID+":log-group:"+group.ID, config.String("destinationArn"))
	require.Contains(t, config.DependsOn, rec.Only(t, deliveryType).URN, "the resolver may write when the log starts")
	require.Equal(t, []any{config.ID, rec.Only(t, vpcType).ID}, []any{link.Value("resolverQueryLogConfigId"), link.Value("resourceId")})

	filter := rec.Only(t, metricFilterType)
	require.Equal(t, group.ID, filter.String("logGroupName"))
	require.Equal(t, `{ $.firewall_rule_action = "BLOCK" || $.firewall_rule_action = "ALERT" }`, filter.String("pattern"))
	require.Equal(t, []any{"Bulkhead/bulkhead/net", "dns-blocked"}, []any{filter.Value("metricTransformation.namespace"), filter.Value("metricTransformation.name")})
}

func TestMoreNamesThanAListHoldsAreRefused(t *testing.T) {
	args := typicalArgs()
	row := &args.Table.Connections[len(args.Table.Connections)-1]
	for i := range maxDomains {
		row.Names = append(row.Names, fmt.Sprintf("n%d.example.com", i))
	}
	require.Contains(t, fmt.Sprint(args.Check()), "DNS Firewall takes 1000; name all below one at once")
	row.Names = []string{"*.example.com"}
	require.Empty(t, args.Check())
}
