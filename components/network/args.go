// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"slices"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
)

// NATStrategy says how tiers with segment.ReachNAT get out to the internet.
type NATStrategy string

const (
	// NATNone gives them no way out but the VPC endpoints. It costs nothing and is the most closed. It is the default.
	NATNone NATStrategy = "None"
	// NATSingle puts one NAT gateway in the first listed zone for all zones: one price, and no way out while that zone is down.
	NATSingle NATStrategy = "Single"
	// NATOnePerZone puts a NAT gateway into every zone: as many prices as zones, and no zone depends on another.
	NATOnePerZone NATStrategy = "OnePerZone"
)

// Args are the arguments of New.
type Args struct {
	// Account is the account and region of the network, and of everything that is built in it. Required.
	Account *account.Account
	// Table is the segments and the connections between them, from which the network derives everything that opens a way.
	// Required. It is an input of the component, so that a proof of the network reads what it is to hold from plan and state.
	Table *segment.Table `pulumi:"table"`
	// Existing is a VPC of somebody else's making, and its subnets, for the tiers to move into. CIDR and NAT are then left out:
	// its owner has decided both. Default: a VPC of the network's own.
	Existing *Existing `pulumi:"existing"`
	// VPCCIDR is the range of the VPC: private IPv4, /16 to /20, such as 10.0.0.0/16. Required, but for an existing VPC. It cannot be changed in place:
	// another range replaces the VPC and everything in it. See Plan for how it is divided.
	VPCCIDR string `pulumi:"vpcCidr"`
	// Zones are two to four zones of the region by full name, such as eu-central-1a. Required. Zones can be added and, once
	// empty, removed; their order only decides where the gateway of NATSingle stands, which is the first.
	Zones []string `pulumi:"zones"`
	// NATStrategy is how tiers with segment.ReachNAT get out. Default: NATNone. Anything else takes a row from such a tier to the
	// outside. Changing between NATSingle and NATOnePerZone keeps the gateways that both have, and their addresses.
	NATStrategy NATStrategy `pulumi:"natStrategy"`
	// IPv6 gives every subnet IPv6 addresses beside those of IPv4, from a range that AWS chooses. Tiers with
	// segment.ReachNAT then reach IPv6 addresses through an egress-only gateway, which nothing comes in by. Default: IPv4 only.
	IPv6 bool `pulumi:"ipv6"`
	// TrustedAccounts are other AWS accounts whose resources the account's identities may use through the VPC endpoints, such as one that
	// keeps images or keys for all, each with the written reason, which becomes a tag of the endpoints; at most 20. Default: none, so that
	// nothing can be written to a log group, queue or bucket of somebody else, whoever's credentials are used.
	TrustedAccounts map[string]string `pulumi:"trustedAccounts"`
	// DNSBlockOffReason is the written reason to resolve names off the table's list too, and only log them; it becomes a tag.
	// Empty means that they do not exist. See segment.Table.Domains for the list.
	DNSBlockOffReason string `pulumi:"dnsBlockOffReason"`
	// DNSFailClosedOffReason is the written reason to resolve every name while DNS Firewall itself fails; it becomes a tag.
	// Empty means that no name is resolved then.
	DNSFailClosedOffReason string `pulumi:"dnsFailClosedOffReason"`
}

// Draft is the network as it would be built, without anything being made: enough for components to check their arguments
// against its segments.
func Draft(args *Args) *Network {
	n := &Network{
		Account: args.Account, Table: component.Or(args.Table, &segment.Table{}), Zones: args.Zones, IPv6: args.IPv6, segments: map[string]*Segment{},
	}
	n.tiers = args.tiers()
	for _, s := range n.Table.Segments {
		n.segments[s.Name] = &Segment{Segment: s, network: n}
	}
	return n
}

// Check reports everything that is wrong with the arguments; each problem names field, value and cure. What is wrong with an
// existing VPC takes a look at it: see Survey.
func (args *Args) Check() []error {
	_, _, problems := args.decide()
	return problems
}

// decide returns the decisions that follow from the arguments, or everything that is wrong with them.
func (args *Args) decide() (Plan, []rule, []error) {
	problems := args.Account.Check()
	if args.Account != nil {
		problems = append(problems, zoneProblems(args.Account.Region, args.Zones)...)
	}
	if !slices.Contains([]NATStrategy{"", NATNone, NATSingle, NATOnePerZone}, args.NATStrategy) {
		problems = append(problems, in("NATStrategy", "%q is not a strategy; choose %s, %s or %s", args.NATStrategy, NATNone, NATSingle, NATOnePerZone))
	}
	for field, reason := range map[string]string{"DNSBlockOffReason": args.DNSBlockOffReason, "DNSFailClosedOffReason": args.DNSFailClosedOffReason} {
		if reason != "" {
			problems = append(problems, form.In(field, form.CheckReason(reason)))
		}
	}
	problems = append(problems, args.trustProblems()...)
	plan, err := Plan{}, error(nil)
	if args.Existing == nil {
		if plan, err = NewPlan(args.VPCCIDR); err != nil {
			problems = append(problems, in("VPCCIDR", "%w", err))
		}
	}
	if args.Table == nil {
		return plan, nil, append(problems, in("Table", "missing; give the segments and who may talk to whom"))
	}
	if args.Existing != nil {
		problems = append(problems, args.existingProblems()...)
	}
	if n := len(args.Table.Domains("")); n > maxDomains && args.Existing == nil {
		problems = append(problems, in("Table", "its rows name %d domains, and DNS Firewall takes %d; name all below one at once, such as *.example.com", n, maxDomains))
	}
	rules, wrong := args.derive(plan)
	return plan, rules, append(problems, wrong...)
}

// derive returns the ACL rules that follow from the table and the ranges of the VPC, or what is wrong with the table there. With
// ranges that are not known there are no rules.
func (args *Args) derive(plan Plan) ([]rule, []error) {
	nat := len(natZones(args.NATStrategy, args.Zones)) > 0 || args.Existing != nil && args.needsNAT()
	problems := args.Table.Check(segment.Surroundings{VPC: plan.vpc, Further: plan.further, NAT: nat, IPv6: args.IPv6})
	if len(problems) > 0 || !plan.vpc.IsValid() {
		return nil, problems
	}
	rules := ruleMatrix(plan, args.Table, args.IPv6)
	return rules, quotaProblems(args.Table, rules)
}

// in reports a problem in a field of Args.
func in(field, format string, args ...any) error {
	return fmt.Errorf(field+": "+format, args...)
}
