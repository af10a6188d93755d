// SPDX-License-Identifier: Apache-2.0

package rotate

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARotationThatNobodyBeginsIsOverdue(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	ago := func(days, hours int) time.Time {
		return now.AddDate(0, 0, -days).Add(-time.Duration(hours) * time.Hour)
	}
	known := map[string]Calendar{
		"fresh": {Enabled: true, Last: ago(0, 1)}, "today": {Enabled: true, Last: ago(8, 23)}, "late": {Enabled: true, Last: ago(9, 1)}, "off": {Last: ago(0, 1)},
	}
	check := func(secrets ...string) error {
		return (&Overdue{Secrets: secrets, Days: 8}).Check(t.Context(), func(_ context.Context, secret string) (Calendar, error) {
			if found, is := known[secret]; is {
				return found, nil
			}
			return Calendar{}, errors.New("AccessDenied")
		}, now)
	}
	require.NoError(t, check("fresh", "today"))
	err := check("off", "gone", "late", "fresh")
	require.ErrorContains(t, err, "late: its rotation is overdue by 1 days, the last was at 2026-11-20T11:00:00Z")
	require.ErrorContains(t, err, "off: nobody rotates it any more")
	require.ErrorContains(t, err, "gone: AccessDenied")
	require.NotContains(t, err.Error(), "fresh")
	require.ErrorContains(t, (&Overdue{Days: 8}).Check(t.Context(), nil, now), "secrets and days are missing")
	require.ErrorContains(t, (&Overdue{Secrets: []string{"fresh"}}).Check(t.Context(), nil, now), "secrets and days are missing")
}
