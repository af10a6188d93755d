// SPDX-License-Identifier: Apache-2.0

package alarm_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// An alarm needs somebody who hears it: a topic with its subscriptions.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		topic, err := alarm.NewTopic(ctx, "alarms", &alarm.TopicArgs{
			Account: &account.Account{ID: "111122223333", Region: "eu-central-1"},
			KeyARN:  pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
			Emails:  []string{"oncall@shop.example"},
		})
		if err != nil {
			return err
		}
		_, err = alarm.New(ctx, "jobs-late", &alarm.Args{
			TopicARN: topic.ARN, Description: "No job has ended for an hour: see the log group of the jobs.",
			Namespace: "Shop/Jobs", Metric: "Ended", Statistic: "Sum", Comparison: alarm.Below, Threshold: 1,
			PeriodSeconds: 3600, Silence: alarm.SilenceIsBad,
		})
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:cloudwatch/metricAlarm:MetricAlarm") {
		fmt.Println(r.Value("comparisonOperator"), r.Value("threshold"), "- without data:", r.Value("treatMissingData"))
	}
	// Output: LessThanThreshold 1 - without data: breaching
}
