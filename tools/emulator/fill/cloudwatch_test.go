// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestMetricAlarm(t *testing.T) {
	t.Parallel()
	client := cloudwatch.NewFromConfig(emulatortest.NewAccount(t).Config)
	_, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("root-use"), AlarmDescription: aws.String("The root user was used."),
		ComparisonOperator: types.ComparisonOperatorGreaterThanOrEqualToThreshold, EvaluationPeriods: aws.Int32(1), DatapointsToAlarm: aws.Int32(1),
		MetricName: aws.String("RootUse"), Namespace: aws.String("Bulkhead"), Period: aws.Int32(300),
		Statistic: types.StatisticSum, Threshold: aws.Float64(1), TreatMissingData: aws.String("notBreaching"),
		ActionsEnabled: aws.Bool(true), AlarmActions: []string{"arn:aws:sns:eu-central-1:123456789012:alarms"},
		OKActions:  []string{"arn:aws:sns:eu-central-1:123456789012:ok"},
		Dimensions: []types.Dimension{{Name: aws.String("LoadBalancer"), Value: aws.String("app/x/1")}},
		Tags:       []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	})
	require.NoError(t, err)
	got, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"root-use"}, AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm, types.AlarmTypeMetricAlarm}})
	require.NoError(t, err)
	require.Len(t, got.MetricAlarms, 1)
	alarm := got.MetricAlarms[0]
	require.Equal(t, "The root user was used.", *alarm.AlarmDescription)
	require.InDelta(t, 1.0, *alarm.Threshold, 0)
	require.Equal(t, int32(300), *alarm.Period)
	require.Equal(t, int32(1), *alarm.DatapointsToAlarm)
	require.Equal(t, "notBreaching", *alarm.TreatMissingData)
	require.NotNil(t, alarm.AlarmConfigurationUpdatedTimestamp)
	require.Equal(t, []string{"arn:aws:sns:eu-central-1:123456789012:ok"}, alarm.OKActions)
	require.Equal(t, "LoadBalancer", *alarm.Dimensions[0].Name)
	require.True(t, *alarm.ActionsEnabled)

	tags, err := client.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: alarm.AlarmArn})
	require.NoError(t, err)
	require.Equal(t, "b", *tags.Tags[0].Value)
	_, err = client.TagResource(t.Context(), &cloudwatch.TagResourceInput{ResourceARN: alarm.AlarmArn, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("d")}}})
	require.NoError(t, err)
	_, err = client.UntagResource(t.Context(), &cloudwatch.UntagResourceInput{ResourceARN: alarm.AlarmArn, TagKeys: []string{"a"}})
	require.NoError(t, err)
	tags, err = client.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: alarm.AlarmArn})
	require.NoError(t, err)
	require.Len(t, tags.Tags, 1)

	_, err = client.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"root-use"}})
	require.NoError(t, err)
	got, err = client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"root-use"}})
	require.NoError(t, err)
	require.Empty(t, got.MetricAlarms)
	_, err = client.GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: aws.String("none")})
	require.ErrorContains(t, err, "ResourceNotFound")
}
