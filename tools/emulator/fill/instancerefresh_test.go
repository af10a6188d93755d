// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestInstanceRefresh(t *testing.T) {
	t.Parallel()
	client := autoscaling.NewFromConfig(emulatortest.NewAccount(t).Config)
	group := aws.String("app")
	_, err := client.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: group})
	require.ErrorContains(t, err, "ValidationError")
	_, err = client.CreateLaunchConfiguration(t.Context(), &autoscaling.CreateLaunchConfigurationInput{
		LaunchConfigurationName: group, ImageId: aws.String("ami-12345678"), InstanceType: aws.String("t3.micro"),
	})
	require.NoError(t, err)
	_, err = client.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: group, LaunchConfigurationName: group, MinSize: aws.Int32(1), MaxSize: aws.Int32(2),
		AvailabilityZones: []string{"eu-central-1a"},
	})
	require.NoError(t, err)
	none, err := client.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: group})
	require.NoError(t, err)
	require.Empty(t, none.InstanceRefreshes)

	start := &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: group, Strategy: types.RefreshStrategyRolling,
		Preferences: &types.RefreshPreferences{MinHealthyPercentage: aws.Int32(90), InstanceWarmup: aws.Int32(60), SkipMatching: aws.Bool(true)}}
	first, err := client.StartInstanceRefresh(t.Context(), start)
	require.NoError(t, err)
	_, err = client.StartInstanceRefresh(t.Context(), start)
	var busy *types.InstanceRefreshInProgressFault
	require.ErrorAs(t, err, &busy)
	cancelled, err := client.CancelInstanceRefresh(t.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: group})
	require.NoError(t, err)
	require.Equal(t, *first.InstanceRefreshId, *cancelled.InstanceRefreshId)
	_, err = client.CancelInstanceRefresh(t.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: group})
	var idle *types.ActiveInstanceRefreshNotFoundFault
	require.ErrorAs(t, err, &idle)

	second, err := client.StartInstanceRefresh(t.Context(), start)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		got, err := client.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{
			AutoScalingGroupName: group, InstanceRefreshIds: []string{*second.InstanceRefreshId}})
		return err == nil && len(got.InstanceRefreshes) == 1 && got.InstanceRefreshes[0].Status == types.InstanceRefreshStatusSuccessful &&
			*got.InstanceRefreshes[0].Preferences.MinHealthyPercentage == 90
	}, time.Minute, 100*time.Millisecond)
	_, err = client.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: group, ForceDelete: aws.Bool(true)})
	require.NoError(t, err)
	_, err = client.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: group})
	require.ErrorContains(t, err, "ValidationError")
}
