// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// createACLs creates the network ACL of every tier, its rules, and the link from each subnet to it. Rules and links are
// resources of their own, so that neither one more row nor one more zone changes an ACL.
func (b *builder) createACLs(ctx *pulumi.Context) error {
	b.acls = map[segment.Tier]*ec2.NetworkAcl{}
	for _, tier := range b.tiers {
		acl, err := ec2.NewNetworkAcl(ctx, b.child(tier.Name), &ec2.NetworkAclArgs{
			VpcId: b.VPCID,
			Tags:  b.tags(tier.Name),
		}, pulumi.Parent(b.Network))
		if err != nil {
			return err
		}
		b.acls[tier] = acl
		for _, zone := range b.Zones {
			at := place{tier, zone}
			association, err := ec2.NewNetworkAclAssociation(ctx, b.child(at.role()), &ec2.NetworkAclAssociationArgs{
				NetworkAclId: acl.ID(),
				SubnetId:     b.subnets[at],
			}, pulumi.Parent(b.Network))
			if err != nil {
				return err
			}
			b.link(at, association)
		}
	}
	for _, r := range b.rules {
		if err := b.createRule(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// createRule writes one rule. Where AWS demands a replacement, the old rule has to go first, because its number is taken
// until then.
func (b *builder) createRule(ctx *pulumi.Context, r rule) error {
	args := &ec2.NetworkAclRuleArgs{
		NetworkAclId: b.acls[r.Tier].ID(),
		RuleNumber:   pulumi.Int(r.Number),
		Egress:       pulumi.Bool(r.Egress),
		RuleAction:   pulumi.String("allow"),
		Protocol:     pulumi.String(r.Protocol),
	}
	if r.Refuse {
		args.RuleAction = pulumi.String("deny")
	}
	switch {
	case r.Peer.Six && !r.Peer.CIDR.IsValid():
		args.Ipv6CidrBlock = b.six(r.Peer.Tier)
	case r.Peer.Six:
		args.Ipv6CidrBlock = pulumi.String(r.Peer.CIDR.String())
	default:
		args.CidrBlock = pulumi.String(r.Peer.CIDR.String())
	}
	switch r.Protocol {
	case icmp, icmp6:
		args.IcmpType, args.IcmpCode = pulumi.Int(r.From), pulumi.Int(r.To)
	case tcp, udp:
		args.FromPort, args.ToPort = pulumi.Int(r.From), pulumi.Int(r.To)
	}
	entry, err := ec2.NewNetworkAclRule(ctx, b.child(r.name()), args, pulumi.Parent(b.Network), pulumi.DeleteBeforeReplace(true))
	b.serve(entry, r.Rows...)
	return err
}
