// SPDX-License-Identifier: Apache-2.0

// Command segments has a network of two segments between which nothing may pass. With the setting "open" it opens a port
// by hand, beside the table.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	net, err := network.New(ctx, "shop", &network.Args{
		Account: &account.Account{
			ID: "111122223333", Region: "eu-central-1", BoundaryARN: pulumi.String("arn:aws:iam::111122223333:policy/boundary"),
			LogKeyARN: pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
		},
		VPCCIDR: "10.30.0.0/16", Zones: []string{"eu-central-1a", "eu-central-1b"},
		Table: &segment.Table{
			Segments: []segment.Segment{
				{Name: "crawler", Tier: segment.Public, Holds: "What fetches pages"},
				{Name: "desk", Tier: segment.Public, Holds: "What the crawler must not touch"},
			},
			Connections: []segment.Connection{{From: "crawler", To: segment.Internet, Ports: segment.HTTPS, Why: "The crawler fetches pages"}},
		},
	})
	if err != nil {
		return err
	}
	groups := map[string]pulumi.StringOutput{}
	for _, name := range []string{"crawler", "desk"} {
		s, err := net.Segment(name)
		if err != nil {
			return err
		}
		groups[name] = s.GroupID
		template, err := ec2.NewLaunchTemplate(ctx, name, &ec2.LaunchTemplateArgs{
			ImageId: pulumi.String("ami-0123456789abcdef0"), InstanceType: pulumi.String("t4g.micro"),
			NetworkInterfaces: ec2.LaunchTemplateNetworkInterfaceArray{&ec2.LaunchTemplateNetworkInterfaceArgs{
				AssociatePublicIpAddress: pulumi.String("true"), SecurityGroups: pulumi.StringArray{s.GroupID},
			}},
		})
		if err != nil {
			return err
		}
		if _, err := autoscaling.NewGroup(ctx, name, &autoscaling.GroupArgs{
			MinSize: pulumi.Int(1), MaxSize: pulumi.Int(1), VpcZoneIdentifiers: s.SubnetIDs(),
			LaunchTemplate: &autoscaling.GroupLaunchTemplateArgs{Id: template.ID(), Version: pulumi.String("$Latest")},
		}); err != nil {
			return err
		}
	}
	if _, open := ctx.GetConfig("segments:open"); !open {
		return nil
	}
	_, err = vpc.NewSecurityGroupIngressRule(ctx, "by-hand", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: groups["desk"], ReferencedSecurityGroupId: groups["crawler"], Description: pulumi.String("Only for a moment"),
		IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443),
	})
	return err
}
