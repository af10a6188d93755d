// SPDX-License-Identifier: Apache-2.0

package configured

import (
	"github.com/bulkhead-iac/bulkhead/components/baseline"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// Baseline is the arguments of the account's baseline that the settings of its stack describe.
func Baseline(s *stacks.Settings) *baseline.Args {
	args := &baseline.Args{
		AccountID:        s.AccountID,
		Region:           s.Region,
		Emails:           s.Audit.AlarmEmails,
		LogRetentionDays: s.Audit.LogRetentionDays,
		MonthlyBudgetUSD: s.Baseline.MonthlyBudgetUSD,
		SecurityContact: baseline.Contact{
			Name: s.Baseline.ContactName, Title: s.Baseline.ContactTitle, Email: s.Baseline.ContactEmail, Phone: s.Baseline.ContactPhone,
		},
		SupportPermissionSet: s.Baseline.SupportPermissionSet,
	}
	for _, p := range s.Baseline.NotMade() {
		args.Parts = append(args.Parts, baseline.Part{Name: baseline.PartName(p.Name), Adopt: p.Adopt, SkipReason: p.SkipReason})
	}
	return args
}
