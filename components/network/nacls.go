// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// createACLs creates the network ACL of every tier, its rules, and the link from each subnet to it. Rules and links are
// resources of their own, so that neither a flow nor a zone more changes an ACL.
func (b *builder) createACLs(ctx *pulumi.Context) error {
	b.acls = map[Tier]*ec2.NetworkAcl{}
	b.aclOfSubnet = map[Tier]map[string]*ec2.NetworkAclAssociation{}
	for _, tier := range tiers {
		acl, err := ec2.NewNetworkAcl(ctx, b.child(string(tier)), &ec2.NetworkAclArgs{
			VpcId: b.VpcID,
			Tags:  b.tags(string(tier)),
		}, pulumi.Parent(b.Network))
		if err != nil {
			return err
		}
		b.acls[tier] = acl
		b.aclOfSubnet[tier] = map[string]*ec2.NetworkAclAssociation{}
		for _, zone := range b.Zones {
			association, err := ec2.NewNetworkAclAssociation(ctx, b.child(key(tier, zone)), &ec2.NetworkAclAssociationArgs{
				NetworkAclId: acl.ID(),
				SubnetId:     b.Subnets[tier][zone].ID(),
			}, pulumi.Parent(b.Network))
			if err != nil {
				return err
			}
			b.aclOfSubnet[tier][zone] = association
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
	if r.CIDR.Addr().Is4() {
		args.CidrBlock = pulumi.String(r.CIDR.String())
	} else {
		args.Ipv6CidrBlock = pulumi.String(r.CIDR.String())
	}
	if r.Protocol == icmp {
		args.IcmpType, args.IcmpCode = pulumi.Int(unreachable), pulumi.Int(fragmentationNeeded)
	} else {
		args.FromPort, args.ToPort = pulumi.Int(r.From), pulumi.Int(r.To)
	}
	_, err := ec2.NewNetworkAclRule(ctx, b.child(r.name()), args, pulumi.Parent(b.Network), pulumi.DeleteBeforeReplace(true))
	return err
}
