// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// blockPublicAccess keeps what the account stores its own: buckets everywhere, snapshots and images in the region. Snapshots that are
// public already become private; images that are public already stay so, which no setting changes (EC2 user guide, "Block public
// access to your AMIs").
func (b *Baseline) blockPublicAccess(ctx *pulumi.Context) error {
	if _, err := storage.NewAccountBlock(ctx, b.name+"-public-access", &storage.AccountBlockArgs{AccountID: b.Account.ID}, b.child()); err != nil {
		return err
	}
	if _, err := ebs.NewSnapshotBlockPublicAccess(ctx, b.name+"-snapshots", &ebs.SnapshotBlockPublicAccessArgs{
		State: pulumi.String("block-all-sharing"),
	}, b.stays()...); err != nil {
		return err
	}
	_, err := ec2.NewImageBlockPublicAccess(ctx, b.name+"-images", &ec2.ImageBlockPublicAccessArgs{
		State: pulumi.String("block-new-sharing"),
	}, b.stays()...)
	return err
}

// setLaunches has EC2 encrypt every new disk, and give every new instance that does not choose a metadata service that only answers
// to tokens, which no request forged from outside obtains, and not beyond the instance: not to a container with a network of its own.
func (b *Baseline) setLaunches(ctx *pulumi.Context) error {
	if _, err := storage.NewDiskEncryption(ctx, b.name+"-disks", b.child()); err != nil {
		return err
	}
	_, err := ec2.NewInstanceMetadataDefaults(ctx, b.name+"-metadata", &ec2.InstanceMetadataDefaultsArgs{
		HttpTokens:              pulumi.String("required"),
		HttpPutResponseHopLimit: pulumi.Int(1),
	}, b.stays()...)
	return err
}

// emptyDefaultVPC takes over the security group into which everything falls that is launched without a choice of its own, and leaves
// no rule in it. An account whose default VPC has been removed has none.
func (b *Baseline) emptyDefaultVPC(ctx *pulumi.Context) error {
	found, err := ec2.GetVpcs(ctx, &ec2.GetVpcsArgs{Filters: []ec2.GetVpcsFilter{{Name: "is-default", Values: []string{"true"}}}}, pulumi.Parent(b))
	if err != nil {
		return err
	}
	for _, id := range found.Ids { // a region has one at most
		if _, err := ec2.NewDefaultSecurityGroup(ctx, b.name+"-default-vpc", &ec2.DefaultSecurityGroupArgs{
			VpcId:   pulumi.String(id),
			Ingress: ec2.DefaultSecurityGroupIngressArray{},
			Egress:  ec2.DefaultSecurityGroupEgressArray{},
			Tags:    pulumi.StringMap{"Name": pulumi.String(b.name + "-default-vpc")},
		}, b.child()); err != nil {
			return err
		}
	}
	return nil
}

func (b *Baseline) demandPasswords(ctx *pulumi.Context) error {
	_, err := identity.NewPasswordPolicy(ctx, b.name+"-passwords", &identity.PasswordPolicyArgs{}, b.child())
	return err
}
