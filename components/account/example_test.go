// SPDX-License-Identifier: Apache-2.0

package account_test

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/account"
)

// What everything in an account shares is written once, and everything that is missing comes in one list.
func Example() {
	shared := &account.Account{ID: "111122223333", Region: "eu-central-1", LogRetentionDays: 364}
	for _, problem := range shared.Check() {
		fmt.Println(problem)
	}
	// Output:
	// LogRetentionDays: 364 is not a retention that CloudWatch Logs accepts; the next longer one is 365
	// LogKeyARN: missing; give the ARN of the KMS key that encrypts logs
	// BoundaryARN: missing; give the ARN of the permission boundary of every role
}
