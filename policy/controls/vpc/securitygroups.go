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

const (
	wideRange      = 1000
	portHTTP       = 80
	describeLength = 4
)

// groupRuleTypes are rules as resources of their own.
var groupRuleTypes = []string{aws.SecurityGroupRule, aws.SecurityGroupIngressRule, aws.SecurityGroupEgressRule}

var groupTypes = []string{aws.SecurityGroup, aws.DefaultSecurityGroup, aws.SecurityGroupRule, aws.SecurityGroupIngressRule,
	aws.NativeSecurityGroup, aws.NativeSecurityGroupIngress}

// securityGroups are the rules about who may reach what.
func securityGroups() []*pack.Control {
	egress := []string{aws.SecurityGroup, aws.SecurityGroupEgressRule, aws.SecurityGroupRule, aws.DefaultSecurityGroup,
		aws.NativeSecurityGroup, aws.NativeSecurityGroupEgress}
	both := slices.Concat(aws.Groups, groupRuleTypes)
	return []*pack.Control{
		{
			ID: "sg-ssh-world", Title: "SSH is closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "Open SSH is found and attacked within minutes.", Fix: "Use Session Manager, or list the addresses that need it.",
			Maps:  standard.Meets("FSBP:EC2.13 FSBP:EC2.19 FSBP:EC2.53 FSBP:EC2.54 CIS:5.3 CIS:5.4", standard.Exposure),
			Check: closed(filter.PortSSH),
		},
		{
			ID: "sg-rdp-world", Title: "Remote Desktop is closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "Open Remote Desktop is the most common way in for ransomware.", Fix: "Use Fleet Manager, or list the addresses that need it.",
			Maps:  standard.Meets("FSBP:EC2.14 FSBP:EC2.19 FSBP:EC2.53 FSBP:EC2.54 CIS:5.3 CIS:5.4", standard.Exposure),
			Check: closed(filter.PortRDP),
		},
		{
			ID: "sg-smb-world", Title: "Windows file sharing is closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why:  "SMB and CIFS have a history of worms that need nothing but an open port.",
			Fix:  "Remove the rule for port 445, or name a source inside the network.",
			Maps: standard.Meets("FSBP:EC2.19 CIS:5.1.2", standard.Exposure), Check: closed(filter.PortSMB),
		},
		{
			ID: "sg-risky-ports-world", Title: "Ports of databases and administration are closed to the internet", Severity: pack.Critical,
			Types: groupTypes,
			Why:   "These services are made for trusted networks; many need no password at all.",
			Fix:   "Name the security group or the address range of the callers.",
			Maps:  standard.Meets("FSBP:EC2.19", standard.Exposure), Check: closed(filter.RiskyPorts()...),
		},
		{
			ID: "sg-all-ports-world", Title: "No rule opens all ports to the internet", Severity: pack.Critical, Types: groupTypes,
			Why:  "Every service that anyone starts later is open from its first second.",
			Fix:  "Open the one port that is served, to those who need it.",
			Maps: standard.Meets("FSBP:EC2.18", standard.Exposure), Check: allPortsWorld,
		},
		{
			ID: "sg-other-ports-world", Title: "Only the allowed ports are open to the internet", Severity: pack.High, Types: groupTypes,
			Why:      "Each further open port is one more program that strangers can talk to.",
			Fix:      "Name the callers, or add the port to the setting allowedPorts.",
			Settings: []pack.Setting{want.Words("allowedPorts", "TCP and UDP ports that may be open to the internet.", "80", "443")},
			Maps:     standard.Meets("FSBP:EC2.18", standard.Exposure), Check: otherPortsWorld,
		},
		{
			ID: "sg-http-world", Title: "Plain HTTP is closed to the internet", Severity: pack.Medium, Level: pack.Disabled, Types: groupTypes,
			Why: "Plain HTTP can be read and changed on the way. A listener that only redirects to HTTPS needs it, so this is off by default.",
			Fix: "Open port 443 only.", Maps: standard.Meets(standard.InTransit), Check: closed(portHTTP),
		},
		{
			ID: "sg-union-world", Title: "The rules of a group do not add up to the internet", Severity: pack.Critical,
			Types: aws.Groups, Joins: []string{aws.SecurityGroupRule, aws.SecurityGroupIngressRule}, Stack: true,
			Why:      "Many rules that look narrow can together admit everybody, which no rule shows by itself.",
			Fix:      "Replace the ranges by the security group or prefix list that is meant.",
			Settings: []pack.Setting{want.Words("allowedPorts", "TCP and UDP ports that may be open to the internet.", "80", "443")},
			Maps:     standard.Meets("FSBP:EC2.18 FSBP:EC2.19", standard.Exposure), Check: unionWorld,
		},
		{
			ID: "sg-egress-world", Title: "No rule lets everything out", Severity: pack.Medium, Types: egress,
			Why:  "A workload that may talk to anybody can be told to send your data anywhere.",
			Fix:  "Allow the ports and destinations that are needed; prefer VPC endpoints.",
			Maps: standard.Meets(standard.WayOut), Check: egressWorld,
		},
		{
			ID: "sg-rule-described", Title: "Security groups and rules say what they are for", Severity: pack.Low, Concern: pack.Operations,
			Types: both,
			Why:   "Nobody dares to remove a rule whose reason is not written down.", Fix: "Set description to the reason, in words.",
			Maps: standard.Meets(standard.Hygiene), Check: described,
		},
		{
			ID: "sg-default-closed", Title: "The default security group has no rules", Severity: pack.High,
			Types: []string{aws.DefaultSecurityGroup}, Joins: groupRuleTypes, Stack: true,
			Why:  "Whatever is started without a group lands in it, and would reach everything else that did.",
			Fix:  "Manage the DefaultSecurityGroup without ingress and egress, and add no rules to it.",
			Maps: standard.Meets("FSBP:EC2.2 CIS:5.5", standard.Segments),
			Check: func(k *pack.Case) {
				for _, side := range []string{"ingress", "egress"} {
					k.Forbid(k.Get(side).IsSet())
				}
				k.Forbid(want.AnyCompanion(k, "securityGroupId", groupRuleTypes, want.Present), "a rule resource opens the default group")
			},
		},
		{
			ID: "sg-rule-range", Title: "Rules do not open wide ranges of ports", Severity: pack.Medium, Types: groupTypes,
			Why:      "A range of thousands of ports is a guess, and every guess opens more than is served.",
			Fix:      "Open single ports; the setting maxPorts says how many one rule may hold.",
			Settings: want.Number("maxPorts", wideRange, "Most ports in one TCP or UDP rule."), Maps: standard.Meets(standard.Segments),
			Check: narrowRange,
		},
		{
			ID: "sg-no-mixed-rules", Title: "A group's rules are written in one way", Severity: pack.High, Concern: pack.Operations,
			Types: aws.Groups,
			Joins: groupRuleTypes, Stack: true,
			Why: "Inline rules and rule resources for one group delete each other at every deployment.", Fix: "Use rule resources only.",
			Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				inline := k.Get("ingress").IsSet().Or(k.Get("egress").IsSet())
				k.Forbid(inline.And(want.AnyCompanion(k, "securityGroupId", groupRuleTypes, want.Present)),
					"the group has inline rules and rule resources as well")
			},
		},
		{
			ID: "sg-cidr-valid", Title: "Rules name valid address ranges", Severity: pack.Medium,
			Types: []string{aws.SecurityGroup, aws.SecurityGroupRule, aws.SecurityGroupIngressRule, aws.SecurityGroupEgressRule,
				aws.DefaultSecurityGroup},
			Why:  "A range that cannot be read is either refused late or means something else than it seems.",
			Fix:  "Write CIDR ranges such as 203.0.113.0/24.",
			Maps: standard.Meets(standard.Hygiene), Check: validRanges,
		},
	}
}
