// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
)

// publicThings lists what the internet, or a part of it, can reach. A type of which the register says nothing is listed as such,
// because the summary says that nothing else is public.
func publicThings(resources []exported) []string {
	lines := map[string]bool{}
	for _, e := range resources {
		if !e.Custom || strings.HasPrefix(e.Type, "pulumi:") {
			continue
		}
		switch awstypes.Get(e.Type).Internet {
		case awstypes.Unknown:
			lines[fmt.Sprintf("not judged: %s (%s)", e.name(), e.Type)] = true
		case awstypes.Judged:
			for _, line := range judges[e.Type](e) {
				lines[line] = true
			}
		case awstypes.Never:
		}
	}
	return slices.Sorted(maps.Keys(lines))
}

// judges say of one resource what of it is public, for each type that the register has as judged.
var judges = map[string]func(exported) []string{
	"aws:lb/loadBalancer:LoadBalancer": func(e exported) []string {
		return when(!e.on("internal"), "load balancer %s (%v)", e.name(), e.value("dnsName"))
	},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": func(e exported) []string {
		return admitted(e.value("fromPort"), e.value("description"), e.value("cidrIpv4"), e.value("cidrIpv6"), e.value("prefixListId"))
	},
	"aws:ec2/securityGroupRule:SecurityGroupRule": func(e exported) []string {
		if e.value("type") != "ingress" {
			return nil
		}
		return admitted(e.value("fromPort"), e.value("description"), e.value("cidrBlocks"), e.value("ipv6CidrBlocks"), e.value("prefixListIds"))
	},
	"aws:ec2/securityGroup:SecurityGroup":               inlineRules,
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": inlineRules,
	"aws:ec2/launchTemplate:LaunchTemplate": func(e exported) []string {
		public := slices.ContainsFunc(items(e.value("networkInterfaces")), func(card any) bool {
			return truth(field(card, "associatePublicIpAddress"))
		})
		return when(public, "instances of %s have public addresses", e.name())
	},
	"aws:ec2/subnet:Subnet": func(e exported) []string {
		return when(e.on("mapPublicIpOnLaunch") || e.on("assignIpv6AddressOnCreation"), "whatever starts in %s has a public address", e.name())
	},
	"aws:ec2/instance:Instance": func(e exported) []string {
		return when(e.on("associatePublicIpAddress") || e.text("publicIp") != "", "instance %s (%v)", e.name(), e.value("publicIp"))
	},
	"aws:ec2/eip:Eip": func(e exported) []string {
		if e.text("instance") != "" {
			return when(true, "%s leads to %v from %v", e.name(), e.value("instance"), e.value("publicIp"))
		}
		return when(true, "outgoing only: %s from %v", e.name(), e.value("publicIp"))
	},
	"aws:ec2/eipAssociation:EipAssociation": func(e exported) []string {
		return when(true, "%s leads to %v%v from %v", e.name(), e.text("instanceId"), e.text("networkInterfaceId"), e.value("publicIp"))
	},
	"aws:rds/instance:Instance":               database,
	"aws:rds/clusterInstance:ClusterInstance": database,
	"aws:rds/snapshotCopy:SnapshotCopy": func(e exported) []string {
		return when(slices.Contains(items(e.value("sharedAccounts")), any("all")), "anybody can restore %s", e.name())
	},

	"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": publicBuckets,
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":   publicBuckets,
	"aws:s3/bucketAclV2:BucketAclV2": func(e exported) []string {
		acl := e.text("acl")
		open := strings.HasPrefix(acl, "public-") || acl == "authenticated-read" || strings.Contains(fmt.Sprint(e.value("accessControlPolicy")), "acs.amazonaws.com/groups/global/")
		return when(open, "%s opens its bucket to everybody", e.name())
	},
	"aws:s3/bucketPolicy:BucketPolicy":                   document("policy"),
	"aws:s3/bucketV2:BucketV2":                           document("policy"),
	"aws:sns/topic:Topic":                                document("policy"),
	"aws:sns/topicPolicy:TopicPolicy":                    document("policy"),
	"aws:kms/key:Key":                                    document("policy"),
	"aws:secretsmanager/secret:Secret":                   document("policy"),
	"aws:secretsmanager/secretPolicy:SecretPolicy":       document("policy"),
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": document("policyDocument"),
	"aws:iam/role:Role":                                  document("assumeRolePolicy"),
	"aws:lambda/permission:Permission":                   functionPermission,
}

// functionPermission judges who may call a function (Lambda developer guide, "Using resource-based policies for Lambda").
func functionPermission(e exported) []string {
	return when(e.text("principal") == "*" && e.text("principalOrgId") == "", "%s lets everybody call %v", e.name(), e.value("function"))
}

func inlineRules(e exported) []string {
	var lines []string
	for _, rule := range items(e.value("ingress")) {
		lines = append(lines, admitted(field(rule, "fromPort"), field(rule, "description"),
			field(rule, "cidrBlocks"), field(rule, "ipv6CidrBlocks"), field(rule, "prefixListIds"))...)
	}
	return lines
}

// admitted lists who of the internet may connect to a port. What a prefix list holds is not in the state.
func admitted(port, description any, who ...any) []string {
	var lines []string
	for _, list := range who {
		for _, from := range items(list) {
			if text, _ := from.(string); text != "" && !private(text) {
				lines = append(lines, fmt.Sprintf("port %v from %s (%v)", port, text, description))
			}
		}
	}
	return lines
}

func database(e exported) []string {
	return when(e.on("publiclyAccessible"), "database %s has a public address (%v)", e.name(), e.value("endpoint"))
}

func publicBuckets(e exported) []string {
	for _, block := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		if !e.on(block) {
			return when(true, "buckets can be made public: %s is off in %s", block, e.name())
		}
	}
	return nil
}

// document makes a judge of a resource with a policy of its own.
func document(property string) func(exported) []string {
	return func(e exported) []string {
		text := e.text(property)
		if text == "" {
			return nil
		}
		policy, err := iam.Parse(text)
		if err != nil {
			return when(true, "not judged: %s of %s (%v)", property, e.name(), err)
		}
		var lines []string
		for i := range policy.Statements {
			if why := policy.Statements[i].Public(); why != "" {
				lines = append(lines, fmt.Sprintf("%s: %s %s", e.name(), policy.Statements[i].Label(), why))
			}
		}
		return lines
	}
}

func when(public bool, format string, args ...any) []string {
	if !public {
		return nil
	}
	return []string{fmt.Sprintf(format, args...)}
}

// value is a property as AWS has it, or as the program gave it.
func (e exported) value(property string) any {
	if value, found := e.Outputs[property]; found && value != nil {
		return value
	}
	return e.Inputs[property]
}

func (e exported) text(property string) string {
	text, _ := e.value(property).(string)
	return text
}

func (e exported) on(property string) bool { return truth(e.value(property)) }

// truth reads a switch, which the provider also writes as text.
func truth(value any) bool { return value == true || value == "true" }

// items are the elements of a list; one value is a list of itself.
func items(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	}
	return []any{value}
}

func field(object any, name string) any {
	fields, _ := object.(map[string]any)
	return fields[name]
}

// unrouted are the ranges that do not exist on the internet: RFC 1918 and RFC 4193.
var unrouted = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
}

// private tells whether a range lies within one that the internet does not route.
func private(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && slices.ContainsFunc(unrouted, func(all netip.Prefix) bool {
		return prefix.Bits() >= all.Bits() && all.Contains(prefix.Addr())
	})
}
