// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/facts/route"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// addresses are about public addresses that a machine gets in other ways than by associatePublicIpAddress.
func addresses() []*pack.Control {
	withGroups := append([]string{aws.AutoScalingGroup}, route.Types...)
	return []*pack.Control{
		{
			ID: "ec2-no-elastic-ip", Public: true, Title: "No Elastic IP belongs to an instance unless it is listed", Severity: pack.High,
			Types: []string{aws.ElasticIP, aws.ElasticIPAssociation}, Joins: aws.Hosts, Stack: true,
			Why:  "An Elastic IP makes an instance public whatever the instance itself and its subnet say.",
			Fix:  "Put a load balancer or Session Manager in front, or list the Elastic IP in the setting allowed.",
			Maps: standard.Meets("FSBP:EC2.9", standard.Exposure),
			Settings: []pack.Setting{want.Words("allowed",
				"Names of Elastic IPs and associations that may, such as \"*-bastion-address\"; \"*\" stands for any text.")},
			Check: elasticAddress,
		},
		{
			ID: "ec2-no-public-ipv6", Title: "Instances with IPv6 addresses have no route from the internet", Severity: pack.High,
			Public: true,
			Types:  []string{aws.EC2Instance, aws.SpotInstanceRequest, aws.LaunchTemplate}, Joins: withGroups, Stack: true,
			Why:      "Every IPv6 address is a public one; behind an internet gateway it is one security group rule away from the internet.",
			Fix:      "Leave ipv6AddressCount and ipv6Addresses out, or name a subnet whose ::/0 leads to an egress-only internet gateway.",
			Maps:     standard.Meets(standard.Exposure),
			Settings: []pack.Setting{want.Words("allowed", "Names of resources that may have one; \"*\" stands for any text.")},
			Check:    addressesOfMachines,
		},
	}
}

// elasticAddress refuses an Elastic IP for an instance, named as such or by its network interface.
func elasticAddress(k *pack.Case) {
	if want.Allowed(k) {
		return
	}
	property, card := "instance", "networkInterface"
	if k.IsA(aws.ElasticIPAssociation) {
		property, card = "instanceId", "networkInterfaceId"
	}
	v := k.Get(property)
	if host, _ := k.Stack.Target(k.Resource, property, v, aws.Hosts...); host != nil {
		k.Report(v, "the address belongs to instance %q", host.Name)
		return
	}
	k.Forbid(v.IsSet(), "%s is %s", property, v)
	at := k.Get(card)
	if !at.Exists() {
		return
	}
	for _, host := range k.Stack.Of(aws.Hosts...) {
		k.Forbid(want.LeadsTo(k.Stack, k.Resource, card, at, host, "primaryNetworkInterfaceId"), "the address belongs to instance %q", host.Name)
	}
}

// hasIPv6 is the fact that an instance or a network interface asks for IPv6 addresses.
func hasIPv6(v pack.Value) pack.Fact {
	answer := pack.No(v)
	for _, path := range []string{"ipv6AddressCount", "ipv6PrefixCount"} {
		answer = answer.Or(v.Get(path).AtLeast(1))
	}
	for _, path := range []string{"ipv6Addresses", "ipv6Prefixes"} {
		answer = answer.Or(v.Get(path).IsSet())
	}
	return answer
}

// addressesOfMachines wants the subnets of what has IPv6 addresses to have no route to an internet gateway.
func addressesOfMachines(k *pack.Case) {
	if want.Allowed(k) {
		return
	}
	judge := func(has pack.Fact, property string, subnet pack.Value) {
		if has.Is != pack.False {
			k.Forbid(has.And(faces(k, property, subnet)), "%s gives an IPv6 address where the internet may reach it", has.At.Path())
		}
	}
	judge(hasIPv6(k.Inputs()), "subnetId", k.Get("subnetId"))
	cards := k.Get("networkInterfaces")
	if cards.IsUnknown() {
		k.Defer(cards)
		return
	}
	for card := range cards.Items() {
		judge(hasIPv6(card), "networkInterfaces", card.Get("subnetId"))
	}
}

// faces is the fact that the internet may reach what stands in a subnet. That of a launch template which names none
// is chosen by the groups that use it; without any, AWS takes one of the default VPC, which is public. Nothing is known
// of the routes of a subnet that is not part of the stack.
func faces(k *pack.Case, property string, subnet pack.Value) pack.Fact {
	if !subnet.Exists() && k.Type == aws.LaunchTemplate {
		return groupsFace(k)
	}
	target, found := k.Stack.Target(k.Resource, property, subnet, aws.Subnet)
	switch {
	case target != nil:
		return route.ToInternet(k.Stack, target)
	case found.Is == pack.Deferred:
		return found
	case document.Written(subnet):
		return elsewhere(k, subnet)
	}
	return pack.Yes(subnet)
}

// elsewhere says that nothing is found about a subnet of another program.
func elsewhere(k *pack.Case, subnet pack.Value) pack.Fact {
	k.Skip("the subnet is not part of the stack")
	return pack.No(subnet)
}

// groupsFace is the fact that a group which uses the launch template stands in a subnet with a route to an internet
// gateway, or that nothing in the stack says where the template is used.
func groupsFace(k *pack.Case) pack.Fact {
	sure, maybe := k.Stack.Pointing(k.Resource, "launchTemplate.id", aws.AutoScalingGroup)
	if len(sure)+len(maybe) == 0 {
		return pack.Yes(k.Get("networkInterfaces"))
	}
	answer := pack.No(k.Get("networkInterfaces"))
	for _, group := range sure {
		answer = answer.Or(groupFaces(k, group))
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}

// groupFaces is the fact that a group names no subnet, or one with a route to an internet gateway.
func groupFaces(k *pack.Case, group *pack.Resource) pack.Fact {
	const property = "vpcZoneIdentifiers"
	s := k.Stack
	list := group.Get(property)
	urns := group.PropertyDependencies[property]
	unknown := list.IsUnknown() || want.UnknownItem(list)
	answer := pack.No(list)
	if unknown && !slices.ContainsFunc(urns, func(urn string) bool { r := s.Find(urn); return r != nil && r.Type == aws.Subnet }) {
		return pack.Wait(list)
	}
	if unknown {
		for _, urn := range urns {
			if r := s.Find(urn); r != nil && r.Type == aws.Subnet {
				answer = answer.Or(route.ToInternet(s, r))
			}
		}
		return answer
	}
	if list.Len() == 0 {
		return pack.Yes(list)
	}
	for item := range list.Items() {
		subnet, found := s.Target(group, property, item, aws.Subnet)
		switch {
		case subnet != nil:
			answer = answer.Or(route.ToInternet(s, subnet))
		case found.Is == pack.Deferred:
			answer = answer.Or(found)
		default:
			answer = answer.Or(elsewhere(k, item))
		}
	}
	return answer
}
