// SPDX-License-Identifier: Apache-2.0

package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// createVPC creates the VPC. Interface endpoints need both DNS attributes for their private names (AWS PrivateLink
// guide, "Access an AWS service using an interface VPC endpoint").
func (b *builder) createVPC(ctx *pulumi.Context) error {
	args := &ec2.VpcArgs{
		CidrBlock:          pulumi.String(b.Plan.VPC().String()),
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		Tags:               b.tags("vpc"),
	}
	if b.args.IPv6 {
		args.AssignGeneratedIpv6CidrBlock = pulumi.Bool(true)
	}
	vpc, err := ec2.NewVpc(ctx, b.child("vpc"), args, pulumi.Parent(b.Network))
	if err != nil {
		return err
	}
	b.vpc, b.VPCID = vpc, vpc.ID().ToStringOutput()
	return nil
}
