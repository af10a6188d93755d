// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// groupPlaces are the inputs by which resources that this pack knows take security groups.
var groupPlaces = []struct {
	property string
	tokens   []string
}{
	{"vpcSecurityGroupIds",
		[]string{aws.EC2Instance, aws.SpotInstanceRequest, aws.LaunchTemplate, aws.RDSInstance, aws.RDSCluster, "aws:rds/proxy:Proxy"}},
	{"securityGroups", []string{aws.EC2Instance, aws.SpotInstanceRequest, aws.LaunchConfiguration, aws.NetworkInterface, aws.LoadBalancer,
		aws.ALBLoadBalancer, "aws:elb/loadBalancer:LoadBalancer", "aws:efs/mountTarget:MountTarget"}},
	{"securityGroupIds", []string{aws.VPCEndpoint, aws.ElastiCacheReplicationGroup, "aws:elasticache/cluster:Cluster"}},
	{"networkConfiguration.securityGroups", []string{aws.ECSService}},
	{"vpcConfig.securityGroupIds", []string{aws.LambdaFunction}},
	{"vpcOptions.securityGroupIds", aws.SearchDomains},
	{"securityGroupId",
		[]string{"aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment",
			"aws:ec2/securityGroupAssociation:SecurityGroupAssociation"}},
}

// aboutGroups are resources that name a group without a network interface being in it.
var aboutGroups = []string{aws.SecurityGroup, aws.DefaultSecurityGroup, aws.SecurityGroupRule, aws.SecurityGroupIngressRule,
	aws.SecurityGroupEgressRule, "aws:vpc/securityGroupVpcAssociation:SecurityGroupVpcAssociation"}

func groupUsers() []*pack.Control {
	joins := slices.Clone(aboutGroups[1:])
	for _, place := range groupPlaces {
		joins = append(joins, place.tokens...)
	}
	slices.Sort(joins)
	return []*pack.Control{{
		ID: "sg-used", Title: "Every security group is used", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations,
		Types: []string{aws.SecurityGroup}, Joins: slices.Compact(joins), Stack: true,
		Why: "A group that nothing is in waits with its rules for somebody to attach it by mistake. A program may make groups for others to " +
			"use, so this is off by default.",
		Fix: "Remove the group, or attach it to what it was made for.", Maps: standard.Meets("FSBP:EC2.22", standard.Hygiene), Check: groupUsed,
	}}
}

// groupUsed wants something to take the group: in one of the places that are known, or in any input of any other
// resource that is computed from the group. What the stack exports is for others to use.
func groupUsed(k *pack.Case) {
	answer := pack.No(pack.Value{})
	for _, r := range k.Stack.Using(k.Resource) {
		if !r.IsA(aboutGroups...) {
			answer = answer.Or(takesGroup(k, r))
		}
	}
	for _, place := range groupPlaces {
		if answer.Is != pack.True {
			answer = answer.Or(want.AnyCompanion(k, place.property, place.tokens, want.Present))
		}
	}
	for _, template := range k.Stack.Of(aws.LaunchTemplate) {
		for one := range template.Get("networkInterfaces").Items() {
			for group := range one.Get("securityGroups").Items() {
				answer = answer.Or(k.Stack.Refers(template, "networkInterfaces", group, k.Resource))
			}
		}
	}
	for _, root := range k.Stack.Of("pulumi:pulumi:Stack") {
		if answer.Is != pack.True {
			answer = answer.Or(mentions(root.Outputs(), k.Outputs().Get("id").Str()))
		}
	}
	k.Require(answer, "nothing in this stack uses the group")
}

// takesGroup is the fact that an input which is computed from the group holds it, rather than another property of the
// group such as its VPC. As long as the input is not known, it is taken to hold the group.
func takesGroup(k *pack.Case, r *pack.Resource) pack.Fact {
	answer := pack.No(pack.Value{})
	for property, urns := range r.PropertyDependencies {
		if !slices.Contains(urns, k.URN) {
			continue
		}
		v := r.Get(property)
		if _, unknown := v.AnyUnknown(); unknown || !v.Exists() {
			return pack.Yes(v)
		}
		for _, identity := range []string{"id", "name", "arn"} {
			answer = answer.Or(mentions(v, k.Outputs().Get(identity).Str()))
		}
	}
	return answer
}

// mentions is the fact that a text is somewhere below a value.
func mentions(v pack.Value, text string) pack.Fact {
	switch v.Kind() {
	case pack.Unknown:
		return pack.Wait(v)
	case pack.Text:
		return v.Matches(func(s string) bool { return text != "" && s == text })
	case pack.List:
		return v.Any(func(item pack.Value) pack.Fact { return mentions(item, text) })
	}
	answer := pack.No(v)
	for _, item := range v.Fields() {
		answer = answer.Or(mentions(item, text))
	}
	return answer
}
