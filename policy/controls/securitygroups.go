// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	sgType         = "aws:ec2/securityGroup:SecurityGroup"
	sgDefault      = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	sgRule         = "aws:ec2/securityGroupRule:SecurityGroupRule"
	sgIngress      = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	sgEgress       = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	maxPort        = 65535
	wideRange      = 1000
	portSSH        = 22
	portRDP        = 3389
	portSMB        = 445
	portHTTP       = 80
	describeLength = 4
)

// groupRuleTypes are rules as resources of their own.
var groupRuleTypes = []string{sgRule, sgIngress, sgEgress}

var groupTypes = []string{sgType, sgDefault, sgRule, sgIngress, nativeGroup, nativeIngress}

// riskyPorts are those of FSBP EC2.19 and the data stores that are most often found open.
var riskyPorts = map[int]string{
	20: "FTP data", 21: "FTP", 23: "Telnet", 25: "SMTP", 110: "POP3", 111: "portmapper", 135: "RPC", 137: "NetBIOS", 138: "NetBIOS", 139: "NetBIOS", 143: "IMAP",
	1433: "SQL Server", 1434: "SQL Server", 1521: "Oracle", 2049: "NFS", 2375: "Docker", 2376: "Docker", 2379: "etcd", 3000: "development servers",
	3306: "MySQL", 4333: "ahsp", 5000: "development servers", 5432: "PostgreSQL", 5500: "fcp-addr-srvr1", 5601: "OpenSearch Dashboards", 5672: "AMQP",
	5900: "VNC", 5985: "WinRM", 5986: "WinRM", 6379: "Redis", 6443: "Kubernetes", 8080: "proxies", 8088: "legacy HTTP", 8888: "alternative HTTP", 9042: "Cassandra",
	9092: "Kafka", 9200: "OpenSearch", 9300: "OpenSearch", 10250: "kubelet", 11211: "Memcached", 15672: "RabbitMQ", 27017: "MongoDB", 27018: "MongoDB", 50070: "HDFS",
}

func riskyList() []int {
	list := make([]int, 0, len(riskyPorts))
	for p := range riskyPorts {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// securityGroups are the rules about who may reach what.
func securityGroups() []*pack.Control {
	egress := []string{sgType, sgEgress, sgRule, sgDefault, nativeGroup, nativeEgress}
	both := []string{sgType, sgRule, sgIngress, sgEgress}
	return []*pack.Control{
		{
			ID: "sg-ssh-world", Title: "SSH is closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "Open SSH is found and attacked within minutes.", Fix: "Use Session Manager, or list the addresses that need it.",
			Maps: meets("FSBP:EC2.13 FSBP:EC2.53 FSBP:EC2.54 CIS:5.3 CIS:5.4", exposure), Check: closed(portSSH),
		},
		{
			ID: "sg-rdp-world", Title: "Remote Desktop is closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "Open Remote Desktop is the most common way in for ransomware.", Fix: "Use Fleet Manager, or list the addresses that need it.",
			Maps: meets("FSBP:EC2.14 FSBP:EC2.53 FSBP:EC2.54 CIS:5.3 CIS:5.4", exposure), Check: closed(portRDP),
		},
		{
			ID: "sg-smb-world", Title: "Windows file sharing is closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "SMB and CIFS have a history of worms that need nothing but an open port.", Fix: "Remove the rule for port 445, or name a source inside the network.",
			Maps: meets("CIS:5.1.2", exposure), Check: closed(portSMB),
		},
		{
			ID: "sg-risky-ports-world", Title: "Ports of databases and administration are closed to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "These services are made for trusted networks; many need no password at all.", Fix: "Name the security group or the address range of the callers.",
			Maps: meets("FSBP:EC2.19", exposure), Check: closed(riskyList()...),
		},
		{
			ID: "sg-all-ports-world", Title: "No rule opens all ports to the internet", Severity: pack.Critical, Types: groupTypes,
			Why: "Every service that anyone starts later is open from its first second.", Fix: "Open the one port that is served, to those who need it.",
			Maps: meets("FSBP:EC2.18", exposure), Check: allPortsWorld,
		},
		{
			ID: "sg-other-ports-world", Title: "Only the allowed ports are open to the internet", Severity: pack.High, Types: groupTypes,
			Why: "Each further open port is one more program that strangers can talk to.", Fix: "Name the callers, or add the port to the setting allowedPorts.",
			Settings: []pack.Setting{words("allowedPorts", "TCP and UDP ports that may be open to the internet.", "80", "443")},
			Maps:     meets("FSBP:EC2.18", exposure), Check: otherPortsWorld,
		},
		{
			ID: "sg-http-world", Title: "Plain HTTP is closed to the internet", Severity: pack.Medium, Level: pack.Disabled, Types: groupTypes,
			Why: "Plain HTTP can be read and changed on the way. A listener that only redirects to HTTPS needs it, so this is off by default.",
			Fix: "Open port 443 only.", Maps: meets(inTransit), Check: closed(portHTTP),
		},
		{
			ID: "sg-union-world", Title: "The rules of a group do not add up to the internet", Severity: pack.Critical, Types: []string{sgType}, Joins: []string{sgRule, sgIngress}, Stack: true,
			Why:      "Many rules that look narrow can together admit everybody, which no rule shows by itself.",
			Fix:      "Replace the ranges by the security group or prefix list that is meant.",
			Settings: []pack.Setting{words("allowedPorts", "TCP and UDP ports that may be open to the internet.", "80", "443")},
			Maps:     meets("FSBP:EC2.18 FSBP:EC2.19", exposure), Check: unionWorld,
		},
		{
			ID: "sg-egress-world", Title: "No rule lets everything out", Severity: pack.Medium, Types: egress,
			Why: "A workload that may talk to anybody can be told to send your data anywhere.", Fix: "Allow the ports and destinations that are needed; prefer VPC endpoints.",
			Maps: meets(wayOut), Check: egressWorld,
		},
		{
			ID: "sg-rule-described", Title: "Security groups and rules say what they are for", Severity: pack.Low, Concern: pack.Operations, Types: both,
			Why: "Nobody dares to remove a rule whose reason is not written down.", Fix: "Set description to the reason, in words.", Maps: meets(hygiene), Check: described,
		},
		{
			ID: "sg-default-closed", Title: "The default security group has no rules", Severity: pack.High, Types: []string{sgDefault}, Joins: groupRuleTypes, Stack: true,
			Why: "Whatever is started without a group lands in it, and would reach everything else that did.",
			Fix: "Manage the DefaultSecurityGroup without ingress and egress, and add no rules to it.", Maps: meets("FSBP:EC2.2 CIS:5.5", segments),
			Check: func(k *pack.Case) {
				for _, side := range []string{"ingress", "egress"} {
					k.Forbid(k.Get(side).IsSet())
				}
				k.Forbid(anyCompanion(k, "securityGroupId", groupRuleTypes, present), "a rule resource opens the default group")
			},
		},
		{
			ID: "sg-rule-range", Title: "Rules do not open wide ranges of ports", Severity: pack.Medium, Types: groupTypes,
			Why: "A range of thousands of ports is a guess, and every guess opens more than is served.", Fix: "Open single ports; the setting maxPorts says how many one rule may hold.",
			Settings: num("maxPorts", wideRange, "Most ports in one TCP or UDP rule."), Maps: meets(segments), Check: narrowRange,
		},
		{
			ID: "sg-no-mixed-rules", Title: "A group's rules are written in one way", Severity: pack.High, Concern: pack.Operations, Types: []string{sgType},
			Joins: groupRuleTypes, Stack: true,
			Why: "Inline rules and rule resources for one group delete each other at every deployment.", Fix: "Use rule resources only.", Maps: meets(hygiene),
			Check: func(k *pack.Case) {
				inline := k.Get("ingress").IsSet().Or(k.Get("egress").IsSet())
				k.Forbid(inline.And(anyCompanion(k, "securityGroupId", groupRuleTypes, present)),
					"the group has inline rules and rule resources as well")
			},
		},
		{
			ID: "sg-cidr-valid", Title: "Rules name valid address ranges", Severity: pack.Medium, Types: []string{sgType, sgRule, sgIngress, sgEgress, sgDefault},
			Why: "A range that cannot be read is either refused late or means something else than it seems.", Fix: "Write CIDR ranges such as 203.0.113.0/24.",
			Maps: meets(hygiene), Check: validRanges,
		},
	}
}
