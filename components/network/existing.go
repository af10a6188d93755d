// SPDX-License-Identifier: Apache-2.0

package network

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Existing is a VPC that somebody else has made, and its subnets that the tiers move into.
//
// Subnets, route tables, gateways and what the VPC has by default stay their owner's: the network reads them, and every
// preview and deployment judges them anew. It makes what the table asks for: security groups, the network ACL of each tier,
// which takes the place of the VPC's default one at the subnets, the VPC endpoints with their links to the route tables, and
// the flow log. All of that goes with the network; the subnets are then behind the VPC's default ACL again. Give it subnets
// in which nothing else runs, because an ACL that does not know the others would cut them off.
type Existing struct {
	// VPCID is the id of the VPC, such as vpc-0123456789abcdef0. Required.
	VPCID string `pulumi:"vpcId"`
	// SubnetIDs are the ids of the subnets by the name of their tier, such as "app": one in each of Args.Zones. Required for
	// every tier that something stands in: a segment, in "app" the interface endpoints, in "public" the NAT gateways of rows
	// that lead outside.
	SubnetIDs map[string][]string `pulumi:"subnetIds"`
}

// tiers are those that the network has: all of them in a VPC of its own, in an existing one those that something stands in.
func (args *Args) tiers() []segment.Tier {
	if args.Table == nil {
		return nil
	}
	all := args.Table.Tiers()
	if args.Existing == nil {
		return all
	}
	return slices.DeleteFunc(all, func(tier segment.Tier) bool {
		return !slices.ContainsFunc(args.Table.Segments, func(s segment.Segment) bool { return s.Tier == tier }) &&
			(tier != segment.App || !slices.ContainsFunc(args.Table.Connections, func(c segment.Connection) bool { return hasInterface(c.To) })) &&
			(tier != segment.Public || !args.needsNAT())
	})
}

// needsNAT reports whether a row leads from behind NAT to an IPv4 address outside.
func (args *Args) needsNAT() bool {
	return slices.ContainsFunc(args.Table.Tiers(), func(t segment.Tier) bool {
		return t.Reach == segment.ReachNAT && slices.ContainsFunc(args.waysOut(t), func(w wayOut) bool { return !w.six })
	})
}

// existingProblems are those that can be told without a look at the VPC.
func (args *Args) existingProblems() []error {
	e := args.Existing
	var problems []error
	add := func(field, format string, values ...any) {
		problems = append(problems, in("Existing."+field, format, values...))
	}
	if args.VPCCIDR != "" {
		add("VPCID", "the VPC has its ranges already; leave VPCCIDR %q out", args.VPCCIDR)
	}
	if args.NATStrategy != "" && args.NATStrategy != NATNone {
		add("VPCID", "the NAT gateways are those of the VPC; leave NATStrategy %q out", args.NATStrategy)
	}
	if err := form.CheckVPCID(e.VPCID); err != nil {
		add("VPCID", "%w", err)
	}
	given := maps.Clone(e.SubnetIDs)
	holder := map[string]string{}
	for _, tier := range args.tiers() {
		field, ids := "SubnetIDs["+tier.Name+"]", e.SubnetIDs[tier.Name]
		delete(given, tier.Name)
		if len(ids) != len(args.Zones) {
			add(field, "has %d subnets for the %d zones %v; give one in each", len(ids), len(args.Zones), args.Zones)
		}
		for _, id := range ids {
			if err := form.CheckSubnetID(id); err != nil {
				add(field, "%w", err)
			} else if other, taken := holder[id]; taken {
				add(field, "%s is in tier %q already; give each tier subnets of its own", id, other)
			}
			holder[id] = tier.Name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		add("SubnetIDs["+name+"]", "nothing of the table stands in a tier of this name; leave it out, or choose from %v", names(args.tiers()))
	}
	return problems
}

func names(tiers []segment.Tier) []string {
	var all []string
	for _, t := range tiers {
		all = append(all, t.Name)
	}
	return all
}

// Survey reports everything in the VPC of Existing that does not fit: each problem names what was looked at, what was found,
// what is wanted and the cure. New does the same; call it first where other things are made before the network. Without
// Existing there is nothing to look at. The name is that of the network, the options say whom to ask, such as
// pulumi.Provider(p).
func Survey(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.InvokeOption) []error {
	if args.Existing == nil {
		return nil
	}
	_, problems := survey(ctx, name, args, opts...)
	return problems
}

// adopt takes what the survey has found for what is otherwise made: the VPC, its subnets and the ways of their route tables.
func (b *builder) adopt(*pulumi.Context) error {
	b.VPCID = pulumi.String(b.args.Existing.VPCID).ToStringOutput()
	b.NATPublicIPs = map[string]pulumi.StringOutput{}
	for zone, address := range b.found.addresses {
		b.NATPublicIPs[zone] = pulumi.String(address).ToStringOutput()
	}
	roles := map[string]string{} // of a route table that serves several zones, the first
	for _, tier := range b.tiers {
		for _, zone := range b.Zones {
			at := place{tier, zone}
			table := b.found.tables[at]
			roles[table] = component.Or(roles[table], at.role())
			b.subnets[at] = pulumi.String(b.found.subnets[at]).ToStringOutput()
			b.ways[at] = way{role: roles[table], table: pulumi.String(table).ToStringOutput()}
		}
	}
	return nil
}
