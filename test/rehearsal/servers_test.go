// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"
)

// lookAtServers finds groups of instances, the service in the app tier and one bastion in the public tier, made from
// hardened templates, in an account that encrypts every disk.
func lookAtServers(t *testing.T, a *account) {
	t.Helper()
	disks, err := a.ec2.GetEbsEncryptionByDefault(t.Context(), &ec2.GetEbsEncryptionByDefaultInput{})
	require.NoError(t, err)
	require.True(t, aws.ToBool(disks.EbsEncryptionByDefault), "a disk that nobody asks to encrypt is not")
	found, err := a.autoscaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, group := range found.AutoScalingGroups {
		role, tier, smallest, largest := "app", "app", a.App.MinSize, a.App.MaxSize
		switch named := aws.ToString(group.AutoScalingGroupName); {
		case strings.HasPrefix(named, a.named("app-")):
		case !strings.HasPrefix(named, a.named("bastion-")):
			continue // another service
		default:
			role, tier, smallest, largest = "bastion", "public", 1, 1
		}
		require.False(t, seen[role], "one group for each")
		seen[role] = true
		require.ElementsMatch(t, a.subnetIDs(t, tier), strings.Split(aws.ToString(group.VPCZoneIdentifier), ","))
		capacity, err := terratest.GetCapacityInfoForAsgContextE(t, t.Context(), aws.ToString(group.AutoScalingGroupName), a.Region)
		require.NoError(t, err)
		require.Equal(t, terratest.AsgCapacityInfo{
			MinCapacity: int64(smallest), MaxCapacity: int64(largest), DesiredCapacity: int64(smallest), CurrentCapacity: int64(smallest),
		}, capacity)
		lookAtTemplate(t, a, group.LaunchTemplate, role)
		lookAtInstances(t, a, group, tier)
		if role == "app" {
			require.Equal(t, "ELB", aws.ToString(group.HealthCheckType))
			require.Len(t, group.TargetGroupARNs, 1)
		}
	}
	require.Len(t, seen, 2)
}

// serviceGroup is the auto-scaling group of the service.
func (a *account) serviceGroup(t *testing.T) asgtypes.AutoScalingGroup {
	t.Helper()
	found, err := a.autoscaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	require.NoError(t, err)
	is := func(group asgtypes.AutoScalingGroup) bool {
		return strings.HasPrefix(aws.ToString(group.AutoScalingGroupName), a.named("app-"))
	}
	at := slices.IndexFunc(found.AutoScalingGroups, is)
	require.GreaterOrEqual(t, at, 0)
	return found.AutoScalingGroups[at]
}

// lookAtTemplate finds a template that the group runs in its newest version: metadata for sessions only, an encrypted disk,
// one security group, a public address for the bastion alone, no key pair.
func lookAtTemplate(t *testing.T, a *account, used *asgtypes.LaunchTemplateSpecification, role string) {
	t.Helper()
	require.NotNil(t, used)
	versions, err := a.ec2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: used.LaunchTemplateId, Versions: []string{"$Latest"},
	})
	require.NoError(t, err)
	require.Len(t, versions.LaunchTemplateVersions, 1)
	require.Equal(t, "1", aws.ToString(used.Version), "nothing has changed since the template was made")
	require.Equal(t, int64(1), aws.ToInt64(versions.LaunchTemplateVersions[0].VersionNumber))
	data := versions.LaunchTemplateVersions[0].LaunchTemplateData
	require.Equal(t, ec2types.LaunchTemplateHttpTokensStateRequired, data.MetadataOptions.HttpTokens)
	require.Equal(t, ec2types.LaunchTemplateInstanceMetadataEndpointStateEnabled, data.MetadataOptions.HttpEndpoint)
	require.Equal(t, int32(1), aws.ToInt32(data.MetadataOptions.HttpPutResponseHopLimit))
	require.Len(t, data.BlockDeviceMappings, 1)
	require.True(t, aws.ToBool(data.BlockDeviceMappings[0].Ebs.Encrypted))
	require.Empty(t, aws.ToString(data.KeyName))
	require.NotNil(t, data.IamInstanceProfile)
	require.Len(t, data.NetworkInterfaces, 1)
	require.Equal(t, []string{a.groupID(t, role)}, data.NetworkInterfaces[0].Groups)
	require.Equal(t, role == "bastion", aws.ToBool(data.NetworkInterfaces[0].AssociatePublicIpAddress))
}

// lookAtInstances finds the instances of a group in the subnets of its tier.
func lookAtInstances(t *testing.T, a *account, group asgtypes.AutoScalingGroup, tier string) {
	t.Helper()
	ids, err := terratest.GetInstanceIdsForAsgContextE(t, t.Context(), aws.ToString(group.AutoScalingGroupName), a.Region)
	require.NoError(t, err)
	require.NotEmpty(t, ids)
	found, err := a.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: ids})
	require.NoError(t, err)
	for _, reservation := range found.Reservations {
		for _, instance := range reservation.Instances {
			require.Contains(t, a.subnetIDs(t, tier), aws.ToString(instance.SubnetId))
			if tier != "public" {
				require.Empty(t, aws.ToString(instance.PublicIpAddress))
			}
			require.Empty(t, aws.ToString(instance.KeyName))
		}
	}
}
