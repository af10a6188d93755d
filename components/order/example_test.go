// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// The topic is made after the log group, and deleted before it. A component in place of the group does not compile.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		group, err := cloudwatch.NewLogGroup(ctx, "deliveries", nil)
		if err != nil {
			return err
		}
		_, err = sns.NewTopic(ctx, "jobs", nil, order.After(order.List(group)))
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:sns/topic:Topic") {
		fmt.Println(r.DependsOn)
	}
	// Output: [urn:pulumi:test::bulkhead::aws:cloudwatch/logGroup:LogGroup::deliveries]
}
