// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzCheck builds tables of good and bad parts, chosen by bytes, and one free text. Whatever it is, Check does not panic and
// says where each problem is; what it accepts has groups within the quota, names of its own, and needs that can be checked.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{3, 0, 0, 1, 1, 2, 2, 0, 3, 1, 1, 0, 2, 2}, "text", true, false)
	f.Add([]byte{2, 1, 0, 2, 1, 8, 4, 9, 0, 5, 9}, "203.0.113.0/28,2001:db8::/48", false, true)
	f.Add([]byte{}, "", false, false)
	f.Fuzz(func(t *testing.T, data []byte, text string, nat, six bool) {
		next := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			chosen := int(data[0]) % n
			data = data[1:]
			return chosen
		}
		table := anyTable(next, text)
		in := surroundings()
		in.NAT, in.IPv6 = nat, six
		problems := table.Check(in)
		for _, problem := range problems {
			require.Regexp(t, `^(Segments|Connections|NAT)(\[\d+\])?`, problem.Error())
		}
		for _, name := range table.Names() {
			table.Lacking(name, Need{To: End(text), Ports: HTTPS, For: "x"}, Need{From: End(text), Ports: SSH, For: "x"})
		}
		table.Domains(text)
		if len(problems) == 0 {
			requireWithinQuotas(t, table)
		}
	})
}

func anyTable(next func(int) int, text string) *Table {
	names := []string{"edge", "app", "db", "jobs", text, "endpoint-logs", "internet"}
	tiers := []Tier{
		Public, App, Data, {Name: "batch", Reach: ReachNAT, Place: 1}, {Name: "cold", Reach: ReachNowhere, Place: 4},
		{Name: "batch", Reach: ReachInternet, Place: 2}, {}, {Name: text, Reach: ReachNAT, Place: 3}, {Name: "world", Reach: Reach(text), Place: next(7)},
	}
	known := []string{"203.0.113.0/28", "198.51.100.0/24", "2001:db8:1::/48", "203.0.113.4/32", "10.0.0.0/24", text}
	services := []string{"logs", "s3", "kms", "dynamodb", text}
	why := []string{"Because", "Another reason", text}
	table := &Table{}
	for range next(6) {
		table.Segments = append(table.Segments, Segment{Name: names[next(len(names))], Tier: tiers[next(len(tiers))], Holds: why[next(3)]})
	}
	several := func(from []string) []string {
		var all []string
		for range next(70) {
			all = append(all, from[next(len(from))])
		}
		return all
	}
	end := func() End {
		switch next(8) {
		case 0:
			return Internet
		case 1:
			return Addresses(known[next(len(known))])
		case 2:
			return Addresses(several(known)...)
		case 3:
			return AWS(several(services)...)
		case 4:
			return End(text)
		}
		return End(names[next(len(names))])
	}
	for range next(20) {
		ports := []Ports{HTTPS, HTTP, SSH, UDP(53), TCPRange(80, 443), ICMP(8), ICMP(128), {ProtocolICMP, 8, 0}, {Protocol(text), next(300), next(300)}, TCP(0), {}}
		table.Connections = append(table.Connections, Connection{From: end(), To: end(), Ports: ports[next(len(ports))], Why: why[next(3)], Names: []string{"a.example.com", text}[:next(3)]})
	}
	return table
}

// requireWithinQuotas counts the rules of every group again, one by one and by address family.
func requireWithinQuotas(t *testing.T, table *Table) {
	t.Helper()
	count, names := map[string]int{}, map[string]bool{}
	rule := func(own End, direction string, peer End, row Connection) {
		var all []string
		switch name, inside := peer.Segment(); {
		case inside:
			all = []string{name}
		case peer == Internet:
			all = []string{"0.0.0.0/0", "::/0"}
		default:
			all = append(peer.Ranges(), peer.Services()...)
		}
		for _, one := range all {
			name := fmt.Sprint(own, direction, one, " ", row.Ports.Label())
			require.False(t, names[name], "%s twice", name)
			names[name] = true
			count[fmt.Sprint(own, direction, strings.Contains(one, ":"))]++
		}
	}
	for _, row := range table.Connections {
		if _, inside := row.From.Segment(); inside {
			rule(row.From, " to ", row.To, row)
		}
		if _, inside := row.To.Segment(); inside {
			rule(row.To, " from ", row.From, row)
		}
	}
	for group, n := range count {
		require.LessOrEqual(t, n, RulesPerGroup, group)
	}
}

// FuzzSourceAddresses feeds arbitrary text as the source of SSH: whatever is admitted is a canonical range that is not the
// internet at large.
func FuzzSourceAddresses(f *testing.F) {
	for _, seed := range []string{"0.0.0.0/0", "::/0", "203.0.113.0/24", "0.0.0.0/1", "203.0.113.7/32", "2000::/3", "2001:db8::/48", "::ffff:0:0/96", "", "/", ",", "1.2.3.4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || strings.Contains(text, ",") || len(with(Connection{From: Addresses(text), To: "edge", Ports: SSH}).Check(surroundings())) > 0 {
			return
		}
		prefix := netip.MustParsePrefix(text)
		require.Equal(t, prefix.Masked().String(), text)
		least := 24
		if strings.Contains(text, ":") {
			least = 48
		}
		require.GreaterOrEqual(t, prefix.Bits(), least)
	})
}
