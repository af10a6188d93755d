// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// A log group takes its key and its retention, a year here because nothing else is said, from the account.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		_, err := logs.New(ctx, "jobs", &logs.Args{Account: &account.Account{
			ID: "111122223333", Region: "eu-central-1",
			LogKeyARN: pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
		}})
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:cloudwatch/logGroup:LogGroup") {
		fmt.Println(r.Value("retentionInDays"), "days, encrypted with", r.Value("kmsKeyId"))
	}
	// Output: 365 days, encrypted with arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000
}
