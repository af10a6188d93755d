// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	_ "embed" // the settings of the SSH daemon
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/components/network"
)

//go:embed harden.sh
var harden string

const (
	// launchTimeout bounds the wait for the instance of a new group.
	launchTimeout = "10m"
	secondsPerDay = 24 * 60 * 60
)

// connect writes the bastion's rules: SSH in from known addresses, and out to the
// endpoints of AWS services, to S3 and to the named targets.
func (b *Bastion) connect(ctx *pulumi.Context, args *Args) error {
	for _, from := range args.AllowedCIDRs {
		if err := b.Group.AllowFromCIDR(ctx, label(from), from, firewall.SSH, "Operators at known addresses"); err != nil {
			return err
		}
	}
	if err := firewall.Allow(ctx, b.Group, args.Network.Endpoints, firewall.HTTPS, "AWS services through the interface endpoints, Session Manager above all"); err != nil {
		return err
	}
	if err := b.Group.AllowToPrefixList(ctx, "s3", args.Network.S3PrefixListID, firewall.HTTPS, "Amazon S3, which holds the packages of Amazon Linux"); err != nil {
		return err
	}
	for _, target := range args.Reaches {
		if err := firewall.Allow(ctx, b.Group, target.Group, target.Port, "Operators on the bastion"); err != nil {
			return err
		}
	}
	return nil
}

// newTemplate describes the instance: a public address, so that known operators can
// reach it, and no key pair, so that nobody else's key is ever on it.
func newTemplate(ctx *pulumi.Context, name string, b *Bastion, args *Args, profileARN pulumi.StringInput) (*ec2.LaunchTemplate, error) {
	template := args.template()
	template.Group = b.Group
	template.ProfileARN = profileARN
	template.UserData = b.logs.Name.ApplyT(func(group string) (string, error) {
		logs, err := instance.ShipLogs(group)
		if err != nil {
			return "", err
		}
		return instance.UserData(instance.Part{Name: "harden.sh", Body: harden}, logs)
	}).(pulumi.StringOutput)
	return instance.NewTemplate(ctx, name, template, pulumi.Parent(b))
}

// newGroup keeps exactly one instance running in any zone. It is replaced on every
// change and at the end of its life; the old one goes first, since nobody should find
// two doors.
func newGroup(ctx *pulumi.Context, name string, b *Bastion, args *Args, template *ec2.LaunchTemplate) (*autoscaling.Group, error) {
	return autoscaling.NewGroup(ctx, name+"-group", &autoscaling.GroupArgs{
		MinSize:                pulumi.Int(1),
		MaxSize:                pulumi.Int(1),
		VpcZoneIdentifiers:     args.Network.SubnetIDs(network.Public),
		HealthCheckType:        pulumi.String("EC2"),
		MaxInstanceLifetime:    pulumi.Int(args.MaxLifetimeDays * secondsPerDay),
		WaitForCapacityTimeout: pulumi.String(launchTimeout),
		LaunchTemplate: autoscaling.GroupLaunchTemplateArgs{
			Id:      template.ID(),
			Version: instance.Version(template),
		},
		InstanceRefresh: autoscaling.GroupInstanceRefreshArgs{
			Strategy: pulumi.String("Rolling"),
			Preferences: autoscaling.GroupInstanceRefreshPreferencesArgs{
				MinHealthyPercentage: pulumi.Int(0),
				MaxHealthyPercentage: pulumi.Int(100),
				AutoRollback:         pulumi.Bool(instance.Pinned(args.ImageID)),
				SkipMatching:         pulumi.Bool(true),
			},
		},
		Tags: autoscaling.GroupTagArray{autoscaling.GroupTagArgs{
			Key:               pulumi.String("Name"),
			Value:             pulumi.String(name),
			PropagateAtLaunch: pulumi.Bool(false), // the launch template tags the instance
		}},
	}, pulumi.Parent(b), pulumi.DependsOn(slices.Concat([]pulumi.Resource{args.Network, b.Group}, args.Network.Paths(), b.Group.Rules())))
}
