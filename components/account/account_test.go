// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func complete() *Account {
	return &Account{
		ID: "111122223333", Region: "eu-central-1", BoundaryARN: pulumi.String("arn:aws:iam::111122223333:policy/boundary"),
		LogKeyARN: pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/1"),
	}
}

func TestACompleteAccountHasNoProblems(t *testing.T) {
	require.Empty(t, complete().Check())
	require.Empty(t, (&Account{ID: "111122223333", Region: "eu-central-1"}).CheckPlace())
}

func TestEveryMissingPieceIsReportedTogether(t *testing.T) {
	for name, c := range map[string]struct {
		problems []error
		want     []string
	}{
		"nothing": {(&Account{}).Check(), []string{`AccountID: ""`, `Region: ""`, "BoundaryARN: missing; give the ARN", "LogKeyARN: missing; give the ARN"}},
		"wrong":   {(&Account{ID: "12", Region: "europe", LogRetentionDays: 100}).Check(), []string{`AccountID: "12"`, `Region: "europe"`, "LogRetentionDays: 100", "the next longer one is 120", "BoundaryARN", "LogKeyARN"}},
		"logs":    {(&Account{LogRetentionDays: 100}).CheckLogs(), []string{`AccountID: ""`, `Region: ""`, "LogRetentionDays: 100", "LogKeyARN: missing; give the ARN"}},
		"no logs": {(*Account)(nil).CheckLogs(), []string{"Account: missing; give the account"}},
		"nil":     {(*Account)(nil).Check(), []string{"Account: missing; give the account, region, boundary and log key"}},
		"place":   {(&Account{ID: "12", Region: "europe"}).CheckPlace(), []string{`AccountID: "12"`, `Region: "europe"`}},
		"nowhere": {(*Account)(nil).CheckPlace(), []string{"Account: missing; give the account and the region"}},
	} {
		err := errors.Join(c.problems...)
		for _, want := range c.want {
			require.ErrorContains(t, err, want, name)
		}
	}
	require.Len(t, (&Account{}).Check(), 4)
	require.Len(t, (&Account{}).CheckLogs(), 3, "a log group needs no boundary")
	require.Len(t, (&Account{ID: "12", Region: "europe"}).CheckPlace(), 2)
}

func TestRetentionIsAYearUnlessSaidOtherwise(t *testing.T) {
	a := complete()
	require.Equal(t, 365, a.Retention())
	a.LogRetentionDays = 90
	require.Equal(t, 90, a.Retention())
	require.Empty(t, a.Check())
	for _, days := range []int{-1, 2, 364, 366, 5000} {
		a.LogRetentionDays = days
		require.ErrorContains(t, errors.Join(a.Check()...), "LogRetentionDays: ")
	}
}
