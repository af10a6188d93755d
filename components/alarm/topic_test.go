// SPDX-License-Identifier: Apache-2.0

package alarm_test

import (
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	account          = "111122223333"
	region           = "eu-central-1"
	boundaryARN      = "arn:aws:iam::111122223333:policy/boundary"
	topicARN         = "arn:aws:sns:eu-central-1:111122223333:alarms"
	topicType        = "aws:sns/topic:Topic"
	topicPolicyType  = "aws:sns/topicPolicy:TopicPolicy"
	subscriptionType = "aws:sns/topicSubscription:TopicSubscription"
	alarmType        = "aws:cloudwatch/metricAlarm:MetricAlarm"
	filterType       = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	trailType        = "aws:cloudtrail/trail:Trail"
)

func TestTopic(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		topic, err := audit.NewTopic(ctx, "alarms", &audit.TopicArgs{
			AccountID: account, Region: region, KeyARN: pulumi.String(keyARN), Emails: []string{"ops@example.com", "sec@example.com"},
		})
		if err != nil {
			return err
		}
		_, err = audit.NewAlarm(ctx, "user", alarmArgs(func(a *audit.AlarmArgs) { a.TopicARN = topic.ARN }))
		return err
	})
	topic := rec.Get(t, topicType, "alarms-topic")
	require.Equal(t, rec.Get(t, "bulkhead:audit:Topic", "alarms").URN, topic.Parent)
	require.Equal(t, keyARN, topic.String("kmsMasterKeyId"))

	policy := rec.Get(t, topicPolicyType, "alarms-policy")
	require.Equal(t, topic.ID, policy.String("arn"))
	require.JSONEq(t, strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[
		{"Sid":"PublishAlarms","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"TOPIC",
		 "Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*"}}},
		{"Sid":"RefusePlainHTTP","Effect":"Deny","Principal":{"AWS":"*"},"Action":"sns:Publish","Resource":"TOPIC","Condition":{"Bool":{"aws:SecureTransport":"false"}}}
	]}`, "TOPIC", topic.ID), policy.String("policy"))

	require.Len(t, rec.ByType(subscriptionType), 2)
	for _, email := range []string{"ops@example.com", "sec@example.com"} {
		subscription := rec.Get(t, subscriptionType, "alarms-"+email)
		require.Equal(t, "email", subscription.String("protocol"))
		require.Equal(t, email, subscription.String("endpoint"))
		require.Equal(t, topic.ID, subscription.String("topic"))
	}
	require.Contains(t, rec.Only(t, alarmType).DependsOn, policy.URN, "no alarm before the policy admits it")
}

func TestTopicNamesEveryProblem(t *testing.T) {
	attempt := func(args *audit.TopicArgs) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := audit.NewTopic(ctx, "alarms", args)
			return err
		})
	}
	err := attempt(&audit.TopicArgs{Emails: []string{"ops", "Ops <ops@example.com>", "a@example.com", "a@example.com"}})
	for _, want := range []string{"AccountID", "Region", "KeyARN: missing", `Emails[0]: "ops"`, "Emails[1]", "Emails[3]"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, attempt(&audit.TopicArgs{}), "nobody hears")
	require.ErrorContains(t, attempt(nil), "args are missing")
}

func alarmArgs(changes ...func(*audit.AlarmArgs)) *audit.AlarmArgs {
	args := &audit.AlarmArgs{
		TopicARN: pulumi.String(topicARN), Description: "The disk fills up", Namespace: "AWS/RDS", Metric: "FreeStorageSpace",
		Statistic: "Minimum", Comparison: audit.Below, Threshold: 1e9,
	}
	for _, change := range changes {
		change(args)
	}
	return args
}

func TestAlarm(t *testing.T) {
	run := func(args *audit.AlarmArgs) pulumitest.Registration {
		return pulumitest.Run(t, func(ctx *pulumi.Context) error {
			_, err := audit.NewAlarm(ctx, "disk", args)
			return err
		}).Get(t, alarmType, "disk-alarm")
	}
	alarm := run(alarmArgs())
	require.Equal(t, []any{topicARN}, alarm.Value("alarmActions"))
	require.Nil(t, alarm.Value("okActions"))
	require.Nil(t, alarm.Value("dimensions"))
	require.Equal(t, "LessThanThreshold", alarm.String("comparisonOperator"))
	require.Equal(t, "notBreaching", alarm.String("treatMissingData"))
	require.Equal(t, "Minimum", alarm.String("statistic"))
	require.Equal(t, true, alarm.Value("actionsEnabled"))
	require.EqualValues(t, 300, alarm.Value("period"))
	require.EqualValues(t, 1, alarm.Value("evaluationPeriods"))
	require.EqualValues(t, 1, alarm.Value("datapointsToAlarm"))

	alarm = run(alarmArgs(func(a *audit.AlarmArgs) {
		a.Dimensions = pulumi.StringMap{"DBInstanceIdentifier": pulumi.String("main")}
		a.Statistic, a.PeriodSeconds, a.Periods, a.BadPeriods, a.Silence, a.TellRecovery = "p99", 60, 5, 3, audit.SilenceIsBad, true
	}))
	require.Equal(t, "main", alarm.String("dimensions.DBInstanceIdentifier"))
	require.Equal(t, "p99", alarm.String("extendedStatistic"))
	require.Nil(t, alarm.Value("statistic"))
	require.Equal(t, []any{topicARN}, alarm.Value("okActions"))
	require.Equal(t, "breaching", alarm.String("treatMissingData"))
	require.EqualValues(t, 60, alarm.Value("period"))
	require.EqualValues(t, 5, alarm.Value("evaluationPeriods"))
	require.EqualValues(t, 3, alarm.Value("datapointsToAlarm"))
}

func TestAlarmNamesEveryProblem(t *testing.T) {
	attempt := func(args *audit.AlarmArgs) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := audit.NewAlarm(ctx, "disk", args)
			return err
		})
	}
	err := attempt(&audit.AlarmArgs{Statistic: "p101", Comparison: "=", PeriodSeconds: 45, BadPeriods: 2, Silence: "golden"})
	for _, want := range []string{"TopicARN: missing", "Description", "Namespace", `Statistic "p101"`, `Comparison "="`, "PeriodSeconds 45", "BadPeriods 2", `Silence "golden"`} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, attempt(nil), "args are missing")
}
