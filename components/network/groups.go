// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// group is a security group, which admits nothing and lets nothing out by itself.
type group struct {
	pulumi.ResourceState

	id   pulumi.StringOutput
	name string
}

// createGroups creates the security group of every segment.
func (b *builder) createGroups(ctx *pulumi.Context) error {
	for _, s := range b.args.Table.Segments {
		g, err := b.group(ctx, b.child(s.Name), s.Holds)
		if err != nil {
			return err
		}
		b.groups[segment.End(s.Name)] = g
		b.segments[s.Name].GroupID = g.id
	}
	return nil
}

// group creates one security group. EC2 cannot change a description in place, and a new group would cut every connection, so
// a new description reaches new groups only.
func (b *builder) group(ctx *pulumi.Context, name, description string) (*group, error) {
	g := &group{name: name}
	if err := component.Register(ctx, "bulkhead:firewall:Group", name, nil, g, pulumi.Parent(b.Network), formerGroups(ctx, name)); err != nil {
		return nil, err
	}
	// The AWS provider removes the allow-all egress rule that EC2 gives to every new group.
	made, err := ec2.NewSecurityGroup(ctx, name+"-group", &ec2.SecurityGroupArgs{
		VpcId:               b.VPCID,
		Description:         pulumi.String(description),
		RevokeRulesOnDelete: pulumi.Bool(true),
		Tags:                pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(g), pulumi.IgnoreChanges([]string{"description"}))
	if err != nil {
		return nil, err
	}
	g.id = made.ID().ToStringOutput()
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"id": g.id})
}

// connect writes the rules of every row: what the caller's group lets out, and what the callee's group admits. Rules are
// resources of their own, since inline rules and standalone ones wipe each other
// (https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/), and each carries the reason of its row.
func (b *builder) connect(ctx *pulumi.Context) error {
	for i, row := range b.args.Table.Connections {
		if from, opens := b.groups[row.From]; opens {
			for _, far := range b.far(row.To, row.Ports) {
				if err := b.rule(ctx, from, true, far, i); err != nil {
					return err
				}
			}
		}
		for _, to := range b.accepting(row) {
			for _, far := range b.far(row.From, row.Ports) {
				if err := b.rule(ctx, to, false, far, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// accepting are the groups of those that a row leads to: of a segment, or of the interface endpoints of services.
func (b *builder) accepting(row segment.Connection) []*group {
	if g, inside := b.groups[row.To]; inside {
		return []*group{g}
	}
	var all []*group
	for _, name := range row.To.Services() {
		if g := b.services[name].group; g != nil {
			all = append(all, g)
		}
	}
	return all
}

// far is the other side of a rule: a group, a prefix list, or addresses.
type far struct {
	label      string
	group      *group
	prefixList pulumi.StringInput
	cidr       string
}

// far lists what stands for an end in the rules of the other side, as far as its addresses know the ports.
func (b *builder) far(e segment.End, ports segment.Ports) []far {
	if g, inside := b.groups[e]; inside {
		return []far{{label: g.name, group: g}}
	}
	var all []far
	if e == segment.Internet {
		all = append(all, far{label: "internet", cidr: anyIPv4.String()})
		if b.IPv6 {
			all = append(all, far{label: "internet-ipv6", cidr: anyIPv6.String()})
		}
	}
	for _, name := range e.Services() {
		s := b.services[name]
		if s.group != nil {
			all = append(all, far{label: s.group.name, group: s.group})
		} else {
			all = append(all, far{label: name, prefixList: s.prefixList})
		}
	}
	for _, r := range e.Ranges() {
		all = append(all, far{label: "cidr-" + strings.NewReplacer(".", "-", ":", "-", "/", "-").Replace(r), cidr: r})
	}
	return slices.DeleteFunc(all, func(f far) bool { return f.cidr != "" && !ports.Carries(strings.Contains(f.cidr, ":")) })
}

// rule writes one half of a row: what a group lets out to the other side, or what it admits from there.
func (b *builder) rule(ctx *pulumi.Context, own *group, out bool, peer far, i int) (err error) {
	row, direction := b.args.Table.Connections[i], "from"
	if out {
		direction = "to"
	}
	args := vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: own.id,
		IpProtocol:      pulumi.String(groupProtocol(row.Ports)),
		FromPort:        pulumi.Int(row.Ports.From),
		ToPort:          pulumi.Int(row.Ports.To),
		Description:     pulumi.String(row.Why),
	}
	args.ReferencedSecurityGroupId, args.PrefixListId, args.CidrIpv4, args.CidrIpv6 = peer.inputs()
	name := fmt.Sprintf("%s-%s-%s-%s", own.name, direction, peer.label, row.Ports.Label())
	options := []pulumi.ResourceOption{pulumi.Parent(own), b.formerRule(name, row.Ports)}
	var made pulumi.CustomResource
	if out {
		made, err = vpc.NewSecurityGroupEgressRule(ctx, name, &args, options...)
	} else {
		ingress := vpc.SecurityGroupIngressRuleArgs(args)
		made, err = vpc.NewSecurityGroupIngressRule(ctx, name, &ingress, options...)
	}
	b.serve(made, i)
	return err
}

// inputs puts the other side into the one argument that it belongs to.
func (f far) inputs() (group, prefixList, four, six pulumi.StringPtrInput) {
	switch {
	case f.group != nil:
		return f.group.id.ToStringPtrOutput(), nil, nil, nil
	case f.prefixList != nil:
		return nil, f.prefixList.ToStringOutput().ToStringPtrOutput(), nil, nil
	case strings.Contains(f.cidr, ":"):
		return nil, nil, nil, pulumi.String(f.cidr)
	}
	return nil, nil, pulumi.String(f.cidr), nil
}

// groupProtocol is how a security group spells the protocol of a row.
func groupProtocol(p segment.Ports) string {
	if p.Protocol == segment.ProtocolICMP && p.Carries(true) {
		return "icmpv6"
	}
	return string(p.Protocol)
}
