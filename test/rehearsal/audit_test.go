// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"
)

// keyARN returns the ARN of the key behind an alias of the environment.
func keyARN(t *testing.T, a *account, role string) string {
	t.Helper()
	key, err := a.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(a.alias(role))})
	require.NoError(t, err)
	return aws.ToString(key.KeyMetadata.Arn)
}

// lookAtLogs finds every log group encrypted and its events expiring.
func lookAtLogs(t *testing.T, a *account) {
	t.Helper()
	found, err := a.logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	require.NoError(t, err)
	key := keyARN(t, a, "logs")
	for _, group := range found.LogGroups {
		require.Equal(t, key, aws.ToString(group.KmsKeyId), aws.ToString(group.LogGroupName))
		require.Equal(t, int32(a.Audit.LogRetentionDays), aws.ToInt32(group.RetentionInDays), aws.ToString(group.LogGroupName))
	}
	for _, start := range []string{
		a.named("flow-logs"), a.named("trail-events"), a.named("app"), a.named("bastion"), a.named("db-agent"), "aws-waf-logs-", "/aws/events/",
		"/aws/rds/instance/" + a.identifier(t) + "/postgresql", "/aws/rds/instance/" + a.identifier(t) + "/upgrade",
	} {
		count := 0
		for _, group := range found.LogGroups {
			if strings.HasPrefix(aws.ToString(group.LogGroupName), start) {
				count++
			}
		}
		require.Equal(t, 1, count, "log groups that begin with %s", start)
	}
}

// lookAtTrail finds one trail of all regions: signed, encrypted, running, and delivered to CloudWatch Logs.
func lookAtTrail(t *testing.T, a *account) {
	t.Helper()
	found, err := a.cloudtrail.DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{})
	require.NoError(t, err)
	require.Len(t, found.TrailList, 1)
	trail := found.TrailList[0]
	require.True(t, aws.ToBool(trail.IsMultiRegionTrail))
	require.True(t, aws.ToBool(trail.LogFileValidationEnabled))
	require.True(t, aws.ToBool(trail.IncludeGlobalServiceEvents))
	require.Equal(t, keyARN(t, a, "logs"), aws.ToString(trail.KmsKeyId))
	require.Contains(t, aws.ToString(trail.CloudWatchLogsLogGroupArn), "log-group:"+a.named("trail-events"))
	require.True(t, strings.HasPrefix(aws.ToString(trail.S3BucketName), a.named("trail-files")))
	bucket := aws.ToString(trail.S3BucketName)
	lock, err := a.s3.GetObjectLockConfiguration(t.Context(), &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
	require.NoError(t, err)
	kept := lock.ObjectLockConfiguration.Rule.DefaultRetention
	require.Equal(t, s3types.ObjectLockRetentionModeGovernance, kept.Mode)
	require.Equal(t, int32(a.Audit.LogRetentionDays), aws.ToInt32(kept.Days), "nobody deletes a log file early")
	access, err := a.s3.GetBucketLogging(t.Context(), &s3.GetBucketLoggingInput{Bucket: &bucket})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(aws.ToString(access.LoggingEnabled.TargetBucket), a.named("trail-access")))
	status, err := a.cloudtrail.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
	require.NoError(t, err)
	require.True(t, aws.ToBool(status.IsLogging))
}

// lookAtAlarms finds every alarm telling somebody: what a deployment sets off the topic of the records alone, and each topic telling
// everybody whom the configuration names.
func lookAtAlarms(t *testing.T, a *account) {
	t.Helper()
	topics, err := a.sns.ListTopics(t.Context(), &sns.ListTopicsInput{})
	require.NoError(t, err)
	require.Len(t, topics.Topics, 2)
	byName := map[string]string{}
	for _, topic := range topics.Topics {
		for _, name := range []string{"alarms", "records"} {
			if strings.Contains(aws.ToString(topic.TopicArn), ":"+a.named(name)) {
				byName[name] = aws.ToString(topic.TopicArn)
				lookAtTopic(t, a, name, aws.ToString(topic.TopicArn))
			}
		}
	}
	alarms, err := a.cloudwatch.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(100)})
	require.NoError(t, err)
	watched, silent := map[string]bool{}, 0
	for _, alarm := range alarms.MetricAlarms {
		require.True(t, aws.ToBool(alarm.ActionsEnabled), aws.ToString(alarm.AlarmName))
		require.NotEmpty(t, alarm.AlarmActions)
		require.Subset(t, []string{byName["alarms"], byName["records"]}, alarm.AlarmActions, aws.ToString(alarm.AlarmName))
		if !slices.Contains(alarm.AlarmActions, byName["alarms"]) {
			silent++
		}
		watched[aws.ToString(alarm.Namespace)+" "+aws.ToString(alarm.MetricName)] = true
	}
	require.Equal(t, 9, silent, "alarms that a deployment sets off")
	filters, err := a.logs.DescribeMetricFilters(t.Context(), &cloudwatchlogs.DescribeMetricFiltersInput{})
	require.NoError(t, err)
	require.Len(t, filters.MetricFilters, 27)
	for _, filter := range filters.MetricFilters {
		require.Len(t, filter.MetricTransformations, 1)
		metric := aws.ToString(filter.MetricTransformations[0].MetricNamespace) + " " + aws.ToString(filter.MetricTransformations[0].MetricName)
		require.True(t, watched[metric], "no alarm on %s", metric)
		group := aws.ToString(filter.LogGroupName)
		require.True(t, strings.HasPrefix(group, a.named("trail-events")) || strings.HasPrefix(group, a.named("dns-queries")), group)
	}
}

func lookAtTopic(t *testing.T, a *account, name, topic string) {
	t.Helper()
	attributes, err := a.sns.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: &topic})
	require.NoError(t, err)
	require.Equal(t, keyARN(t, a, name), attributes.Attributes["KmsMasterKeyId"])
	require.Contains(t, attributes.Attributes["Policy"], "aws:SecureTransport")
	subscriptions, err := a.sns.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	require.NoError(t, err)
	var heard []string
	for _, subscription := range subscriptions.Subscriptions {
		require.Equal(t, "email", aws.ToString(subscription.Protocol))
		heard = append(heard, aws.ToString(subscription.Endpoint))
	}
	want := a.Audit.AlarmEmails
	if name == "records" && len(a.Audit.RecordEmails) > 0 {
		want = a.Audit.RecordEmails
	}
	require.ElementsMatch(t, want, heard)
}
