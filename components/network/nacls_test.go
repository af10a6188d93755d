// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACLsHoldTheRuleMatrixAndNothingElse(t *testing.T) {
	rec := build(t, nil)
	rules := ruleMatrix(testPlan(t), typicalFlows())
	require.Len(t, rec.ByType(aclRuleType), len(rules))
	require.Len(t, rec.ByType(aclType), 3)
	for _, acl := range rec.ByType(aclType) {
		require.Nil(t, acl.Value("ingress"), "rules are resources of their own")
		require.Nil(t, acl.Value("egress"))
		require.Nil(t, acl.Value("subnetIds"), "links are resources of their own")
	}
	for _, want := range rules {
		got := rec.Get(t, aclRuleType, "net-"+want.name())
		require.Equal(t, rec.Get(t, aclType, "net-"+string(want.Tier)).ID, got.String("networkAclId"))
		require.Equal(t, "allow", got.String("ruleAction"))
		require.Equal(t, want.Egress, got.Value("egress"))
		require.Equal(t, want.Protocol, got.String("protocol"))
		require.EqualValues(t, want.Number, got.Value("ruleNumber"))
		require.True(t, got.DeleteBeforeReplace, "its number is taken until it is gone")
		if want.CIDR.Addr().Is4() {
			require.Equal(t, want.CIDR.String(), got.String("cidrBlock"))
			require.Nil(t, got.Value("ipv6CidrBlock"))
		} else {
			require.Equal(t, want.CIDR.String(), got.String("ipv6CidrBlock"))
			require.Nil(t, got.Value("cidrBlock"))
		}
		if want.Protocol == icmp {
			require.EqualValues(t, 3, got.Value("icmpType"))
			require.EqualValues(t, 4, got.Value("icmpCode"))
			continue
		}
		require.EqualValues(t, want.From, got.Value("fromPort"))
		require.EqualValues(t, want.To, got.Value("toPort"))
	}
}

func TestNoACLIsOpen(t *testing.T) {
	rec := build(t, nil)
	vpc := netip.MustParsePrefix("10.0.0.0/16")
	data := rec.Get(t, aclType, "net-data").ID
	for _, rule := range rec.ByType(aclRuleType) {
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
