// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/baseline"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// An account of an organization that has GuardDuty in every account and one trail for all.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		_, err := baseline.New(ctx, "account", &baseline.Args{
			AccountID:        "111122223333",
			Region:           "eu-central-1",
			Emails:           []string{"security@example.com"},
			SecurityContact:  baseline.Contact{Name: "Security on call", Title: "CISO", Email: "security@example.com", Phone: "+49 30 1234567"},
			MonthlyBudgetUSD: 400,
			Parts: []baseline.Part{
				{Name: baseline.GuardDuty, Adopt: "12abc34d567e8fa901bc2d34e56789f0"},
				{Name: baseline.Trail, SkipReason: "the organization has one for all accounts"},
			},
		})
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.Registrations() {
		if r.Read {
			fmt.Println(r.Type, r.ID, "is left as it is")
		}
	}
	for _, r := range recorded.ByType("aws:budgets/budget:Budget") {
		fmt.Println("budget:", r.Value("limitAmount"), r.Value("limitUnit"), "a month")
	}
	// Output:
	// aws:guardduty/detector:Detector 12abc34d567e8fa901bc2d34e56789f0 is left as it is
	// budget: 400 USD a month
}
