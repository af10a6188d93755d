// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACLsHoldTheRuleMatrixAndNothingElse(t *testing.T) {
	rec := build(t, nil)
	rules := ruleMatrix(testPlan(t), typicalTable(), false)
	require.Len(t, rec.ByType(aclRuleType), len(rules))
	require.Len(t, rec.ByType(aclType), 3)
	for _, acl := range rec.ByType(aclType) {
		require.Nil(t, acl.Value("ingress"), "rules are resources of their own")
		require.Nil(t, acl.Value("egress"))
		require.Nil(t, acl.Value("subnetIds"), "links are resources of their own")
	}
	for _, want := range rules {
		got := rec.Get(t, aclRuleType, "net-"+want.name())
		require.Equal(t, rec.Get(t, aclType, "net-"+want.Tier.Name).ID, got.String("networkAclId"))
		require.Equal(t, map[bool]string{false: "allow", true: "deny"}[want.Refuse], got.String("ruleAction"))
		require.Equal(t, want.Egress, got.Value("egress"))
		require.Equal(t, want.Protocol, got.String("protocol"))
		require.EqualValues(t, want.Number, got.Value("ruleNumber"))
		require.True(t, got.DeleteBeforeReplace, "its number is taken until it is gone")
		require.Equal(t, want.Peer.CIDR.String(), got.String("cidrBlock"))
		require.Nil(t, got.Value("ipv6CidrBlock"))
		switch want.Protocol {
		case icmp:
			require.EqualValues(t, 3, got.Value("icmpType"))
			require.EqualValues(t, 4, got.Value("icmpCode"))
		case every:
			require.Nil(t, got.Value("fromPort"))
			require.Nil(t, got.Value("icmpType"))
		default:
			require.EqualValues(t, want.From, got.Value("fromPort"))
			require.EqualValues(t, want.To, got.Value("toPort"))
		}
	}
}

func TestNoACLIsOpen(t *testing.T) {
	rec := build(t, nil)
	vpc := netip.MustParsePrefix("10.0.0.0/16")
	data := rec.Get(t, aclType, "net-data").ID
	for _, rule := range rec.ByType(aclRuleType) {
		if rule.String("ruleAction") == "deny" {
			require.Equal(t, vpc.String(), rule.String("cidrBlock"), rule.Name)
			continue
		}
		require.NotEqual(t, "-1", rule.String("protocol"), "%s allows every protocol", rule.Name)
		if rule.String("protocol") == tcp {
			from, to := rule.Value("fromPort"), rule.Value("toPort")
			answers := from == float64(ephemeralFrom) && to == float64(ephemeralTo)
			require.True(t, from == to || answers, "%s allows a range of ports", rule.Name)
		}
		if rule.String("networkAclId") == data {
			require.True(t, contains(vpc, netip.MustParsePrefix(rule.String("cidrBlock"))), "%s leads out", rule.Name)
		}
	}
}
