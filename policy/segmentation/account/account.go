// SPDX-License-Identifier: Apache-2.0

// Package account asks an AWS account, or an emulator, for what decides which packets pass, and gives the answers the
// form of a folder that [github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles] reads: one file per kind.
package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// Answers are the elements of each kind, by the name of the file without its ending.
type Answers map[string]any

// Write writes the answers into a folder, which it makes if need be. Answers of an earlier account must not be in it.
func (a Answers) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for name, list := range a {
		text, err := json.MarshalIndent(list, "", "  ")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".json"), append(text, '\n'), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Fetch asks everything of one region. It only reads. All questions that fail are told at once: without an answer
// nobody knows whether there is none of a kind.
func Fetch(ctx context.Context, config aws.Config) (Answers, error) {
	f := &fetcher{ctx: ctx, answers: Answers{}}
	f.network(ec2.NewFromConfig(config))
	balancers := elasticloadbalancingv2.NewFromConfig(config)
	f.balancers(balancers)
	f.requests(balancers, acm.NewFromConfig(config))
	databases := rds.NewFromConfig(config)
	keep(f, "DbInstances", rds.NewDescribeDBInstancesPaginator(databases, nil), func(o *rds.DescribeDBInstancesOutput) any { return o.DBInstances })
	groups := autoscaling.NewFromConfig(config)
	keep(f, "AutoScalingGroups", autoscaling.NewDescribeAutoScalingGroupsPaginator(groups, nil), func(o *autoscaling.DescribeAutoScalingGroupsOutput) any { return o.AutoScalingGroups })
	functions := lambda.NewFromConfig(config)
	keep(f, "Functions", lambda.NewListFunctionsPaginator(functions, nil), func(o *lambda.ListFunctionsOutput) any { return o.Functions })
	if err := errors.Join(f.problems...); err != nil {
		return nil, err
	}
	return f.answers, nil
}

type fetcher struct {
	ctx      context.Context //nolint:containedctx // it lives as long as Fetch
	answers  Answers
	problems []error
}

func (f *fetcher) failed(kind string, err error) bool {
	if err != nil {
		f.problems = append(f.problems, fmt.Errorf("%s: %w", kind, err))
	}
	return err != nil
}

// pager is any paginator of the SDK.
type pager[O, P any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*P)) (*O, error)
}

// keep keeps the elements of all pages as a kind.
func keep[O, P any](f *fetcher, kind string, pages pager[O, P], of func(*O) any) {
	var list []any
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		if f.failed(kind, err) {
			return
		}
		list = append(list, elements(of(page))...)
	}
	f.answers[kind] = list
}

// elements are the items of a list as they are in JSON.
func elements(list any) []any {
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // the SDK's own types
	}
	var out []any
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

func (f *fetcher) network(c *ec2.Client) {
	keep(f, "Vpcs", ec2.NewDescribeVpcsPaginator(c, nil), func(o *ec2.DescribeVpcsOutput) any { return o.Vpcs })
	keep(f, "Subnets", ec2.NewDescribeSubnetsPaginator(c, nil), func(o *ec2.DescribeSubnetsOutput) any { return o.Subnets })
	keep(f, "SecurityGroups", ec2.NewDescribeSecurityGroupsPaginator(c, nil), func(o *ec2.DescribeSecurityGroupsOutput) any { return o.SecurityGroups })
	keep(f, "NetworkAcls", ec2.NewDescribeNetworkAclsPaginator(c, nil), func(o *ec2.DescribeNetworkAclsOutput) any { return o.NetworkAcls })
	keep(f, "RouteTables", ec2.NewDescribeRouteTablesPaginator(c, nil), func(o *ec2.DescribeRouteTablesOutput) any { return o.RouteTables })
	keep(f, "NetworkInterfaces", ec2.NewDescribeNetworkInterfacesPaginator(c, nil), func(o *ec2.DescribeNetworkInterfacesOutput) any { return o.NetworkInterfaces })
	keep(f, "InternetGateways", ec2.NewDescribeInternetGatewaysPaginator(c, nil), func(o *ec2.DescribeInternetGatewaysOutput) any { return o.InternetGateways })
	keep(f, "EgressOnlyInternetGateways", ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(c, nil), func(o *ec2.DescribeEgressOnlyInternetGatewaysOutput) any {
		return o.EgressOnlyInternetGateways
	})
	keep(f, "NatGateways", ec2.NewDescribeNatGatewaysPaginator(c, nil), func(o *ec2.DescribeNatGatewaysOutput) any { return o.NatGateways })
	keep(f, "VpcEndpoints", ec2.NewDescribeVpcEndpointsPaginator(c, nil), func(o *ec2.DescribeVpcEndpointsOutput) any { return o.VpcEndpoints })
	keep(f, "VpcPeeringConnections", ec2.NewDescribeVpcPeeringConnectionsPaginator(c, nil), func(o *ec2.DescribeVpcPeeringConnectionsOutput) any { return o.VpcPeeringConnections })
	keep(f, "Reservations", ec2.NewDescribeInstancesPaginator(c, nil), func(o *ec2.DescribeInstancesOutput) any { return o.Reservations })
	keep(f, "LaunchTemplateVersions", ec2.NewDescribeLaunchTemplateVersionsPaginator(c, &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Latest", "$Default"}}),
		func(o *ec2.DescribeLaunchTemplateVersionsOutput) any { return o.LaunchTemplateVersions })
	keep(f, "TransitGatewayVpcAttachments", ec2.NewDescribeTransitGatewayVpcAttachmentsPaginator(c, nil), func(o *ec2.DescribeTransitGatewayVpcAttachmentsOutput) any {
		return o.TransitGatewayVpcAttachments
	})
	if o, err := c.DescribeAddresses(f.ctx, nil); !f.failed("Addresses", err) {
		f.answers["Addresses"] = o.Addresses
	}
	if o, err := c.DescribeVpnGateways(f.ctx, nil); !f.failed("VpnGateways", err) {
		f.answers["VpnGateways"] = o.VpnGateways
	}
	f.prefixLists(c)
	f.blocks(c)
}

// prefixLists joins the two calls that list prefix lists: one knows those of AWS's services, the other all by name.
func (f *fetcher) prefixLists(c *ec2.Client) {
	keep(f, "PrefixLists", ec2.NewDescribePrefixListsPaginator(c, nil), func(o *ec2.DescribePrefixListsOutput) any { return o.PrefixLists })
	pages := ec2.NewDescribeManagedPrefixListsPaginator(c, nil)
	list, _ := f.answers["PrefixLists"].([]any)
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		if f.failed("ManagedPrefixLists", err) {
			return
		}
		for _, l := range page.PrefixLists {
			var entries []any
			each := ec2.NewGetManagedPrefixListEntriesPaginator(c, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: l.PrefixListId})
			for each.HasMorePages() {
				some, err := each.NextPage(f.ctx)
				if f.failed("entries of the prefix list "+aws.ToString(l.PrefixListId), err) {
					break
				}
				entries = append(entries, elements(some.Entries)...)
			}
			list = append(list, map[string]any{"PrefixListId": l.PrefixListId, "PrefixListName": l.PrefixListName, "OwnerId": l.OwnerId, "Entries": entries})
		}
	}
	f.answers["PrefixLists"] = list
}

// blocks asks for VPC Block Public Access and its exclusions.
func (f *fetcher) blocks(c *ec2.Client) {
	options, err := c.DescribeVpcBlockPublicAccessOptions(f.ctx, nil)
	if f.failed("VpcBlockPublicAccess", err) {
		return
	}
	exclusions, err := c.DescribeVpcBlockPublicAccessExclusions(f.ctx, nil)
	if f.failed("exclusions from VpcBlockPublicAccess", err) {
		return
	}
	f.answers["VpcBlockPublicAccess"] = []any{options.VpcBlockPublicAccessOptions, map[string]any{"VpcBlockPublicAccessExclusions": exclusions.VpcBlockPublicAccessExclusions}}
}

// balancers asks for load balancers, their listeners and targets.
func (f *fetcher) balancers(c *elasticloadbalancingv2.Client) {
	keep(f, "LoadBalancers", elasticloadbalancingv2.NewDescribeLoadBalancersPaginator(c, nil), func(o *elasticloadbalancingv2.DescribeLoadBalancersOutput) any { return o.LoadBalancers })
	var listeners []any
	for _, one := range f.list("LoadBalancers") {
		arn, _ := one["LoadBalancerArn"].(string)
		keep(f, "Listeners", elasticloadbalancingv2.NewDescribeListenersPaginator(c, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: &arn}),
			func(o *elasticloadbalancingv2.DescribeListenersOutput) any { return o.Listeners })
		some, _ := f.answers["Listeners"].([]any)
		listeners = append(listeners, some...)
	}
	f.answers["Listeners"] = listeners
	keep(f, "TargetGroups", elasticloadbalancingv2.NewDescribeTargetGroupsPaginator(c, nil), func(o *elasticloadbalancingv2.DescribeTargetGroupsOutput) any { return o.TargetGroups })
	var health []any
	for _, g := range f.list("TargetGroups") {
		arn, _ := g["TargetGroupArn"].(string)
		o, err := c.DescribeTargetHealth(f.ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if f.failed("targets of "+arn, err) {
			continue
		}
		health = append(health, map[string]any{"TargetGroupArn": arn, "TargetHealthDescriptions": o.TargetHealthDescriptions})
		attributes, err := c.DescribeTargetGroupAttributes(f.ctx, &elasticloadbalancingv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
		if f.failed("attributes of "+arn, err) {
			continue
		}
		for _, a := range attributes.Attributes {
			if aws.ToString(a.Key) == "preserve_client_ip.enabled" {
				g["PreserveClientIP"] = aws.ToString(a.Value) == "true"
			}
		}
	}
	f.answers["TargetHealth"] = health
}

// requests asks what listeners do with requests: their rules, attributes and certificates, and the policies of TLS.
func (f *fetcher) requests(c *elasticloadbalancingv2.Client, certificates *acm.Client) {
	var rules []any
	policies, names := []string{}, []any{}
	named := map[string]bool{}
	for _, l := range f.list("Listeners") {
		arn, _ := l["ListenerArn"].(string)
		keep(f, "Rules", elasticloadbalancingv2.NewDescribeRulesPaginator(c, &elasticloadbalancingv2.DescribeRulesInput{ListenerArn: &arn}),
			func(o *elasticloadbalancingv2.DescribeRulesOutput) any { return o.Rules })
		for _, r := range f.list("Rules") {
			r["ListenerArn"] = arn
			rules = append(rules, r)
		}
		if o, err := c.DescribeListenerAttributes(f.ctx, &elasticloadbalancingv2.DescribeListenerAttributesInput{ListenerArn: &arn}); !f.failed("attributes of "+arn, err) {
			l["Attributes"] = o.Attributes
		}
		if policy, _ := l["SslPolicy"].(string); policy != "" && !named[policy] {
			policies, named[policy] = append(policies, policy), true
		}
		some, _ := l["Certificates"].([]any)
		for _, one := range some {
			m, _ := one.(map[string]any)
			// IAM keeps certificates too, and tells no names of them.
			if id, _ := m["CertificateArn"].(string); strings.Contains(id, ":acm:") && !named[id] {
				named[id] = true
				if o, err := certificates.DescribeCertificate(f.ctx, &acm.DescribeCertificateInput{CertificateArn: &id}); !f.failed("certificate "+id, err) {
					names = append(names, o.Certificate)
				}
			}
		}
	}
	f.answers["Rules"], f.answers["Certificates"], f.answers["SslPolicies"] = rules, names, []any{}
	if len(policies) > 0 {
		if o, err := c.DescribeSSLPolicies(f.ctx, &elasticloadbalancingv2.DescribeSSLPoliciesInput{Names: policies}); !f.failed("SslPolicies", err) {
			f.answers["SslPolicies"] = o.SslPolicies
		}
	}
}

// list are the elements of a kind.
func (f *fetcher) list(kind string) []map[string]any {
	var out []map[string]any
	all, _ := f.answers[kind].([]any)
	for _, x := range all {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
