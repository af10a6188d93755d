// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// tiers are about what parts of one network let each other do.
func tiers() []*pack.Control {
	return []*pack.Control{
		{
			ID: "sg-tier-ports", Title: "Security groups open few ports to each other", Severity: pack.Medium,
			Types: slices.Concat(aws.Groups, groupRuleTypes), Joins: aws.Groups, Stack: true,
			Why:      "A rule for every port joins two tiers into one: whoever holds the first reaches every service of the second.",
			Fix:      "Open the ports that are served; the setting maxPorts says how many one rule may hold. A group may open every port to itself.",
			Settings: want.Number("maxPorts", 200, "Most ports in one rule that names another group."), Maps: standard.Meets(standard.Segments),
			Check: tierPorts,
		},
		{
			ID: "sg-every-port", Title: "No rule opens every port to a network", Severity: pack.Medium,
			Types: slices.Concat(aws.Groups, []string{aws.SecurityGroupRule, aws.SecurityGroupIngressRule}),
			Why:   "Whoever is in that network reaches every service that anyone starts later.",
			Fix:   "Open the ports that are served.", Maps: standard.Meets(standard.Segments), Check: everyPort,
		},
		{
			ID: "nacl-risky-ports-world", Title: "Network ACLs keep the internet from databases and administration", Severity: pack.Medium,
			Types: acls,
			Why:   "The ACL is the layer that still holds when a security group is opened by mistake.",
			Fix:   "Allow the ports that the subnet serves, and no others.", Maps: standard.Meets(standard.Exposure, standard.Segments),
			Check: aclClosed(filter.RiskyPorts()...),
		},
		{
			ID: "nacl-tier-ports", Title: "Network ACLs open few ports between subnets", Severity: pack.Low, Level: pack.Disabled, Types: acls,
			Why: "An entry for every port leaves the segmentation to the security groups alone. Many networks want it so, and this is off by " +
				"default.", Fix: "Allow the ports that are served, and the range from 1024 to 65535 for answers.",
			Settings: want.Number("maxPorts", 200, "Most ports in one entry that is not for answers."), Maps: standard.Meets(standard.Segments),
			Check: func(k *pack.Case) {
				if k.IsA(aws.NetworkACLRule) {
					aclNarrow(k, k.Inputs(), k.Get("ruleAction"))
					return
				}
				for _, side := range []string{"ingress", "egress"} {
					for e := range k.Get(side).Items() {
						aclNarrow(k, e, e.Get("action"))
					}
				}
			},
		},
	}
}

// aclNarrow reports an entry of a network ACL that allows more ports than the setting says and is not for answers.
func aclNarrow(k *pack.Case, v, action pack.Value) {
	e := filter.Read(v, "protocol", true, pack.Value{}, pack.Value{})
	wide := e.Wide(k.Num("maxPorts")).And(e.Answers().Not())
	k.Forbid(filter.OneWord(action, "allow").And(e.Every.Or(wide)), "%s opens too many ports", filter.Place(v))
}

// everyPort refuses incoming rules for every protocol that name addresses or a prefix list.
func everyPort(k *pack.Case) {
	judge := func(r pack.Value, protocol string, incoming pack.Fact, sources ...string) {
		for _, source := range sources {
			k.Forbid(incoming.And(r.Get(source).IsSet()).And(filter.EveryProtocol(r.Get(protocol))), "%s opens every port to %s", filter.Place(r),
				r.Get(source))
		}
	}
	switch k.Type {
	case aws.SecurityGroupIngressRule:
		judge(k.Inputs(), "ipProtocol", pack.Yes(k.Inputs()), "cidrIpv4", "cidrIpv6", "prefixListId")
	case aws.SecurityGroupRule:
		judge(k.Inputs(), "protocol", k.Get("type").OneOf("ingress"), "cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
	default:
		for r := range k.Get("ingress").Items() {
			judge(r, "protocol", pack.Yes(r), "cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
		}
		unknownSides(k, "ingress")
	}
}

// tierPorts wants rules between two groups to be narrow. A rule of a group for itself joins no tiers.
func tierPorts(k *pack.Case) {
	if k.IsA(aws.Groups...) {
		for _, side := range []string{"ingress", "egress"} {
			list := k.Get(side)
			if list.IsUnknown() {
				k.Defer(list)
			}
			for r := range list.Items() {
				for peer := range r.Get("securityGroups").Items() {
					narrow(k, r, "protocol", peer, side, pack.No(peer))
				}
			}
		}
		return
	}
	for _, property := range []string{"referencedSecurityGroupId", "sourceSecurityGroupId"} {
		peer := k.Get(property)
		if !peer.Exists() {
			continue
		}
		protocol := "protocol"
		if k.IsA(aws.SecurityGroupIngressRule, aws.SecurityGroupEgressRule) {
			protocol = "ipProtocol"
		}
		narrow(k, k.Inputs(), protocol, peer, property, sameGroup(k, property, peer))
	}
}

// sameGroup is the fact that a rule names the group that it belongs to.
func sameGroup(k *pack.Case, property string, peer pack.Value) pack.Fact {
	own := k.Get("securityGroupId")
	group, _ := k.Stack.Target(k.Resource, "securityGroupId", own, aws.Groups...)
	to, _ := k.Stack.Target(k.Resource, property, peer, aws.Groups...)
	switch {
	case group != nil && group == to:
		return pack.Yes(peer)
	case group != nil && to != nil:
		return pack.No(peer)
	case own.IsUnknown():
		return pack.Wait(own)
	case peer.IsUnknown():
		return pack.Wait(peer)
	}
	return peer.OneOf(own.Str())
}

// narrow reports a rule for another group that holds more ports than the setting allows.
func narrow(k *pack.Case, v pack.Value, protocol string, peer pack.Value, where string, same pack.Fact) {
	r := filter.Read(v, protocol, true, pack.Value{}, pack.Value{})
	wide := r.Wide(k.Num("maxPorts")).And(r.Low(r.First.Number < filter.FirstDynamic))
	k.Forbid(same.Not().And(r.Every.Or(wide)), "%s opens too many ports to the group %s", where, peer)
}
