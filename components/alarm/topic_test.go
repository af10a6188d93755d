// SPDX-License-Identifier: Apache-2.0

package alarm_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const (
	keyARN           = "arn:aws:kms:eu-central-1:111122223333:key/0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"
	topicARN         = "arn:aws:sns:eu-central-1:111122223333:alarms"
	topicType        = "aws:sns/topic:Topic"
	topicPolicyType  = "aws:sns/topicPolicy:TopicPolicy"
	subscriptionType = "aws:sns/topicSubscription:TopicSubscription"
	alarmType        = "aws:cloudwatch/metricAlarm:MetricAlarm"
)

// place is all that a topic needs to know of its account.
var place = &account.Account{ID: pulumitest.AccountID, Region: pulumitest.Region}

func TestTopic(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		topic, err := alarm.NewTopic(ctx, "alarms", &alarm.TopicArgs{
			Account: place, KeyARN: pulumi.String(keyARN), Emails: []string{"ops@example.com", "sec@example.com"},
		})
		if err != nil {
			return err
		}
		_, err = alarm.New(ctx, "user", alarmArgs(func(a *alarm.Args) { a.TopicARN = topic.ARN }))
		return err
	})
	topic := rec.Get(t, topicType, "alarms-topic")
	component := rec.Get(t, "bulkhead:audit:Topic", "alarms")
	require.Equal(t, component.URN, topic.Parent)
	draft, err := alarm.TopicPolicy("111122223333", "eu-central-1", topicARN, false).JSON()
	require.NoError(t, err)
	require.Equal(t, map[string]any{"emails": []any{"ops@example.com", "sec@example.com"}, "documents": map[string]any{"policy": draft}}, component.Values())
	require.Equal(t, map[string]any{
		"description": "The disk fills up", "namespace": "AWS/RDS", "metric": "FreeStorageSpace", "statistic": "Minimum", "comparison": "LessThanThreshold", "threshold": 1e9,
	}, rec.Only(t, "bulkhead:audit:Alarm").Values())
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

// EventBridge tells a topic no source; a condition on one would silence every rule.
func TestTopicHearsEventRulesIfAsked(t *testing.T) {
	policy := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := alarm.NewTopic(ctx, "alarms", &alarm.TopicArgs{Account: place, KeyARN: pulumi.String(keyARN), Emails: []string{"ops@example.com"}, EventRules: true})
		return err
	}).Only(t, topicPolicyType)
	require.Equal(t, map[string]any{
		"Sid": "PublishEvents", "Effect": "Allow", "Principal": map[string]any{"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": policy.String("arn"),
	}, pulumitest.Statements(t, policy.String("policy"))["PublishEvents"])
}

func TestTopicHearsDatabasesIfAsked(t *testing.T) {
	policy := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := alarm.NewTopic(ctx, "alarms", &alarm.TopicArgs{Account: place, KeyARN: pulumi.String(keyARN), Emails: []string{"ops@example.com"}, DatabaseEvents: true})
		return err
	}).Only(t, topicPolicyType)
	statements := pulumitest.Statements(t, policy.String("policy"))
	require.Len(t, statements, 3)
	require.Equal(t, map[string]any{
		"Sid": "PublishDatabaseEvents", "Effect": "Allow", "Principal": map[string]any{"Service": "events.rds.amazonaws.com"}, "Action": "sns:Publish", "Resource": policy.String("arn"),
		"Condition": map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": place.ID}, "ArnLike": map[string]any{"aws:SourceArn": "arn:aws:rds:" + place.Region + ":" + place.ID + ":*"},
		},
	}, statements["PublishDatabaseEvents"])
}

func TestTopicNamesEveryProblem(t *testing.T) {
	attempt := func(args *alarm.TopicArgs) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := alarm.NewTopic(ctx, "alarms", args)
			return err
		})
	}
	err := attempt(&alarm.TopicArgs{Account: &account.Account{}, Emails: []string{"ops", "Ops <ops@example.com>", "a@example.com", "a@example.com"}})
	for _, want := range []string{"AccountID", "Region", "KeyARN: missing", `Emails[0]: "ops"`, "Emails[1]", "Emails[3]"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, attempt(&alarm.TopicArgs{}), "Account: missing")
	require.ErrorContains(t, attempt(&alarm.TopicArgs{}), "Emails: missing; give at least one address that hears the alarms")
	require.ErrorContains(t, attempt(nil), "Account: missing")
}

func alarmArgs(changes ...func(*alarm.Args)) *alarm.Args {
	args := &alarm.Args{
		TopicARN: pulumi.String(topicARN), Description: "The disk fills up", Namespace: "AWS/RDS", Metric: "FreeStorageSpace",
		Statistic: "Minimum", Comparison: alarm.Below, Threshold: 1e9,
	}
	for _, change := range changes {
		change(args)
	}
	return args
}

func TestAlarm(t *testing.T) {
	run := func(args *alarm.Args) pulumitest.Registration {
		return pulumitest.Run(t, func(ctx *pulumi.Context) error {
			_, err := alarm.New(ctx, "disk", args)
			return err
		}).Get(t, alarmType, "disk-alarm")
	}
	made := run(alarmArgs())
	require.Equal(t, []any{topicARN}, made.Value("alarmActions"))
	require.Nil(t, made.Value("okActions"))
	require.Nil(t, made.Value("dimensions"))
	require.Equal(t, "LessThanThreshold", made.String("comparisonOperator"))
	require.Equal(t, "notBreaching", made.String("treatMissingData"))
	require.Equal(t, "Minimum", made.String("statistic"))
	require.Equal(t, true, made.Value("actionsEnabled"))
	require.EqualValues(t, 300, made.Value("period"))
	require.EqualValues(t, 1, made.Value("evaluationPeriods"))
	require.EqualValues(t, 1, made.Value("datapointsToAlarm"))

	made = run(alarmArgs(func(a *alarm.Args) {
		a.Dimensions = pulumi.StringMap{"DBInstanceIdentifier": pulumi.String("main")}
		a.Statistic, a.PeriodSeconds, a.Periods, a.BadPeriods, a.Silence = "p99", 60, 5, 3, alarm.SilenceIsBad
	}))
	require.Equal(t, "main", made.String("dimensions.DBInstanceIdentifier"))
	require.Equal(t, "p99", made.String("extendedStatistic"))
	require.Nil(t, made.Value("statistic"))
	require.Equal(t, "breaching", made.String("treatMissingData"))
	require.EqualValues(t, 60, made.Value("period"))
	require.EqualValues(t, 5, made.Value("evaluationPeriods"))
	require.EqualValues(t, 3, made.Value("datapointsToAlarm"))

	made = run(alarmArgs(func(a *alarm.Args) {
		a.Dimensions = pulumi.StringMap{"DBInstanceIdentifier": pulumi.String("main")}
		a.Expression = "m / 1024"
	}))
	require.Equal(t, "m / 1024", made.String("metricQueries.0.expression"))
	require.Equal(t, "Minimum", made.String("metricQueries.1.metric.stat"))
	require.Equal(t, "main", made.String("metricQueries.1.metric.dimensions.DBInstanceIdentifier"))
	for _, either := range []string{"metricName", "namespace", "period", "statistic", "dimensions"} {
		require.Nil(t, made.Value(either), "AWS takes a metric or expressions")
	}
}

func TestAlarmNamesEveryProblem(t *testing.T) {
	attempt := func(args *alarm.Args) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := alarm.New(ctx, "disk", args)
			return err
		})
	}
	for _, tooLong := range []alarm.Args{{PeriodSeconds: 300, Periods: 289}, {PeriodSeconds: 3600, Periods: 169}} {
		require.ErrorContains(t, attempt(&tooLong), "an alarm cannot look back")
	}
	require.NotContains(t, attempt(&alarm.Args{PeriodSeconds: 3600, Periods: 168}).Error(), "look back")
	err := attempt(&alarm.Args{Statistic: "p101", Comparison: "=", PeriodSeconds: 45, BadPeriods: 2, Silence: "golden"})
	for _, want := range []string{"TopicARN: missing", "Description", "Namespace", `Statistic "p101"`, `Comparison "="`, "PeriodSeconds 45", "BadPeriods 2", `Silence "golden"`} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, attempt(nil), "TopicARN: missing")
}
