// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnds(t *testing.T) {
	for end, want := range map[End]struct {
		segment          string
		ranges, services []string
		outside          bool
	}{
		"edge":                            {segment: "edge"},
		Internet:                          {outside: true},
		Addresses():                       {outside: true},
		Addresses("203.0.113.0/28"):       {ranges: []string{"203.0.113.0/28"}, outside: true},
		Addresses("::1/128", "1.2.3.4/8"): {ranges: []string{"::1/128", "1.2.3.4/8"}, outside: true},
		AWS():                             {},
		AWS("s3", "ecr.api"):              {services: []string{"s3", "ecr.api"}},
		"":                                {},
		"dns:x":                           {},
	} {
		name, is := end.Segment()
		require.Equal(t, want.segment, name, "%s", end)
		require.Equal(t, want.segment != "", is, "%s", end)
		require.Equal(t, want.ranges, end.Ranges(), "%s", end)
		require.Equal(t, want.services, end.Services(), "%s", end)
		require.Equal(t, want.outside, end.Outside(), "%s", end)
	}
}

func TestTiersAreTheBuiltInOnesAndThenYourOwnByPlace(t *testing.T) {
	batch, cold := Tier{Name: "batch", Reach: ReachNAT, Place: 3}, Tier{Name: "cold", Reach: ReachNowhere, Place: 1}
	table := sound()
	require.Equal(t, []Tier{Public, App, Data}, table.Tiers())
	table.Segments = append(table.Segments, Segment{Name: "jobs", Tier: batch}, Segment{Name: "vault", Tier: cold}, Segment{Name: "more", Tier: batch})
	require.Equal(t, []Tier{Public, App, Data, cold, batch}, table.Tiers())
	require.Equal(t, []string{"edge", "app", "db", "jobs", "vault", "more"}, table.Names())
	found, is := table.Segment("vault")
	require.True(t, is)
	require.Equal(t, cold, found.Tier)
	_, is = table.Segment("internet")
	require.False(t, is)
}

func TestServicesAndDomainsAreThoseThatRowsLeadTo(t *testing.T) {
	table := with(Connection{From: "edge", To: AWS("logs", "ecr.api", "ecr.dkr"), Ports: HTTPS})
	table.Connections = append(table.Connections, Connection{From: "app", To: Addresses("198.51.100.0/24"), Ports: HTTPS, Names: []string{"*.example.org", "pay.example.com"}})
	require.Equal(t, []string{"ecr.api", "ecr.dkr", "kms", "logs", "s3"}, table.Services())
	require.Equal(t, []string{
		"*.dkr.ecr.eu-west-1.amazonaws.com", "*.eu-west-1.compute.internal", "*.eu-west-1.rds.amazonaws.com", "*.example.org",
		"*.s3.dualstack.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com",
		"kms.eu-west-1.amazonaws.com", "logs.eu-west-1.amazonaws.com", "pay.example.com",
		"s3.dualstack.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com",
	}, table.Domains("eu-west-1"))
	require.Contains(t, table.Domains("us-east-1"), "*.ec2.internal")
	outward := Table{Connections: []Connection{{From: Internet, To: "edge", Ports: HTTPS}, {From: "app", To: AWS("dynamodb"), Ports: HTTPS}}}
	require.Equal(t, []string{"*.ddb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com"}, outward.Domains("eu-west-1"), "the internet asks other resolvers")
	require.Empty(t, (&Table{}).Services())
	for _, service := range append(ServerServices(), table.Services()...) {
		require.Contains(t, KnownServices(), service)
	}
	require.True(t, Gateway("s3") && Gateway("dynamodb") && !Gateway("logs"))
}

func TestPortsAreWrittenForReadersAndForNames(t *testing.T) {
	for _, c := range []struct {
		ports                Ports
		text, label, program string
	}{
		{HTTPS, "tcp/443", "https", "HTTPS"},
		{HTTP, "tcp/80", "http", "HTTP"},
		{SSH, "tcp/22", "ssh", "SSH"},
		{PostgreSQL, "tcp/5432", "postgresql", "PostgreSQL"},
		{TCP(8443), "tcp/8443", "tcp-8443", "TCP(8443)"},
		{TCPRange(8000, 8100), "tcp/8000-8100", "tcp-8000-8100", "TCPRange(8000, 8100)"},
		{UDP(443), "udp/443", "udp-443", "UDP(443)"},
		{UDPRange(53, 54), "udp/53-54", "udp-53-54", "UDPRange(53, 54)"},
		{ICMP(8), "icmp/8", "icmp-8", "ICMP(8)"},
		{Ports{ProtocolICMP, 3, 3}, "icmp/3-3", "icmp-3-3", "Ports{Protocol: segment.ProtocolICMP, From: 3, To: 3}"},
	} {
		require.Equal(t, c.text, c.ports.String())
		require.Equal(t, c.label, c.ports.Label())
		require.Equal(t, c.program, goName(c.ports))
		require.NoError(t, c.ports.check())
	}
}

func TestPortsCoverAndOverlap(t *testing.T) {
	code := func(kind, code int) Ports { return Ports{ProtocolICMP, kind, code} }
	for _, c := range []struct {
		a, b             Ports
		covers, overlaps bool
	}{
		{HTTPS, HTTPS, true, true},
		{HTTPS, HTTP, false, false},
		{HTTPS, UDP(443), false, false},
		{TCPRange(80, 443), HTTPS, true, true},
		{HTTPS, TCPRange(80, 443), false, true},
		{TCPRange(80, 443), TCPRange(443, 500), false, true},
		{TCPRange(80, 443), TCPRange(444, 500), false, false},
		{ICMP(8), ICMP(8), true, true},
		{ICMP(8), ICMP(0), false, false},
		{ICMP(8), code(8, 0), true, true},
		{code(8, 0), ICMP(8), false, true},
		{code(3, 1), code(3, 4), false, false},
		{ICMP(8), TCPRange(8, 8), false, false},
		{TCPRange(1, 9), ICMP(8), false, false},
	} {
		require.Equal(t, c.covers, c.a.Covers(c.b), "%s covers %s", c.a, c.b)
		require.Equal(t, c.overlaps, c.a.overlaps(c.b), "%s overlaps %s", c.a, c.b)
		require.Equal(t, c.overlaps, c.b.overlaps(c.a), "%s overlaps %s", c.b, c.a)
	}
	require.True(t, HTTPS.Carries(false) && HTTPS.Carries(true))
	require.True(t, ICMP(8).Carries(false) && !ICMP(8).Carries(true))
	require.True(t, !ICMP(128).Carries(false) && ICMP(128).Carries(true))
}

func TestAllows(t *testing.T) {
	table := with(Connection{From: "app", To: AWS("kms"), Ports: HTTPS})
	for _, c := range []struct {
		from, to End
		ports    Ports
		want     bool
	}{
		{"edge", "app", TCP(8443), true},
		{"edge", "app", TCP(8444), false},
		{"app", "edge", TCP(8443), false},
		{"edge", "db", PostgreSQL, false},
		{Internet, "edge", HTTPS, true},
		{Addresses("198.51.100.0/24"), "edge", HTTPS, true},
		{Addresses("198.51.100.0/24"), "edge", SSH, false},
		{"app", AWS("logs"), HTTPS, true},
		{"app", AWS("logs", "kms", "s3"), HTTPS, true}, // two rows together
		{"app", AWS("logs", "sqs"), HTTPS, false},
		{"app", AWS(), HTTPS, true}, // nothing is needed
		{"app", Addresses(), HTTPS, true},
		{"app", Addresses("203.0.113.0/28"), HTTPS, true},
		{"app", Addresses("203.0.113.0/28", "198.51.100.0/24"), HTTPS, false},
		{"app", Internet, HTTPS, false},
	} {
		require.Equal(t, c.want, table.Allows(c.from, c.to, c.ports), "%s -> %s %s", c.from, c.to, c.ports)
	}
}

func TestANeedWithoutARowNamesTheRowToAdd(t *testing.T) {
	table := sound()
	require.Empty(t, table.Lacking("app", Need{To: AWS("logs", "s3"), Ports: HTTPS, For: "its log group"}, Need{From: "edge", Ports: TCP(8443), For: "requests"}))
	require.Empty(t, table.Lacking("db", Need{To: AWS(), Ports: HTTPS, For: "nothing"}))
	problems := table.Lacking("app",
		Need{To: AWS("logs", "sqs", "sns"), Ports: HTTPS, For: "its queues"},
		Need{From: Internet, Ports: HTTP, For: "its clients"},
		Need{To: "db", Ports: TCP(3306), For: "its data"},
		Need{To: Addresses("198.51.100.0/24"), Ports: UDP(123), For: "the time"})
	require.Len(t, problems, 5)
	for i, want := range []string{
		`its queues: no row of the table lets "app" open tcp/443 to "aws:sqs"; add {From: "app", To: segment.AWS("sqs"), Ports: segment.HTTPS, Why: "..."} to its Connections`,
		`To: segment.AWS("sns")`,
		`its clients: no row of the table lets "internet" open tcp/80 to "app"; add {From: segment.Internet, To: "app", Ports: segment.HTTP, Why: "..."}`,
		`its data: no row of the table lets "app" open tcp/3306 to "db"; add {From: "app", To: "db", Ports: segment.TCP(3306)`,
		`To: segment.Addresses("198.51.100.0/24"), Ports: segment.UDP(123)`,
	} {
		require.ErrorContains(t, problems[i], want)
	}
}
