// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/facts/filter"
	"github.com/bulkhead-iac/bulkhead/policy/facts/route"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

var acls = []string{aws.NetworkACL, aws.NetworkACLRule, aws.DefaultNetworkACL}

// aclEntry is one ingress entry of a network ACL.
type aclEntry struct {
	action, number pack.Value
	filter.Rule
}

// aclEntries returns the ingress entries that a resource carries. They are read once for all controls.
func aclEntries(k *pack.Case) []aclEntry {
	return pack.Memo(k, k.Inputs(), func() []aclEntry { return readEntries(k.Resource) })
}

func readEntries(r *pack.Resource) []aclEntry {
	if v := r.Inputs(); r.Type == aws.NetworkACLRule {
		return []aclEntry{{
			action: v.Get("ruleAction"), number: v.Get("ruleNumber"),
			Rule: filter.Read(v, "protocol", true, v.Get("cidrBlock"), v.Get("ipv6CidrBlock")),
		}}
	}
	var out []aclEntry
	for v := range r.Get("ingress").Items() {
		out = append(out, aclEntry{
			action: v.Get("action"), number: v.Get("ruleNo"),
			Rule: filter.Read(v, "protocol", true, v.Get("cidrBlock"), v.Get("ipv6CidrBlock")),
		})
	}
	return out
}

// admits is the fact that the entry is about traffic into the subnet and allows it to the internet.
func (e *aclEntry) admits(k *pack.Case) pack.Fact {
	answer := filter.OneWord(e.action, "allow")
	if k.Type == aws.NetworkACLRule {
		answer = answer.And(k.Get("egress").IsFalse())
	}
	return answer.And(e.World)
}

// denied is the fact that an earlier entry of the same list refuses the port to the whole internet.
func (e *aclEntry) denied(all []aclEntry, port int) pack.Fact {
	answer := pack.No(e.At)
	for i := range all {
		other := &all[i]
		refuses := filter.OneWord(other.action, "deny")
		if other == e || refuses.Is == pack.False {
			continue
		}
		wide := pack.No(other.At)
		for _, s := range other.Sources {
			wide = wide.Or(s.OneOf("0.0.0.0/0", "::/0"))
		}
		mine, _ := e.number.Number()
		earlier := other.number.AtMost(mine - 1)
		if e.number.IsUnknown() {
			earlier = pack.Wait(e.number)
		}
		same := pack.Fact{Is: pack.True}
		for i, s := range e.Sources {
			if s.Exists() && !other.Sources[i].Exists() {
				same = pack.No(s)
			}
		}
		answer = answer.Or(refuses.And(earlier).And(wide).And(same).And(other.Covers(port)))
	}
	return answer
}

func aclClosed(ports ...int) func(*pack.Case) {
	return func(k *pack.Case) {
		aclForbid(k, func(e *aclEntry, all []aclEntry) pack.Fact {
			hit := pack.No(e.At)
			for _, p := range ports {
				if reaches := e.Covers(p); reaches.Is != pack.False {
					hit = hit.Or(reaches.And(e.denied(all, p).Not()))
				}
			}
			return e.Every.Or(e.Answers().Not()).And(hit)
		})
	}
}

// aclForbid refuses every entry that lets the internet in to what the fact is about.
func aclForbid(k *pack.Case, opens func(e *aclEntry, all []aclEntry) pack.Fact) {
	all := aclEntries(k)
	for i := range all {
		e := &all[i]
		lets := e.admits(k)
		if lets.Is == pack.False {
			continue
		}
		if lets = lets.And(opens(e, all)); lets.Is != pack.False {
			k.Forbid(lets, "%s", e.Open())
		}
	}
	if v := k.Get("ingress"); v.IsUnknown() {
		k.Defer(v)
	}
}

func aclAllPorts(e *aclEntry, _ []aclEntry) pack.Fact { return e.Every.Or(e.WholeRange()) }

// aclRangesValid wants the ranges of every entry to be CIDR ranges.
func aclRangesValid(k *pack.Case) {
	all := aclEntries(k)
	for i := range all {
		for _, source := range all[i].Sources {
			if valid := source.IsSet().Not().Or(source.Matches(isRange)); valid.Is != pack.True {
				k.Require(valid, "%s is %s, which is not a CIDR range", source.Path(), source)
			}
		}
	}
}

func networks() []*pack.Control {
	return slices.Concat(aclControls(), []*pack.Control{
		{
			ID: "vpc-default-unused", Title: "The default VPC is not used", Severity: pack.Medium,
			Types: []string{"aws:ec2/defaultVpc:DefaultVpc", "aws:ec2/defaultSubnet:DefaultSubnet"},
			Why:   "Every subnet of the default VPC is public, and every account has the same addresses in it.",
			Fix:   "Make a VPC with private subnets.", Maps: standard.Meets(standard.Segments),
			Check: func(k *pack.Case) { k.Report(k.Get("tags"), "the program uses the default network of the account") },
		},
		{
			ID: "vpc-dns", Title: "VPCs resolve names", Severity: pack.Low, Concern: pack.Operations, Types: []string{aws.VPC},
			Why: "Private names of endpoints and databases do not resolve without DNS support, and traffic leaves the network instead.",
			Fix: "Leave enableDnsSupport on and set enableDnsHostnames to true.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Require(k.Get("enableDnsSupport").Is(true, true))
				k.Require(k.Get("enableDnsHostnames").IsTrue())
			},
		},
		{
			ID: "vpc-flow-logs", Title: "Every VPC has a flow log", Severity: pack.Medium, Types: []string{aws.VPC, aws.DefaultVPC},
			Joins: []string{aws.FlowLog}, Stack: true,
			Why: "Without a flow log nobody can tell who talked to whom before, during and after an incident.",
			Fix: "Add a FlowLog with the VPC's id and traffic type ALL or REJECT.", Maps: standard.Meets("FSBP:EC2.6 CIS:3.7", standard.Logging),
			Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "vpcId", []string{aws.FlowLog}, want.Present), "no flow log points at this VPC")
			},
		},
		{
			ID: "flow-log-rejects", Title: "Flow logs capture refused traffic", Severity: pack.Medium, Types: []string{aws.FlowLog},
			Why: "Refused connections show scans and broken segmentation; a log of accepted traffic alone does not.",
			Fix: "Set trafficType to ALL or REJECT.", Maps: standard.Meets("CIS:3.7", standard.Logging),
			Check: func(k *pack.Case) { k.Require(k.Get("trafficType").OneOf("ALL", "REJECT")) },
		},
		{
			ID: "subnet-no-public-ip", Title: "Subnets give no public addresses by themselves", Severity: pack.Medium,
			Types: []string{aws.Subnet, aws.DefaultSubnet},
			Why:   "Whatever is started there is on the internet without anybody having asked for it.",
			Fix: "Leave mapPublicIpOnLaunch false, and set it to false in a DefaultSubnet; what must be reached gets a load balancer, or an Eip " +
				"that the setting allowed of ec2-no-elastic-ip lists.", Maps: standard.Meets("FSBP:EC2.15", standard.Exposure),
			Check: func(k *pack.Case) {
				k.Require(k.Get("mapPublicIpOnLaunch").Is(false, k.Type == aws.DefaultSubnet)) // which does unless it is told not to
			},
			Remedy: want.Put("mapPublicIpOnLaunch", false),
		},
		{
			ID: "endpoint-policy-restricted", Title: "Endpoint policies are not open to everybody", Severity: pack.Medium,
			Types: []string{aws.VPCEndpoint, aws.VPCEndpointPolicy},
			Why:   "An open endpoint lets a stolen credential of any other account carry your data to their bucket from inside.",
			Fix:   "Limit the policy to your own principals or resources, such as with aws:PrincipalOrgID or aws:ResourceOrgID.",
			Maps:  standard.Meets(standard.Segments, standard.Privilege),
			Check: document.EachStatement(document.At("policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if why := s.Public(); why != "" && s.AnyResource() && !s.Limited() && !s.WithinAccounts() && s.CoversAction("s3:PutObject") {
					k.Report(v, "%s %s for every resource", s.Label(), why)
				}
			}),
		},
		{
			ID: "endpoint-private-dns", Title: "Interface endpoints take over the service's name", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{aws.VPCEndpoint},
			Why:   "Without private DNS, clients keep using the public address and their traffic leaves the network.",
			Fix:   "Set privateDnsEnabled to true on endpoints of type Interface.", Maps: standard.Meets(standard.Segments),
			Check: func(k *pack.Case) {
				k.Require(k.Get("vpcEndpointType").OneOf("Interface").Not().Or(k.Get("privateDnsEnabled").IsTrue()), "privateDnsEnabled is %s",
					k.Get("privateDnsEnabled"))
			},
		},
		{
			ID: "endpoint-security-group", Title: "Interface endpoints have a security group of their own", Severity: pack.Medium,
			Types: []string{aws.VPCEndpoint},
			Why:   "Without one the endpoint gets the default group of the VPC.", Fix: "Set securityGroupIds.",
			Maps: standard.Meets(standard.Segments),
			Check: func(k *pack.Case) {
				k.Require(k.Get("vpcEndpointType").OneOf("Interface").Not().Or(k.Get("securityGroupIds").IsSet()), "securityGroupIds is not set")
			},
		},
		{
			ID: "endpoint-service-acceptance", Title: "Endpoint services ask before they accept", Severity: pack.High,
			Types: []string{aws.VPCEndpointService},
			Why:   "Otherwise every allowed principal connects to your service without anybody noticing.", Fix: "Set acceptanceRequired to true.",
			Maps: standard.Meets(standard.Exposure), Check: want.IsTrue("acceptanceRequired"), Remedy: want.Put("acceptanceRequired", true),
		},
		{
			ID: "endpoint-service-principals", Title: "Endpoint services name who may connect", Severity: pack.High,
			Types: []string{aws.VPCEndpointService, aws.VPCEndpointServiceAllowedPrincipal},
			Why:   "\"*\" offers the service to every AWS account.", Fix: "List accounts or roles.", Maps: standard.Meets(standard.Exposure),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("allowedPrincipals").Contains("*").Or(k.Get("principalArn").OneOf("*")), "the service is offered to every AWS account")
			},
		},
		{
			ID: "transit-gateway-acceptance", Title: "Transit gateways accept attachments by hand", Severity: pack.High,
			Types: []string{"aws:ec2transitgateway/transitGateway:TransitGateway"},
			Why:   "Anyone the gateway is shared with could otherwise join your network.", Fix: "Leave autoAcceptSharedAttachments at disable.",
			Maps: standard.Meets("FSBP:EC2.23", standard.Segments), Check: want.NoneOf("autoAcceptSharedAttachments", "enable"),
			Remedy: want.Put("autoAcceptSharedAttachments", "disable"),
		},
		{
			ID: "vpc-block-public-access", Title: "VPC Block Public Access is on", Severity: pack.Medium,
			Types: []string{"aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions"},
			Why:   "Off means that any internet gateway in the account works.",
			Fix:   "Set internetGatewayBlockMode to block-bidirectional or block-ingress.",
			Maps:  standard.Meets("FSBP:EC2.172", standard.Segments),
			Check: want.OneOf("internetGatewayBlockMode", "block-bidirectional", "block-ingress"),
		},
		{
			ID: "eni-source-dest-check", Title: "Network interfaces check source and destination", Severity: pack.Medium,
			Types: []string{"aws:ec2/networkInterface:NetworkInterface"},
			Why:   "Without the check an instance can forward other people's traffic past the security groups.",
			Fix:   "Leave sourceDestCheck out, except for appliances.",
			Maps:  standard.Meets("FSBP:EC2.180", standard.Segments), Check: want.NotFalse("sourceDestCheck"),
			Remedy: want.Put("sourceDestCheck", true),
		},
	})
}

func aclControls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "nacl-ssh-world", Title: "Network ACLs keep SSH from the internet out", Severity: pack.High, Types: acls,
			Why:  "The ACL is the layer that still holds when a security group is opened by mistake.",
			Fix:  "Allow the ports that the subnet serves, and no others.",
			Maps: standard.Meets("FSBP:EC2.21 CIS:5.2", standard.Exposure), Check: aclClosed(filter.PortSSH),
		},
		{
			ID: "nacl-rdp-world", Title: "Network ACLs keep Remote Desktop from the internet out", Severity: pack.High, Types: acls,
			Why: "The ACL is the layer that still holds when a security group is opened by mistake. The range 1024 to 65535 for answers is " +
				"allowed: ACLs keep no state.",
			Fix: "Allow the ports that the subnet serves, and no others.", Maps: standard.Meets("FSBP:EC2.21 CIS:5.2", standard.Exposure),
			Check: aclClosed(filter.PortRDP),
		},
		{
			ID: "nacl-ftp-world", Title: "Network ACLs keep FTP from the internet out", Severity: pack.Medium, Types: acls,
			Why: "FTP sends passwords in the clear.", Fix: "Allow the ports that the subnet serves, and no others.",
			Maps: standard.Meets(standard.Exposure, standard.InTransit), Check: aclClosed(20, 21),
		},
		{
			ID: "nacl-all-world", Title: "Network ACLs do not let every port in from the internet", Severity: pack.High, Types: acls,
			Why:  "An ACL that lets everything in is no layer at all.",
			Fix:  "Allow the ports that the subnet serves and the ephemeral range for answers.",
			Maps: standard.Meets("FSBP:EC2.21", standard.Segments), Check: func(k *pack.Case) { aclForbid(k, aclAllPorts) },
		},
		{
			ID: "nacl-attached", Title: "Network ACLs belong to subnets", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{aws.NetworkACL}, Joins: []string{aws.NetworkACLAssociation}, Stack: true,
			Why: "An ACL without subnets protects nothing and looks as if it did.", Fix: "Set subnetIds or add an association.",
			Maps: standard.Meets("FSBP:EC2.16", standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Require(k.Get("subnetIds").IsSet().Or(want.AnyCompanion(k, "networkAclId", []string{aws.NetworkACLAssociation}, want.Present)),
					"no subnet uses the ACL")
			},
		},
		{
			ID: "nacl-ranges-valid", Title: "Network ACL entries name valid address ranges", Severity: pack.Medium, Types: acls,
			Why:  "A range that cannot be read is either refused late or means something else than it seems.",
			Fix:  "Write CIDR ranges such as 10.0.0.0/16.",
			Maps: standard.Meets(standard.Hygiene), Check: aclRangesValid,
		},
		{
			ID: "subnet-no-public-ipv6", Title: "Public subnets give no IPv6 addresses by themselves", Severity: pack.Medium,
			Types: []string{aws.Subnet}, Joins: route.Types, Stack: true,
			Why: "Whatever is started there is on the internet over IPv6 without anybody having asked for it.",
			Fix: "Leave assignIpv6AddressOnCreation false in subnets with a route to an internet gateway.", Maps: standard.Meets(standard.Exposure),
			Check: func(k *pack.Case) {
				gives := k.Get("assignIpv6AddressOnCreation").IsTrue()
				if gives.Is != pack.False {
					k.Forbid(gives.And(route.ToInternet(k.Stack, k.Resource)),
						"the subnet has a route to an internet gateway and assignIpv6AddressOnCreation is true")
				}
			},
		},
		{
			ID: "vpc-default-group", Title: "Every VPC's default security group is managed", Severity: pack.Medium, Level: pack.Disabled,
			Types: []string{aws.VPC}, Joins: []string{aws.DefaultSecurityGroup}, Stack: true,
			Why: "AWS makes the group with rules that let its members reach each other and everything else, and only a program that takes it " +
				"over can close it.",
			Fix: "Add a DefaultSecurityGroup for the VPC, without rules.", Maps: standard.Meets("FSBP:EC2.2 CIS:5.5", standard.Segments),
			Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "vpcId", []string{aws.DefaultSecurityGroup}, want.Present), "no DefaultSecurityGroup points at this VPC")
			},
		},
		{
			ID: "vpc-endpoints-present", Title: "Every VPC reaches the services it needs without the internet", Severity: pack.Medium,
			Level: pack.Disabled, Types: []string{aws.VPC}, Joins: []string{aws.VPCEndpoint}, Stack: true,
			Why: "Traffic to a service without an endpoint leaves the network, past every endpoint policy.",
			Fix: "Add a VpcEndpoint for each service of the setting services.",
			Settings: []pack.Setting{want.Words("services",
				"Last parts of the service names, such as ecr.api; whoever uses Incident Manager adds ssm-contacts and ssm-incidents.", "ec2",
				"ecr.api", "ecr.dkr", "ssm")},
			Maps:  standard.Meets("FSBP:EC2.10 FSBP:EC2.55 FSBP:EC2.56 FSBP:EC2.57 FSBP:EC2.58 FSBP:EC2.60", standard.Segments),
			Check: endpointsPresent,
		},
		want.Optional(want.Row("vpn-logs", "Tunnels of VPNs write down their negotiations",
			"Without the log nobody can tell afterwards who tried to build a tunnel, and why one fell.",
			"Set cloudwatchLogOptions.logEnabled to true in tunnel1LogOptions and tunnel2LogOptions.", "FSBP:EC2.171 "+standard.Logging, pack.Medium,
			"",
			want.Properties{
				"aws:ec2/vpnConnection:VpnConnection": {"tunnel1LogOptions.cloudwatchLogOptions.logEnabled": want.On,
					"tunnel2LogOptions.cloudwatchLogOptions.logEnabled": want.On},
			})),
	}
}

func endpointsPresent(k *pack.Case) {
	for _, service := range k.Words("services") {
		k.Require(want.AnyCompanion(k, "vpcId", []string{aws.VPCEndpoint}, func(r *pack.Resource) pack.Fact {
			return r.Get("serviceName").Matches(func(name string) bool { return strings.HasSuffix(name, "."+service) })
		}), "no endpoint of this VPC is for %s", service)
	}
}
