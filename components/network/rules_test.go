// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// lines writes the rules of one direction of one ACL as a table, sorted.
func lines(rules []rule, tier segment.Tier, egress bool) []string {
	var out []string
	for _, r := range rules {
		if r.Tier != tier || r.Egress != egress {
			continue
		}
		line := fmt.Sprintf("%s %d-%d %s", r.Protocol, r.From, r.To, r.Peer.Label)
		if r.Peer.CIDR.IsValid() {
			line = fmt.Sprintf("%s %d-%d %s", r.Protocol, r.From, r.To, r.Peer.CIDR)
		}
		if r.Refuse {
			line += " refused"
		}
		out = append(out, line)
	}
	sort.Strings(out)
	return out
}

func TestRuleMatrixOfTheTypicalTable(t *testing.T) {
	rules := ruleMatrix(testPlan(t), typicalTable(), false)
	require.Empty(t, quotaProblems(typicalTable(), rules))
	for _, want := range []struct {
		tier   segment.Tier
		egress bool
		rules  []string
	}{
		{segment.Public, false, []string{
			"-1 0-0 10.0.0.0/16 refused", // the VPC, before the rules about every address
			"1 3-4 0.0.0.0/0",            // path MTU discovery
			"6 1024-65535 0.0.0.0/0",     // answers from S3 to the bastion, and from partners to NAT
			"6 1024-65535 10.0.0.0/18",   // answers from servers and endpoints
			"6 1024-65535 10.0.192.0/19", // answers from the database to the bastion
			"6 22-22 203.0.113.0/24",     // operators
			"6 443-443 0.0.0.0/0",        // clients
			"6 443-443 10.0.0.0/18",      // servers on their way out through NAT
			"6 80-80 0.0.0.0/0",          // the redirect
		}},
		{segment.Public, true, []string{
			"-1 0-0 10.0.0.0/16 refused",
			"1 3-4 10.0.0.0/18", // path MTU discovery of what NAT has translated
			"6 1024-65535 0.0.0.0/0",
			"6 1024-65535 10.0.0.0/18",
			"6 22-22 10.0.0.0/18",
			"6 443-443 0.0.0.0/0",
			"6 443-443 10.0.0.0/18",
			"6 5432-5432 10.0.192.0/19",
			"6 8443-8443 10.0.0.0/18",
		}},
		{segment.App, false, []string{
			"-1 0-0 10.0.0.0/16 refused",
			"1 3-4 0.0.0.0/0",
			"6 1024-65535 0.0.0.0/0",
			"6 1024-65535 10.0.0.0/18",
			"6 1024-65535 10.0.192.0/19",
			"6 22-22 10.0.128.0/19",
			"6 443-443 10.0.0.0/18",
			"6 443-443 10.0.128.0/19",
			"6 8443-8443 10.0.128.0/19",
		}},
		{segment.App, true, []string{
			"-1 0-0 10.0.0.0/16 refused",
			"6 1024-65535 10.0.0.0/18",
			"6 1024-65535 10.0.128.0/19",
			"6 443-443 0.0.0.0/0",
			"6 443-443 10.0.0.0/18",
			"6 5432-5432 10.0.192.0/19",
		}},
		{segment.Data, false, []string{"6 5432-5432 10.0.0.0/18", "6 5432-5432 10.0.128.0/19"}},
		{segment.Data, true, []string{"6 1024-65535 10.0.0.0/18", "6 1024-65535 10.0.128.0/19"}},
	} {
		require.ElementsMatch(t, want.rules, lines(rules, want.tier, want.egress), "%s egress=%t", want.tier.Name, want.egress)
	}
}

// The world's rules come last, so that what an ACL refuses before them is the VPC's own range and nothing that a row opens.
func TestTheVPCIsRefusedBeforeTheRulesAboutEveryAddress(t *testing.T) {
	for _, six := range []bool{false, true} {
		for _, r := range ruleMatrix(testPlan(t), typicalTable(), six) {
			switch world := r.Peer.CIDR == anyIPv4 || r.Peer.CIDR == anyIPv6; {
			case r.Refuse:
				require.Contains(t, []int{32000, 32001}, r.Number, r.name())
				require.Contains(t, []string{"vpc", "vpc-ipv6"}, r.Peer.Label)
				require.Equal(t, every, r.Protocol)
			case world && r.Purpose != forPathMTU:
				require.GreaterOrEqual(t, r.Number, 32100, r.name())
			default:
				require.Less(t, r.Number, 32000, r.name())
			}
		}
	}
}

// requireSealed asserts that a tier without routes knows nothing beyond the VPC.
func requireSealed(t *testing.T, plan Plan, rules []rule) {
	t.Helper()
	for _, r := range rules {
		if r.Tier.Reach == segment.ReachNowhere && !r.Peer.Six {
			require.True(t, contains(plan.VPC(), r.Peer.CIDR), "%s reaches outside the VPC", r.name())
		}
		if r.Tier.Reach == segment.ReachNowhere {
			require.NotEqual(t, anyIPv6, r.Peer.CIDR, "%s reaches outside the VPC", r.name())
		}
	}
}

func TestRulesPassTheRowsAndNothingElse(t *testing.T) {
	plan := testPlan(t)
	for _, six := range []bool{false, true} {
		requireExact(t, plan, &segment.Table{Segments: typicalTable().Segments}, six)
		for i, row := range typicalTable().Connections {
			grown := &segment.Table{Segments: typicalTable().Segments, Connections: typicalTable().Connections[:i+1]}
			requireExact(t, plan, grown, six)
			requireSealed(t, plan, ruleMatrix(plan, grown, six))
			requireExact(t, plan, &segment.Table{Segments: grown.Segments, Connections: []segment.Connection{row}}, six)
		}
	}
}

func TestRulesOfAnyTableObeyTheSameLaws(t *testing.T) {
	plan := testPlan(t)
	for seed := range uint64(24) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			random, six := rand.New(rand.NewPCG(seed, 0)), seed%2 == 1
			table, _ := anyTable(random.IntN, 12, plan, six)
			rules := ruleMatrix(plan, table, six)
			requireWellNumbered(t, rules)
			requireSealed(t, plan, rules)
			requireExact(t, plan, table, six)
		})
	}
}

func TestAGatewayEndpointOpensNothingInThePublicTier(t *testing.T) {
	table := &segment.Table{Segments: typicalTable().Segments, Connections: []segment.Connection{{From: "app", To: segment.AWS("s3"), Ports: segment.HTTPS}}}
	rules := ruleMatrix(testPlan(t), table, true)
	require.Equal(t, []string{"-1 0-0 10.0.0.0/16 refused", "6 443-443 0.0.0.0/0"}, lines(rules, segment.App, true))
	require.Equal(t, []string{"-1 0-0 10.0.0.0/16 refused", "1 3-4 0.0.0.0/0", "6 1024-65535 0.0.0.0/0"}, lines(rules, segment.App, false))
	require.Empty(t, lines(rules, segment.Public, true))
	require.Empty(t, lines(rules, segment.Public, false))
}

func TestAnInterfaceEndpointIsReachedByIPv4Only(t *testing.T) {
	table := &segment.Table{Segments: typicalTable().Segments, Connections: []segment.Connection{{From: "db", To: segment.AWS("kms"), Ports: segment.HTTPS}}}
	rules := ruleMatrix(testPlan(t), table, true)
	require.Equal(t, []string{"6 443-443 10.0.0.0/18"}, lines(rules, segment.Data, true))
	require.Equal(t, []string{"6 1024-65535 10.0.0.0/18"}, lines(rules, segment.Data, false))
	require.Equal(t, []string{"6 443-443 10.0.192.0/19"}, lines(rules, segment.App, false))
	require.Equal(t, []string{"6 1024-65535 10.0.192.0/19"}, lines(rules, segment.App, true))
}

func TestUDPAndICMPAndRangesOfPorts(t *testing.T) {
	table := &segment.Table{Segments: typicalTable().Segments, Connections: []segment.Connection{
		{From: "app", To: "db", Ports: segment.UDPRange(500, 600)},
		{From: "app", To: "db", Ports: segment.TCPRange(500, 600)},
		{From: "app", To: "db", Ports: segment.ICMP(8)},
		{From: "app", To: "db", Ports: segment.ICMP(128)},
	}}
	rules := ruleMatrix(testPlan(t), table, true)
	require.Equal(t, []string{"1 8--1 10.0.192.0/19", "17 500-600 10.0.192.0/19", "17 500-600 data-ipv6", "58 128--1 data-ipv6", "6 500-600 10.0.192.0/19", "6 500-600 data-ipv6"},
		lines(rules, segment.App, true))
	require.Equal(t, []string{"1 0--1 10.0.0.0/18", "17 1024-65535 10.0.0.0/18", "17 1024-65535 app-ipv6", "58 129--1 app-ipv6", "6 1024-65535 10.0.0.0/18", "6 1024-65535 app-ipv6"},
		lines(rules, segment.Data, true))
	var names []string
	for _, r := range rules {
		if r.Tier == segment.App && r.Egress {
			names = append(names, r.name())
		}
	}
	require.ElementsMatch(t, []string{
		"app-out-udp-500-600-to-data", "app-out-udp-500-600-to-data-ipv6", "app-out-500-600-to-data", "app-out-500-600-to-data-ipv6",
		"app-out-icmp-8-to-data", "app-out-icmp-128-to-data-ipv6",
	}, names)
}

func TestAddingRowsNeverChangesARule(t *testing.T) {
	plan, table := testPlan(t), typicalTable()
	before := []rule{}
	for i := range 400 { // enough for number clashes in every block
		table.Connections = append(table.Connections, segment.Connection{
			From: segment.Addresses(fmt.Sprintf("198.18.%d.%d/32", i/200, i%200)), To: "bastion", Ports: segment.SSH,
		})
	}
	for i := range table.Connections {
		if i > len(typicalTable().Connections) && i%20 > 1 {
			continue
		}
		after := unrowed(ruleMatrix(plan, &segment.Table{Segments: table.Segments, Connections: table.Connections[:i+1]}, i%2 == 0))
		if i%2 == 0 {
			after = slices.DeleteFunc(after, func(r rule) bool { return r.Peer.Six })
		}
		require.Equal(t, before, after[:len(before)], "row %d", i)
		before = after
	}
	requireWellNumbered(t, ruleMatrix(plan, table, true))
}

// unrowed takes away which rows ask for the rules, which is all that a row more may change.
func unrowed(rules []rule) []rule {
	for i := range rules {
		rules[i].Rows = nil
	}
	return rules
}

func TestTheOrderOfRowsNamesNoRule(t *testing.T) {
	plan, table := testPlan(t), typicalTable()
	forward := unrowed(ruleMatrix(plan, table, false))
	slices.Reverse(table.Connections)
	require.ElementsMatch(t, forward, unrowed(ruleMatrix(plan, table, false)))
}

func TestARuleKnowsTheRowsThatAskForIt(t *testing.T) {
	rules := ruleMatrix(testPlan(t), typicalTable(), false)
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name() == "public-out-443-to-app" })
	require.Equal(t, []int{8}, rules[i].Rows, "the bastion's calls of endpoints")
	i = slices.IndexFunc(rules, func(r rule) bool { return r.name() == "app-in-answers-from-data" })
	require.Equal(t, []int{5}, rules[i].Rows)
	i = slices.IndexFunc(rules, func(r rule) bool { return r.name() == "data-out-answers-to-public" })
	require.Equal(t, []int{6}, rules[i].Rows)
	i = slices.IndexFunc(rules, func(r rule) bool { return r.name() == "app-in-path-mtu-from-internet" })
	require.Equal(t, []int{9, 11}, rules[i].Rows)
}

// requireWellNumbered asserts that every rule has a name of its own, and a number of its own that AWS accepts.
func requireWellNumbered(t *testing.T, rules []rule) {
	t.Helper()
	names, numbers := map[string]bool{}, map[string]bool{}
	for _, r := range rules {
		require.False(t, names[r.name()], "%s twice", r.name())
		names[r.name()] = true
		number := fmt.Sprint(r.Tier.Name, r.Egress, r.Number)
		require.False(t, numbers[number], "%s has a taken number", r.name())
		numbers[number] = true
		require.GreaterOrEqual(t, r.Number, r.Purpose.first)
		require.Less(t, r.Number, r.Purpose.first+r.Purpose.count)
		require.LessOrEqual(t, r.Number, 32766)
		require.NotEmpty(t, r.Rows)
	}
}

func TestTheRowThatBreaksTheQuotaOfAnACLIsNamed(t *testing.T) {
	plan := testPlan(t)
	fill := func(n int, format string) *segment.Table {
		table := typicalTable()
		for i := range n {
			table.Connections = append(table.Connections, segment.Connection{
				From: segment.Addresses(fmt.Sprintf(format, i)), To: "bastion", Ports: segment.SSH, Why: "x",
			})
		}
		return table
	}
	require.Empty(t, quotaProblems(fill(9, "203.0.114.%d/32"), ruleMatrix(plan, fill(9, "203.0.114.%d/32"), false)))
	table := fill(11, "203.0.114.%d/32")
	problems := quotaProblems(table, ruleMatrix(plan, table, false))
	require.Len(t, problems, 1, "answers to everybody are one rule")
	require.ErrorContains(t, problems[0], "Table: Connections[22] (addresses:203.0.114.10/32 -> bastion tcp/22) is the row with which the network ACL of the public tier has too many rules: 20 inbound ones of IPv4 in all, and AWS allows 19")
	require.ErrorContains(t, problems[0], "name fewer or wider address ranges")

	six := fill(9, "2001:db8:%d::/48")
	require.Empty(t, quotaProblems(six, ruleMatrix(plan, six, true)), "IPv6 has a quota of its own")
	six = fill(20, "2001:db8:%d::/48")
	problems = quotaProblems(six, ruleMatrix(plan, six, true))
	require.ErrorContains(t, problems[0], "inbound ones of IPv6 in all")
	require.Empty(t, quotaProblems(six, ruleMatrix(plan, six, false)), "a network without IPv6 has no rules about it")
}

func TestRuleNamesAreSafeInURNs(t *testing.T) {
	for _, r := range ruleMatrix(testPlan(t), typicalTable(), true) {
		require.Regexp(t, `^(public|app|data)-(in|out)-([0-9]+|answers|path-mtu|nothing)-(from|to)-[0-9a-z.-]+$`, r.name())
	}
}

// FuzzRules reads tables from bytes, and holds every accepted one to the same laws.
func FuzzRules(f *testing.F) {
	f.Add([]byte{4, 4, 0, 4, 1, 4, 5, 2, 5, 6, 3}, false)
	f.Add([]byte{2, 1, 3, 1, 4, 0, 5, 0, 1, 5, 3, 1, 6, 6, 3}, true)
	f.Fuzz(func(t *testing.T, data []byte, six bool) {
		plan := testPlan(t)
		table, _ := anyTable(func(n int) int {
			if len(data) == 0 {
				return 0
			}
			chosen := int(data[0]) % n
			data = data[1:]
			return chosen
		}, min(len(data)/3, 12), plan, six)
		rules := ruleMatrix(plan, table, six)
		requireWellNumbered(t, rules)
		requireSealed(t, plan, rules)
		requireExact(t, plan, table, six)
	})
}
