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
		"nothing": {(&Account{}).Check(), []string{"Account: ", "Region", "BoundaryARN is missing; give the ARN", "LogKeyARN is missing; give the ARN"}},
		"wrong":   {(&Account{ID: "12", Region: "europe", LogRetentionDays: 100}).Check(), []string{`"12"`, `"europe"`, "does not accept 100 days; use one of [1 3 5", "BoundaryARN", "LogKeyARN"}},
		"nil":     {(*Account)(nil).Check(), []string{"Account: missing; give the account, region, boundary and log key"}},
		"place":   {(&Account{ID: "12", Region: "europe"}).CheckPlace(), []string{`Account: `, `"12"`, `"europe"`}},
		"nowhere": {(*Account)(nil).CheckPlace(), []string{"Account: missing; give the account and the region"}},
	} {
		err := errors.Join(c.problems...)
		for _, want := range c.want {
			require.ErrorContains(t, err, want, name)
		}
	}
	require.Len(t, (&Account{}).Check(), 4)
	require.Len(t, (&Account{ID: "12", Region: "europe"}).CheckPlace(), 2)
}

func TestRetentionIsAYearUnlessSaidOtherwise(t *testing.T) {
	a := complete()
	require.Equal(t, 365, a.Retention())
	a.LogRetentionDays = 90
	require.Equal(t, 90, a.Retention())
}
