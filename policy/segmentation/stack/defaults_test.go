// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

const (
	docDefault  = "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html"
	docProvider = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/"
)

// What AWS gives by itself, and what becomes of it where a program adopts it. Each ask is a source, a destination, and the verdict
// about tcp/22; a, b and c are hosts, c in another subnet than the others.
func TestDefaults(t *testing.T) {
	host := func(subnet string, groups ...any) map[string]any {
		in := map[string]any{"": "aws:ec2/instance:Instance", "subnetId": subnet}
		if len(groups) > 0 {
			in["vpcSecurityGroupIds"] = groups
		}
		return in
	}
	way := func(kind, group, peer string) map[string]any {
		return map[string]any{"": "aws:vpc/securityGroup" + kind + "Rule:SecurityGroup" + kind + "Rule", "securityGroupId": group, "referencedSecurityGroupId": peer, "ipProtocol": "tcp", "fromPort": 22.0, "toPort": 22.0}
	}
	everything := []any{map[string]any{"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": []any{"0.0.0.0/0"}}}
	for _, c := range []struct {
		name, source string
		resources    map[string]map[string]any
		asks         string
	}{
		{"16 who names no group has the default one, whose members admit each other and may go anywhere", docDefault, map[string]map[string]any{
			"a": host("one-id"), "b": host("one-id"), "c": host("two-id", "web-id"),
			"in": {"": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupId": "web-id", "cidrIpv4": "10.0.0.0/8", "ipProtocol": "-1"},
		}, "a b must; a c must; c a cannot"},
		{"16 an interface endpoint that names no group has the default one", docProvider + "vpc_endpoint", map[string]map[string]any{
			"a": host("one-id"), "b": {"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-central-1.ssm", "subnetIds": []any{"one-id"}},
		}, "a b must; b a cannot"},
		{"17 a new group has no way out that the program does not write", docProvider + "security_group", map[string]map[string]any{
			"a": host("one-id", "web-id"), "b": host("one-id", "db-id"), "in": way("Ingress", "db-id", "web-id"),
		}, "a b cannot"},
		{"17 rules inside a group and beside it add up", docProvider + "security_group", map[string]map[string]any{
			"db": {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "ingress": []any{map[string]any{"protocol": "tcp", "fromPort": 22.0, "toPort": 22.0, "securityGroups": []any{"web-id"}}}},
			"a":  host("one-id", "web-id"), "b": host("one-id", "db-id"), "out": way("Egress", "web-id", "db-id"), "c": host("two-id", "web-id"),
		}, "a b must; c b must; b a cannot"},
		{"17 a default group that is adopted has no rules but those of its resource", docProvider + "default_security_group", map[string]map[string]any{
			"a": host("one-id"), "b": host("one-id"), "own": {"": "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId": "vpc-id"},
		}, "a b cannot"},
		{"17 a default ACL that is adopted has no entries but those of its resource", docProvider + "default_network_acl", map[string]map[string]any{
			"a": host("one-id"), "b": host("one-id"), "c": host("two-id"), "own": {"": "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", "defaultNetworkAclId": "vpc-acl"},
		}, "a b must; a c cannot"},
		{"17 a group of one's own may be as wide as the default one", docProvider + "security_group", map[string]map[string]any{
			"db": {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "ingress": everything, "egress": everything},
			"a":  host("one-id", "db-id"), "c": host("two-id", "db-id"),
		}, "a c must; c a must"},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := whole(t, c.resources)
			e := reach.New(net)
			end := func(name string) *reach.End {
				for _, f := range net.Interfaces {
					if strings.HasSuffix(f.ID, "::"+name) {
						return e.Interface(f.ID)
					}
				}
				t.Fatalf("there is no %s", name)
				return nil
			}
			for ask := range strings.SplitSeq(c.asks, "; ") {
				words := strings.Fields(ask)
				a, b := end(words[0]), end(words[1])
				r := e.Between(a, b)
				if got := r.Ask(flow.One(flow.TCP, 22), a.Clients()); string(got) != words[2] {
					t.Errorf("%s is %s; see %s", ask, got, c.source)
				}
			}
			if net.Interfaces[0].Doubt != "" || len(net.Notes) > 0 {
				t.Errorf("doubts: %+v %q", net.Interfaces, net.Notes)
			}
		})
	}
}
