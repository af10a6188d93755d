// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

const aclRuleType = "aws:ec2/networkAclRule:NetworkAclRule"

// fullest is an environment that asks of the network ACLs as much as the configuration admits.
func fullest(t *testing.T) *stacks.Settings {
	t.Helper()
	settings := settingsOf(t, "production")
	settings.Bastion.ReachesDatabase = true
	settings.Bastion.AllowedCIDRs, settings.App.EgressCIDRs = nil, nil
	for i := range 8 {
		settings.Bastion.AllowedCIDRs = append(settings.Bastion.AllowedCIDRs, fmt.Sprintf("203.0.113.%d/32", i), fmt.Sprintf("2001:db8:%d::/48", i+1))
	}
	for i := range 4 {
		settings.App.EgressCIDRs = append(settings.App.EgressCIDRs, fmt.Sprintf("198.51.100.%d/32", i))
	}
	return settings
}

// AWS lets an ACL have 20 rules of one address family in one direction, its own closing rule among them.
func TestACLsFitTheQuota(t *testing.T) {
	const quota = 19
	configurations := map[string]*stacks.Settings{"fullest": fullest(t)}
	for _, environment := range environments {
		configurations[environment] = settingsOf(t, environment)
	}
	for name, settings := range configurations {
		t.Run(name, func(t *testing.T) {
			rec := deployed(t, settings)
			count := map[string]int{}
			for _, rule := range rec.ByType(aclRuleType) {
				require.Equal(t, "allow", rule.String("ruleAction"))
				count[fmt.Sprintf("%s, egress %v, IPv6 %t", rule.String("networkAclId"), rule.Value("egress"), rule.String("ipv6CidrBlock") != "")]++
			}
			require.Len(t, rec.ByType("aws:ec2/networkAcl:NetworkAcl"), 3)
			require.GreaterOrEqual(t, len(count), 6, "both directions of three tiers")
			for border, n := range count {
				require.LessOrEqual(t, n, quota, border)
			}
		})
	}
}

// tierOf says where the members of a security group stand.
var tierOf = map[string]string{"edge": "public", "bastion": "public", "app": "app", "endpoints": "app", "db": "data"}

// The two firewalls must agree: what a security group admits and an ACL does not is a connection that hangs, and what an
// ACL admits for nobody is a hole.
func TestACLsAgreeWithTheSecurityGroups(t *testing.T) {
	for name, settings := range map[string]*stacks.Settings{
		"staging": settingsOf(t, "staging"), "production": settingsOf(t, "production"), "fullest": fullest(t),
	} {
		t.Run(name, func(t *testing.T) {
			rec := deployed(t, settings)
			needed := map[string]bool{}
			for _, token := range []string{ingressType, egressType} {
				for _, connection := range connections(t, rec, settings.Environment, token) {
					for _, rule := range aclRulesFor(connection) {
						needed[settings.Environment+"-"+rule] = true
					}
				}
			}
			have := map[string]bool{}
			for _, rule := range rec.ByType(aclRuleType) {
				have[rule.Name] = true
				if !strings.Contains(rule.Name, "path-mtu") {
					require.Contains(t, needed, rule.Name, "an ACL opens what no security group uses")
				}
			}
			for rule := range needed {
				require.Contains(t, have, rule, "an ACL refuses what a security group admits")
			}
		})
	}
}

// aclRulesFor names the ACL rules, request and answers at each border, that a connection "from -> to:port" needs.
func aclRulesFor(connection string) []string {
	from, rest, _ := strings.Cut(connection, " -> ")
	to, port := rest[:strings.LastIndex(rest, ":")], rest[strings.LastIndex(rest, ":")+1:]
	if strings.Contains(from, ":") {
		return nil // the VPC has no IPv6 addresses
	}
	peer := func(name string) string {
		switch {
		case tierOf[name] != "":
			return tierOf[name]
		case name == "0.0.0.0/0", name == "S3":
			return "internet"
		}
		return strings.ReplaceAll(name, "/", "-")
	}
	crossing := func(from, to string) []string {
		return []string{
			fmt.Sprintf("%s-out-%s-to-%s", from, port, to), fmt.Sprintf("%s-in-answers-from-%s", from, to),
			fmt.Sprintf("%s-in-%s-from-%s", to, port, from), fmt.Sprintf("%s-out-answers-to-%s", to, from),
		}
	}
	a, b := peer(from), peer(to)
	switch {
	case tierOf[from] == "":
		return crossing(a, b)[2:]
	case to == "S3": // a route of the subnet's own
		return crossing(a, b)[:2]
	case tierOf[to] == "": // by way of the NAT gateway in the public tier
		return append(append(crossing("app", b)[:2], crossing("app", "public")[2:]...), crossing("public", b)[:2]...)
	}
	return crossing(a, b)
}

func TestNoACLRuleOpensEverything(t *testing.T) {
	for _, environment := range environments {
		for _, rule := range deployed(t, settingsOf(t, environment)).ByType(aclRuleType) {
			require.NotEqual(t, "-1", rule.String("protocol"), rule.Name)
			requireNarrow(t, rule)
		}
	}
}

func requireNarrow(t *testing.T, rule pulumitest.Registration) {
	t.Helper()
	answers := rule.Value("fromPort") == 1024.0 && rule.Value("toPort") == 65535.0
	require.True(t, answers || rule.Value("fromPort") == rule.Value("toPort"), "%s opens ports %v to %v",
		rule.Name, rule.Value("fromPort"), rule.Value("toPort"))
}
