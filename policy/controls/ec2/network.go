// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/route"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// placement is about where machines stand in a network.
func placement() []*pack.Control {
	return []*pack.Control{
		{
			ID: "eip-attached", Title: "Elastic IPs are in use", Severity: pack.Low, Concern: pack.Cost, Types: []string{aws.ElasticIP},
			Joins: []string{aws.NATGateway, aws.ElasticIPAssociation, aws.LoadBalancer, aws.ALBLoadBalancer}, Stack: true,
			Why: "An address that is not in use is paid for, and is one more way in when somebody attaches it.", Fix: "Attach it or remove it.",
			Maps: standard.Meets("FSBP:EC2.12", standard.Hygiene), Check: func(k *pack.Case) {
				used := k.Get("instance").IsSet().Or(k.Get("networkInterface").IsSet())
				used = used.Or(want.AnyCompanion(k, "allocationId", []string{aws.NATGateway, aws.ElasticIPAssociation}, want.Present)).
					Or(want.AnyCompanion(k, "secondaryAllocationIds", []string{aws.NATGateway}, want.Present))
				for _, lb := range k.Stack.Of(aws.LoadBalancers...) {
					for m := range lb.Get("subnetMappings").Items() {
						used = used.Or(k.Stack.Refers(lb, "subnetMappings", m.Get("allocationId"), k.Resource))
					}
				}
				k.Require(used, "nothing in the stack uses the address")
			},
		},
		{
			ID: "asg-subnets-private", Title: "Auto Scaling groups run in subnets without a route to the internet gateway", Severity: pack.High,
			Types: []string{aws.AutoScalingGroup},
			Joins: route.Types, Stack: true,
			Why: "Application servers are reached through the load balancer; nothing needs them to be in a public subnet.",
			Fix: "List private subnets in vpcZoneIdentifiers.", Maps: standard.Meets(standard.Segments),
			Settings: []pack.Setting{want.Words("allowed",
				"Names of groups that may run in public subnets, such as \"*-bastion-group\"; \"*\" stands for any text.")},
			Check: func(k *pack.Case) {
				if !want.Allowed(k) {
					route.SubnetsPrivate("vpcZoneIdentifiers")(k)
				}
			},
		},
		{
			ID: "ec2-security-group", Title: "Instances have a security group of their own", Severity: pack.Medium, Types: aws.Machines,
			Joins: []string{aws.AutoScalingGroup}, Stack: true,
			Why: "Without one an instance gets the default group of the VPC.",
			Fix: "Set vpcSecurityGroupIds, or securityGroups of each network interface.", Maps: standard.Meets(standard.Segments), Check: ownGroup,
		},
		{
			ID: "ec2-template-disks", Title: "Launch templates say that their disks are encrypted", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.LaunchTemplate},
			Why: "A template that says nothing leaves it to the image and to the account. Accounts that encrypt by default need no more, so " +
				"this is off by default.",
			Fix: "Set blockDeviceMappings with ebs.encrypted true for the root device.", Maps: standard.Meets(standard.AtRest),
			Check: func(k *pack.Case) {
				k.Require(k.Get("blockDeviceMappings").Any(func(d pack.Value) pack.Fact { return d.Get("ebs.encrypted").IsTrue() }),
					"no encrypted device is described")
			},
		},
	}
}

// ownGroup wants an instance to name its security groups. A launch template has to when an Auto Scaling group starts
// instances from it; what else does, such as a managed node group, may name them instead.
func ownGroup(k *pack.Case) {
	own := k.Get("vpcSecurityGroupIds").IsSet().Or(k.Get("securityGroups").IsSet()).Or(k.Get("securityGroupNames").IsSet())
	if own.Is == pack.False && fromTemplate(k, k.Get("networkInterfaces")) {
		return
	}
	cards := k.Get("networkInterfaces").IsSet().And(k.Get("networkInterfaces").All(func(n pack.Value) pack.Fact {
		return n.Get("securityGroups").IsSet().Or(n.Get("networkInterfaceId").IsSet())
	}))
	started := pack.Yes(k.Inputs())
	if k.IsA(aws.LaunchTemplate) {
		started = pack.No(k.Inputs())
		for _, g := range k.Stack.Of(aws.AutoScalingGroup) {
			for _, path := range []string{"launchTemplate.id", "launchTemplate.name",
				"mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId",
				"mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateName"} {
				root, _, _ := strings.Cut(path, ".")
				started = started.Or(k.Stack.Refers(g, root, g.Get(path), k.Resource))
			}
		}
	}
	k.Require(started.Not().Or(own).Or(cards), "no security group is set")
}
