// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// resolverIn returns a client of a new account and the id of a VPC in it.
func resolverIn(t *testing.T) (client *route53resolver.Client, vpc *string) {
	t.Helper()
	config := emulatortest.NewAccount(t).Config
	made, err := ec2.NewFromConfig(config).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	require.NoError(t, err)
	return route53resolver.NewFromConfig(config), made.Vpc.VpcId
}

// must is the answer of a call that succeeds: must(client.Call(…))(t).
func must[T any](answer T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		require.NoError(t, err)
		return answer
	}
}

func TestDNSFirewall(t *testing.T) {
	t.Parallel()
	client, vpc := resolverIn(t)
	ctx := t.Context()
	token := aws.String("once")
	list := must(client.CreateFirewallDomainList(ctx, &route53resolver.CreateFirewallDomainListInput{
		CreatorRequestId: token, Name: aws.String("allowed"), Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("allowed")}},
	}))(t).FirewallDomainList
	domains := func(operation types.FirewallDomainUpdateOperation, names ...string) error {
		_, err := client.UpdateFirewallDomains(ctx, &route53resolver.UpdateFirewallDomainsInput{FirewallDomainListId: list.Id, Operation: operation, Domains: names})
		return err
	}
	require.NoError(t, domains("ADD", "b.example.com", "*.a.example.com"))
	require.NoError(t, domains("ADD", "*", "b.example.com"))
	require.NoError(t, domains("REMOVE", "*"))
	require.ErrorContains(t, domains("REPLACE", "a.*.example.com"), "ValidationException")
	require.ErrorContains(t, domains("ADD", slices.Repeat([]string{"example.com"}, 1001)...), "LimitExceededException")
	require.Equal(t, []string{"*.a.example.com", "b.example.com"},
		must(client.ListFirewallDomains(ctx, &route53resolver.ListFirewallDomainsInput{FirewallDomainListId: list.Id}))(t).Domains)
	tags := &route53resolver.ListTagsForResourceInput{ResourceArn: list.Arn}
	require.Len(t, must(client.ListTagsForResource(ctx, tags))(t).Tags, 1)
	must(client.UntagResource(ctx, &route53resolver.UntagResourceInput{ResourceArn: list.Arn, TagKeys: []string{"Name"}}))(t)
	require.Empty(t, must(client.ListTagsForResource(ctx, tags))(t).Tags)

	group := must(client.CreateFirewallRuleGroup(ctx, &route53resolver.CreateFirewallRuleGroupInput{CreatorRequestId: token, Name: aws.String("dns")}))(t).FirewallRuleGroup
	rule := route53resolver.CreateFirewallRuleInput{
		CreatorRequestId: token, Name: aws.String("allow"), FirewallRuleGroupId: group.Id, FirewallDomainListId: list.Id, Priority: aws.Int32(1), Action: types.ActionAllow,
	}
	for name, wrong := range map[string]func(*route53resolver.CreateFirewallRuleInput){
		"ValidationException":       func(r *route53resolver.CreateFirewallRuleInput) { r.Action = types.ActionBlock },
		"ResourceNotFoundException": func(r *route53resolver.CreateFirewallRuleInput) { r.FirewallDomainListId = aws.String("rslvr-fdl-0") },
	} {
		changed := rule
		wrong(&changed)
		_, err := client.CreateFirewallRule(ctx, &changed)
		require.ErrorContains(t, err, name)
	}
	must(client.CreateFirewallRule(ctx, &rule))(t)
	_, err := client.CreateFirewallRule(ctx, &rule)
	require.ErrorContains(t, err, "ValidationException", "the same priority again")
	_, err = client.DeleteFirewallDomainList(ctx, &route53resolver.DeleteFirewallDomainListInput{FirewallDomainListId: list.Id})
	require.ErrorContains(t, err, "ConflictException")
	must(client.UpdateFirewallRule(ctx, &route53resolver.UpdateFirewallRuleInput{
		FirewallRuleGroupId: group.Id, FirewallDomainListId: list.Id, Action: types.ActionBlock, BlockResponse: types.BlockResponseNodata,
	}))(t)
	rules := must(client.ListFirewallRules(ctx, &route53resolver.ListFirewallRulesInput{FirewallRuleGroupId: group.Id}))(t).FirewallRules
	require.Len(t, rules, 1)
	require.Equal(t, types.BlockResponseNodata, rules[0].BlockResponse)

	link := route53resolver.AssociateFirewallRuleGroupInput{CreatorRequestId: token, Name: aws.String("dns"), FirewallRuleGroupId: group.Id, VpcId: vpc, Priority: aws.Int32(100)}
	_, err = client.AssociateFirewallRuleGroup(ctx, &link)
	require.ErrorContains(t, err, "ValidationException", "the priority")
	link.Priority, link.VpcId = aws.Int32(101), aws.String("vpc-0")
	_, err = client.AssociateFirewallRuleGroup(ctx, &link)
	require.ErrorContains(t, err, "ResourceNotFoundException")
	link.VpcId, link.MutationProtection = vpc, types.MutationProtectionStatusEnabled
	linked := must(client.AssociateFirewallRuleGroup(ctx, &link))(t).FirewallRuleGroupAssociation
	_, err = client.DeleteFirewallRuleGroup(ctx, &route53resolver.DeleteFirewallRuleGroupInput{FirewallRuleGroupId: group.Id})
	require.ErrorContains(t, err, "ConflictException")
	end := &route53resolver.DisassociateFirewallRuleGroupInput{FirewallRuleGroupAssociationId: linked.Id}
	_, err = client.DisassociateFirewallRuleGroup(ctx, end)
	require.ErrorContains(t, err, "ConflictException", "it is protected")
	must(client.UpdateFirewallRuleGroupAssociation(ctx, &route53resolver.UpdateFirewallRuleGroupAssociationInput{
		FirewallRuleGroupAssociationId: linked.Id, MutationProtection: types.MutationProtectionStatusDisabled,
	}))(t)

	fail := must(client.GetFirewallConfig(ctx, &route53resolver.GetFirewallConfigInput{ResourceId: vpc}))(t).FirewallConfig
	require.Equal(t, types.FirewallFailOpenStatusDisabled, fail.FirewallFailOpen, "closed from the start")
	must(client.UpdateFirewallConfig(ctx, &route53resolver.UpdateFirewallConfigInput{ResourceId: vpc, FirewallFailOpen: types.FirewallFailOpenStatusEnabled}))(t)
	all := must(client.ListFirewallConfigs(ctx, &route53resolver.ListFirewallConfigsInput{}))(t).FirewallConfigs
	require.Len(t, all, 1)
	require.Equal(t, types.FirewallFailOpenStatusEnabled, all[0].FirewallFailOpen)

	must(client.DisassociateFirewallRuleGroup(ctx, end))(t)
	must(client.DeleteFirewallRuleGroup(ctx, &route53resolver.DeleteFirewallRuleGroupInput{FirewallRuleGroupId: group.Id}))(t)
	must(client.DeleteFirewallDomainList(ctx, &route53resolver.DeleteFirewallDomainListInput{FirewallDomainListId: list.Id}))(t)
	_, err = client.GetFirewallDomainList(ctx, &route53resolver.GetFirewallDomainListInput{FirewallDomainListId: list.Id})
	require.ErrorContains(t, err, "ResourceNotFoundException")
}

func TestQueryLogs(t *testing.T) {
	t.Parallel()
	client, vpc := resolverIn(t)
	ctx := t.Context()
	create := &route53resolver.CreateResolverQueryLogConfigInput{CreatorRequestId: aws.String("once"), Name: aws.String("queries"), DestinationArn: aws.String("arn:aws:sqs:x")}
	_, err := client.CreateResolverQueryLogConfig(ctx, create)
	require.ErrorContains(t, err, "InvalidParameterException")
	create.DestinationArn = aws.String("arn:aws:logs:eu-central-1:111122223333:log-group:queries")
	config := must(client.CreateResolverQueryLogConfig(ctx, create))(t).ResolverQueryLogConfig
	link := &route53resolver.AssociateResolverQueryLogConfigInput{ResolverQueryLogConfigId: config.Id, ResourceId: vpc}
	must(client.AssociateResolverQueryLogConfig(ctx, link))(t)
	_, err = client.AssociateResolverQueryLogConfig(ctx, link)
	require.ErrorContains(t, err, "ResourceExistsException")
	gone := &route53resolver.DeleteResolverQueryLogConfigInput{ResolverQueryLogConfigId: config.Id}
	_, err = client.DeleteResolverQueryLogConfig(ctx, gone)
	require.ErrorContains(t, err, "InvalidRequestException")
	end := &route53resolver.DisassociateResolverQueryLogConfigInput{ResolverQueryLogConfigId: config.Id, ResourceId: vpc}
	must(client.DisassociateResolverQueryLogConfig(ctx, end))(t)
	_, err = client.DisassociateResolverQueryLogConfig(ctx, end)
	require.ErrorContains(t, err, "ResourceNotFoundException")
	must(client.DeleteResolverQueryLogConfig(ctx, gone))(t)
	require.Empty(t, must(client.ListResolverQueryLogConfigs(ctx, &route53resolver.ListResolverQueryLogConfigsInput{}))(t).ResolverQueryLogConfigs)
}
