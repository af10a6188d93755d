// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// keepLogs makes what every log and alarm needs: their keys, the trail of everything that is done in
// the account, and the topic that reaches a human. The key of the logs stays as long as the log files,
// which outlive the stack.
func (e *environment) keepLogs(ctx *pulumi.Context) (err error) {
	s := e.settings
	e.logKey, err = key.New(ctx, e.name+"-logs", &key.Args{
		AccountID:   s.AccountID,
		Region:      s.Region,
		Description: "Logs of " + e.name,
		Services: []string{
			fmt.Sprintf("logs.%s.amazonaws.com", s.Region),
			fmt.Sprintf("s3.%s.amazonaws.com", s.Region),
			"cloudtrail.amazonaws.com",
		},
		OutlivesStack: true,
	}, e.options)
	if err != nil {
		return err
	}
	trail, err := audit.NewTrail(ctx, e.name+"-trail", &audit.TrailArgs{
		AccountID:     s.AccountID,
		Region:        s.Region,
		KeyARN:        e.logKey.ARN,
		Boundary:      e.boundary.ARN,
		RetentionDays: s.Audit.LogRetentionDays,
		ArchiveDays:   s.Audit.LogRetentionDays,
	}, e.options)
	if err != nil {
		return err
	}
	alarmKey, err := key.New(ctx, e.name+"-alarms", &key.Args{
		AccountID:   s.AccountID,
		Region:      s.Region,
		Description: "Alarms of " + e.name,
		Services:    []string{"cloudwatch.amazonaws.com"},
	}, e.options)
	if err != nil {
		return err
	}
	if e.topic, err = audit.NewTopic(ctx, e.name+"-alarms", &audit.TopicArgs{
		AccountID: s.AccountID,
		Region:    s.Region,
		KeyARN:    alarmKey.ARN,
		Emails:    s.Audit.AlarmEmails,
	}, e.options); err != nil {
		return err
	}
	_, err = audit.NewTrailAlarms(ctx, e.name+"-trail", &audit.TrailAlarmsArgs{
		LogGroup: trail.LogGroup,
		TopicARN: e.topic.ARN,
	}, e.options)
	return err
}

// accessLogs makes the bucket for the load balancer's logs.
func (e *environment) accessLogs(ctx *pulumi.Context, writer storage.Writer) (*storage.Bucket, error) {
	return storage.NewBucket(ctx, e.name+"-access-logs", &storage.BucketArgs{
		ExpireDays: e.settings.Audit.LogRetentionDays,
		Writers:    []storage.Writer{writer},
	}, e.options)
}

// watch raises an alarm for what an operator must not learn from a customer.
func (e *environment) watch(ctx *pulumi.Context) error {
	balancer := pulumi.StringMap{"LoadBalancer": e.edge.ARNSuffix}
	targets := pulumi.StringMap{"LoadBalancer": e.edge.ARNSuffix, "TargetGroup": e.app.TargetGroupARNSuffix}
	database := pulumi.StringMap{"DBInstanceIdentifier": pulumi.String(e.database.Identifier)}
	blocked := e.waf.BlockedRequests()
	const gib = 1 << 30
	alarms := []struct {
		name string
		args audit.AlarmArgs
	}{
		{"edge-errors", audit.AlarmArgs{
			Description: "The load balancer answers with errors of its own: see its targets and its access logs.",
			Namespace:   "AWS/ApplicationELB", Metric: "HTTPCode_ELB_5XX_Count", Dimensions: balancer,
			Statistic: "Sum", Comparison: audit.Above, Threshold: 10,
		}},
		{"app-errors", audit.AlarmArgs{
			Description: "The service answers with errors: see its log group.",
			Namespace:   "AWS/ApplicationELB", Metric: "HTTPCode_Target_5XX_Count", Dimensions: targets,
			Statistic: "Sum", Comparison: audit.Above, Threshold: 10,
		}},
		{"app-unhealthy", audit.AlarmArgs{
			Description: "Instances fail their health check: see the target group and the latest instance refresh.",
			Namespace:   "AWS/ApplicationELB", Metric: "UnHealthyHostCount", Dimensions: targets,
			Statistic: "Maximum", Comparison: audit.Above, Threshold: 0, PeriodSeconds: 60, Periods: 10, BadPeriods: 10,
		}},
		{"app-slow", audit.AlarmArgs{
			Description: "One request in a hundred takes longer than two seconds.",
			Namespace:   "AWS/ApplicationELB", Metric: "TargetResponseTime", Dimensions: targets,
			Statistic: "p99", Comparison: audit.Above, Threshold: 2, Periods: 3, BadPeriods: 3,
		}},
		{"requests-blocked", audit.AlarmArgs{
			Description: "The web ACL blocks unusually many requests: see its log group for who and why.",
			Namespace:   blocked.Namespace, Metric: blocked.Name, Dimensions: blocked.Dimensions,
			Statistic: "Sum", Comparison: audit.Above, Threshold: float64(e.settings.WAF.RateLimit),
		}},
		{"database-busy", audit.AlarmArgs{
			Description: "The database has been above 80 % of its processors for a quarter of an hour: see Performance Insights.",
			Namespace:   "AWS/RDS", Metric: "CPUUtilization", Dimensions: database,
			Statistic: "Average", Comparison: audit.Above, Threshold: 80, Periods: 3, BadPeriods: 3,
		}},
		{"database-full", audit.AlarmArgs{
			Description: "The database's disk is nearly full and has not grown: see databaseMaxStorageGb.",
			Namespace:   "AWS/RDS", Metric: "FreeStorageSpace", Dimensions: database,
			Statistic: "Minimum", Comparison: audit.Below, Threshold: float64(e.settings.Database.StorageGB) * gib / 20,
		}},
	}
	for _, alarm := range alarms {
		alarm.args.TopicARN = e.topic.ARN
		if _, err := audit.NewAlarm(ctx, e.name+"-"+alarm.name, &alarm.args, e.options); err != nil {
			return err
		}
	}
	return nil
}
