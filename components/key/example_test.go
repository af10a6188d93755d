// SPDX-License-Identifier: Apache-2.0

package key_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// A key for a queue: rotated every year, and usable by the service alone that is named.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		queue, err := key.New(ctx, "queue", &key.Args{
			Account:     &account.Account{ID: "111122223333", Region: "eu-central-1"},
			Description: "Messages of the shop",
			Services:    []string{"sqs.eu-central-1.amazonaws.com"},
		})
		if err == nil {
			ctx.Export("keyArn", queue.ARN)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:kms/key:Key") {
		fmt.Println(r.Name, "rotates:", r.Value("enableKeyRotation"))
	}
	// Output: queue-key rotates: true
}
