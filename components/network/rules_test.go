// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net/netip"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// lines writes the rules of one direction of one ACL as a table, sorted.
func lines(rules []rule, tier Tier, egress bool) []string {
	var out []string
	for _, r := range rules {
		if r.Tier == tier && r.Egress == egress {
			out = append(out, fmt.Sprintf("%s %d-%d %s", r.Protocol, r.From, r.To, r.CIDR))
		}
	}
	sort.Strings(out)
	return out
}

func TestRuleMatrixOfTypicalFlows(t *testing.T) {
	rules := ruleMatrix(testPlan(t), typicalFlows())
	require.Empty(t, quotaProblems(rules))
	for _, want := range []struct {
		tier   Tier
		egress bool
		rules  []string
	}{
		{Public, false, []string{
			"1 0-0 0.0.0.0/0",            // path MTU discovery
			"6 1024-65535 0.0.0.0/0",     // answers from outside, to NAT and to the tier's own calls
			"6 1024-65535 10.0.0.0/18",   // answers from servers
			"6 1024-65535 10.0.192.0/19", // answers from the database to the bastion
			"6 1024-65535 2001:db8::/48", //
			"6 22-22 203.0.113.0/24",     // operators
			"6 443-443 0.0.0.0/0",        // clients
			"6 443-443 10.0.0.0/18",      // servers on their way out through NAT
			"6 80-80 0.0.0.0/0",          // the redirect
		}},
		{Public, true, []string{
			"6 1024-65535 0.0.0.0/0",
			"6 1024-65535 10.0.0.0/18",
			"6 1024-65535 203.0.113.0/24",
			"6 22-22 10.0.0.0/18",
			"6 22-22 2001:db8::/48",
			"6 443-443 0.0.0.0/0",
			"6 443-443 10.0.0.0/18",
			"6 5432-5432 10.0.192.0/19",
			"6 8443-8443 10.0.0.0/18",
		}},
		{App, false, []string{
			"1 0-0 0.0.0.0/0",
			"6 1024-65535 0.0.0.0/0",
			"6 1024-65535 10.0.0.0/18",
			"6 1024-65535 10.0.192.0/19",
			"6 22-22 10.0.128.0/19",
			"6 443-443 10.0.0.0/18",
			"6 443-443 10.0.128.0/19",
			"6 8443-8443 10.0.128.0/19",
		}},
		{App, true, []string{
			"6 1024-65535 10.0.0.0/18",
			"6 1024-65535 10.0.128.0/19",
			"6 443-443 0.0.0.0/0",
			"6 443-443 10.0.0.0/18",
			"6 5432-5432 10.0.192.0/19",
		}},
		{Data, false, []string{"6 5432-5432 10.0.0.0/18", "6 5432-5432 10.0.128.0/19"}},
		{Data, true, []string{"6 1024-65535 10.0.0.0/18", "6 1024-65535 10.0.128.0/19"}},
	} {
		require.ElementsMatch(t, want.rules, lines(rules, want.tier, want.egress), "%s egress=%t", want.tier, want.egress)
	}
}

// host is a place to connect from or to: a tier's address, or an address outside ("" is no tier).
type host struct {
	tier Tier
	addr netip.Addr
}

func (h host) String() string { return fmt.Sprintf("%s %s", h.tier, h.addr) }

func hosts(plan Plan) []host {
	all := []host{{addr: netip.MustParseAddr("203.0.113.9")}, {addr: netip.MustParseAddr("198.51.100.7")}}
	for _, tier := range tiers {
		for _, zone := range []string{"eu-central-1a", "eu-central-1d"} {
			all = append(all, host{tier, plan.Subnet(tier, zone).Addr().Next()})
		}
	}
	return all
}

// acls evaluates packets as AWS does: a packet passes a border when a rule of that border allows it.
type acls []rule

func (a acls) passes(tier Tier, egress bool, peer netip.Addr, port int) bool {
	if tier == "" {
		return true
	}
	for _, r := range a {
		if r.Tier == tier && r.Egress == egress && r.Protocol == tcp && r.CIDR.Contains(peer) && r.From <= port && port <= r.To {
			return true
		}
	}
	return false
}

// connects walks a connection over every border on its way, there and back, for the lowest and highest client port.
func (a acls) connects(from, to host, port int) bool {
	for _, client := range []int{ephemeralFrom, ephemeralTo} {
		there := a.passes(from.tier, true, to.addr, port) && a.passes(to.tier, false, from.addr, port)
		back := a.passes(to.tier, true, from.addr, client) && a.passes(from.tier, false, to.addr, client)
		if from.tier == App && to.tier == "" { // through the NAT gateway in the public tier
			there = there && a.passes(Public, false, from.addr, port) && a.passes(Public, true, to.addr, port)
			back = back && a.passes(Public, false, to.addr, client) && a.passes(Public, true, from.addr, client)
		}
		if !there || !back {
			return false
		}
	}
	return true
}

// holds reports whether a host is meant by an endpoint.
func (e Endpoint) holds(h host) bool {
	switch e.kind {
	case aTier:
		return h.tier == e.tier
	case aCIDR:
		return netip.MustParsePrefix(e.cidr).Contains(h.addr)
	default:
		return h.tier == ""
	}
}

// holdsInACL is like holds, but knows that to an ACL the internet is every address, those of the VPC included.
func (e Endpoint) holdsInACL(h host) bool {
	return e.kind == theInternet || e.holds(h)
}

// wanted reports whether some flow asks for the connection.
func wanted(flows []Flow, from, to host, port int) bool {
	for _, f := range flows {
		if f.Port.Number == port && f.From.holds(from) && f.To.holds(to) {
			return true
		}
	}
	return false
}

// tolerated reports whether the sender's border must let the connection out for some flow, and the receiver's border
// let it in for some flow. That is the closest that ACLs can come to wanted, because the two borders judge apart, and
// because what the app tier sends through NAT the public tier must pass on.
func tolerated(flows []Flow, from, to host, port int) bool {
	sent, received := from.tier == "", to.tier == ""
	for _, f := range flows {
		if f.Port.Number != port {
			continue
		}
		parts := []Flow{f}
		if f.From.tier == App && f.To.outside() {
			parts = append(parts, Flow{From: TierOf(Public), To: f.To}, Flow{From: TierOf(App), To: TierOf(Public)})
		}
		for _, part := range parts {
			sent = sent || (part.From.holds(from) && part.To.holdsInACL(to))
			received = received || (part.To.holds(to) && part.From.holdsInACL(from))
		}
	}
	return sent && received
}

// requireExact asserts that the ACLs let every flow pass, and, on ports below the ephemeral ones, nothing else.
func requireExact(t *testing.T, plan Plan, flows []Flow) {
	t.Helper()
	rules := acls(ruleMatrix(plan, flows))
	ports := map[int]bool{22: true, 80: true, 443: true, 25: true, 5432: true, 8443: true}
	for _, flow := range flows {
		ports[flow.Port.Number] = true
	}
	for _, from := range hosts(plan) {
		for _, to := range hosts(plan) {
			if from == to || (from.tier == "" && to.tier == "") {
				continue
			}
			for port := range ports {
				connects := rules.connects(from, to, port)
				switch {
				case wanted(flows, from, to, port):
					require.True(t, connects, "%s -> %s tcp/%d must pass", from, to, port)
				case port < ephemeralFrom && !tolerated(flows, from, to, port):
					require.False(t, connects, "%s -> %s tcp/%d must not pass", from, to, port)
				}
			}
		}
	}
}

// requireSealed asserts that the data tier knows nothing beyond the VPC and calls nobody on a service port.
func requireSealed(t *testing.T, plan Plan, rules []rule) {
	t.Helper()
	for _, r := range rules {
		if r.Tier != Data {
			continue
		}
		require.True(t, contains(plan.VPC(), r.CIDR), "%s reaches outside the VPC", r.name())
		if r.Egress && r.CIDR != plan.Tier(Data) {
			require.Equal(t, forAnswers, r.Purpose, "%s opens connections", r.name())
		}
	}
}

func TestRulesPassTheFlowsAndNothingElse(t *testing.T) {
	plan := testPlan(t)
	requireExact(t, plan, nil)
	// S3 shares its addresses with the internet, so whoever may call it could, by the ACL alone, call any outside
	// address: the exactness is asserted for the flows without it.
	var flows []Flow
	for _, flow := range typicalFlows() {
		if flow.From != S3 && flow.To != S3 {
			flows = append(flows, flow)
		}
		requireExact(t, plan, flows)
		requireSealed(t, plan, ruleMatrix(plan, flows))
	}
	for _, flow := range flows {
		requireExact(t, plan, []Flow{flow})
	}
}

func TestS3WithoutNATOpensNothingInThePublicTier(t *testing.T) {
	rules := ruleMatrix(testPlan(t), []Flow{{From: TierOf(App), To: S3, Port: firewall.HTTPS}})
	require.Equal(t, []string{"6 443-443 0.0.0.0/0"}, lines(rules, App, true))
	require.Equal(t, []string{"6 1024-65535 0.0.0.0/0"}, lines(rules, App, false))
	require.Empty(t, lines(rules, Public, true))
	require.Empty(t, lines(rules, Public, false))
}

func TestAddingFlowsNeverChangesARule(t *testing.T) {
	plan := testPlan(t)
	before := []rule{}
	flows := typicalFlows()
	for i := 0; i < 400; i++ { // enough for number clashes in every block
		flows = append(flows, Flow{From: CIDR(fmt.Sprintf("198.18.%d.%d/32", i/200, i%200)), To: TierOf(Public), Port: firewall.SSH})
	}
	for i := range flows {
		after := ruleMatrix(plan, flows[:i+1])
		require.Equal(t, before, append([]rule{}, after[:len(before)]...))
		before = after
	}
	requireWellNumbered(t, before)
}

func TestFlowOrderDoesNotNameRules(t *testing.T) {
	plan, flows := testPlan(t), typicalFlows()
	forward := ruleMatrix(plan, flows)
	for i, j := 0, len(flows)-1; i < j; i, j = i+1, j-1 {
		flows[i], flows[j] = flows[j], flows[i]
	}
	require.ElementsMatch(t, forward, ruleMatrix(plan, flows))
}

// requireWellNumbered asserts that every rule has a name of its own, and a number of its own that AWS accepts.
func requireWellNumbered(t *testing.T, rules []rule) {
	t.Helper()
	names, numbers := map[string]bool{}, map[string]bool{}
	for _, r := range rules {
		require.False(t, names[r.name()], "%s twice", r.name())
		names[r.name()] = true
		number := fmt.Sprint(r.Tier, r.Egress, r.Number)
		require.False(t, numbers[number], "%s has a taken number", r.name())
		numbers[number] = true
		require.GreaterOrEqual(t, r.Number, r.Purpose.first)
		require.Less(t, r.Number, r.Purpose.first+r.Purpose.count)
		require.LessOrEqual(t, r.Number, 32766)
	}
}

func TestQuotaProblems(t *testing.T) {
	plan := testPlan(t)
	fill := func(n int, format string) []Flow {
		flows := typicalFlows()
		for i := 0; i < n; i++ {
			flows = append(flows, Flow{From: CIDR(fmt.Sprintf(format, i)), To: TierOf(Public), Port: firewall.SSH})
		}
		return flows
	}
	require.Empty(t, quotaProblems(ruleMatrix(plan, fill(10, "198.51.100.%d/32"))))
	problems := quotaProblems(ruleMatrix(plan, fill(12, "198.51.100.%d/32")))
	require.Len(t, problems, 2)
	require.ErrorContains(t, problems[0], "the public tier would need 20 inbound IPv4 ACL rules and AWS allows 19")
	require.ErrorContains(t, problems[1], "outbound")
	require.Empty(t, quotaProblems(ruleMatrix(plan, fill(12, "2001:db8:%d::/48"))), "IPv6 has a quota of its own")
}

func TestRuleNamesAreSafeInURNs(t *testing.T) {
	rules := ruleMatrix(testPlan(t), typicalFlows())
	for _, r := range rules {
		require.Regexp(t, `^(public|app|data)-(in|out)-([0-9]+|answers|path-mtu)-(from|to)-[0-9a-z.-]+$`, r.name())
	}
}

// FuzzRules reads flows from bytes, three a flow, and holds every accepted set to the same laws.
func FuzzRules(f *testing.F) {
	f.Add([]byte{0, 4, 1, 4, 5, 2, 5, 6, 3})
	f.Add([]byte{1, 4, 0, 5, 0, 1, 5, 3, 1, 6, 6, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		ends := []Endpoint{Internet, CIDR("203.0.113.0/24"), CIDR("198.51.100.0/25"), S3, TierOf(Public), TierOf(App), TierOf(Data), {}}
		ports := []int{22, 443, 8443, 5432, 0, 53, 65535, 70000}
		plan := testPlan(t)
		var flows, exact []Flow
		for i := 0; i+2 < len(data) && len(flows) < 12; i += 3 {
			flow := Flow{From: ends[data[i]%8], To: ends[data[i+1]%8], Port: firewall.Port{Number: ports[data[i+2]%8]}}
			if len(flow.problems(plan, NATSingle)) > 0 {
				continue
			}
			flows = append(flows, flow)
			if flow.To != S3 {
				exact = append(exact, flow)
			}
		}
		rules := ruleMatrix(plan, flows)
		requireWellNumbered(t, rules)
		requireSealed(t, plan, rules)
		requireExact(t, plan, exact)
	})
}
