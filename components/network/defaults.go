// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
)

// emptyDefaults takes over what AWS puts into every VPC and what anything without a choice of its own falls into, and
// leaves nothing in it: the security group (FSBP EC2.2), the route table and the ACL. The empty lists are written out,
// because an absent list would leave rules alone that somebody adds by hand.
//
// This comes before any subnet, so that a subnet is born behind an ACL that denies everything, and so that the ACL is
// never recorded with subnets in it. A subnet is in it only until its own ACL is attached; that list changes by itself
// and is not to be managed (AWS provider, "aws_default_network_acl", on subnet_ids).
func (b *builder) emptyDefaults(ctx *pulumi.Context) error {
	group, err := ec2.NewDefaultSecurityGroup(ctx, b.child("default"), &ec2.DefaultSecurityGroupArgs{
		VpcId:   b.VPCID,
		Ingress: ec2.DefaultSecurityGroupIngressArray{},
		Egress:  ec2.DefaultSecurityGroupEgressArray{},
		Tags:    b.tags("default"),
	}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	table, err := ec2.NewDefaultRouteTable(ctx, b.child("default"), &ec2.DefaultRouteTableArgs{
		DefaultRouteTableId: b.vpc.DefaultRouteTableId,
		Routes:              ec2.DefaultRouteTableRouteArray{},
		Tags:                b.tags("default"),
	}, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	acl, err := ec2.NewDefaultNetworkAcl(ctx, b.child("default"), &ec2.DefaultNetworkAclArgs{
		DefaultNetworkAclId: b.vpc.DefaultNetworkAclId,
		Ingress:             ec2.DefaultNetworkAclIngressArray{},
		Egress:              ec2.DefaultNetworkAclEgressArray{},
		Tags:                b.tags("default"),
	}, pulumi.Parent(b.Network), pulumi.IgnoreChanges([]string{"subnetIds"}))
	if err != nil {
		return err
	}
	b.emptied = order.List(group, table, acl)
	return nil
}
