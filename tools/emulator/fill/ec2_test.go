// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"encoding/base64"
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
