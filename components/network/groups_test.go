// SPDX-License-Identifier: Apache-2.0

package network

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const groupComponent = "bulkhead:firewall:Group"

func TestEverySegmentHasAGroupThatStartsClosed(t *testing.T) {
	rec := buildAnd(t, nil, func(_ *pulumi.Context, n *Network) error {
		require.Len(t, n.GroupIDs(), 4)
		return nil
	})
	for _, s := range typicalTable().Segments {
		component := rec.Get(t, groupComponent, "net-"+s.Name)
		require.Equal(t, rec.Only(t, networkType).URN, component.Parent)
		group := rec.Get(t, groupType, "net-"+s.Name+"-group")
		require.Equal(t, component.URN, group.Parent)
		require.Equal(t, rec.Only(t, vpcType).ID, group.String("vpcId"))
		require.Equal(t, s.Holds, group.String("description"))
		require.Equal(t, "net-"+s.Name, group.String("tags.Name"))
		require.Equal(t, true, group.Value("revokeRulesOnDelete"))
		require.Nil(t, group.Value("ingress"), "rules must be standalone")
		require.Nil(t, group.Value("egress"), "rules must be standalone")
		require.Equal(t, []string{"description"}, group.IgnoreChanges, "another description would replace the group and cut its connections")
	}
}

func TestARowWritesBothHalvesWithItsReason(t *testing.T) {
	rec := build(t, nil)
	app, database := rec.Get(t, groupType, "net-app-group"), rec.Get(t, groupType, "net-db-group")

	out := rec.Get(t, groupEgressType, "net-app-to-net-db-postgresql")
	require.Equal(t, rec.Get(t, groupComponent, "net-app").URN, out.Parent)
	require.Equal(t, app.ID, out.String("securityGroupId"))
	require.Equal(t, database.ID, out.String("referencedSecurityGroupId"))

	in := rec.Get(t, groupIngressType, "net-db-from-net-app-postgresql")
	require.Equal(t, rec.Get(t, groupComponent, "net-db").URN, in.Parent)
	require.Equal(t, database.ID, in.String("securityGroupId"))
	require.Equal(t, app.ID, in.String("referencedSecurityGroupId"))

	for _, rule := range []pulumitest.Registration{in, out} {
		require.Equal(t, "tcp", rule.String("ipProtocol"))
		require.EqualValues(t, 5432, rule.Value("fromPort"))
		require.EqualValues(t, 5432, rule.Value("toPort"))
		require.Equal(t, "Data", rule.String("description"))
		for _, other := range []string{"cidrIpv4", "cidrIpv6", "prefixListId"} {
			require.Nil(t, rule.Value(other))
		}
	}
	reasons := map[string]bool{}
	for _, row := range typicalTable().Connections {
		reasons[row.Why] = true
	}
	for _, rule := range append(rec.ByType(groupIngressType), rec.ByType(groupEgressType)...) {
		require.True(t, reasons[rule.String("description")], "%s has the reason of no row", rule.Name)
	}
}

func TestGroupsWorkInAPreview(t *testing.T) {
	rec := build(t, nil, pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, rec.Get(t, groupIngressType, "net-db-from-net-app-postgresql").Value("referencedSecurityGroupId"))
}

func TestAddressesAndPrefixListsStandInTheFieldOfTheirFamily(t *testing.T) {
	rec := build(t, func(args *Args) {
		args.IPv6 = true
		connect(args, segment.Connection{From: "bastion", To: segment.Addresses("192.0.2.0/24", "2001:db8:1::/48"), Ports: segment.PostgreSQL})
	})
	for _, c := range []struct{ token, name, field, value string }{
		{groupIngressType, "net-edge-from-internet-https", "cidrIpv4", "0.0.0.0/0"},
		{groupIngressType, "net-edge-from-internet-ipv6-https", "cidrIpv6", "::/0"},
		{groupIngressType, "net-bastion-from-cidr-203-0-113-0-24-ssh", "cidrIpv4", "203.0.113.0/24"},
		{groupEgressType, "net-bastion-to-cidr-192-0-2-0-24-postgresql", "cidrIpv4", "192.0.2.0/24"},
		{groupEgressType, "net-bastion-to-cidr-2001-db8-1---48-postgresql", "cidrIpv6", "2001:db8:1::/48"},
		{groupEgressType, "net-app-to-s3-https", "prefixListId", "pl-net-s3"},
	} {
		rule := rec.Get(t, c.token, c.name)
		for _, field := range []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"} {
			if field == c.field {
				require.Equal(t, c.value, rule.String(field), c.name)
			} else {
				require.Nil(t, rule.Value(field), c.name)
			}
		}
	}
}

func TestProtocolsAndRangesOfPorts(t *testing.T) {
	rec := build(t, func(args *Args) {
		args.IPv6 = true
		office := segment.Addresses("203.0.113.0/24", "2001:db8:1::/48")
		connect(args,
			segment.Connection{From: "app", To: "db", Ports: segment.UDPRange(500, 600)},
			segment.Connection{From: "app", To: "db", Ports: segment.TCPRange(8000, 8100)},
			segment.Connection{From: "app", To: "db", Ports: segment.ICMP(8)},
			segment.Connection{From: "app", To: "db", Ports: segment.ICMP(128)},
			segment.Connection{From: office, To: "bastion", Ports: segment.ICMP(8)},
			segment.Connection{From: office, To: "bastion", Ports: segment.ICMP(128)})
	})
	for _, c := range []struct {
		name, protocol string
		from, to       int
	}{
		{"net-db-from-net-app-udp-500-600", "udp", 500, 600},
		{"net-db-from-net-app-tcp-8000-8100", "tcp", 8000, 8100},
		{"net-db-from-net-app-icmp-8", "icmp", 8, -1},
		{"net-db-from-net-app-icmp-128", "icmpv6", 128, -1},
		{"net-bastion-from-cidr-203-0-113-0-24-icmp-8", "icmp", 8, -1},
		{"net-bastion-from-cidr-2001-db8-1---48-icmp-128", "icmpv6", 128, -1},
	} {
		rule := rec.Get(t, groupIngressType, c.name)
		require.Equal(t, c.protocol, rule.String("ipProtocol"), c.name)
		require.EqualValues(t, c.from, rule.Value("fromPort"), c.name)
		require.EqualValues(t, c.to, rule.Value("toPort"), c.name)
	}
	pings := 0
	for _, rule := range rec.ByType(groupIngressType) {
		if rule.String("ipProtocol") != "tcp" && rule.String("ipProtocol") != "udp" {
			pings++
		}
	}
	require.Equal(t, 4, pings, "a message of one family is no rule about addresses of the other")
}

const former = "urn:pulumi:test::bulkhead::bulkhead:"

func TestGroupsAndRulesKeepTheirFormerNamesAsAliases(t *testing.T) {
	rec := build(t, func(args *Args) {
		connect(args, segment.Connection{From: "edge", To: "app", Ports: segment.TCP(9443)}, segment.Connection{From: "edge", To: "app", Ports: segment.UDP(8443)})
	})
	// The engine joins the former parents of a component with the former names of what is in it.
	for _, owner := range []string{"app:App", "bastion:Bastion", "database:Database", "edge:Edge"} {
		require.Contains(t, rec.Get(t, groupComponent, "net-app").Aliases, former+owner+"$"+groupComponent+"::net-app")
	}
	rule := former + "network:Network$" + groupComponent + "$" + groupIngressType + "::net-app-from-net-edge-"
	require.Equal(t, []string{rule + "app"}, rec.Get(t, groupIngressType, "net-app-from-net-edge-tcp-8443").Aliases)
	for _, other := range []string{"net-app-from-net-edge-tcp-9443", "net-app-from-net-edge-udp-8443", "net-edge-from-internet-https"} {
		require.Empty(t, rec.Get(t, groupIngressType, other).Aliases)
	}
	// The engine refuses two resources that were one.
	taken := map[string]string{}
	for _, r := range rec.Registrations() {
		taken[r.URN] = r.Name
	}
	for _, r := range rec.Registrations() {
		for _, alias := range r.Aliases {
			require.NotContains(t, taken, alias, "%s", r.Name)
			taken[alias] = r.Name
		}
	}
}
