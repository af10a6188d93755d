// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	vpcType          = "aws:ec2/vpc:Vpc"
	subnetType       = "aws:ec2/subnet:Subnet"
	naclType         = "aws:ec2/networkAcl:NetworkAcl"
	naclDefault      = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	naclRule         = "aws:ec2/networkAclRule:NetworkAclRule"
	flowLogType      = "aws:ec2/flowLog:FlowLog"
	endpointType     = "aws:ec2/vpcEndpoint:VpcEndpoint"
	endpointPolicy   = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"
	endpointService  = "aws:ec2/vpcEndpointService:VpcEndpointService"
	endpointAllowed  = "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple"
	naclAssociation  = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
	eipType          = "aws:ec2/eip:Eip"
	natType          = "aws:ec2/natGateway:NatGateway"
	eipUse           = "aws:ec2/eipAssociation:EipAssociation"
	firstEphemeral   = 1024
	lastUnprivileged = 65535
)

var acls = []string{naclType, naclRule, naclDefault}

// aclEntry is one ingress entry of a network ACL.
type aclEntry struct {
	action, number pack.Value
	rule
}

// aclEntries returns the ingress entries that a resource carries. They are read once for all controls.
func aclEntries(k *pack.Case) []aclEntry {
	return pack.Memo(k, k.Inputs(), func() []aclEntry { return readEntries(k.Resource) })
}

func readEntries(r *pack.Resource) []aclEntry {
	if v := r.Inputs(); r.Type == naclRule {
		return []aclEntry{{
			action: v.Get("ruleAction"), number: v.Get("ruleNumber"),
			rule: read(v, "protocol", true, v.Get("cidrBlock"), v.Get("ipv6CidrBlock")),
		}}
	}
	var out []aclEntry
	for v := range r.Get("ingress").Items() {
		out = append(out, aclEntry{
			action: v.Get("action"), number: v.Get("ruleNo"),
			rule: read(v, "protocol", true, v.Get("cidrBlock"), v.Get("ipv6CidrBlock")),
		})
	}
	return out
}

// admits is the fact that the entry is about traffic into the subnet and allows it to the internet.
func (e *aclEntry) admits(k *pack.Case) pack.Fact {
	answer := oneWord(e.action, "allow")
	if k.Type == naclRule {
		answer = answer.And(k.Get("egress").IsFalse())
	}
	return answer.And(e.world)
}

// denied is the fact that an earlier entry of the same list refuses the port to the whole internet.
func (e *aclEntry) denied(all []aclEntry, port int) pack.Fact {
	answer := pack.No(e.at)
	for i := range all {
		other := &all[i]
		refuses := oneWord(other.action, "deny")
		if other == e || refuses.Is == pack.False {
			continue
		}
		wide := pack.No(other.at)
		for _, s := range other.sources {
			wide = wide.Or(s.OneOf("0.0.0.0/0", "::/0"))
		}
		mine, _ := e.number.Number()
		earlier := other.number.AtMost(mine - 1)
		if e.number.IsUnknown() {
			earlier = pack.Wait(e.number)
		}
		same := pack.Fact{Is: pack.True}
		for i, s := range e.sources {
			if s.Exists() && !other.sources[i].Exists() {
				same = pack.No(s)
			}
		}
		answer = answer.Or(refuses.And(earlier).And(wide).And(same).And(other.covers(port)))
	}
	return answer
}

func aclClosed(ports ...int) func(*pack.Case) {
	return func(k *pack.Case) {
		aclForbid(k, func(e *aclEntry, all []aclEntry) pack.Fact {
			hit := pack.No(e.at)
			for _, p := range ports {
				if reaches := e.covers(p); reaches.Is != pack.False {
					hit = hit.Or(reaches.And(e.denied(all, p).Not()))
				}
			}
			return e.every.Or(e.answers().Not()).And(hit)
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
			k.Forbid(lets, "%s", e.open())
		}
	}
	if v := k.Get("ingress"); v.IsUnknown() {
		k.Defer(v)
	}
}

func aclAllPorts(e *aclEntry, _ []aclEntry) pack.Fact { return e.every.Or(e.wholeRange()) }

// aclRangesValid wants the ranges of every entry to be CIDR ranges.
func aclRangesValid(k *pack.Case) {
	all := aclEntries(k)
	for i := range all {
		for _, source := range all[i].sources {
			if valid := source.IsSet().Not().Or(source.Matches(isRange)); valid.Is != pack.True {
				k.Require(valid, "%s is %s, which is not a CIDR range", source.Path(), source)
			}
		}
	}
}

func networks() []*pack.Control {
	return slices.Concat(aclControls(), []*pack.Control{
		{
			ID: "vpc-default-unused", Title: "The default VPC is not used", Severity: pack.Medium, Types: []string{"aws:ec2/defaultVpc:DefaultVpc", "aws:ec2/defaultSubnet:DefaultSubnet"},
			Why: "Every subnet of the default VPC is public, and every account has the same addresses in it.",
			Fix: "Make a VPC with private subnets.", Maps: meets(segments),
			Check: func(k *pack.Case) { k.Report(k.Get("tags"), "the program uses the default network of the account") },
		},
		{
			ID: "vpc-dns", Title: "VPCs resolve names", Severity: pack.Low, Concern: pack.Operations, Types: []string{vpcType},
			Why: "Private names of endpoints and databases do not resolve without DNS support, and traffic leaves the network instead.",
			Fix: "Leave enableDnsSupport on and set enableDnsHostnames to true.", Maps: meets(hygiene),
			Check: func(k *pack.Case) {
				k.Require(k.Get("enableDnsSupport").Is(true, true))
				k.Require(k.Get("enableDnsHostnames").IsTrue())
			},
		},
		{
			ID: "vpc-flow-logs", Title: "Every VPC has a flow log", Severity: pack.Medium, Types: []string{vpcType}, Joins: []string{flowLogType}, Stack: true,
			Why: "Without a flow log nobody can tell who talked to whom before, during and after an incident.",
			Fix: "Add a FlowLog with the VPC's id and traffic type ALL or REJECT.", Maps: meets("FSBP:EC2.6 CIS:3.7", logging),
			Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "vpcId", []string{flowLogType}, present), "no flow log points at this VPC")
			},
		},
		{
			ID: "flow-log-rejects", Title: "Flow logs capture refused traffic", Severity: pack.Medium, Types: []string{flowLogType},
			Why: "Refused connections show scans and broken segmentation; a log of accepted traffic alone does not.",
			Fix: "Set trafficType to ALL or REJECT.", Maps: meets("CIS:3.7", logging),
			Check: func(k *pack.Case) { k.Require(k.Get("trafficType").OneOf("ALL", "REJECT")) },
		},
		{
			ID: "subnet-no-public-ip", Title: "Subnets give no public addresses by themselves", Severity: pack.Medium, Types: []string{subnetType},
			Why: "Whatever is started there is on the internet without anybody having asked for it.",
			Fix: "Leave mapPublicIpOnLaunch false; what must be reached gets a load balancer, or an Eip that the setting allowed of ec2-no-elastic-ip lists.", Maps: meets("FSBP:EC2.15", exposure),
			Check: isFalse("mapPublicIpOnLaunch"), Remedy: put("mapPublicIpOnLaunch", false),
		},
		{
			ID: "endpoint-policy-restricted", Title: "Endpoint policies are not open to everybody", Severity: pack.Medium, Types: []string{endpointType, endpointPolicy},
			Why: "An open endpoint lets a stolen credential of any other account carry your data to their bucket from inside.",
			Fix: "Limit the policy to your own principals or resources, such as with aws:PrincipalOrgID or aws:ResourceOrgID.", Maps: meets(segments, privilege),
			Check: eachStatement(at("policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if why := s.Public(); why != "" && s.AnyResource() && !s.Limited() && !s.WithinAccounts() && s.CoversAction("s3:PutObject") {
					k.Report(v, "%s %s for every resource", s.Label(), why)
				}
			}),
		},
		{
			ID: "endpoint-private-dns", Title: "Interface endpoints take over the service's name", Severity: pack.Low, Concern: pack.Operations, Types: []string{endpointType},
			Why: "Without private DNS, clients keep using the public address and their traffic leaves the network.",
			Fix: "Set privateDnsEnabled to true on endpoints of type Interface.", Maps: meets(segments),
			Check: func(k *pack.Case) {
				k.Require(k.Get("vpcEndpointType").OneOf("Interface").Not().Or(k.Get("privateDnsEnabled").IsTrue()), "privateDnsEnabled is %s", k.Get("privateDnsEnabled"))
			},
		},
		{
			ID: "endpoint-security-group", Title: "Interface endpoints have a security group of their own", Severity: pack.Medium, Types: []string{endpointType},
			Why: "Without one the endpoint gets the default group of the VPC.", Fix: "Set securityGroupIds.", Maps: meets(segments),
			Check: func(k *pack.Case) {
				k.Require(k.Get("vpcEndpointType").OneOf("Interface").Not().Or(k.Get("securityGroupIds").IsSet()), "securityGroupIds is not set")
			},
		},
		{
			ID: "endpoint-service-acceptance", Title: "Endpoint services ask before they accept", Severity: pack.High, Types: []string{endpointService},
			Why: "Otherwise every allowed principal connects to your service without anybody noticing.", Fix: "Set acceptanceRequired to true.",
			Maps: meets(exposure), Check: isTrue("acceptanceRequired"), Remedy: put("acceptanceRequired", true),
		},
		{
			ID: "endpoint-service-principals", Title: "Endpoint services name who may connect", Severity: pack.High, Types: []string{endpointService, endpointAllowed},
			Why: "\"*\" offers the service to every AWS account.", Fix: "List accounts or roles.", Maps: meets(exposure), Check: func(k *pack.Case) {
				k.Forbid(k.Get("allowedPrincipals").Contains("*").Or(k.Get("principalArn").OneOf("*")), "the service is offered to every AWS account")
			},
		},
		{
			ID: "transit-gateway-acceptance", Title: "Transit gateways accept attachments by hand", Severity: pack.High, Types: []string{"aws:ec2transitgateway/transitGateway:TransitGateway"},
			Why: "Anyone the gateway is shared with could otherwise join your network.", Fix: "Leave autoAcceptSharedAttachments at disable.",
			Maps: meets("FSBP:EC2.23", segments), Check: noneOf("autoAcceptSharedAttachments", "enable"), Remedy: put("autoAcceptSharedAttachments", "disable"),
		},
		{
			ID: "vpc-block-public-access", Title: "VPC Block Public Access is on", Severity: pack.Medium, Types: []string{"aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions"},
			Why: "Off means that any internet gateway in the account works.", Fix: "Set internetGatewayBlockMode to block-bidirectional or block-ingress.",
			Maps: meets("FSBP:EC2.172", segments), Check: oneOf("internetGatewayBlockMode", "block-bidirectional", "block-ingress"),
		},
		{
			ID: "eni-source-dest-check", Title: "Network interfaces check source and destination", Severity: pack.Medium, Types: []string{"aws:ec2/networkInterface:NetworkInterface"},
			Why: "Without the check an instance can forward other people's traffic past the security groups.", Fix: "Leave sourceDestCheck out, except for appliances.",
			Maps: meets("FSBP:EC2.180", segments), Check: notFalse("sourceDestCheck"), Remedy: put("sourceDestCheck", true),
		},
		{
			ID: "eip-attached", Title: "Elastic IPs are in use", Severity: pack.Low, Concern: pack.Cost, Types: []string{eipType}, Joins: []string{natType, eipUse, lbType, albType}, Stack: true,
			Why: "An address that is not in use is paid for, and is one more way in when somebody attaches it.", Fix: "Attach it or remove it.",
			Maps: meets("FSBP:EC2.12", hygiene), Check: func(k *pack.Case) {
				used := k.Get("instance").IsSet().Or(k.Get("networkInterface").IsSet())
				used = used.Or(anyCompanion(k, "allocationId", []string{natType, eipUse}, present)).
					Or(anyCompanion(k, "secondaryAllocationIds", []string{natType}, present))
				for _, lb := range k.Stack.Of(loadBalancerTokens...) {
					for m := range lb.Get("subnetMappings").Items() {
						used = used.Or(k.Stack.Refers(lb, "subnetMappings", m.Get("allocationId"), k.Resource))
					}
				}
				k.Require(used, "nothing in the stack uses the address")
			},
		},
	})
}

func aclControls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "nacl-ssh-world", Title: "Network ACLs keep SSH from the internet out", Severity: pack.High, Types: acls,
			Why: "The ACL is the layer that still holds when a security group is opened by mistake.", Fix: "Allow the ports that the subnet serves, and no others.",
			Maps: meets("FSBP:EC2.21 CIS:5.2", exposure), Check: aclClosed(portSSH),
		},
		{
			ID: "nacl-rdp-world", Title: "Network ACLs keep Remote Desktop from the internet out", Severity: pack.High, Types: acls,
			Why: "The ACL is the layer that still holds when a security group is opened by mistake. The range 1024 to 65535 for answers is allowed: ACLs keep no state.",
			Fix: "Allow the ports that the subnet serves, and no others.", Maps: meets("FSBP:EC2.21 CIS:5.2", exposure), Check: aclClosed(portRDP),
		},
		{
			ID: "nacl-ftp-world", Title: "Network ACLs keep FTP from the internet out", Severity: pack.Medium, Types: acls,
			Why: "FTP sends passwords in the clear.", Fix: "Allow the ports that the subnet serves, and no others.", Maps: meets(exposure, inTransit), Check: aclClosed(20, 21),
		},
		{
			ID: "nacl-all-world", Title: "Network ACLs do not let every port in from the internet", Severity: pack.High, Types: acls,
			Why: "An ACL that lets everything in is no layer at all.", Fix: "Allow the ports that the subnet serves and the ephemeral range for answers.",
			Maps: meets("FSBP:EC2.21", segments), Check: func(k *pack.Case) { aclForbid(k, aclAllPorts) },
		},
		{
			ID: "nacl-attached", Title: "Network ACLs belong to subnets", Severity: pack.Low, Concern: pack.Operations, Types: []string{naclType}, Joins: []string{naclAssociation}, Stack: true,
			Why: "An ACL without subnets protects nothing and looks as if it did.", Fix: "Set subnetIds or add an association.", Maps: meets("FSBP:EC2.16", hygiene),
			Check: func(k *pack.Case) {
				k.Require(k.Get("subnetIds").IsSet().Or(anyCompanion(k, "networkAclId", []string{naclAssociation}, present)), "no subnet uses the ACL")
			},
		},
		{
			ID: "nacl-ranges-valid", Title: "Network ACL entries name valid address ranges", Severity: pack.Medium, Types: acls,
			Why: "A range that cannot be read is either refused late or means something else than it seems.", Fix: "Write CIDR ranges such as 10.0.0.0/16.",
			Maps: meets(hygiene), Check: aclRangesValid,
		},
	}
}
