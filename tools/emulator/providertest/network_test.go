// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

func TestNetwork(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Start(t, root),
		resource{Name: "vpc", Type: "aws:ec2/vpc:Vpc", Inputs: m{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true, "enableDnsSupport": true,
			"tags": m{"Name": "vpc"}}, Update: m{"tags": m{"Name": "net"}}},
		resource{Name: "subnet", Type: "aws:ec2/subnet:Subnet", Inputs: m{"vpcId": "${vpc.id}", "cidrBlock": "10.0.1.0/24",
			"availabilityZone": "eu-central-1a", "mapPublicIpOnLaunch": false, "tags": m{"Name": "a"}}, Update: m{"tags": m{"Name": "b"}}},
		resource{Name: "public", Type: "aws:ec2/subnet:Subnet", Inputs: m{"vpcId": "${vpc.id}", "cidrBlock": "10.0.2.0/24", "availabilityZone": "eu-central-1b"}},
		resource{Name: "igw", Type: "aws:ec2/internetGateway:InternetGateway", Inputs: m{"vpcId": "${vpc.id}", "tags": m{"Name": "igw"}}},
		resource{Name: "eip", Type: "aws:ec2/eip:Eip", Inputs: m{"domain": "vpc", "tags": m{"Name": "nat"}}},
		resource{Name: "nat", Type: "aws:ec2/natGateway:NatGateway", Inputs: m{"allocationId": "${eip.id}", "subnetId": "${public.id}", "tags": m{"Name": "nat"}}},
		resource{Name: "rt", Type: "aws:ec2/routeTable:RouteTable", Inputs: m{"vpcId": "${vpc.id}", "tags": m{"Name": "rt"}}},
		resource{Name: "route", Type: "aws:ec2/route:Route", Inputs: m{"routeTableId": "${rt.id}", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "${nat.id}"}},
		resource{Name: "rtpub", Type: "aws:ec2/routeTable:RouteTable", Inputs: m{"vpcId": "${vpc.id}"}},
		resource{Name: "routepub", Type: "aws:ec2/route:Route", Inputs: m{"routeTableId": "${rtpub.id}", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "${igw.id}"}},
		resource{Name: "rta", Type: "aws:ec2/routeTableAssociation:RouteTableAssociation", Inputs: m{"routeTableId": "${rt.id}", "subnetId": "${subnet.id}"}},
		resource{Name: "drt", Type: "aws:ec2/defaultRouteTable:DefaultRouteTable", Inputs: m{"defaultRouteTableId": "${vpc.defaultRouteTableId}", "routes": l{}, "tags": m{"Name": "default"}}},
		resource{Name: "dsg", Type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", Inputs: m{"vpcId": "${vpc.id}", "tags": m{"Name": "default"}}},
		resource{Name: "dacl", Type: "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", Inputs: m{"defaultNetworkAclId": "${emptyvpc.defaultNetworkAclId}", "tags": m{"Name": "default"}}},
		resource{Name: "emptyvpc", Type: "aws:ec2/vpc:Vpc", Inputs: m{"cidrBlock": "10.1.0.0/16"}},
		resource{Name: "acl", Type: "aws:ec2/networkAcl:NetworkAcl", Inputs: m{"vpcId": "${vpc.id}", "tags": m{"Name": "app"}}},
		resource{Name: "aclrule", Type: "aws:ec2/networkAclRule:NetworkAclRule", Inputs: m{"networkAclId": "${acl.id}", "ruleNumber": 100, "protocol": "tcp",
			"ruleAction": "allow", "egress": false, "cidrBlock": "10.0.0.0/16", "fromPort": 443, "toPort": 443}},
		resource{Name: "aclrule6", Type: "aws:ec2/networkAclRule:NetworkAclRule", Inputs: m{"networkAclId": "${acl.id}", "ruleNumber": 110, "protocol": "tcp",
			"ruleAction": "allow", "egress": true, "ipv6CidrBlock": "::/0", "fromPort": 1024, "toPort": 65535}},
		resource{Name: "aclall", Type: "aws:ec2/networkAclRule:NetworkAclRule", Inputs: m{"networkAclId": "${acl.id}", "ruleNumber": 120, "protocol": "-1",
			"ruleAction": "deny", "egress": true, "cidrBlock": "0.0.0.0/0"}},
		resource{Name: "aclassoc", Type: "aws:ec2/networkAclAssociation:NetworkAclAssociation", Inputs: m{"networkAclId": "${acl.id}", "subnetId": "${subnet.id}"}},
		resource{Name: "appsg", Type: "aws:ec2/securityGroup:SecurityGroup", Inputs: m{"vpcId": "${vpc.id}", "description": "app", "revokeRulesOnDelete": true, "tags": m{"Name": "app"}}},
		resource{Name: "edgesg", Type: "aws:ec2/securityGroup:SecurityGroup", Inputs: m{"vpcId": "${vpc.id}", "description": "edge", "revokeRulesOnDelete": true}},
		resource{Name: "in", Type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", Inputs: m{"securityGroupId": "${appsg.id}", "ipProtocol": "tcp",
			"fromPort": 8443, "toPort": 8443, "referencedSecurityGroupId": "${edgesg.id}", "description": "edge to app", "tags": m{"Name": "x"}},
			Update: m{"description": "edge to the app"}},
		resource{Name: "in6", Type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", Inputs: m{"securityGroupId": "${edgesg.id}", "ipProtocol": "tcp",
			"fromPort": 443, "toPort": 443, "cidrIpv6": "::/0", "description": "world"}},
		resource{Name: "out", Type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", Inputs: m{"securityGroupId": "${edgesg.id}", "ipProtocol": "tcp",
			"fromPort": 8443, "toPort": 8443, "referencedSecurityGroupId": "${appsg.id}", "description": "edge to app"}},
		resource{Name: "outcidr", Type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", Inputs: m{"securityGroupId": "${appsg.id}", "ipProtocol": "tcp",
			"fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0", "description": "patches"}},
		resource{Name: "outpl", Type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", Inputs: m{"securityGroupId": "${appsg.id}", "ipProtocol": "tcp",
			"fromPort": 443, "toPort": 443, "prefixListId": "${s3ep.prefixListId}", "description": "S3"}},
		resource{Name: "s3ep", Type: "aws:ec2/vpcEndpoint:VpcEndpoint", Inputs: m{"vpcId": "${vpc.id}", "serviceName": "com.amazonaws.eu-central-1.s3",
			"vpcEndpointType": "Gateway", "routeTableIds": l{"${rt.id}"}, "tags": m{"Name": "s3"},
			"policy": `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`},
			Update: m{"policy": `{"Version":"2012-10-17","Statement":[{"Sid":"b","Effect":"Allow","Principal":"*","Action":"s3:Get*","Resource":"*"}]}`}},
		resource{Name: "ssmep", Type: "aws:ec2/vpcEndpoint:VpcEndpoint", Inputs: m{"vpcId": "${vpc.id}", "serviceName": "com.amazonaws.eu-central-1.ssm",
			"vpcEndpointType": "Interface", "privateDnsEnabled": true, "subnetIds": l{"${subnet.id}"}, "securityGroupIds": l{"${edgesg.id}"}, "tags": m{"Name": "ssm"},
			"policy": `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"ssm:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"1"}}}]}`},
			Update: m{"securityGroupIds": l{"${appsg.id}"}}},
		resource{Name: "loggroup", Type: "aws:cloudwatch/logGroup:LogGroup", Inputs: m{"retentionInDays": 90}},
		resource{Name: "role", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("vpc-flow-logs.amazonaws.com")}},
		resource{Name: "flow", Type: "aws:ec2/flowLog:FlowLog", Inputs: m{"vpcId": "${vpc.id}", "trafficType": "ALL", "logDestinationType": "cloud-watch-logs",
			"logDestination": "${loggroup.arn}", "iamRoleArn": "${role.arn}", "maxAggregationInterval": 60, "tags": m{"Name": "flow"}}},
		resource{Name: "pl", Type: "aws:ec2/managedPrefixList:ManagedPrefixList", Inputs: m{"addressFamily": "IPv4", "maxEntries": 5,
			"entries": l{m{"cidr": "192.0.2.0/24", "description": "office"}}}, Update: m{"entries": l{m{"cidr": "198.51.100.0/24", "description": "office"}}}},
		resource{Name: "dhcp", Type: "aws:ec2/vpcDhcpOptions:VpcDhcpOptions", Inputs: m{"domainNameServers": l{"AmazonProvidedDNS"}, "domainName": "eu-central-1.compute.internal"}},
		resource{Name: "dhcpassoc", Type: "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation", Inputs: m{"vpcId": "${vpc.id}", "dhcpOptionsId": "${dhcp.id}"}},
		resource{Name: "allowed", Type: "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", Inputs: m{"domains": l{"*.s3.eu-central-1.amazonaws.com",
			"api.example.com"}, "tags": m{"Name": "allowed"}}, Update: m{"domains": l{"api.example.com", "www.example.com"}}},
		resource{Name: "every", Type: "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", Inputs: m{"domains": l{"*"}}},
		resource{Name: "dns", Type: "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup", Inputs: m{"tags": m{"Name": "dns"}}, Update: m{"tags": m{"Name": "names"}}},
		resource{Name: "allow", Type: "aws:route53/resolverFirewallRule:ResolverFirewallRule", Inputs: m{"firewallRuleGroupId": "${dns.id}", "firewallDomainListId": "${allowed.id}",
			"action": "ALLOW", "priority": 100, "firewallDomainRedirectionAction": "TRUST_REDIRECTION_DOMAIN"}},
		resource{Name: "block", Type: "aws:route53/resolverFirewallRule:ResolverFirewallRule", Inputs: m{"firewallRuleGroupId": "${dns.id}", "firewallDomainListId": "${every.id}",
			"action": "BLOCK", "blockResponse": "NXDOMAIN", "priority": 200}, Update: m{"priority": 300}},
		resource{Name: "dnsassoc", Type: "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", Inputs: m{"vpcId": "${vpc.id}",
			"firewallRuleGroupId": "${dns.id}", "priority": 101, "mutationProtection": "DISABLED", "tags": m{"Name": "dns"}}, Update: m{"priority": 102}},
		resource{Name: "failclosed", Type: "aws:route53/resolverFirewallConfig:ResolverFirewallConfig", Inputs: m{"resourceId": "${vpc.id}", "firewallFailOpen": "DISABLED"},
			Update: m{"firewallFailOpen": "ENABLED"}, Keep: true},
		resource{Name: "queries", Type: "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig", Inputs: m{"destinationArn": "${loggroup.arn}", "tags": m{"Name": "queries"}}},
		resource{Name: "queriesassoc", Type: "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation", Inputs: m{
			"resolverQueryLogConfigId": "${queries.id}", "resourceId": "${vpc.id}"}},
		resource{Name: "eigw", Type: "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway", Inputs: m{"vpcId": "${vpc.id}", "tags": m{"Name": "out"}}},
		resource{Name: "ebs", Type: "aws:ebs/encryptionByDefault:EncryptionByDefault", Inputs: m{"enabled": true}},
	)
}

func trust(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
}
