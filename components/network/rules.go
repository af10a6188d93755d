// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/segment"
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
	// every, tcp, udp, icmp and icmp6 are the IANA protocol numbers, which is how AWS reports them back.
	every = "-1"
	tcp   = "6"
	udp   = "17"
	icmp  = "1"
	icmp6 = "58"
	// unreachable and fragmentationNeeded are the ICMP type and code of a router that cannot pass a packet whole.
	unreachable         = 3
	fragmentationNeeded = 4
	// packetTooBig is the ICMPv6 type of the same message (RFC 4443, section 3.2).
	packetTooBig = 2
)

// purpose is why a rule exists, and decides in which block of numbers it stands.
type purpose struct {
	first int
	count int
}

// The blocks of numbers. Rules about tiers and known addresses come first, then the VPC's whole range is refused, and only
// after that come the rules about every address: those would otherwise open the tiers to each other, because 0.0.0.0/0 holds
// the VPC's own range too.
var (
	forRequests = purpose{first: 1000, count: 15000}
	forAnswers  = purpose{first: 16000, count: 15000}
	forPathMTU  = purpose{first: 31000, count: 1000}
	forRefusal  = purpose{first: 32000, count: 2}
	forWorld    = purpose{first: 32100, count: 600}
	// forFurtherRefusal is for the ranges that an existing VPC has besides its first.
	forFurtherRefusal = purpose{first: 32002, count: 98}

	anyIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	anyIPv6 = netip.MustParsePrefix("::/0")
)

// rule is one entry of the ACL of a tier. What no rule allows, AWS's closing rule denies.
type rule struct {
	Tier     segment.Tier
	Egress   bool
	Refuse   bool
	Peer     peer
	Protocol string
	From, To int
	Purpose  purpose
	Number   int
	// Rows are the rows of the table that ask for the rule.
	Rows []int
}

// peer is the other side of a rule: a range that is known, or the IPv6 range of a tier or of the VPC, which AWS chooses.
type peer struct {
	Label string
	CIDR  netip.Prefix
	// Six says that the range is of IPv6; Tier is whose, none for the whole VPC, where CIDR is not set.
	Six  bool
	Tier segment.Tier
}

// name is the rule's identity within the network. It says everything the rule does, so that a rule never changes: a
// different rule has a different name.
func (r rule) name() string {
	direction, preposition := "in", "from"
	if r.Egress {
		direction, preposition = "out", "to"
	}
	what := fmt.Sprint(r.From)
	if r.From != r.To && r.To >= 0 {
		what = fmt.Sprintf("%d-%d", r.From, r.To)
	}
	switch r.Purpose {
	case forAnswers:
		what = "answers"
	case forPathMTU:
		what = "path-mtu"
	case forRefusal, forFurtherRefusal:
		what = "nothing"
	case forWorld:
		if r.From == ephemeralFrom && r.To == ephemeralTo {
			what = "answers"
		}
	}
	switch {
	case r.Protocol == udp:
		what = "udp-" + what
	case (r.Protocol == icmp || r.Protocol == icmp6) && r.Purpose != forPathMTU:
		what = "icmp-" + what
	}
	label := strings.NewReplacer("/", "-", ":", "-").Replace(r.Peer.Label)
	return strings.Join([]string{r.Tier.Name, direction, what, preposition, label}, "-")
}

// matrix collects the rules of all tiers in the order in which the rows ask for them, each once.
type matrix struct {
	plan    Plan
	six     bool
	rules   []*rule
	known   map[string]*rule
	numbers map[string]map[bool]map[int]bool
}

// ruleMatrix turns the rows of the table into ACL rules. ACLs are stateless, so each border that a connection crosses needs a
// rule for the request and one for the answers:
//
//   - between segments: out of the one's tier, into the other's, and the answers back;
//   - public tier and outside: through the public tier's ACL only;
//   - tier behind NAT to outside: through its own ACL, then as traffic of the NAT gateway into and out of the public tier;
//   - to an interface endpoint: as to a segment of the app tier, where the endpoints stand;
//   - to a gateway endpoint: through the tier's own ACL only, because it is a route and not a host in a subnet.
//
// The number of a rule is a hash of what it does, with the next free number taken on a clash: rows added at the end never
// renumber a rule, and zones do not matter at all.
func ruleMatrix(plan Plan, table *segment.Table, six bool) []rule {
	m := &matrix{plan: plan, six: six, known: map[string]*rule{}, numbers: map[string]map[bool]map[int]bool{}}
	for i, row := range table.Connections {
		m.connect(table, i, row)
	}
	var kept []*rule
	for _, r := range m.rules {
		if !m.covered(*r) {
			kept = append(kept, r)
		}
	}
	all := make([]rule, 0, len(kept)) // copied last, because a rule gains the rows of those that it covers
	for _, r := range kept {
		all = append(all, *r)
	}
	return all
}

// covered reports whether a rule about known addresses says no more than one about every address, which then serves its rows.
func (m *matrix) covered(r rule) bool {
	if r.Purpose == forWorld || !r.Peer.CIDR.IsValid() || m.plan.holds(r.Peer.CIDR) {
		return false
	}
	messages := r.Protocol == icmp || r.Protocol == icmp6
	for _, wide := range m.rules {
		if wide.Purpose == forWorld && wide.Tier == r.Tier && wide.Egress == r.Egress && wide.Peer.Six == r.Peer.Six &&
			wide.Protocol == r.Protocol && wide.From <= r.From && r.To <= wide.To && (!messages || wide.From == r.From) {
			wide.Rows = append(wide.Rows, r.Rows...)
			return true
		}
	}
	return false
}

// connect adds the rules that one row needs.
func (m *matrix) connect(table *segment.Table, i int, row segment.Connection) {
	from, fromInside := table.Segment(string(row.From))
	to, toInside := table.Segment(string(row.To))
	if fromInside {
		for _, p := range m.peers(table, row.To) {
			m.cross(i, from.Tier, p, row.Ports, true)
			if from.Tier.Reach == segment.ReachNAT && row.To.Outside() && !p.Six {
				for _, own := range m.plan.peers(from.Tier, false) {
					m.cross(i, segment.Public, own, row.Ports, false) // into the subnet of the NAT gateway
				}
				m.cross(i, segment.Public, p, row.Ports, true)
				m.handOnPathMTU(i, from.Tier)
			}
		}
	}
	if toInside {
		for _, p := range m.peers(table, row.From) {
			m.cross(i, to.Tier, p, row.Ports, false)
		}
	} else if hasInterface(row.To) {
		for _, p := range m.plan.peers(from.Tier, false) { // endpoints have IPv4 addresses only
			m.cross(i, segment.App, p, row.Ports, false)
		}
	}
}

// peers are what stands for an end in the rules of the other side.
func (m *matrix) peers(table *segment.Table, e segment.End) []peer {
	if s, inside := table.Segment(string(e)); inside {
		return m.plan.peers(s.Tier, m.six)
	}
	var all []peer
	if hasInterface(e) {
		all = append(all, m.plan.peers(segment.App, false)...)
	}
	if e == segment.Internet || hasGateway(e) {
		all = append(all, peer{Label: "world", CIDR: anyIPv4})
	}
	if e == segment.Internet && m.six {
		all = append(all, peer{Label: "world-ipv6", CIDR: anyIPv6, Six: true})
	}
	for _, r := range e.Ranges() {
		prefix := netip.MustParsePrefix(r)
		if six := prefix.Addr().Is6(); m.six || !six {
			all = append(all, peer{Label: r, CIDR: prefix, Six: six})
		}
	}
	return all
}

// cross adds the rules at the border of one tier for a connection with a peer, which the tier opens or accepts.
func (m *matrix) cross(row int, own segment.Tier, p peer, ports segment.Ports, opens bool) {
	if !ports.Carries(p.Six) {
		return
	}
	request := rule{Tier: own, Egress: opens, Peer: p, Protocol: protocol(ports), From: ports.From, To: ports.To, Purpose: forRequests}
	answers := rule{Tier: own, Egress: !opens, Peer: p, Protocol: request.Protocol, From: ephemeralFrom, To: ephemeralTo, Purpose: forAnswers}
	if ports.Protocol == segment.ProtocolICMP {
		answers.From, answers.To = reply(ports.From), -1
		answers.Purpose = forRequests
	}
	world := p.CIDR == anyIPv4 || p.CIDR == anyIPv6
	if world {
		request.Purpose, answers.Purpose = forWorld, forWorld
		m.refuseVPC(row, own, p.Six)
	}
	m.add(row, request)
	if ports.Protocol != segment.ProtocolICMP || answers.From >= 0 {
		m.add(row, answers)
	}
	if known := p.CIDR.IsValid() && !m.plan.holds(p.CIDR); known || world {
		m.heedPathMTU(row, own, p.Six)
	}
}

// heedPathMTU lets routers say that a packet is too big; unheard, large answers hang (EC2 user guide, "Path MTU
// Discovery"). Within the VPC every link takes 9001 bytes.
func (m *matrix) heedPathMTU(row int, own segment.Tier, six bool) {
	r := rule{Tier: own, Peer: peer{Label: "internet", CIDR: anyIPv4}, Protocol: icmp, From: unreachable, To: fragmentationNeeded, Purpose: forPathMTU}
	if six {
		r.Peer, r.Protocol = peer{Label: "internet-ipv6", CIDR: anyIPv6, Six: true}, icmp6
		r.From, r.To = packetTooBig, 0
	}
	m.add(row, r)
}

// handOnPathMTU lets what routers say about packets of translated connections leave the public tier, where the NAT gateway hands it on
// to the tier behind it.
func (m *matrix) handOnPathMTU(row int, behind segment.Tier) {
	for _, p := range m.plan.peers(behind, false) {
		m.add(row, rule{Tier: segment.Public, Egress: true, Peer: p, Protocol: icmp, From: unreachable, To: fragmentationNeeded, Purpose: forPathMTU})
	}
}

// refuseVPC refuses the VPC's own ranges, in both directions, before the rules about every address.
func (m *matrix) refuseVPC(row int, own segment.Tier, six bool) {
	why := forRefusal
	for _, whole := range m.plan.vpcPeers(six) {
		for _, egress := range []bool{false, true} {
			m.add(row, rule{Tier: own, Egress: egress, Refuse: true, Peer: whole, Protocol: every, Purpose: why})
		}
		why = forFurtherRefusal
	}
}

// add numbers a rule and keeps it; an equal one that is there already also serves the row.
func (m *matrix) add(row int, r rule) {
	name := r.name()
	if known, there := m.known[name]; there {
		if !slices.Contains(known.Rows, row) {
			known.Rows = append(known.Rows, row)
		}
		return
	}
	if m.numbers[r.Tier.Name] == nil {
		m.numbers[r.Tier.Name] = map[bool]map[int]bool{true: {}, false: {}}
	}
	taken := m.numbers[r.Tier.Name][r.Egress]
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	place := int(sum.Sum32()>>1) % r.Purpose.count
	for taken[r.Purpose.first+place] {
		place = (place + 1) % r.Purpose.count
	}
	r.Number = r.Purpose.first + place
	taken[r.Number] = true
	r.Rows = []int{row}
	m.known[name] = &r
	m.rules = append(m.rules, &r)
}

// protocol is the IANA number of a protocol.
func protocol(p segment.Ports) string {
	switch {
	case p.Protocol == segment.ProtocolUDP:
		return udp
	case p.Protocol == segment.ProtocolICMP && p.Carries(true):
		return icmp6
	case p.Protocol == segment.ProtocolICMP:
		return icmp
	}
	return tcp
}

// reply is the type of the message that answers an ICMP message; -1 for one that nothing answers.
func reply(kind int) int {
	switch kind {
	case 8:
		return 0 // echo reply, RFC 792
	case 128:
		return 129 // echo reply, RFC 4443
	}
	return -1
}

// hasInterface reports whether an end has services with an interface endpoint, hasGateway whether it has some with a gateway
// endpoint.
func hasInterface(e segment.End) bool {
	return slices.ContainsFunc(e.Services(), func(s string) bool { return !segment.Gateway(s) })
}

func hasGateway(e segment.End) bool { return slices.ContainsFunc(e.Services(), segment.Gateway) }

// quotaProblems reports every ACL that would have more rules in one direction than AWS lets it have, with the row of the
// table that breaks the quota.
func quotaProblems(table *segment.Table, rules []rule) []error {
	type border struct {
		tier        string
		egress, six bool
	}
	count := map[border]int{}
	breaks := map[border]int{}
	var borders []border
	for _, r := range rules {
		b := border{r.Tier.Name, r.Egress, r.Peer.Six}
		if count[b]++; count[b] == rulesPerDirection+1 {
			breaks[b] = r.Rows[0]
			borders = append(borders, b)
		}
	}
	var problems []error
	for _, b := range borders {
		direction, family := "inbound", "IPv4"
		if b.egress {
			direction = "outbound"
		}
		if b.six {
			family = "IPv6"
		}
		problems = append(problems, in("Table",
			"%s is the row with which the network ACL of the %s tier has too many rules: %d %s ones of %s in all, and AWS allows %d besides its own; name fewer or wider address ranges",
			table.Row(breaks[b]), b.tier, count[b], direction, family, rulesPerDirection))
	}
	return problems
}
