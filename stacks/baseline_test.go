// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const ofAccount = "shop-baseline"

func account(changes map[string]string) map[string]string {
	values := map[string]string{
		"accountId": "210987654321", "region": "eu-central-1", "alarmEmails": `["ops@example.com"]`, "monthlyBudgetUsd": "400",
		"contactName": "Security", "contactTitle": "CISO", "contactEmail": "security@example.com", "contactPhone": "+49 30 1234567",
	}
	for key, value := range changes {
		values[key] = value
	}
	return values
}

func TestABaselineHasSettingsOfItsOwn(t *testing.T) {
	settings, err := Parse(ofAccount, "staging", account(map[string]string{
		"parts": `["guardDuty adopt 12abc34d567e8fa901bc2d34e56789f0","trail skip because the organization has one"]`,
	}))
	require.NoError(t, err)
	require.Equal(t, 400, settings.Baseline.MonthlyBudgetUSD)
	require.Equal(t, []Part{
		{Name: "guardDuty", Adopt: "12abc34d567e8fa901bc2d34e56789f0"}, {Name: "trail", SkipReason: "the organization has one"},
	}, settings.Baseline.NotMade())

	_, err = Parse(ofAccount, "production", account(map[string]string{"zones": `["eu-central-1a"]`, "contactPhone": "none", "logRetentionDays": "30"}))
	require.EqualError(t, err, `3 problems in the configuration:
  Pulumi.production.yaml: shop-baseline:zones: "[\"eu-central-1a\"]" is given to an unknown key; it is a setting of environments; remove it here
  Pulumi.production.yaml: shop-baseline:logRetentionDays: 30 keeps the logs of production for less than a year (Security Hub CloudWatch.16); keep them for 365 days or more
  Pulumi.production.yaml: shop-baseline:contactPhone: "none" is not a telephone number; write it like +49 30 1234567`)

	_, err = Parse("shop", "staging", valid(map[string]string{"monthlyBudgetUsd": "400"}))
	require.ErrorContains(t, err, `shop:monthlyBudgetUsd: "400" is given to an unknown key; it is a setting of the account's baseline; write it into infra/baseline`)
}

func TestPartsAreAdoptedOrSkippedWithAReason(t *testing.T) {
	for given, want := range map[string]string{
		"macie skip because it is dear": `names no part of the baseline`,
		"guardduty adopt 12":            `did you mean guardDuty?`,
		"guardDuty":                     `neither adopts nor skips a part with a reason`,
		"guardDuty skip":                `neither adopts nor skips a part with a reason`,
		"guardDuty skip because no":     `gives a reason that is not valid`,
		"guardDuty adopt mine":          `adopts by something that is not the id of the part; write it like ^[0-9a-f]{32}$`,
		"budget adopt mine":             `adopts a part that has no id`,
	} {
		_, err := Parse(ofAccount, "staging", account(map[string]string{"parts": `["` + given + `"]`}))
		require.ErrorContains(t, err, want, given)
	}
	_, err := Parse(ofAccount, "staging", account(map[string]string{"parts": `["budget skip because of one reason","budget skip because of another"]`}))
	require.ErrorContains(t, err, "is about budget a second time")
}

// TestCommittedBaselines holds the repository's own to everything, and to the environments in the same accounts.
func TestCommittedBaselines(t *testing.T) {
	accounts, err := Environments("../" + BaselineFolder)
	require.NoError(t, err)
	require.NotEmpty(t, accounts)
	known, err := Environments("..")
	require.NoError(t, err)
	for _, env := range accounts {
		account, err := CheckFiles("../"+BaselineFolder, env)
		require.NoError(t, err)
		if !slices.Contains(known, env) {
			continue // an account may have another name than the environments in it
		}
		environment, err := CheckFiles("..", env)
		require.NoError(t, err)
		require.Equal(t, environment.AccountID, account.AccountID)
		require.Equal(t, environment.Region, account.Region)
	}
}
