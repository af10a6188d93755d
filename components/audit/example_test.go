// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// A trail of every region whose files are locked while they are kept, and an alarm on each thing in it that somebody must hear about.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		trail, err := audit.NewTrail(ctx, "audit", &audit.TrailArgs{Account: &account.Account{
			ID: "111122223333", Region: "eu-central-1",
			BoundaryARN: pulumi.String("arn:aws:iam::111122223333:policy/boundary"),
			LogKeyARN:   pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
		}})
		if err != nil {
			return err
		}
		_, err = audit.NewTrailAlarms(ctx, "audit", &audit.TrailAlarmsArgs{
			LogGroup: trail.LogGroup, TopicARN: pulumi.String("arn:aws:sns:eu-central-1:111122223333:alarms"),
		})
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2") {
		fmt.Println("locked for", r.Value("rule.defaultRetention.days"), "days")
	}
	fmt.Println(len(recorded.ByType("aws:cloudwatch/metricAlarm:MetricAlarm")), "alarms")
	// Output:
	// locked for 365 days
	// 25 alarms
}
