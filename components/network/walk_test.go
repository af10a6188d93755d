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

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// entry is one rule of an ACL as AWS keeps it.
type entry struct {
	tier             string
	egress, allow    bool
	number, from, to int
	protocol         string
	prefix           netip.Prefix
}

// acls evaluates packets as AWS does: the matching rule with the lowest number decides, and without any the packet is lost.
type acls []entry

// entries are the rules of the matrix, with the IPv6 ranges that AWS chooses.
func entries(t *testing.T, rules []rule) acls {
	t.Helper()
	var all acls
	for _, r := range rules {
		prefix := r.Peer.CIDR
		if !prefix.IsValid() {
			prefix = netip.MustParsePrefix(vpcIPv6)
			if (r.Peer.Tier != segment.Tier{}) {
				var err error
				prefix, err = tierIPv6(vpcIPv6, r.Peer.Tier)
				require.NoError(t, err)
			}
		}
		all = append(all, entry{r.Tier.Name, r.Egress, !r.Refuse, r.Number, r.From, r.To, r.Protocol, prefix})
	}
	return all.sorted()
}

func (a acls) sorted() acls {
	slices.SortFunc(a, func(x, y entry) int { return x.number - y.number })
	return a
}

func (a acls) passes(tier segment.Tier, egress bool, peer netip.Addr, protocol string, port int) bool {
	if (tier == segment.Tier{}) {
		return true
	}
	for _, e := range a {
		if e.tier != tier.Name || e.egress != egress || !e.prefix.Contains(peer) || (e.protocol != protocol && e.protocol != every) {
			continue
		}
		messages := e.protocol == icmp || e.protocol == icmp6
		if e.protocol == every || messages && e.from == port || !messages && e.from <= port && port <= e.to {
			return e.allow
		}
	}
	return false
}

// connects walks a connection over every border on its way, there and back, for the lowest and highest client port.
func (a acls) connects(from, to host, with packet) bool {
	protocol := protocol(segment.Ports{Protocol: with.protocol, From: with.port})
	clients := []int{ephemeralFrom, ephemeralTo}
	if with.protocol == segment.ProtocolICMP {
		if clients = []int{reply(with.port)}; clients[0] < 0 {
			clients = nil
		}
	}
	pass := func(client host, server host, peer netip.Addr) bool {
		ok := a.passes(client.tier, true, peer, protocol, with.port) && a.passes(server.tier, false, from.addr, protocol, with.port)
		for _, answer := range clients {
			ok = ok && a.passes(server.tier, true, from.addr, protocol, answer) && a.passes(client.tier, false, peer, protocol, answer)
		}
		return ok
	}
	if from.tier.Reach == segment.ReachNAT && to.outside() && to.service == "" && to.addr.Is4() { // through NAT in the public tier
		nat := host{tier: segment.Public}
		return pass(from, host{}, to.addr) && pass(host{}, nat, to.addr) && pass(nat, host{}, to.addr)
	}
	return pass(from, to, to.addr)
}

// meansInACL is like means, but an ACL knows no more than tiers, and a gateway endpoint as every address.
func meansInACL(table *segment.Table, e segment.End, h host) bool {
	if s, inside := table.Segment(string(e)); inside {
		return h.tier == s.Tier
	}
	return means(e, h) || hasInterface(e) && h.tier == segment.App && h.addr.Is4() || hasGateway(e) && h.outside() && h.addr.Is4()
}

// tolerated reports whether the ACLs must let a connection pass for some row, although none asks for this very one.
func tolerated(table *segment.Table, from, to host, with packet) bool {
	return slices.ContainsFunc(table.Connections, func(c segment.Connection) bool {
		s, _ := table.Segment(string(c.From))
		throughNAT := s.Tier.Reach == segment.ReachNAT && from.tier == segment.Public && to.addr.Is4()
		return opens(c.Ports, with, to.addr.Is6()) && (meansInACL(table, c.From, from) || throughNAT) && meansInACL(table, c.To, to)
	})
}

// requireExact asserts that the ACLs let the connections of every row pass, and, on ports below those of answers, nothing else.
func requireExact(t *testing.T, plan Plan, table *segment.Table, six bool) {
	t.Helper()
	rules := entries(t, ruleMatrix(plan, table, six))
	each(t, plan, table, six, func(from, to host, with packet) {
		connects := rules.connects(from, to, with)
		switch {
		case wanted(table, from, to, with):
			if !connects {
				t.Fatalf("%s -> %s %v must pass", from, to, with)
			}
		case with.port < ephemeralFrom && connects && !tolerated(table, from, to, with):
			t.Fatalf("%s -> %s %v must not pass", from, to, with)
		}
	})
}

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
		return own.outside() || slices.ContainsFunc(d.groups, func(r groupRule) bool {
			return r.own == own.segment+own.service && r.egress == egress && r.carries(with) && r.means(peer)
		})
	}
	return half(from, to, true) && half(to, from, false)
}

// carries reports whether a rule is about a packet's protocol and port.
func (r groupRule) carries(with packet) bool {
	protocol := string(with.protocol)
	if with.protocol == segment.ProtocolICMP && with.port >= 128 {
		protocol = "icmpv6"
	}
	return r.protocol == protocol && (r.from <= with.port && with.port <= r.to || r.to == -1 && r.from == with.port)
}

// means reports whether a host is the other side of a rule.
func (r groupRule) means(peer host) bool {
	return r.peer != "" && r.peer == peer.segment+peer.service && !peer.outside() ||
		r.endpoint != "" && r.endpoint == peer.service || r.prefix.IsValid() && r.prefix.Contains(peer.addr)
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
			d := read(t, build(t, func(args *Args) { args.Table, args.NATStrategy, args.IPv6 = table, nat, six }))
			passed := 0
			each(t, plan, table, six, func(from, to host, with packet) {
				if from.outside() && to.outside() {
					return
				}
				admitted, wanted := d.admits(from, to, with), wanted(table, from, to, with)
				switch {
				case wanted && (!admitted || !d.acls.connects(from, to, with) || !d.leads(from, to)):
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
