// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestInstancesStartFromEveryVersionOfATemplate(t *testing.T) {
	t.Parallel()
	config := emulatortest.NewAccount(t).Config
	client, groups := ec2.NewFromConfig(config), autoscaling.NewFromConfig(config)
	data := func(script string) *types.RequestLaunchTemplateData {
		return &types.RequestLaunchTemplateData{
			ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeT3Small, UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(script))),
		}
	}
	made, err := client.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("app"), LaunchTemplateData: data("one")})
	require.NoError(t, err)
	id := made.LaunchTemplate.LaunchTemplateId
	_, err = client.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: id, LaunchTemplateData: data("two")})
	require.NoError(t, err)
	for _, version := range []string{"1", "2"} {
		_, err = groups.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
			AutoScalingGroupName: aws.String("app-" + version), MinSize: aws.Int32(1), MaxSize: aws.Int32(1), AvailabilityZones: []string{"eu-central-1a"},
			LaunchTemplate: &scaling.LaunchTemplateSpecification{LaunchTemplateId: id, Version: &version},
		})
		require.NoError(t, err, version)
	}
}

func TestSubnetsAreFoundByTheirIPv6Ranges(t *testing.T) {
	t.Parallel()
	client := ec2.NewFromConfig(emulatortest.NewAccount(t).Config)
	vpc, err := client.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})
	require.NoError(t, err)
	whole := netip.MustParsePrefix(*vpc.Vpc.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock).Addr().As16()
	for i := range 2 {
		whole[7] = byte(i)
		_, err = client.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{
			VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.0.%d.0/24", i)), Ipv6CidrBlock: aws.String(netip.PrefixFrom(netip.AddrFrom16(whole), 64).String()),
		})
		require.NoError(t, err)
	}
	find := func(filter string, values ...string) []types.Subnet {
		found, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{
			Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{*vpc.Vpc.VpcId}}, {Name: &filter, Values: values}},
		})
		require.NoError(t, err)
		return found.Subnets
	}
	both := find("ipv6-cidr-block-association.state", "associated", "associating")
	require.Len(t, both, 2)
	for _, subnet := range both {
		of := subnet.Ipv6CidrBlockAssociationSet[0]
		require.Equal(t, types.SubnetCidrBlockStateCodeAssociated, of.Ipv6CidrBlockState.State)
		for filter, value := range map[string]*string{"association-id": of.AssociationId, "ipv6-cidr-block": of.Ipv6CidrBlock} {
			found := find("ipv6-cidr-block-association."+filter, *value)
			require.Len(t, found, 1, filter)
			require.Equal(t, subnet.SubnetId, found[0].SubnetId)
		}
	}
	require.Empty(t, find("ipv6-cidr-block-association.association-id", "subnet-cidr-assoc-00000000"))
}
