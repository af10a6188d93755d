// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

// groupRule is one rule of a security group as AWS keeps it; the group and the other side by the name of segment or service.
type groupRule struct {
	own            string
	egress         bool
	protocol       string
	from, to       int
	peer, endpoint string
	prefix         netip.Prefix
}

// deployed is what a run left in the account, to send packets through.
type deployed struct {
	acls   acls
	groups []groupRule
	routes map[string][]netip.Prefix // by the name of the route table
	links  map[string][]string       // route tables with a way to a gateway endpoint, by its service
}

// read takes a recording apart without knowing the table that it was made from.
func read(t *testing.T, rec *pulumitest.Recording) deployed {
	t.Helper()
	d := deployed{routes: map[string][]netip.Prefix{}, links: map[string][]string{}}
	names := map[string]string{}
	for _, r := range rec.Registrations() {
		name := strings.TrimPrefix(r.Name, "net-")
		if r.Type == groupType {
			name = strings.TrimPrefix(strings.TrimSuffix(name, "-group"), "endpoint-")
		}
		names[r.ID] = name
	}
	prefix := func(r pulumitest.Registration, keys ...string) netip.Prefix {
		for _, key := range keys {
			if text := r.String(key); text != "" {
				return netip.MustParsePrefix(text)
			}
		}
		return netip.Prefix{}
	}
	number := func(r pulumitest.Registration, keys ...string) int {
		for _, key := range keys {
			if value, is := r.Value(key).(float64); is {
				return int(value)
			}
		}
		return 0
	}
	for _, r := range rec.ByType(aclRuleType) {
		d.acls = append(d.acls, entry{
			names[r.String("networkAclId")], r.Value("egress") == true, r.String("ruleAction") == "allow", number(r, "ruleNumber"),
			number(r, "fromPort", "icmpType"), number(r, "toPort", "icmpCode"), r.String("protocol"), prefix(r, "cidrBlock", "ipv6CidrBlock"),
		})
	}
	d.acls.sorted()
	for _, r := range append(rec.ByType(groupIngressType), rec.ByType(groupEgressType)...) {
		d.groups = append(d.groups, groupRule{
			names[r.String("securityGroupId")], r.Type == groupEgressType, r.String("ipProtocol"), number(r, "fromPort"), number(r, "toPort"),
			names[r.String("referencedSecurityGroupId")], strings.TrimPrefix(r.String("prefixListId"), "pl-net-"), prefix(r, "cidrIpv4", "cidrIpv6"),
		})
	}
	for _, r := range rec.ByType(routeType) {
		table := names[r.String("routeTableId")]
		d.routes[table] = append(d.routes[table], prefix(r, "destinationCidrBlock", "destinationIpv6CidrBlock"))
	}
	for _, r := range rec.ByType(endpointLinkType) {
		service := names[r.String("vpcEndpointId")]
		d.links[service] = append(d.links[service], names[r.String("routeTableId")])
	}
	return d
}

// admits reports whether the groups of both sides let a connection be opened. Outside the VPC there are no groups.
func (d deployed) admits(from, to host, with packet) bool {
	half := func(own, peer host, egress bool) bool {
		if own.outside() {
			return true
		}
		return slices.ContainsFunc(d.groups, func(r groupRule) bool {
			protocol := string(with.protocol)
			if with.protocol == segment.ProtocolICMP && with.port >= 128 {
				protocol = "icmpv6"
			}
			ports := r.from <= with.port && with.port <= r.to || r.to == -1 && r.from == with.port
			meant := r.peer != "" && r.peer == peer.segment+peer.service && !peer.outside() ||
				r.endpoint != "" && r.endpoint == peer.service || r.prefix.IsValid() && r.prefix.Contains(peer.addr)
			return r.own == own.segment+own.service && r.egress == egress && r.protocol == protocol && ports && meant
		})
	}
	return half(from, to, true) && half(to, from, false)
}

// leads reports whether the routes lead out to where a connection goes, and back to where it came from.
func (d deployed) leads(from, to host) bool {
	for _, way := range [][2]host{{from, to}, {to, from}} {
		if way[0].outside() || !way[1].outside() {
			continue
		}
		table := place{way[0].tier, way[0].zone}.table()
		gateway := way[1].service != "" && slices.Contains(d.links[way[1].service], table)
		if !gateway && !slices.ContainsFunc(d.routes[table], func(p netip.Prefix) bool { return p.Contains(way[1].addr) }) {
			return false
		}
	}
	return true
}

// fromThroughWorld reports whether one segment may call everybody and everybody may call the other: between two public
// addresses nothing tells the two from others.
func fromThroughWorld(table *segment.Table, from, to host, with packet) bool {
	row := func(a, b segment.End) bool {
		return slices.ContainsFunc(table.Connections, func(c segment.Connection) bool {
			return c.From == a && c.To == b && opens(c.Ports, with, to.addr.Is6())
		})
	}
	return row(segment.End(from.segment), segment.Internet) && row(segment.Internet, segment.End(to.segment))
}

// For every table that passes, what a row allows passes groups, ACLs and routes, there and back; whatever has no row is held
// back by the groups, or where these know only everybody, by the ACLs.
func TestWhatARowAllowsPassesEverythingAndTheRestDoesNot(t *testing.T) {
	plan := testPlan(t)
	for seed := range uint64(12) {
		six := seed%2 == 1
		t.Run(fmt.Sprintf("seed %d, IPv6 %t", seed, six), func(t *testing.T) {
			table, nat := anyTable(rand.New(rand.NewPCG(seed, 1)).IntN, 14, plan, six)
			if seed == 0 {
				table, nat = typicalTable(), NATOnePerZone
			}
			if len(table.Connections) == 0 {
				t.Fatal("the dice made a table without rows")
			}
			d := read(t, build(t, func(args *Args) { args.Table, args.NAT, args.IPv6 = table, nat, six }))
			passed := 0
			each(t, plan, table, six, func(from, to host, with packet) {
				if from.outside() && to.outside() {
					return
				}
				admitted, wanted := d.admits(from, to, with), wanted(table, from, to, with)
				switch {
				case wanted && !(admitted && d.acls.connects(from, to, with) && d.leads(from, to)):
					t.Fatalf("%s -> %s %v must pass: groups %t, ACLs %t, routes %t\n%v", from, to, with,
						admitted, d.acls.connects(from, to, with), d.leads(from, to), table.Connections)
				case wanted:
					passed++
				case admitted && (!fromThroughWorld(table, from, to, with) || d.acls.connects(from, to, with)):
					t.Fatalf("%s -> %s %v must not pass\n%v", from, to, with, table.Connections)
				}
			})
			require.Positive(t, passed)
		})
	}
}
