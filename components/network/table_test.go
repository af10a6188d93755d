// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	partners = "198.51.100.0/24"
	// vpcIPv6 is the range that AWS gives a VPC in these tests.
	vpcIPv6 = "2001:db8:1234:5600::/56"
)

// interfaceServices are those that the typical table leads to.
var interfaceServices = []string{"kms", "logs", "secretsmanager", "ssm", "ssmmessages"}

// typicalTable is what a whole environment needs: the edge, a bastion for one office, an application with a database, AWS
// services through their endpoints, and a way out through NAT.
func typicalTable() *segment.Table {
	return &segment.Table{
		Segments: []segment.Segment{
			{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
			{Name: "bastion", Tier: segment.Public, Holds: "Bastion"},
			{Name: "app", Tier: segment.App, Holds: "Service"},
			{Name: "db", Tier: segment.Data, Holds: "Database"},
		},
		Connections: []segment.Connection{
			{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "Clients"},
			{From: segment.Internet, To: "edge", Ports: segment.HTTP, Why: "Redirect to HTTPS"},
			{From: segment.Addresses("203.0.113.0/24"), To: "bastion", Ports: segment.SSH, Why: "Operators"},
			{From: "edge", To: "app", Ports: segment.TCP(8443), Why: "Requests"},
			{From: "bastion", To: "app", Ports: segment.SSH, Why: "Operators on the bastion"},
			{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "Data"},
			{From: "bastion", To: "db", Ports: segment.PostgreSQL, Why: "Administrators"},
			{From: "app", To: segment.AWS(interfaceServices...), Ports: segment.HTTPS, Why: "AWS services"},
			{From: "bastion", To: segment.AWS(segment.SessionServices()...), Ports: segment.HTTPS, Why: "Sessions"},
			{From: "app", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Packages"},
			{From: "bastion", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Packages of the bastion"},
			{From: "app", To: segment.Addresses(partners), Ports: segment.HTTPS, Why: "Partners"},
		},
	}
}

// closed takes the rows away that need NAT.
func closed(args *Args) {
	args.NATStrategy = NATNone
	args.Table.Connections = slices.DeleteFunc(args.Table.Connections, func(c segment.Connection) bool {
		return c.From == "app" && c.To.Outside()
	})
}

// connect adds rows, each with a reason.
func connect(args *Args, rows ...segment.Connection) {
	for _, row := range rows {
		row.Why = "One row more"
		args.Table.Connections = append(args.Table.Connections, row)
	}
}

func testPlan(t *testing.T) Plan {
	t.Helper()
	plan, err := NewPlan("10.0.0.0/16")
	require.NoError(t, err)
	return plan
}

// inAWS is what AWS adds to a VPC with IPv6, and to gateway endpoints.
var inAWS = []pulumitest.Option{
	pulumitest.WithOutputs(vpcType, func(pulumitest.Registration) resource.PropertyMap {
		return resource.PropertyMap{"ipv6CidrBlock": resource.NewProperty(vpcIPv6)}
	}),
	pulumitest.WithOutputs(endpointType, func(r pulumitest.Registration) resource.PropertyMap {
		return resource.PropertyMap{"prefixListId": resource.NewProperty("pl-" + r.Name)}
	}),
}

// dice chooses one of n.
type dice func(n int) int

// extraTiers are tiers of one's own, one of every reach.
var extraTiers = []segment.Tier{
	{Name: "partner", Reach: segment.ReachInternet, Place: 2},
	{Name: "batch", Reach: segment.ReachNAT, Place: 1},
	{Name: "cold", Reach: segment.ReachNowhere, Place: 4},
}

// anyTable makes a table of up to so many rows that passes, and says which NAT it needs.
func anyTable(choose dice, rows int, plan Plan, six bool) (*segment.Table, NATStrategy) {
	tiers := append([]segment.Tier{segment.Public, segment.App, segment.Data}, extraTiers...)
	table := &segment.Table{}
	ends := []segment.End{
		segment.Internet, segment.Internet, segment.Addresses("203.0.113.0/24"), segment.Addresses("198.51.100.0/25", "2001:db8:1::/48"),
		segment.Addresses("2001:db8:2::/48"), segment.AWS("logs", "kms"), segment.AWS("s3"), segment.AWS("dynamodb", "sqs"),
	}
	for i, name := range []string{"edge", "app", "db", "jobs", "vault", "proxy"}[:2+choose(5)] {
		tier := tiers[choose(len(tiers))]
		if i < 2 {
			tier = tiers[i] // without a public tier hardly any row would pass
		}
		table.Segments = append(table.Segments, segment.Segment{Name: name, Tier: tier, Holds: "Segment " + name})
		ends = append(ends, segment.End(name), segment.End(name))
	}
	ports := []segment.Ports{
		segment.HTTPS, segment.HTTPS, segment.HTTP, segment.SSH, segment.PostgreSQL, segment.TCP(8443), segment.TCPRange(8000, 8100),
		segment.UDP(53), segment.UDPRange(500, 600), segment.ICMP(8), segment.ICMP(128),
	}
	sound, nat := table, NATNone
	for range rows {
		tried := &segment.Table{Segments: table.Segments, Connections: append(slices.Clone(sound.Connections), segment.Connection{
			From: ends[choose(len(ends))], To: ends[choose(len(ends))], Ports: ports[choose(len(ports))], Why: "Chosen by dice",
		})}
		for _, strategy := range []NATStrategy{NATNone, NATOnePerZone} {
			in := segment.Surroundings{VPC: plan.VPC(), NAT: strategy != NATNone, IPv6: six}
			if len(tried.Check(in)) == 0 && len(quotaProblems(tried, ruleMatrix(plan, tried, six))) == 0 {
				sound, nat = tried, strategy
			}
		}
	}
	return sound, nat
}

func TestTypicalTableIsSound(t *testing.T) {
	for _, nat := range []NATStrategy{NATSingle, NATOnePerZone} {
		args := typicalArgs()
		args.NATStrategy = nat
		require.Empty(t, args.Check())
	}
}

// host is a place to connect from or to: in a subnet, where it belongs to a segment or is the endpoint of a service, or
// outside, where it may be an address of a service with a gateway endpoint.
type host struct {
	segment, service string
	tier             segment.Tier
	zone             string
	addr             netip.Addr
}

func (h host) outside() bool { return h.tier == segment.Tier{} }

func (h host) String() string {
	return strings.Join([]string{h.segment + h.service, "at", h.addr.String(), "in", h.tier.Name, h.zone}, " ")
}

// hosts are some outside, and in two zones one of every segment and of every endpoint.
func hosts(t *testing.T, plan Plan, table *segment.Table, six bool) []host {
	t.Helper()
	var all []host
	for _, outside := range []string{"203.0.113.9", "198.51.100.7", "192.0.2.77", "2001:db8:1::9", "2001:db8:2::9", "2001:db8:3::9"} {
		if addr := netip.MustParseAddr(outside); six || addr.Is4() {
			all = append(all, host{addr: addr})
		}
	}
	for _, zone := range []string{zoneA, zoneB} {
		for _, s := range table.Segments {
			all = append(all, host{segment: s.Name, tier: s.Tier, zone: zone, addr: plan.Subnet(s.Tier, zone).Addr().Next()})
			if six {
				subnet, err := subnetIPv6(vpcIPv6, s.Tier, zone)
				require.NoError(t, err)
				all = append(all, host{segment: s.Name, tier: s.Tier, zone: zone, addr: netip.MustParsePrefix(subnet).Addr().Next()})
			}
		}
		for _, service := range table.Services() {
			if !segment.Gateway(service) {
				all = append(all, host{service: service, tier: segment.App, zone: zone, addr: plan.Subnet(segment.App, zone).Addr().Next()})
			}
		}
	}
	return append(all, host{service: "s3", addr: netip.MustParseAddr("192.0.2.3")}, host{service: "dynamodb", addr: netip.MustParseAddr("192.0.2.4")})
}

// means reports whether an end of a row speaks of a host.
func means(e segment.End, h host) bool {
	if name, inside := e.Segment(); inside {
		return h.segment == name
	}
	inRange := slices.ContainsFunc(e.Ranges(), func(r string) bool { return netip.MustParsePrefix(r).Contains(h.addr) })
	return h.outside() && (e == segment.Internet || inRange) || h.service != "" && slices.Contains(e.Services(), h.service)
}

// packet is what opens a connection: to a port, or of an ICMP type.
type packet struct {
	protocol segment.Protocol
	port     int
}

// packets are some of every protocol, and the first and last of the rows.
func packets(table *segment.Table) []packet {
	all := []packet{{"tcp", 22}, {"tcp", 25}, {"tcp", 80}, {"tcp", 443}, {"tcp", 5432}, {"udp", 53}, {"udp", 443}, {"icmp", 8}, {"icmp", 128}}
	for _, row := range table.Connections {
		all = append(all, packet{row.Ports.Protocol, row.Ports.From})
		if row.Ports.To > 0 {
			all = append(all, packet{row.Ports.Protocol, row.Ports.To})
		}
	}
	slices.SortFunc(all, func(a, b packet) int {
		return strings.Compare(string(a.protocol), string(b.protocol))*100000 + a.port - b.port
	})
	return slices.Compact(all)
}

// opens reports whether the ports of a row hold a packet.
func opens(p segment.Ports, with packet, six bool) bool {
	last := p.To
	if p.Protocol == segment.ProtocolICMP {
		last = p.From
	}
	return p.Protocol == with.protocol && p.From <= with.port && with.port <= last && p.Carries(six)
}

// wanted reports whether some row asks for the connection.
func wanted(table *segment.Table, from, to host, with packet) bool {
	return slices.ContainsFunc(table.Connections, func(c segment.Connection) bool {
		return opens(c.Ports, with, to.addr.Is6()) && means(c.From, from) && means(c.To, to)
	})
}

// each calls a function with every two hosts that packets can pass between.
func each(t *testing.T, plan Plan, table *segment.Table, six bool, do func(from, to host, with packet)) {
	t.Helper()
	all := hosts(t, plan, table, six)
	for _, from := range all {
		for _, to := range all {
			sameSubnet := from.tier == to.tier && from.zone == to.zone
			if sameSubnet || from.addr.Is4() != to.addr.Is4() || from.service != "" {
				continue
			}
			for _, with := range packets(table) {
				if (segment.Ports{Protocol: with.protocol, From: with.port}).Carries(to.addr.Is6()) {
					do(from, to, with)
				}
			}
		}
	}
}
