// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// createSubnets creates a subnet for every tier in every zone. None gives its machines public addresses by itself, not
// even in the public tier (FSBP EC2.15): what shall be reachable asks for an address.
func (b *builder) createSubnets(ctx *pulumi.Context) error {
	b.Subnets = map[Tier]map[string]*ec2.Subnet{}
	for _, tier := range tiers {
		b.Subnets[tier] = map[string]*ec2.Subnet{}
		for _, zone := range b.Zones {
			subnet, err := ec2.NewSubnet(ctx, b.child(key(tier, zone)), &ec2.SubnetArgs{
				VpcId:               b.VpcID,
				AvailabilityZone:    pulumi.String(zone),
				CidrBlock:           pulumi.String(b.Plan.Subnet(tier, zone).String()),
				MapPublicIpOnLaunch: pulumi.Bool(false),
				Tags:                b.tags(key(tier, zone)),
			}, pulumi.Parent(b.Network), pulumi.DependsOn(b.emptied))
			if err != nil {
				return err
			}
			b.Subnets[tier][zone] = subnet
		}
	}
	return nil
}

// joinSubnets computes the ids that SubnetIDs gives out: those of the subnets, once ACL and route table are attached.
func (b *builder) joinSubnets() {
	b.ready = map[Tier]map[string]pulumi.StringOutput{}
	for _, tier := range tiers {
		b.ready[tier] = map[string]pulumi.StringOutput{}
		for _, zone := range b.Zones {
			b.ready[tier][zone] = pulumi.All(
				b.Subnets[tier][zone].ID(), b.aclOfSubnet[tier][zone].ID(), b.tableOfSubnet[tier][zone].ID(),
			).ApplyT(func(ids []any) string {
				return string(ids[0].(pulumi.ID))
			}).(pulumi.StringOutput)
		}
	}
}
