// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// egressOnly is the way out of private tiers to IPv6 addresses, which only a network with IPv6 has.
const egressOnly = "egress-only internet gateway"

// networkKinds are the parts of the network.
var networkKinds = []kind{
	{"VPC", []string{"aws:ec2/vpc:Vpc"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: where("is-default", "false")})
		if err != nil {
			return nil, err
		}
		return each(found.Vpcs, func(v ec2types.Vpc) *string { return v.VpcId }), nil
	}},
	{"subnet", []string{"aws:ec2/subnet:Subnet"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
		if err != nil {
			return nil, err
		}
		return inOwnVPC(ctx, a, found.Subnets, func(s ec2types.Subnet) (vpc, id *string) { return s.VpcId, s.SubnetId })
	}},
	{"security group", []string{"aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"},
		func(ctx context.Context, a *account) ([]string, error) {
			found, err := a.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
			if err != nil {
				return nil, err
			}
			return inOwnVPC(ctx, a, found.SecurityGroups, func(g ec2types.SecurityGroup) (vpc, id *string) { return g.VpcId, g.GroupId })
		}},
	{"security group rule", []string{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"},
		listGroupRules},
	{"network ACL", []string{"aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"},
		func(ctx context.Context, a *account) ([]string, error) {
			found, err := a.ec2.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{})
			if err != nil {
				return nil, err
			}
			return inOwnVPC(ctx, a, found.NetworkAcls, func(n ec2types.NetworkAcl) (vpc, id *string) { return n.VpcId, n.NetworkAclId })
		}},
	{"route table", []string{"aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable"},
		func(ctx context.Context, a *account) ([]string, error) {
			found, err := a.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{})
			if err != nil {
				return nil, err
			}
			return inOwnVPC(ctx, a, found.RouteTables, func(r ec2types.RouteTable) (vpc, id *string) { return r.VpcId, r.RouteTableId })
		}},
	{"internet gateway", []string{"aws:ec2/internetGateway:InternetGateway"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{})
		if err != nil {
			return nil, err
		}
		return inOwnVPC(ctx, a, found.InternetGateways, func(g ec2types.InternetGateway) (vpc, id *string) {
			for _, attachment := range g.Attachments {
				return attachment.VpcId, g.InternetGatewayId
			}
			return nil, g.InternetGatewayId
		})
	}},
	{egressOnly, []string{"aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeEgressOnlyInternetGateways(ctx, &ec2.DescribeEgressOnlyInternetGatewaysInput{})
		if err != nil {
			return nil, err
		}
		return each(found.EgressOnlyInternetGateways, func(g ec2types.EgressOnlyInternetGateway) *string { return g.EgressOnlyInternetGatewayId }), nil
	}},
	{"NAT gateway", []string{"aws:ec2/natGateway:NatGateway"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{})
		if err != nil {
			return nil, err
		}
		return each(slices.DeleteFunc(found.NatGateways, func(g ec2types.NatGateway) bool {
			return g.State == ec2types.NatGatewayStateDeleted
		}), func(g ec2types.NatGateway) *string { return g.NatGatewayId }), nil
	}},
	{"elastic address", []string{"aws:ec2/eip:Eip"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Addresses, func(e ec2types.Address) *string { return e.AllocationId }), nil
	}},
	{"VPC endpoint", []string{"aws:ec2/vpcEndpoint:VpcEndpoint"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{})
		if err != nil {
			return nil, err
		}
		return each(slices.DeleteFunc(found.VpcEndpoints, func(e ec2types.VpcEndpoint) bool {
			return strings.EqualFold(string(e.State), string(ec2types.StateDeleted))
		}), func(e ec2types.VpcEndpoint) *string { return e.VpcEndpointId }), nil
	}},
	{"flow log", []string{"aws:ec2/flowLog:FlowLog"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.FlowLogs, func(f ec2types.FlowLog) *string { return f.FlowLogId }), nil
	}},
	{"network interface", nil, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{})
		if err != nil {
			return nil, err
		}
		return inOwnVPC(ctx, a, found.NetworkInterfaces, func(n ec2types.NetworkInterface) (vpc, id *string) { return n.VpcId, n.NetworkInterfaceId })
	}},
}

// listGroupRules leaves out the rules that AWS puts into the default group of its own VPC.
func listGroupRules(ctx context.Context, a *account) ([]string, error) {
	groups, err := a.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	if err != nil {
		return nil, err
	}
	own, err := inOwnVPC(ctx, a, groups.SecurityGroups, func(g ec2types.SecurityGroup) (vpc, id *string) { return g.VpcId, g.GroupId })
	if err != nil {
		return nil, err
	}
	rules, err := a.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{})
	if err != nil {
		return nil, err
	}
	return each(slices.DeleteFunc(rules.SecurityGroupRules, func(r ec2types.SecurityGroupRule) bool {
		return !slices.Contains(own, aws.ToString(r.GroupId))
	}), func(r ec2types.SecurityGroupRule) *string { return r.SecurityGroupRuleId }), nil
}

// each returns one text of every item.
func each[T any](items []T, text func(T) *string) []string {
	var texts []string
	for _, item := range items {
		texts = append(texts, aws.ToString(text(item)))
	}
	return texts
}

// inOwnVPC returns the ids of what is in a VPC of the account's own, not in the one that AWS puts into every account, or in
// none at all. What AWS makes together with a VPC, a subnet or an instance cannot outlive it, although moto's lists keep some.
func inOwnVPC[T any](ctx context.Context, a *account, items []T, of func(T) (vpc, id *string)) ([]string, error) {
	found, err := a.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: where("is-default", "false")})
	if err != nil {
		return nil, err
	}
	own := each(found.Vpcs, func(v ec2types.Vpc) *string { return v.VpcId })
	var ids []string
	for _, item := range items {
		if vpc, id := of(item); vpc == nil || slices.Contains(own, *vpc) {
			ids = append(ids, aws.ToString(id))
		}
	}
	return ids, nil
}
