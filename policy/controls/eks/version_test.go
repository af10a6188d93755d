// SPDX-License-Identifier: Apache-2.0

package eks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The ends of standard support are those of the EKS user guide, "Kubernetes release calendar", give or take two weeks.
func TestVersionsOfKubernetesGrowOld(t *testing.T) {
	const fortnight = 14 * 24 * time.Hour
	for version, end := range map[string]string{
		"1.29": "2025-03-23", "1.30": "2025-07-23", "1.31": "2025-11-26", "1.32": "2026-03-23", "1.33": "2026-07-29", "1.34": "2026-12-02",
		"1.35": "2027-03-27",
	} {
		day, err := time.Parse(time.DateOnly, end)
		require.NoError(t, err)
		require.True(t, inStandardSupport(version, day.Add(-fortnight)), version)
		require.False(t, inStandardSupport(version, day.Add(fortnight)), version)
	}
	for _, version := range []string{"", "1", "1.", "1.x", "2.40", "40"} {
		require.False(t, inStandardSupport(version, endOfKnown.AddDate(-20, 0, 0)), version)
	}
}
