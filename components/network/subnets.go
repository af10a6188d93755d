// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// place is a tier in a zone, which is where a subnet is.
type place struct {
	tier segment.Tier
	zone string
}

// role names what belongs to the place.
func (p place) role() string { return p.tier.Name + "-" + p.zone }

// createSubnets creates a subnet for every tier in every zone. None gives its machines public addresses by itself, not
// even in the public tier (FSBP EC2.15): what shall be reachable asks for an address.
func (b *builder) createSubnets(ctx *pulumi.Context) error {
	for _, tier := range b.tiers {
		for _, zone := range b.Zones {
			at := place{tier, zone}
			args := &ec2.SubnetArgs{
				VpcId:               b.VPCID,
				AvailabilityZone:    pulumi.String(zone),
				CidrBlock:           pulumi.String(b.Plan.Subnet(tier, zone).String()),
				MapPublicIpOnLaunch: pulumi.Bool(false),
				Tags:                b.tags(at.role()),
			}
			if b.args.IPv6 {
				args.Ipv6CidrBlock = b.vpc.Ipv6CidrBlock.ApplyT(func(whole string) (string, error) {
					return subnetIPv6(whole, tier, zone)
				}).(pulumi.StringOutput)
			}
			subnet, err := ec2.NewSubnet(ctx, b.child(at.role()), args, pulumi.Parent(b.Network), order.After(b.emptied))
			if err != nil {
				return err
			}
			b.subnets[at] = subnet.ID().ToStringOutput()
		}
	}
	return nil
}

// six is the IPv6 range of a tier, or of the whole VPC for none.
func (b *builder) six(tier segment.Tier) pulumi.StringOutput {
	return b.vpc.Ipv6CidrBlock.ApplyT(func(whole string) (string, error) {
		if (tier == segment.Tier{}) {
			return whole, nil
		}
		prefix, err := tierIPv6(whole, tier)
		return prefix.String(), err
	}).(pulumi.StringOutput)
}

// link notes what must be attached to a subnet before anything is placed into it.
func (b *builder) link(at place, made pulumi.CustomResource) {
	b.links[at] = append(b.links[at], made)
	b.doors[at.tier] = append(b.doors[at.tier], made)
}

// joinSubnets computes the ids that SubnetIDs gives out: those of the subnets, once ACL and route table are attached.
func (b *builder) joinSubnets() {
	b.ready = map[place]pulumi.StringOutput{}
	for at, subnet := range b.subnets {
		waits := pulumi.StringArray{subnet}
		for _, made := range b.links[at] {
			waits = append(waits, made.ID().ToStringOutput())
		}
		b.ready[at] = waits.ToStringArrayOutput().Index(pulumi.Int(0))
	}
}
