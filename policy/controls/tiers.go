// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// tiers are about what parts of one network let each other do.
func tiers() []*pack.Control {
	return []*pack.Control{
		{
			ID: "sg-tier-ports", Title: "Security groups open few ports to each other", Severity: pack.Medium, Types: []string{sgType, sgRule, sgIngress, sgEgress}, Joins: []string{sgType}, Stack: true,
			Why: "A rule for every port joins two tiers into one: whoever holds the first reaches every service of the second.", Fix: "Open the ports that are served; the setting maxPorts says how many one rule may hold. A group may open every port to itself.",
			Settings: num("maxPorts", 200, "Most ports in one rule that names another group."), Maps: meets(segments), Check: tierPorts,
		},
		{
			ID: "sg-every-port", Title: "No rule opens every port to a network", Severity: pack.Medium, Types: []string{sgType, sgRule, sgIngress}, Why: "Whoever is in that network reaches every service that anyone starts later.",
			Fix: "Open the ports that are served.", Maps: meets(segments), Check: everyPort,
		},
		{
			ID: "nacl-risky-ports-world", Title: "Network ACLs keep the internet from databases and administration", Severity: pack.Medium, Types: acls,
			Why: "The ACL is the layer that still holds when a security group is opened by mistake.", Fix: "Allow the ports that the subnet serves, and no others.", Maps: meets(exposure, segments), Check: aclClosed(riskyList()...),
		},
		{
			ID: "nacl-tier-ports", Title: "Network ACLs open few ports between subnets", Severity: pack.Low, Level: pack.Disabled, Types: acls,
			Why: "An entry for every port leaves the segmentation to the security groups alone. Many networks want it so, and this is off by default.", Fix: "Allow the ports that are served, and the range from 1024 to 65535 for answers.",
			Settings: num("maxPorts", 200, "Most ports in one entry that is not for answers."), Maps: meets(segments), Check: func(k *pack.Case) {
				if k.IsA(naclRule) {
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
		{
			ID: "ec2-security-group", Title: "Instances have a security group of their own", Severity: pack.Medium, Types: machines, Joins: []string{asgType}, Stack: true,
			Why: "Without one an instance gets the default group of the VPC.", Fix: "Set vpcSecurityGroupIds, or securityGroups of each network interface.", Maps: meets(segments), Check: ownGroup,
		},
		{
			ID: "ec2-template-disks", Title: "Launch templates say that their disks are encrypted", Severity: pack.Low, Level: pack.Disabled, Types: []string{templateType},
			Why: "A template that says nothing leaves it to the image and to the account. Accounts that encrypt by default need no more, so this is off by default.",
			Fix: "Set blockDeviceMappings with ebs.encrypted true for the root device.", Maps: meets(atRest), Check: func(k *pack.Case) {
				k.Require(k.Get("blockDeviceMappings").Any(func(d pack.Value) pack.Fact { return d.Get("ebs.encrypted").IsTrue() }), "no encrypted device is described")
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
	if k.IsA(templateType) {
		started = pack.No(k.Inputs())
		for _, g := range k.Stack.Of(asgType) {
			for _, path := range []string{"launchTemplate.id", "launchTemplate.name", "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId", "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateName"} {
				root, _, _ := strings.Cut(path, ".")
				started = started.Or(k.Stack.Refers(g, root, g.Get(path), k.Resource))
			}
		}
	}
	k.Require(started.Not().Or(own).Or(cards), "no security group is set")
}

// aclNarrow reports an entry of a network ACL that allows more ports than the setting says and is not for answers.
func aclNarrow(k *pack.Case, v, action pack.Value) {
	e := read(v, "protocol", true, pack.Value{}, pack.Value{})
	wide := e.wide(k.Num("maxPorts")).And(e.answers().Not())
	k.Forbid(oneWord(action, "allow").And(e.every.Or(wide)), "%s opens too many ports", place(v))
}

// everyPort refuses incoming rules for every protocol that name addresses or a prefix list.
func everyPort(k *pack.Case) {
	judge := func(r pack.Value, protocol string, incoming pack.Fact, sources ...string) {
		for _, source := range sources {
			k.Forbid(incoming.And(r.Get(source).IsSet()).And(everyProtocol(r.Get(protocol))), "%s opens every port to %s", place(r), r.Get(source))
		}
	}
	switch k.Type {
	case sgIngress:
		judge(k.Inputs(), "ipProtocol", pack.Yes(k.Inputs()), "cidrIpv4", "cidrIpv6", "prefixListId")
	case sgRule:
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
	if k.IsA(sgType) {
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
		if k.IsA(sgIngress, sgEgress) {
			protocol = "ipProtocol"
		}
		narrow(k, k.Inputs(), protocol, peer, property, sameGroup(k, property, peer))
	}
}

// sameGroup is the fact that a rule names the group that it belongs to.
func sameGroup(k *pack.Case, property string, peer pack.Value) pack.Fact {
	own := k.Get("securityGroupId")
	group, _ := k.Stack.Target(k.Resource, "securityGroupId", own, sgType)
	to, _ := k.Stack.Target(k.Resource, property, peer, sgType)
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
	r := read(v, protocol, true, pack.Value{}, pack.Value{})
	wide := r.wide(k.Num("maxPorts")).And(r.low(r.first.number < firstDynamic))
	k.Forbid(same.Not().And(r.every.Or(wide)), "%s opens too many ports to the group %s", where, peer)
}
