// SPDX-License-Identifier: Apache-2.0

package hardening_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const account = "baseline"

// TestTheBaselineDoesTheAccountsDuties judges the baseline under its own profile: nothing is found, and every duty of an account but
// Macie, which looks for personal data, is demanded and done.
func TestTheBaselineDoesTheAccountsDuties(t *testing.T) {
	p, err := controls.New()
	require.NoError(t, err)
	judged := runAs(t, p, deployed(t, account), account)
	done := map[string]bool{}
	for key, outcome := range judged {
		id, _, _ := strings.Cut(key, " ")
		if outcome == pack.Fail || outcome == pack.Undecided {
			t.Errorf("%s: %s", outcome, key)
		}
		done[id] = done[id] || outcome == pack.Pass
	}
	for key, outcome := range runAs(t, p, deployed(t, account+"-preview"), account) {
		require.NotEqual(t, pack.Fail, outcome, "in preview: %s", key)
	}
	for _, c := range p.Controls() {
		if strings.HasPrefix(c.ID, "account-") && c.ID != "account-macie" {
			require.True(t, done[c.ID], "%s is not demanded by the profile", c.ID)
		}
	}
}

// TestEveryDutyIsMissed takes away what does each of the account's duties: the control must find that.
func TestEveryDutyIsMissed(t *testing.T) {
	p, err := controls.New()
	require.NoError(t, err)
	for _, c := range p.Controls() {
		if !strings.HasPrefix(c.ID, "account-") || c.ID == "account-macie" {
			continue
		}
		bare := deployed(t, account)
		bare.Deployment.Resources = slices.DeleteFunc(bare.Deployment.Resources, func(r map[string]any) bool {
			token, _ := r["type"].(string)
			return slices.Contains(c.Joins, token)
		})
		missed := false
		for key, outcome := range runAs(t, p, bare, account) {
			missed = missed || strings.HasPrefix(key, c.ID+" ") && outcome == pack.Fail
		}
		require.True(t, missed, c.ID)
	}
}
