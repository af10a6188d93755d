// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
)

// The network ACL quotas and numbers that AWS sets.
const (
	// rulesPerDirection is how many rules of one address family an ACL may have in one direction: the default quota
	// of 20 (Amazon VPC quotas, "Rules per network ACL"), which counts AWS's own closing deny rule.
	rulesPerDirection = 19
	// ephemeralFrom and ephemeralTo bound the ports that answers come back to. Load balancers and NAT gateways use
	// all of 1024-65535 (VPC user guide, "Ephemeral ports"). FSBP EC2.21 reports answers from the whole internet,
	// because 3389 lies among these ports: leaving it out would break every NAT connection that happens to get it, and
	// no security group admits it.
	ephemeralFrom = 1024
	ephemeralTo   = 65535
	// tcp and icmp are the IANA protocol numbers, which is how AWS reports them back.
	tcp  = "6"
	icmp = "1"
	// unreachable and fragmentationNeeded are the ICMP type and code of a router that cannot pass a packet whole.
	unreachable         = 3
	fragmentationNeeded = 4
)

// purpose is why a rule exists, and decides in which block of numbers it stands. Every rule allows, so the order of
// the numbers has no meaning beyond that.
type purpose struct {
	first int
	count int
}

var (
	forRequests  = purpose{first: 1000, count: 15000}
	forAnswers   = purpose{first: 16000, count: 15000}
	forPathMTU   = purpose{first: 31000, count: 1000}
	anyIPv4      = netip.MustParsePrefix("0.0.0.0/0")
	labelOfWorld = Internet.String()
)

// rule is one entry of the ACL of a tier. All rules allow; what no rule allows, AWS's closing rule denies.
type rule struct {
	Tier     Tier
	Egress   bool
	Peer     string
	CIDR     netip.Prefix
	Protocol string
	From, To int
	Purpose  purpose
	Number   int
}

// name is the rule's identity within the network. It says everything the rule does, so that a rule never changes: a
// different rule has a different name.
func (r rule) name() string {
	direction, preposition := "in", "from"
	if r.Egress {
		direction, preposition = "out", "to"
	}
	what := fmt.Sprint(r.From)
	switch r.Purpose {
	case forAnswers:
		what = "answers"
	case forPathMTU:
		what = "path-mtu"
	}
	peer := strings.NewReplacer("/", "-", ":", "-").Replace(r.Peer)
	return strings.Join([]string{string(r.Tier), direction, what, preposition, peer}, "-")
}

// matrix collects the rules of all tiers in the order in which the flows ask for them, each once.
type matrix struct {
	plan    Plan
	rules   []rule
	known   map[string]bool
	numbers map[Tier]map[bool]map[int]bool
}

// ruleMatrix turns flows into ACL rules. ACLs are stateless, so each border that a flow crosses needs a rule for the
// request and one for the answers:
//
//   - between tiers: out of the one, into the other, and the answers back;
//   - public tier and outside: through the public tier's ACL only;
//   - app tier to outside: through the app tier's ACL, then as traffic of the NAT gateway into and out of the public tier;
//   - tier to S3: through the tier's own ACL only, because the gateway endpoint is a route and not a host in a subnet.
//
// The number of a rule is a hash of what it does, with the next free number taken on a clash: flows added at the end
// never renumber a rule, and zones do not matter at all.
func ruleMatrix(plan Plan, flows []Flow) []rule {
	m := &matrix{plan: plan, known: map[string]bool{}, numbers: map[Tier]map[bool]map[int]bool{}}
	for _, flow := range flows {
		m.cross(flow.From, flow.To, flow.Port.Number)
		if flow.From.tier == App && flow.To.outside() {
			m.cross(TierOf(App), TierOf(Public), flow.Port.Number, Public)
			m.cross(TierOf(Public), flow.To, flow.Port.Number)
		}
	}
	return m.rules
}

// cross adds the rules that a connection needs at the borders of the tiers on either side, or only of those named.
func (m *matrix) cross(from, to Endpoint, port int, only ...Tier) {
	for _, side := range []struct {
		own    Endpoint
		peer   Endpoint
		caller bool
	}{{from, to, true}, {to, from, false}} {
		if side.own.kind != aTier || (len(only) > 0 && side.own.tier != only[0]) {
			continue
		}
		request := rule{Tier: side.own.tier, Egress: side.caller, Protocol: tcp, From: port, To: port, Purpose: forRequests}
		answers := rule{Tier: side.own.tier, Egress: !side.caller, Protocol: tcp, From: ephemeralFrom, To: ephemeralTo, Purpose: forAnswers}
		request.Peer, request.CIDR = m.address(side.peer)
		answers.Peer, answers.CIDR = request.Peer, request.CIDR
		m.add(request)
		m.add(answers)
		if side.peer.outside() && request.CIDR.Addr().Is4() {
			// Any router on the way may have to say that a packet is too big; unheard, large answers hang
			// (EC2 user guide, "Path MTU Discovery"). Within the VPC every link takes 9001 bytes.
			m.add(rule{Tier: side.own.tier, Peer: labelOfWorld, CIDR: anyIPv4, Protocol: icmp, Purpose: forPathMTU})
		}
	}
}

// address returns what stands for an endpoint in an ACL.
func (m *matrix) address(e Endpoint) (string, netip.Prefix) {
	switch e.kind {
	case aTier:
		return e.String(), m.plan.Tier(e.tier)
	case aCIDR:
		return e.String(), netip.MustParsePrefix(e.cidr)
	default:
		return labelOfWorld, anyIPv4
	}
}

// add numbers a rule and keeps it, unless an equal one is there.
func (m *matrix) add(r rule) {
	name := r.name()
	if m.known[name] {
		return
	}
	m.known[name] = true
	if m.numbers[r.Tier] == nil {
		m.numbers[r.Tier] = map[bool]map[int]bool{true: {}, false: {}}
	}
	taken := m.numbers[r.Tier][r.Egress]
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	place := int(sum.Sum32()>>1) % r.Purpose.count
	for taken[r.Purpose.first+place] {
		place = (place + 1) % r.Purpose.count
	}
	r.Number = r.Purpose.first + place
	taken[r.Number] = true
	m.rules = append(m.rules, r)
}

// quotaProblems reports every ACL that would have more rules in one direction than AWS lets it have.
func quotaProblems(rules []rule) []error {
	type border struct {
		tier   Tier
		egress bool
		family string
	}
	count := map[border]int{}
	for _, r := range rules {
		family := "IPv4"
		if r.CIDR.Addr().Is6() {
			family = "IPv6"
		}
		count[border{r.Tier, r.Egress, family}]++
	}
	var problems []error
	for _, tier := range tiers {
		for _, egress := range []bool{false, true} {
			for _, family := range []string{"IPv4", "IPv6"} {
				n := count[border{tier, egress, family}]
				if n <= rulesPerDirection {
					continue
				}
				direction := "inbound"
				if egress {
					direction = "outbound"
				}
				problems = append(problems, in("Flows",
					"the %s tier would need %d %s %s ACL rules and AWS allows %d besides its own; name fewer or wider address ranges",
					tier, n, direction, family, rulesPerDirection))
			}
		}
	}
	return problems
}
