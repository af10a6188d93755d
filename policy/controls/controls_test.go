// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

func load(tb testing.TB) *pack.Pack {
	tb.Helper()
	p, err := controls.New()
	require.NoError(tb, err)
	return p
}

// TestFixtures plays every control: at least two good and two bad scenes each, as a preview, as a state, and
// with every single value unknown.
func TestFixtures(t *testing.T) {
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	for _, c := range controls.All() {
		f, ok := fixtures[c.ID]
		if !ok {
			t.Errorf("%s has no fixtures", c.ID)
			continue
		}
		if len(f.Good) < 2 || len(f.Bad) < 2 {
			t.Errorf("%s has %d good and %d bad fixtures; two of each are wanted", c.ID, len(f.Good), len(f.Bad))
		}
		packtest.Check(t, p, f)
		delete(fixtures, c.ID)
	}
	for id := range fixtures {
		t.Errorf("fixtures for %s, which is no control", id)
	}
}

func TestThereAreEnoughControls(t *testing.T) {
	all := controls.All()
	t.Logf("%d controls", len(all))
	require.GreaterOrEqual(t, len(all), 200)
	for _, c := range all {
		require.NotEmpty(t, c.Maps, c.ID)
		require.NotEmpty(t, c.URL, c.ID)
	}
}

func TestProfiles(t *testing.T) {
	for _, c := range controls.All() {
		production, staging := controls.Profiles()["production"].Level(c), controls.Profiles()["staging"].Level(c)
		switch {
		case c.Level == pack.Disabled:
			require.Equal(t, pack.Disabled, production, c.ID)
			require.Equal(t, pack.Disabled, staging, c.ID)
		case c.Severity >= pack.High && c.About() == pack.Security:
			require.Equal(t, pack.Mandatory, production, c.ID)
			require.Equal(t, pack.Mandatory, staging, c.ID)
		case c.Severity >= pack.High:
			require.Equal(t, pack.Mandatory, production, c.ID)
			require.Equal(t, pack.Advisory, staging, c.ID)
		default:
			require.Equal(t, pack.Advisory, production, c.ID)
		}
	}
	require.True(t, slices.IsSortedFunc(controls.All(), func(a, b *pack.Control) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	}))
}
