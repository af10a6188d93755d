// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// NATStrategy says how the app tier gets out to the internet.
type NATStrategy string

const (
	// NATNone gives the app tier no way out but the VPC endpoints. It costs nothing and is the most closed.
	NATNone NATStrategy = "None"
	// NATSingle puts one NAT gateway in the first listed zone for all zones: one price, and no way out while that zone is down.
	NATSingle NATStrategy = "Single"
	// NATOnePerZone puts a NAT gateway into every zone: as many prices as zones, and no zone depends on another.
	NATOnePerZone NATStrategy = "OnePerZone"
)

// endpointKind tells what an Endpoint stands for. The zero value is nothing, so that a forgotten field is an error.
type endpointKind int

const (
	nowhere endpointKind = iota
	aTier
	theInternet
	aCIDR
	amazonS3
)

// Endpoint is one side of a Flow: a tier, the internet, an address range outside the VPC, or Amazon S3.
type Endpoint struct {
	kind endpointKind
	tier Tier
	cidr string
}

// Internet is every IPv4 address outside the VPC. As a source it may only reach the public tier; as a destination it
// needs the public tier or NAT.
var Internet = Endpoint{kind: theInternet}

// S3 is Amazon S3 through the gateway endpoint, which needs no NAT. S3 answers from public addresses and a network ACL
// cannot name a prefix list (VPC user guide, "Gateway endpoints for Amazon S3"), so to the ACL this is the same as
// Internet. What keeps it to S3 is the prefix list in the clients' security groups, and in the app tier also the routes, of
// which there is none to an address that no flow names.
var S3 = Endpoint{kind: amazonS3}

// TierOf is every subnet of a tier, in the zones in use and in those still free.
func TierOf(t Tier) Endpoint {
	return Endpoint{kind: aTier, tier: t}
}

// CIDR is an IPv4 or IPv6 range outside the VPC, such as "203.0.113.0/24", that passes cidr.CheckDestination. The network has no IPv6 addresses
// of its own, so the rules for an IPv6 range lie idle until the VPC is given some.
func CIDR(addresses string) Endpoint {
	return Endpoint{kind: aCIDR, cidr: addresses}
}

// String names the endpoint for messages, resource names and rule numbers.
func (e Endpoint) String() string {
	switch e.kind {
	case aTier:
		return string(e.tier)
	case theInternet:
		return "internet"
	case amazonS3:
		return "s3"
	case aCIDR:
		return e.cidr
	default:
		return "nowhere"
	}
}

// outside reports whether the endpoint lies beyond the VPC.
func (e Endpoint) outside() bool {
	return e.kind == theInternet || e.kind == aCIDR
}

// isIPv6 reports whether the endpoint is an IPv6 range.
func (e Endpoint) isIPv6() bool {
	prefix, err := netip.ParsePrefix(e.cidr)
	return err == nil && prefix.Addr().Is6()
}

// Flow is one kind of connection that the network ACLs let pass: who opens it, to whom, and to which TCP port. The
// answers to it pass too, and nothing else does. A flow only opens the subnets' borders; the security groups of both
// sides must allow the same connection, which firewall.Allow sees to.
type Flow struct {
	From Endpoint
	To   Endpoint
	Port firewall.Port
}

// String writes the flow as "public -> app tcp/8443".
func (f Flow) String() string {
	return fmt.Sprintf("%s -> %s tcp/%d", f.From, f.To, f.Port.Number)
}

// flowProblems checks each flow against what the routes of the network can carry, so that no rule exists for traffic
// that could never flow, and against what the tiers stand for.
func flowProblems(plan Plan, nat NATStrategy, flows []Flow) []error {
	var problems []error
	if len(flows) == 0 {
		problems = append(problems, in("Flows", "empty, so the network would carry nothing; list what may pass"))
	}
	if nat != NATNone && len(destinations(App, flows)) == 0 {
		problems = append(problems, in("NAT", "%s, but no flow of the app tier leads outside, so that no route would lead to the gateways; choose %s, or add what the tier may call to Flows", nat, NATNone))
	}
	for i, flow := range flows {
		for _, err := range flow.problems(plan, nat) {
			problems = append(problems, in(fmt.Sprintf("%s (%s)", at("Flows", i), flow), "%w", err))
		}
	}
	return problems
}

func (f Flow) problems(plan Plan, nat NATStrategy) []error {
	problems := append(f.From.problems("From", plan), f.To.problems("To", plan)...)
	if f.Port.Number < 1 || f.Port.Number > 65535 {
		problems = append(problems, fmt.Errorf("port %d does not exist; use 1 to 65535", f.Port.Number))
	}
	if len(problems) > 0 {
		return problems
	}
	return f.directionProblems(nat)
}

// directionProblems checks whether the two sides, each sound by itself, may and can speak to each other.
func (f Flow) directionProblems(nat NATStrategy) []error {
	from, to := f.From, f.To
	web := f.Port.Number == firewall.HTTP.Number || f.Port.Number == firewall.HTTPS.Number
	var problems []error
	for _, objection := range []struct {
		holds bool
		text  string
	}{
		{from.kind != aTier && to.kind != aTier, "neither side is a tier; name the tier that sends or receives"},
		{from.kind == amazonS3, "S3 opens no connections; turn the flow round"},
		{from.outside() && (to.tier == App || to.tier == Data), "only the public tier can be reached from outside; let the public tier stand between"},
		{from.kind == theInternet && !web, "the internet may only open the web's ports 80 and 443 (FSBP EC2.18, EC2.21); list known addresses with CIDR"},
		{from.tier == Data && to.tier != Data, "the data tier only answers and has no route out; let the other side open the connection"},
		{from.tier == App && to.outside() && nat == NATNone, "the app tier has no way out with NAT None; choose Single or OnePerZone, or drop the flow"},
		{from.tier == App && to.isIPv6(), "NAT gateways carry IPv4 only; name an IPv4 range"},
	} {
		if objection.holds {
			problems = append(problems, errors.New(objection.text))
		}
	}
	return problems
}

func (e Endpoint) problems(side string, plan Plan) []error {
	switch e.kind {
	case nowhere:
		return []error{fmt.Errorf("%s is not set; use TierOf, Internet, CIDR or S3", side)}
	case aTier:
		if _, known := shares[e.tier]; !known {
			return []error{fmt.Errorf("%s: unknown tier %q; use %q, %q or %q", side, e.tier, Public, App, Data)}
		}
	case aCIDR:
		if err := cidr.CheckDestination(e.cidr); err != nil {
			return []error{fmt.Errorf("%s: %w", side, err)}
		}
		if cidr.Overlap(e.cidr, plan.vpc.String()) {
			return []error{fmt.Errorf("%s: %q overlaps the VPC %s; name the tier with TierOf", side, e.cidr, plan.vpc)}
		}
	}
	return nil
}
