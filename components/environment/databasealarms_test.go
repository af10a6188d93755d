// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

func TestADatabaseIsHeardBeforeItRunsOut(t *testing.T) {
	const gib = 1 << 30
	recording := deployed(t, withUsers())
	identifier := recording.Only(t, "aws:rds/instance:Instance").String("identifier")
	topic := recording.Get(t, "aws:sns/topicPolicy:TopicPolicy", "shop-alarms-policy").String("arn")
	for name, want := range map[string]struct {
		metric, statistic string
		comparison        alarm.Comparison
		threshold         float64
		missing           string
	}{
		"silent":       {"DatabaseConnections", "SampleCount", alarm.Below, 1, alarm.SilenceIsBad},
		"connections":  {"DatabaseConnections", "Maximum", alarm.Above, 0.7 * 225, alarm.SilenceIsGood},
		"memory":       {"FreeableMemory", "Average", alarm.Below, 2 * gib / 10., alarm.SilenceIsGood},
		"transactions": {"MaximumUsedTransactionIDs", "Maximum", alarm.Above, 1e9, alarm.SilenceIsGood},
		"lag":          {"OldestReplicationSlotLag", "Maximum", alarm.Above, gib, alarm.SilenceIsGood},
		"credits":      {"CPUCreditBalance", "Average", alarm.Below, 20, alarm.SilenceIsGood},
	} {
		made := recording.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "shop-db-"+name+"-alarm")
		require.Equal(t, "AWS/RDS", made.String("namespace"))
		require.Equal(t, map[string]any{"DBInstanceIdentifier": identifier}, made.Value("dimensions"), name)
		require.Equal(t, []any{topic}, made.Value("alarmActions"))
		require.Equal(t, want.metric, made.String("metricName"), name)
		require.Equal(t, want.statistic, made.String("statistic"), name)
		require.Equal(t, string(want.comparison), made.String("comparisonOperator"), name)
		require.InDelta(t, want.threshold, made.Value("threshold"), 1e-6, name)
		require.Equal(t, want.missing, made.String("treatMissingData"), name)
		require.Equal(t, 3.0, made.Value("datapointsToAlarm"), name)
	}
	args := withUsers()
	args.Databases[0].InstanceClass = "db.r7g.large"
	other := deployed(t, args)
	for _, made := range other.ByType("aws:cloudwatch/metricAlarm:MetricAlarm") {
		require.NotEqual(t, "CPUCreditBalance", made.Value("metricName"), "a class that is not burstable has no credits")
	}
	require.InDelta(t, 16*gib/10., other.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "shop-db-memory-alarm").Value("threshold"), 1e-6)
}

// A day without a backup is heard: the rule counts the event of a complete one of this instance, and is there before the first.
func TestADayWithoutABackupIsHeard(t *testing.T) {
	recording := deployed(t, reference())
	rule, instance := recording.Only(t, "aws:cloudwatch/eventRule:EventRule"), recording.Only(t, "aws:rds/instance:Instance")
	require.JSONEq(t, `{"source": ["aws.rds"], "detail-type": ["RDS DB Instance Event"], "detail": {"EventID": ["RDS-EVENT-0002"], "SourceIdentifier": ["`+
		instance.String("identifier")+`"]}}`, rule.String("eventPattern"))
	require.Equal(t, "ENABLED", rule.String("state"))
	target := recording.Only(t, "aws:cloudwatch/eventTarget:EventTarget")
	require.Contains(t, recording.Before(instance), target.URN, "the first backup counts, too")
	require.Equal(t, rule.ID, target.Value("rule"), "AWS counts an invocation for each target of the rule, and none without one")
	log := recording.Get(t, "aws:cloudwatch/logGroup:LogGroup", "shop-db-backups-logs")
	arn := "arn:aws:logs:eu-central-1:111122223333:log-group:" + log.String("name")
	require.Contains(t, arn, "/aws/events/", "or EventBridge does not write to it")
	require.Equal(t, arn, target.Value("arn"))
	require.NotEmpty(t, log.Value("kmsKeyId"))
	require.Contains(t, rule.ID, "shop-db-backups-")
	delivery := recording.Get(t, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "shop-db-backups-delivery")
	require.Contains(t, recording.Before(target), delivery.URN)
	deliverers := `"Principal":{"Service":["delivery.logs.amazonaws.com","events.amazonaws.com"]}`
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"DeliverStreams","Effect":"Allow",`+deliverers+`,"Action":"logs:CreateLogStream","Resource":"`+arn+`:*"},
		{"Sid":"DeliverEvents","Effect":"Allow",`+deliverers+`,"Action":"logs:PutLogEvents","Resource":"`+arn+`:*",
			"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:events:eu-central-1:111122223333:rule/shop-db-backups-*"}}}]}`, delivery.String("policyDocument"))
	made := recording.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "shop-db-backup-alarm")
	require.Equal(t, map[string]any{"RuleName": rule.ID}, made.Value("dimensions"))
	require.Equal(t, "AWS/Events/Invocations/Sum", made.String("namespace")+"/"+made.String("metricName")+"/"+made.String("statistic"))
	require.Equal(t, string(alarm.Below), made.String("comparisonOperator"))
	require.InDelta(t, 1, made.Value("threshold"), 1e-6)
	require.Equal(t, "breaching", made.String("treatMissingData"), "a rule that nothing triggers has no metric")
	hours := made.Value("period").(float64) * made.Value("evaluationPeriods").(float64) / 3600
	require.InDelta(t, 26, hours, 1e-6)
	require.Equal(t, made.Value("evaluationPeriods"), made.Value("datapointsToAlarm"), "one backup among them is enough")
	require.Contains(t, recording.Before(made), instance.URN, "or it would ring until the instance is there")
}

func TestAFailedAgentIsHeard(t *testing.T) {
	recording := deployed(t, withUsers())
	made := recording.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "shop-db-agent-alarm")
	require.Equal(t, "AWS/Lambda", made.String("namespace"))
	require.Equal(t, "Errors", made.String("metricName"))
	require.Equal(t, recording.Only(t, "aws:lambda/function:Function").ID, made.Value("dimensions.FunctionName"))
	require.Zero(t, made.Value("threshold"))
	for _, made := range deployed(t, reference()).ByType("aws:cloudwatch/metricAlarm:MetricAlarm") {
		require.NotEqual(t, "shop-db-agent-alarm", made.Name, "without users there is no agent")
	}
}

func TestWhatRDSSaysIsSentToTheTopic(t *testing.T) {
	recording := deployed(t, reference())
	events := recording.Only(t, "aws:rds/eventSubscription:EventSubscription")
	policy := recording.Get(t, "aws:sns/topicPolicy:TopicPolicy", "shop-alarms-policy")
	require.Equal(t, policy.String("arn"), events.String("snsTopic"))
	require.Equal(t, "db-instance", events.String("sourceType"))
	require.Equal(t, []any{recording.Only(t, "aws:rds/instance:Instance").String("identifier")}, events.Value("sourceIds"))
	require.Equal(t, true, events.Value("enabled"))
	for _, category := range []string{"failure", "failover", "maintenance", "configuration change", "low storage", "security", "deletion", "restoration"} {
		require.Contains(t, events.Value("eventCategories"), category)
	}
	require.NotContains(t, events.Value("eventCategories"), "backup", "every day")
	require.Contains(t, policy.String("policy"), `"events.rds.amazonaws.com"`)
	require.Contains(t, recording.Get(t, "aws:kms/key:Key", "shop-alarms-key").String("policy"), `"events.rds.amazonaws.com"`, "or the topic's key refuses every event")
}

func TestWhoeverReadsTheOwnersSecretIsHeardOnceNobodyHasTo(t *testing.T) {
	recording := deployed(t, withUsers())
	agent := recording.Get(t, "aws:iam/role:Role", "shop-db-agent-role")
	filter := recording.Get(t, "aws:cloudwatch/logMetricFilter:LogMetricFilter", "shop-db-owner-secret-read-filter")
	require.Contains(t, filter.String("pattern"), `!="arn:aws:iam::`+pulumitest.AccountID+`:role/`+agent.ID+`"`)
	require.Equal(t, recording.Get(t, "aws:cloudwatch/logMetricFilter:LogMetricFilter", "shop-trail-root-use-filter").String("logGroupName"), filter.String("logGroupName"))
	require.NotNil(t, recording.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "shop-db-owner-secret-read-alarm"))
	for _, filter := range deployed(t, reference()).ByType("aws:cloudwatch/logMetricFilter:LogMetricFilter") {
		require.NotContains(t, filter.Name, "owner-secret-read", "without users it is what services read")
	}
	args := withUsers()
	args.TrailOffReason = "The trail of the organization has it all"
	require.Len(t, deployed(t, args).ByType("aws:cloudwatch/logMetricFilter:LogMetricFilter"), 1, "that of the DNS queries")
}
