// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)
	// whyForm is what EC2 accepts in the description of a security group or of a rule:
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html.
	whyForm = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)
	// domainForm is a host name, or all names below one (RFC 1123).
	domainForm = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Surroundings are what a table must agree with.
type Surroundings struct {
	// VPC is the private range of the VPC.
	VPC netip.Prefix
	// Further are the ranges that an existing VPC has besides. Default: none.
	Further []netip.Prefix
	// NAT says that the network has NAT gateways.
	NAT bool
	// IPv6 says that the network has IPv6 addresses beside those of IPv4.
	IPv6 bool
}

// Check reports everything that is wrong with the table by itself and in its surroundings. Each problem names the segment or
// the row, the value and the cure.
func (t *Table) Check(in Surroundings) []error {
	problems := t.segmentProblems()
	if len(t.Connections) == 0 {
		problems = append(problems, errors.New("Connections: empty, so the network would carry nothing; list who may talk to whom"))
	}
	for i, row := range t.Connections {
		for _, err := range t.rowProblems(i, row, in) {
			problems = append(problems, fmt.Errorf("%s: %w", t.Row(i), err))
		}
	}
	if in.NAT && !slices.ContainsFunc(t.ranges(ReachNAT), isIPv4) {
		problems = append(problems, errors.New(
			"NAT: the network has NAT gateways, and no row leads from a tier behind them to an IPv4 address outside; choose no NAT, or add the row"))
	}
	if len(problems) > 0 {
		return problems
	}
	return t.quotaProblems()
}

// Row names a row in messages, such as `Connections[2] (edge -> app tcp/8443)`.
func (t *Table) Row(i int) string {
	c := t.Connections[i]
	return fmt.Sprintf("Connections[%d] (%s -> %s %s)", i, c.From, c.To, c.Ports)
}

func (t *Table) segmentProblems() []error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if len(t.Segments) == 0 {
		add("Segments: empty; list the parts that a breach must not leave")
	}
	names, known := map[string]int{}, map[Tier]bool{}
	for i, s := range t.Segments {
		at := fmt.Sprintf("Segments[%d] (%s)", i, s.Name)
		if !nameForm.MatchString(s.Name) || s.Name == string(Internet) {
			add("%s: Name %q must be 1 to 20 lower-case letters, digits and hyphens, starting with a letter, and not \"internet\"", at, s.Name)
		}
		if strings.HasPrefix(s.Name, "endpoint-") {
			add("%s: Name %q: names that start with \"endpoint-\" are those of the groups of VPC endpoints; choose another", at, s.Name)
		}
		if first, taken := names[s.Name]; taken {
			add("%s: the name is that of Segments[%d] already; give each segment its own", at, first)
		} else {
			names[s.Name] = i
		}
		if !whyForm.MatchString(s.Holds) {
			add("%s: Holds %q: say what runs in it, in 1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*", at, s.Holds)
		}
		if err := s.Tier.check(known); err != nil {
			add("%s: %w", at, err)
		}
	}
	return problems
}

// reserved are the names that stand for something else in the names of ACL rules.
var reserved = regexp.MustCompile(`^(world|vpc|internet)$|-ipv6$`)

// check reports what is wrong with a tier, and adds it to those that are known.
func (tier Tier) check(known map[Tier]bool) error {
	if slices.Contains([]Tier{Public, App, Data}, tier) || known[tier] {
		return nil
	}
	builtIn := slices.Contains([]string{Public.Name, App.Name, Data.Name}, tier.Name)
	var clash *Tier
	for other := range known {
		if other.Place == tier.Place || other.Name == tier.Name {
			clash = &other
		}
	}
	known[tier] = true
	switch {
	case tier == Tier{}:
		return errors.New("Tier: missing; choose segment.Public, segment.App, segment.Data or a tier of your own")
	case builtIn:
		return fmt.Errorf("Tier: %q is a built-in tier with other settings; use segment.Public, segment.App or segment.Data, or another name", tier.Name)
	case !nameForm.MatchString(tier.Name) || reserved.MatchString(tier.Name):
		return fmt.Errorf("Tier: %q must be 1 to 20 lower-case letters, digits and hyphens, starting with a letter; not world, vpc or internet, and not ending in -ipv6", tier.Name)
	case !slices.Contains([]Reach{ReachInternet, ReachNAT, ReachNowhere}, tier.Reach):
		return fmt.Errorf("Tier %q: Reach %q is not known; choose ReachInternet, ReachNAT or ReachNowhere", tier.Name, tier.Reach)
	case tier.Place < 1 || tier.Place > Places:
		return fmt.Errorf("Tier %q: Place %d does not exist; choose one of the %d free parts of the VPC, 1 to %d", tier.Name, tier.Place, Places, Places)
	case clash != nil:
		return fmt.Errorf("Tier %q: its name or Place %d is that of tier %q with Place %d; give each tier its own, and one tier the same settings everywhere",
			tier.Name, tier.Place, clash.Name, clash.Place)
	}
	return nil
}

// rowProblems checks one row: both ends, the ports, the reason, and then what the ends are to each other.
func (t *Table) rowProblems(i int, row Connection, in Surroundings) []error {
	problems := append(t.endProblems("From", row.From, in), t.endProblems("To", row.To, in)...)
	if err := row.Ports.check(); err != nil {
		problems = append(problems, err)
	}
	if !whyForm.MatchString(row.Why) {
		problems = append(problems, fmt.Errorf("Why %q: give the reason in 1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*", row.Why))
	}
	for _, name := range row.Names {
		if !domainForm.MatchString(name) {
			problems = append(problems, fmt.Errorf("Names: %q is not a host name in lower case; write it like api.example.com or *.example.com", name))
		}
	}
	if len(problems) > 0 || row.From.empty() || row.To.empty() {
		return problems
	}
	return append(t.directionProblems(row, in), t.repetitions(i, row)...)
}

func (t *Table) endProblems(side string, e End, in Surroundings) []error {
	if name, is := e.Segment(); is {
		if _, known := t.Segment(name); !known {
			return []error{fmt.Errorf("%s: %q is not a segment of the table; it has %s", side, name, strings.Join(t.Names(), ", "))}
		}
		return nil
	}
	var problems []error
	switch {
	case e == Internet:
	case e.isAWS():
		if side == "From" {
			problems = append(problems, fmt.Errorf("%s: AWS services open no connections through endpoints; turn the row round", side))
		}
		for i, service := range e.Services() {
			if slices.Contains(e.Services()[:i], service) {
				problems = append(problems, fmt.Errorf("%s: %q is listed twice; name each service once", side, service))
			} else if !slices.Contains(KnownServices(), service) {
				problems = append(problems, fmt.Errorf("%s: %q is not a service with an endpoint that can be locked; choose from %s", side, service, strings.Join(KnownServices(), ", ")))
			}
		}
	case e.Outside():
		ranges := e.Ranges()
		covered := cidr.Covered(ranges)
		for i, r := range ranges {
			check := cidr.CheckDestination
			if side == "From" {
				check = cidr.CheckKnown
			}
			if err := check(r); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", side, err))
			} else if j, inside := covered[i]; inside {
				problems = append(problems, fmt.Errorf("%s: %q lies inside %q; drop one of the two", side, r, ranges[j]))
			}
			problems = append(problems, in.overlaps(side, r)...)
		}
	default:
		problems = append(problems, fmt.Errorf("%s: %q is empty or not an end of a connection; name a segment, or use Internet, Addresses or AWS", side, e))
	}
	return problems
}

// overlaps reports every range of the VPC that an address range touches.
func (in Surroundings) overlaps(side, r string) []error {
	var problems []error
	for _, own := range append([]netip.Prefix{in.VPC}, in.Further...) {
		if cidr.Overlap(r, own.String()) {
			problems = append(problems, fmt.Errorf("%s: %q overlaps the VPC %s; name the segment instead", side, r, own))
		}
	}
	return problems
}

// directionProblems checks whether two ends, each sound by itself, may and can speak to each other.
func (t *Table) directionProblems(row Connection, in Surroundings) []error {
	var problems []error
	for _, objection := range append(t.outsideObjections(row), t.routeObjections(row, in)...) {
		if objection.holds {
			problems = append(problems, errors.New(objection.text))
		}
	}
	return problems
}

// objection is a fault with its cure, and whether a row has it.
type objection struct {
	holds bool
	text  string
}

// outsideObjections are about who may speak to whom.
func (t *Table) outsideObjections(row Connection) []objection {
	from, to := t.reach(row.From), t.reach(row.To)
	web := row.Ports == HTTP || row.Ports == HTTPS
	return []objection{
		{from == "" && to == "", "neither end is a segment; name the segment that opens or accepts the connection"},
		{row.From.Outside() && to != "" && to != ReachInternet, "only a tier with routes to the internet can be reached from outside; let a segment of the public tier stand between"},
		{row.From == Internet && !web, "the internet may only open the ports 80 and 443 of the web (FSBP EC2.18); list known addresses with Addresses"},
	}
}

// routeObjections are about what the routes and the endpoints of the network can carry.
func (t *Table) routeObjections(row Connection, in Surroundings) []objection {
	from := t.reach(row.From)
	six := slices.ContainsFunc(row.To.Ranges(), isIPv6)
	return []objection{
		{row.To == Internet && from == ReachNAT, "a tier behind NAT reaches known addresses only; list them with Addresses"},
		{row.To.Outside() && from == ReachNowhere, "the tier has no route out of the VPC; let a segment of another tier open the connection"},
		{from == ReachNAT && !in.NAT && slices.ContainsFunc(row.To.Ranges(), isIPv4), "the tier has no way out without NAT; choose a NAT strategy, or drop the row"},
		{from == ReachNAT && six && !in.IPv6, "NAT carries IPv4 only; name an IPv4 range, or give the network IPv6"},
		{!in.IPv6 && !row.Ports.Carries(false), "ICMP types from 128 are those of IPv6; name one of IPv4, such as 8 for an echo request, or give the network IPv6"},
		{row.To.isAWS() && row.Ports != HTTPS, "VPC endpoints of AWS services listen on tcp/443; use segment.HTTPS"},
		{hasGateway(row.To) && from == ReachNowhere, "the tier has no routes, so it has none to a gateway endpoint; let a segment of another tier do it"},
	}
}

// repetitions reports an earlier row that says the same. Two rows about one connection could give two reasons for it, and
// EC2 refuses the second rule in the middle of a deployment.
func (t *Table) repetitions(i int, row Connection) []error {
	var problems []error
	for j, earlier := range t.Connections[:i] {
		if !row.Ports.overlaps(earlier.Ports) || !sameEnd(row.From, earlier.From) || !sameEnd(row.To, earlier.To) {
			continue
		}
		fault := "says the same as"
		if row.Why != earlier.Why {
			fault = "contradicts, with another reason,"
		}
		problems = append(problems, fmt.Errorf("%s %s; keep one row", fault, t.Row(j)))
	}
	return problems
}

// sameEnd reports whether two ends have a segment, a service or an address in common.
func sameEnd(a, b End) bool {
	if a == b || a == Internet && len(b.Ranges()) > 0 || b == Internet && len(a.Ranges()) > 0 {
		return true
	}
	shared := func(x, y []string, same func(string, string) bool) bool {
		return slices.ContainsFunc(x, func(one string) bool {
			return slices.ContainsFunc(y, func(other string) bool { return same(one, other) })
		})
	}
	return shared(a.Services(), b.Services(), func(x, y string) bool { return x == y }) || shared(a.Ranges(), b.Ranges(), cidr.Overlap)
}

// reach is how far the routes of an end lead; empty for an end that is not a segment.
func (t *Table) reach(e End) Reach {
	s, _ := t.Segment(string(e))
	return s.Tier.Reach
}

// ranges are the addresses outside that rows name for segments whose tiers have a reach.
func (t *Table) ranges(reach Reach) []string {
	var all []string
	for _, c := range t.Connections {
		if t.reach(c.From) == reach {
			all = append(all, c.To.Ranges()...)
		}
	}
	return all
}

func hasGateway(e End) bool { return slices.ContainsFunc(e.Services(), Gateway) }

func isIPv4(text string) bool { return !strings.Contains(text, ":") }

func isIPv6(text string) bool { return !isIPv4(text) }
