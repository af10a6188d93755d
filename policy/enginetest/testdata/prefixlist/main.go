// SPDX-License-Identifier: Apache-2.0

// Command prefixlist opens SSH to prefix lists, none of which has an id yet when it is previewed.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	office, err := list(ctx, "office", "203.0.113.0/24")
	if err != nil {
		return err
	}
	internet, err := list(ctx, "internet", "0.0.0.0/1")
	if err != nil {
		return err
	}
	if _, err := ec2.NewManagedPrefixListEntry(ctx, "half", &ec2.ManagedPrefixListEntryArgs{PrefixListId: internet.ID(), Cidr: pulumi.String("128.0.0.0/1")}); err != nil {
		return err
	}
	group, err := ec2.NewSecurityGroup(ctx, "group", &ec2.SecurityGroupArgs{Description: pulumi.String("servers")})
	if err != nil {
		return err
	}
	for name, id := range map[string]pulumi.StringInput{"office": office.ID(), "internet": internet.ID(), "aws": pulumi.String("pl-63a5400a")} {
		if _, err := vpc.NewSecurityGroupIngressRule(ctx, name, &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group.ID(), Description: pulumi.String("administration"), IpProtocol: pulumi.String("tcp"),
			FromPort: pulumi.Int(22), ToPort: pulumi.Int(22), PrefixListId: id,
		}); err != nil {
			return err
		}
	}
	_, err = ec2.NewSecurityGroup(ctx, "inline", &ec2.SecurityGroupArgs{
		Description: pulumi.String("servers"),
		Ingress: ec2.SecurityGroupIngressArray{&ec2.SecurityGroupIngressArgs{
			Description: pulumi.String("administration"), Protocol: pulumi.String("tcp"), FromPort: pulumi.Int(3389), ToPort: pulumi.Int(3389),
			PrefixListIds: pulumi.StringArray{internet.ID()},
		}},
	})
	return err
}

func list(ctx *pulumi.Context, name, cidr string) (*ec2.ManagedPrefixList, error) {
	return ec2.NewManagedPrefixList(ctx, name, &ec2.ManagedPrefixListArgs{
		AddressFamily: pulumi.String("IPv4"), MaxEntries: pulumi.Int(5),
		Entries: ec2.ManagedPrefixListEntryTypeArray{&ec2.ManagedPrefixListEntryTypeArgs{Cidr: pulumi.String(cidr)}},
	})
}
