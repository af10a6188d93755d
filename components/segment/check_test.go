// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// surroundings are those of a network with NAT gateways, for IPv4 only.
func surroundings() Surroundings {
	return Surroundings{VPC: netip.MustParsePrefix("10.0.0.0/16"), NAT: true}
}

// sound is a table that passes, with a row of every kind.
func sound() *Table {
	return &Table{
		Segments: []Segment{
			{Name: "edge", Tier: Public, Holds: "Load balancer"},
			{Name: "app", Tier: App, Holds: "Service"},
			{Name: "db", Tier: Data, Holds: "Database"},
		},
		Connections: []Connection{
			{From: Internet, To: "edge", Ports: HTTPS, Why: "Clients"},
			{From: "edge", To: "app", Ports: TCP(8443), Why: "Requests"},
			{From: "app", To: "db", Ports: PostgreSQL, Why: "Data"},
			{From: "app", To: AWS("logs", "s3"), Ports: HTTPS, Why: "Logs and packages"},
			{From: "app", To: Addresses("203.0.113.0/28"), Ports: HTTPS, Why: "Payments", Names: []string{"pay.example.com"}},
			{From: "db", To: AWS("kms"), Ports: HTTPS, Why: "Its key"},
		},
	}
}

// with is the sound table with one row more.
func with(row Connection) *Table {
	t := sound()
	if row.Why == "" {
		row.Why = "Because"
	}
	t.Connections = append(t.Connections, row)
	return t
}

func TestASoundTableHasNoProblems(t *testing.T) {
	require.Empty(t, sound().Check(surroundings()))
}

// Each row is the seventh of an otherwise sound table: the problem must name it, the value and the cure.
func TestABadRowIsReportedWithItsValueAndTheCure(t *testing.T) {
	office := Addresses("203.0.113.0/28")
	for name, c := range map[string]struct {
		row  Connection
		in   func(*Surroundings)
		want []string
	}{
		"nothing set":             {row: Connection{}, want: []string{`From: "" is empty`, `To: "" is empty`, `Ports: protocol "" is not known; write segment.TCP(443)`}},
		"unknown segment":         {row: Connection{From: "edge", To: "cache", Ports: HTTPS}, want: []string{`To: "cache" is not a segment of the table; it has edge, app, db`}},
		"unknown caller":          {row: Connection{From: "Edge", To: "app", Ports: HTTPS}, want: []string{`From: "Edge" is not a segment of the table`}},
		"unknown kind of end":     {row: Connection{From: "edge", To: "dns:example.com", Ports: HTTPS}, want: []string{`To: "dns:example.com" is empty or not an end`, "use Internet, Addresses or AWS"}},
		"no port":                 {row: Connection{From: "edge", To: "app", Ports: TCP(0)}, want: []string{"Ports: tcp/0 is not a range of ports; use 1 to 65535"}},
		"port too high":           {row: Connection{From: "edge", To: "app", Ports: UDP(65536)}, want: []string{"udp/65536 is not a range"}},
		"range the wrong way":     {row: Connection{From: "edge", To: "app", Ports: TCPRange(90, 80)}, want: []string{"tcp/90-80 is not a range", "the first not above the last"}},
		"ICMP type too high":      {row: Connection{From: "edge", To: "app", Ports: ICMP(256)}, want: []string{"icmp/256 is not an ICMP type; use 0 to 255"}},
		"ICMP code too high":      {row: Connection{From: "edge", To: "app", Ports: Ports{ProtocolICMP, 8, 256}}, want: []string{"icmp/8-256 is not an ICMP type"}},
		"ICMP of IPv6":            {row: Connection{From: "edge", To: "app", Ports: ICMP(128)}, want: []string{"types from 128 are those of IPv6", "8 for an echo request"}},
		"unknown protocol":        {row: Connection{From: "edge", To: "app", Ports: Ports{"sctp", 1, 1}}, want: []string{`protocol "sctp" is not known`}},
		"no reason":               {row: Connection{From: "edge", To: "app", Ports: SSH, Why: "\n"}, want: []string{`Why "\n": give the reason`}},
		"reason EC2 refuses":      {row: Connection{From: "edge", To: "app", Ports: SSH, Why: "für später"}, want: []string{`Why "für später"`, "1 to 255 letters"}},
		"reason too long":         {row: Connection{From: "edge", To: "app", Ports: SSH, Why: strings.Repeat("x", 256)}, want: []string{"1 to 255 letters"}},
		"bad domain":              {row: Connection{From: "app", To: Addresses("198.51.100.0/24"), Ports: HTTPS, Names: []string{"https://x"}}, want: []string{`Names: "https://x" is not a host name`, "api.example.com"}},
		"no segment":              {row: Connection{From: Internet, To: office, Ports: HTTPS}, want: []string{"neither end is a segment"}},
		"internet to app":         {row: Connection{From: Internet, To: "app", Ports: HTTPS}, want: []string{"only a tier with routes to the internet can be reached", "public tier stand between"}},
		"internet to data":        {row: Connection{From: Internet, To: "db", Ports: HTTPS}, want: []string{"only a tier with routes to the internet"}},
		"office to data":          {row: Connection{From: office, To: "db", Ports: PostgreSQL}, want: []string{"only a tier with routes to the internet"}},
		"data to internet":        {row: Connection{From: "db", To: Internet, Ports: HTTPS}, want: []string{"): the tier has no route out of the VPC; let a segment of another tier open the connection"}},
		"data to an office":       {row: Connection{From: "db", To: office, Ports: HTTPS}, want: []string{"no route out of the VPC"}},
		"data to a gateway":       {row: Connection{From: "db", To: AWS("s3"), Ports: HTTPS}, want: []string{"none to a gateway endpoint"}},
		"app to internet":         {row: Connection{From: "app", To: Internet, Ports: HTTPS}, want: []string{"a tier behind NAT reaches known addresses only; list them with Addresses"}},
		"internet to SSH":         {row: Connection{From: Internet, To: "edge", Ports: SSH}, want: []string{"the internet may only open the ports 80 and 443", "Addresses"}},
		"internet to a range":     {row: Connection{From: Internet, To: "edge", Ports: TCPRange(80, 443)}, want: []string{"the ports 80 and 443"}},
		"internet to UDP":         {row: Connection{From: Internet, To: "edge", Ports: UDP(443)}, want: []string{"the ports 80 and 443"}},
		"app out without NAT":     {row: Connection{From: "app", To: Addresses("198.51.100.0/24"), Ports: HTTPS}, in: func(s *Surroundings) { s.NAT = false }, want: []string{"no way out without NAT; choose a NAT strategy"}},
		"IPv4 beside IPv6 no NAT": {row: Connection{From: "app", To: Addresses("198.51.100.0/24", "2001:db8::/48"), Ports: HTTPS}, in: func(s *Surroundings) { s.NAT, s.IPv6 = false, true }, want: []string{"no way out without NAT"}},
		"app to IPv6":             {row: Connection{From: "app", To: Addresses("2001:db8::/48"), Ports: HTTPS}, want: []string{"NAT carries IPv4 only; name an IPv4 range, or give the network IPv6"}},
		"from AWS":                {row: Connection{From: AWS("logs"), To: "app", Ports: HTTPS}, want: []string{"From: AWS services open no connections", "turn the row round"}},
		"AWS at another port":     {row: Connection{From: "edge", To: AWS("logs"), Ports: HTTP}, want: []string{"listen on tcp/443; use segment.HTTPS"}},
		"unknown service":         {row: Connection{From: "edge", To: AWS("secretmanager"), Ports: HTTPS}, want: []string{`"secretmanager" is not a service with an endpoint`, "secretsmanager"}},
		"service twice":           {row: Connection{From: "edge", To: AWS("kms", "logs", "kms"), Ports: HTTPS}, want: []string{`To: "kms" is listed twice`}},
		"CIDR unreadable":         {row: Connection{From: Addresses("office"), To: "edge", Ports: SSH}, want: []string{`From: "office" is not a CIDR range`}},
		"CIDR mapped":             {row: Connection{From: Addresses("::ffff:203.0.113.0/120"), To: "edge", Ports: SSH}, want: []string{"IPv4-mapped"}},
		"CIDR with host bits":     {row: Connection{From: Addresses("203.0.113.7/28"), To: "edge", Ports: SSH}, want: []string{"write 203.0.113.0/28"}},
		"CIDR without bits":       {row: Connection{From: Addresses("203.0.113.7"), To: "edge", Ports: SSH}, want: []string{"write 203.0.113.7/32"}},
		"CIDR is the world":       {row: Connection{From: Addresses("0.0.0.0/0"), To: "edge", Ports: SSH}, want: []string{"the whole internet; list known addresses"}},
		"CIDR is the IPv6 world":  {row: Connection{From: Addresses("::/0"), To: "edge", Ports: SSH}, want: []string{"the whole internet"}},
		"to the world":            {row: Connection{From: "app", To: Addresses("0.0.0.0/0"), Ports: HTTPS}, want: []string{"the whole internet; list known destinations"}},
		"CIDR is half the world":  {row: Connection{From: Addresses("128.0.0.0/1"), To: "edge", Ports: SSH}, want: []string{"is wider than /24"}},
		"CIDR is IPv6 in use":     {row: Connection{From: Addresses("2000::/3"), To: "edge", Ports: SSH}, want: []string{"is wider than /48"}},
		"to half the world":       {row: Connection{From: "app", To: Addresses("128.0.0.0/1"), Ports: HTTPS}, want: []string{"is wider than /8"}},
		"CIDR inside the VPC":     {row: Connection{From: "app", To: Addresses("10.0.192.0/19"), Ports: HTTPS}, want: []string{`"10.0.192.0/19" overlaps the VPC 10.0.0.0/16; name the segment instead`}},
		"CIDR around the VPC":     {row: Connection{From: "app", To: Addresses("10.0.0.0/8"), Ports: HTTPS}, want: []string{"overlaps the VPC"}},
		"CIDR in another":         {row: Connection{From: Addresses("203.0.113.0/28", "203.0.113.4/32"), To: "edge", Ports: SSH}, want: []string{`"203.0.113.4/32" lies inside "203.0.113.0/28"; drop one of the two`}},
		"the same row":            {row: Connection{From: "edge", To: "app", Ports: TCP(8443), Why: "Requests"}, want: []string{"says the same as Connections[1] (edge -> app tcp/8443); keep one row"}},
		"another reason":          {row: Connection{From: "edge", To: "app", Ports: TCP(8443), Why: "Metrics"}, want: []string{"contradicts, with another reason, Connections[1]"}},
		"ports that overlap":      {row: Connection{From: "edge", To: "app", Ports: TCPRange(8000, 9000), Why: "Metrics"}, want: []string{"contradicts, with another reason, Connections[1]"}},
		"ranges that overlap":     {row: Connection{From: "app", To: Addresses("203.0.113.0/24"), Ports: HTTPS, Why: "Mail"}, want: []string{"contradicts, with another reason, Connections[4]"}},
		"a service again":         {row: Connection{From: "app", To: AWS("kms", "logs"), Ports: HTTPS, Why: "Logs and packages"}, want: []string{"says the same as Connections[3]"}},
		"addresses beside all":    {row: Connection{From: office, To: "edge", Ports: HTTPS}, want: []string{"contradicts, with another reason, Connections[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := surroundings()
			if c.in != nil {
				c.in(&in)
			}
			table := with(c.row)
			err := errors.Join(table.Check(in)...)
			require.ErrorContains(t, err, table.Row(6)+": ")
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestARowFromTheDataTierToTheInternetHasOneFault(t *testing.T) {
	require.Len(t, with(Connection{From: "db", To: Internet, Ports: HTTPS}).Check(surroundings()), 1)
}

func TestRowsThatPass(t *testing.T) {
	dual := surroundings()
	dual.IPv6 = true
	closed := surroundings()
	closed.NAT, closed.IPv6 = false, true
	for name, c := range map[string]struct {
		row Connection
		in  Surroundings
	}{
		"UDP beside TCP":               {Connection{From: "edge", To: "app", Ports: UDP(8443)}, surroundings()},
		"a range of UDP":               {Connection{From: "edge", To: "app", Ports: UDPRange(5000, 5100)}, surroundings()},
		"echo requests":                {Connection{From: "edge", To: "app", Ports: ICMP(8)}, surroundings()},
		"one code":                     {Connection{From: "edge", To: "app", Ports: Ports{ProtocolICMP, 8, 0}}, surroundings()},
		"echo requests of IPv6":        {Connection{From: "edge", To: "app", Ports: ICMP(128)}, dual},
		"known IPv6 addresses":         {Connection{From: Addresses("203.0.113.0/28", "2001:db8:1::/48"), To: "edge", Ports: SSH}, surroundings()},
		"out to IPv6":                  {Connection{From: "app", To: Addresses("2001:db8:1::/48"), Ports: HTTPS}, dual},
		"the answer's way round":       {Connection{From: "db", To: "app", Ports: TCP(8443)}, surroundings()},
		"a segment with itself":        {Connection{From: "app", To: "app", Ports: TCP(7800)}, surroundings()},
		"public out":                   {Connection{From: "edge", To: Internet, Ports: TCP(25)}, surroundings()},
		"no addresses":                 {Connection{From: Addresses(), To: "app", Ports: SSH}, surroundings()},
		"no destinations":              {Connection{From: "db", To: Addresses(), Ports: HTTPS}, surroundings()},
		"no services":                  {Connection{From: "db", To: AWS(), Ports: HTTPS}, surroundings()},
		"neighbouring ranges of ports": {Connection{From: "edge", To: "app", Ports: TCPRange(8444, 9000)}, surroundings()},
	} {
		t.Run(name, func(t *testing.T) { require.Empty(t, with(c.row).Check(c.in)) })
	}
	sixOnly := sound()
	sixOnly.Connections[4].To = Addresses("2001:db8:1::/48")
	require.Empty(t, sixOnly.Check(closed), "IPv6 leaves without NAT")
}

func TestNATWithoutDestinationsIsRefused(t *testing.T) {
	for _, to := range []End{Addresses(), Addresses("2001:db8:1::/48")} {
		table := sound()
		table.Connections[4].To = to
		problems := table.Check(Surroundings{VPC: surroundings().VPC, NAT: true, IPv6: true})
		require.Len(t, problems, 1)
		require.ErrorContains(t, problems[0], "NAT: the network has NAT gateways, and no row leads")
		require.ErrorContains(t, problems[0], "choose no NAT, or add the row")
	}
}

func TestSegmentProblems(t *testing.T) {
	batch := Tier{Name: "batch", Reach: ReachNAT, Place: 1}
	for name, c := range map[string]struct {
		segments []Segment
		want     string
	}{
		"no name":                 {[]Segment{{Tier: App, Holds: "x"}}, `Segments[3] (): Name "" must be 1 to 20 lower-case letters`},
		"capitals":                {[]Segment{{Name: "Cache", Tier: App, Holds: "x"}}, `Segments[3] (Cache): Name "Cache" must be`},
		"long":                    {[]Segment{{Name: strings.Repeat("a", 21), Tier: App, Holds: "x"}}, "must be 1 to 20"},
		"internet":                {[]Segment{{Name: "internet", Tier: App, Holds: "x"}}, `not "internet"`},
		"name of an endpoint":     {[]Segment{{Name: "endpoint-logs", Tier: App, Holds: "x"}}, `"endpoint-logs": names that start with "endpoint-"`},
		"twice":                   {[]Segment{{Name: "app", Tier: App, Holds: "x"}}, "the name is that of Segments[1] already; give each segment its own"},
		"nothing in it":           {[]Segment{{Name: "cache", Tier: App}}, `Holds "": say what runs in it`},
		"words EC2 refuses":       {[]Segment{{Name: "cache", Tier: App, Holds: "für später"}}, `Holds "für später"`},
		"no tier":                 {[]Segment{{Name: "cache", Holds: "x"}}, "Tier: missing; choose segment.Public, segment.App, segment.Data or a tier of your own"},
		"built-in tier changed":   {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "data", Reach: ReachInternet}}}, `Tier: "data" is a built-in tier with other settings`},
		"bad name of a tier":      {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "B", Reach: ReachNAT, Place: 1}}}, `Tier: "B" must be`},
		"a name of ACL rules":     {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "world", Reach: ReachNAT, Place: 1}}}, `Tier: "world" must be`},
		"a name of IPv6 rules":    {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "app-ipv6", Reach: ReachNAT, Place: 1}}}, "not ending in -ipv6"},
		"unknown reach":           {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "batch", Reach: "far", Place: 1}}}, `Tier "batch": Reach "far" is not known; choose ReachInternet`},
		"no place":                {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "batch", Reach: ReachNAT}}}, `Tier "batch": Place 0 does not exist; choose one of the 4`},
		"no such place":           {[]Segment{{Name: "cache", Holds: "x", Tier: Tier{Name: "batch", Reach: ReachNAT, Place: 5}}}, "Place 5 does not exist"},
		"place taken":             {[]Segment{{Name: "a", Holds: "x", Tier: batch}, {Name: "b", Holds: "x", Tier: Tier{Name: "cold", Reach: ReachNAT, Place: 1}}}, `Segments[4] (b): Tier "cold": its name or Place 1 is that of tier "batch"`},
		"one tier, two settings":  {[]Segment{{Name: "a", Holds: "x", Tier: batch}, {Name: "b", Holds: "x", Tier: Tier{Name: "batch", Reach: ReachNowhere, Place: 1}}}, "one tier the same settings everywhere"},
		"one name in two places":  {[]Segment{{Name: "a", Holds: "x", Tier: batch}, {Name: "b", Holds: "x", Tier: Tier{Name: "batch", Reach: ReachNAT, Place: 2}}}, `Tier "batch": its name or Place 2`},
		"a third after the clash": {[]Segment{{Name: "a", Holds: "x", Tier: batch}, {Name: "b", Holds: "x", Tier: batch}, {Name: "c", Holds: "x", Tier: Tier{Name: "cold", Reach: ReachNAT, Place: 1}}}, "Segments[5] (c)"},
	} {
		t.Run(name, func(t *testing.T) {
			table := sound()
			table.Segments = append(table.Segments, c.segments...)
			problems := table.Check(surroundings())
			require.Len(t, problems, 1, fmt.Sprint(problems))
			require.ErrorContains(t, problems[0], c.want)
		})
	}
}

func TestAllProblemsAreListedTogether(t *testing.T) {
	table := sound()
	table.Segments = append(table.Segments, Segment{}, Segment{Name: "app", Tier: App, Holds: "x"})
	table.Connections = append(table.Connections,
		Connection{From: Internet, To: "db", Ports: SSH, Why: "x"},
		Connection{},
		Connection{From: "cache", To: Addresses("office", "10.0.0.0/8"), Ports: HTTPS, Why: "x"})
	err := errors.Join(table.Check(Surroundings{VPC: surroundings().VPC})...)
	for _, want := range []string{
		"Segments[3] (): Name", "Segments[3] (): Holds", "Segments[3] (): Tier: missing", "Segments[4] (app): the name",
		"Connections[4] (app -> addresses:203.0.113.0/28 tcp/443): the tier has no way out",
		"Connections[6] (internet -> db tcp/22): only a tier", "Connections[6] (internet -> db tcp/22): the internet may only",
		"Connections[7] ( ->  /0): From", "): To", "): Ports", "): Why",
		`From: "cache" is not`, `To: "office" is not`, `To: "10.0.0.0/8" overlaps`,
	} {
		require.ErrorContains(t, err, want)
	}
	empty := errors.Join((&Table{}).Check(surroundings())...)
	require.ErrorContains(t, empty, "Segments: empty; list the parts")
	require.ErrorContains(t, empty, "Connections: empty, so the network would carry nothing; list who may talk to whom")
}

func TestTheRowThatBreaksTheQuotaOfAGroupIsNamed(t *testing.T) {
	known := func(first, count int) End {
		var all []string
		for i := range count {
			all = append(all, fmt.Sprintf("198.51.%d.%d/32", first, i))
		}
		return Addresses(all...)
	}
	table := with(Connection{From: known(1, 30), To: "edge", Ports: SSH})
	table.Connections = append(table.Connections, Connection{From: known(2, 29), To: "edge", Ports: SSH, Why: "x"})
	require.Empty(t, table.Check(surroundings()), "with that of the internet there are 60 inbound rules")
	six := &Table{Segments: table.Segments, Connections: append(table.Connections[:8:8], Connection{From: Addresses("2001:db8::/48"), To: "edge", Ports: TCP(22), Why: "x"})}
	require.Empty(t, six.Check(surroundings()), "IPv6 has a quota of its own")

	table.Connections = append(table.Connections,
		Connection{From: known(3, 1), To: "edge", Ports: SSH, Why: "x"}, Connection{From: known(4, 1), To: "edge", Ports: SSH, Why: "x"})
	problems := table.Check(surroundings())
	require.Len(t, problems, 1, "the row that breaks the quota, and none after it")
	require.ErrorContains(t, problems[0], table.Row(8)+`: with it the security group of segment "edge" has 61 inbound rules of one address family, and AWS allows 60`)
	require.ErrorContains(t, problems[0], "name fewer or wider ranges, or split the segment")

	table = with(Connection{From: "app", To: known(1, 57), Ports: HTTP})
	require.ErrorContains(t, errors.Join(table.Check(surroundings())...), `segment "app" has 61 outbound rules`)
}

func TestAnEndpointCallsForItsOwnQuota(t *testing.T) {
	table := sound()
	for i := range 60 {
		name := fmt.Sprintf("worker-%d", i)
		table.Segments = append(table.Segments, Segment{Name: name, Tier: App, Holds: "Worker"})
		table.Connections = append(table.Connections, Connection{From: End(name), To: AWS("logs", "s3"), Ports: HTTPS, Why: "Logs"})
	}
	problems := table.Check(surroundings())
	require.Len(t, problems, 1)
	require.ErrorContains(t, problems[0], table.Row(65)+`: with it the security group of the endpoint of "logs" has 61 inbound rules`)
}
