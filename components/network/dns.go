// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
)

// maxDomains is how many names one call may put onto a list of DNS Firewall, and the provider makes one call for all of them
// (API reference of Route 53 Resolver, UpdateFirewallDomains).
const maxDomains = 1000

// dnsFirewallPriority is the place of the rule group among those of the VPC, of which AWS Firewall Manager keeps the first and the
// last for itself: 101 to 9899, the lowest first.
const dnsFirewallPriority = 101

// The metric of refused queries. Each network has a namespace of its own.
const blockedQueries = "dns-blocked"

// BlockedQueries is the CloudWatch metric of the queries for names off the list, as a sum over the period: those that were
// refused, or, with Args.DNSBlockOffReason, those that would have been. Both are empty in an existing VPC, whose queries are not logged.
func (n *Network) BlockedQueries() (namespace, name string) {
	if n.queries == "" {
		return "", ""
	}
	return n.queries, blockedQueries
}

// filterDNS lets the VPC's resolver answer the names on the table's list only, and logs every query. No group, ACL or route
// covers the resolver (VPC user guide, "Security groups": traffic to Amazon DNS is not filtered), and it asks the whole
// world: without this every segment, the data tier included, could send data out in the names that it looks up.
//
// What is off the list does not exist (NXDOMAIN), and as long as DNS Firewall itself fails, nothing does. An alias of a name on
// the list is trusted along its whole chain, because AWS's own names lead through others: a bucket's through s3-r-w, for one.
//
// DNS Firewall sees what is asked of the VPC's resolver, at whichever of its addresses, that of IPv6 included. It does not see
// queries to other resolvers, which take a row to their addresses, nor those inside HTTPS to an address that a row names.
func (b *builder) filterDNS(ctx *pulumi.Context) error {
	tags := b.tags("dns")
	if reason := b.args.DNSBlockOffReason; reason != "" {
		tags["bulkhead:relaxed:DNSBlock"] = pulumi.String(reason)
	}
	if reason := b.args.DNSFailClosedOffReason; reason != "" {
		tags["bulkhead:relaxed:DNSFailClosed"] = pulumi.String(reason)
	}
	group, err := route53.NewResolverFirewallRuleGroup(ctx, b.child("dns"), &route53.ResolverFirewallRuleGroupArgs{Tags: tags}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	allow := &route53.ResolverFirewallRuleArgs{
		Action: pulumi.String("ALLOW"), Priority: pulumi.Int(100), FirewallDomainRedirectionAction: pulumi.String("TRUST_REDIRECTION_DOMAIN"),
	}
	rest := &route53.ResolverFirewallRuleArgs{Action: pulumi.String("BLOCK"), BlockResponse: pulumi.String("NXDOMAIN"), Priority: pulumi.Int(200)}
	if b.args.DNSBlockOffReason != "" {
		rest.Action, rest.BlockResponse = pulumi.String("ALERT"), nil
	}
	allowed, err := b.dnsRule(ctx, group, "dns-allowed", b.Table.Domains(b.Account.Region), allow)
	if err != nil {
		return err
	}
	blocked, err := b.dnsRule(ctx, group, "dns-rest", []string{"*"}, rest)
	if err != nil {
		return err
	}
	failOpen := "DISABLED"
	if b.args.DNSFailClosedOffReason != "" {
		failOpen = "ENABLED"
	}
	failure, err := route53.NewResolverFirewallConfig(ctx, b.child("dns"), &route53.ResolverFirewallConfigArgs{
		ResourceId: b.VPCID, FirewallFailOpen: pulumi.String(failOpen),
	}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	// AWS's protection against changes of the association also stops the provider, which does not lift it before a deletion.
	firewall, err := route53.NewResolverFirewallRuleGroupAssociation(ctx, b.child("dns"), &route53.ResolverFirewallRuleGroupAssociationArgs{
		FirewallRuleGroupId: group.ID(),
		VpcId:               b.VPCID,
		Priority:            pulumi.Int(dnsFirewallPriority),
		MutationProtection:  pulumi.String("DISABLED"),
		Tags:                b.tags("dns"),
	}, pulumi.Parent(b.Network), order.After(order.List(allowed, blocked, failure)))
	if err != nil {
		return err
	}
	logged, err := b.logQueries(ctx)
	b.filtered = order.List(firewall, logged)
	return err
}

// dnsRule makes a list of domains and the rule about it.
func (b *builder) dnsRule(ctx *pulumi.Context, group *route53.ResolverFirewallRuleGroup, role string, domains []string, rule *route53.ResolverFirewallRuleArgs) (*route53.ResolverFirewallRule, error) {
	list, err := route53.NewResolverFirewallDomainList(ctx, b.child(role), &route53.ResolverFirewallDomainListArgs{
		Domains: pulumi.ToStringArray(domains), Tags: b.tags(role),
	}, pulumi.Parent(b.Network))
	if err != nil {
		return nil, err
	}
	rule.FirewallRuleGroupId, rule.FirewallDomainListId = group.ID(), list.ID()
	return route53.NewResolverFirewallRule(ctx, b.child(role), rule, pulumi.Parent(b.Network))
}

// logQueries logs every query of the VPC, allowed or not, to a log group, and counts those for names off the list.
func (b *builder) logQueries(ctx *pulumi.Context) (*route53.ResolverQueryLogConfigAssociation, error) {
	group, err := logs.New(ctx, b.child("dns-queries"), &logs.Args{Account: b.Account}, pulumi.Parent(b.Network))
	if err != nil {
		return nil, err
	}
	delivery, err := logs.NewDelivery(ctx, b.child("dns-queries-delivery"), "DeliverQueryLogs", group, pulumi.Parent(b.Network))
	if err != nil {
		return nil, err
	}
	b.queries = "Bulkhead/" + ctx.Project() + "/" + b.name // two projects may have a network of one name in the account
	if _, err := cloudwatch.NewLogMetricFilter(ctx, b.child("dns-blocked"), &cloudwatch.LogMetricFilterArgs{
		LogGroupName: group.Name,
		Pattern:      pulumi.String(`{ $.firewall_rule_action = "BLOCK" || $.firewall_rule_action = "ALERT" }`),
		MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
			Namespace: pulumi.String(b.queries), Name: pulumi.String(blockedQueries), Value: pulumi.String("1"),
		},
	}, pulumi.Parent(b.Network)); err != nil {
		return nil, err
	}
	config, err := route53.NewResolverQueryLogConfig(ctx, b.child("dns-queries"), &route53.ResolverQueryLogConfigArgs{
		DestinationArn: group.ARN, Tags: b.tags("dns-queries"),
	}, pulumi.Parent(b.Network), order.After(order.List(delivery), group.Ready()))
	if err != nil {
		return nil, err
	}
	return route53.NewResolverQueryLogConfigAssociation(ctx, b.child("dns-queries"), &route53.ResolverQueryLogConfigAssociationArgs{
		ResolverQueryLogConfigId: config.ID(), ResourceId: b.VPCID,
	}, pulumi.Parent(b.Network))
}
