// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// lacking are the controls of properties that only one of two names has: the elasticsearch Domain has no softwareUpdateOptions.
var lacking = map[string]bool{"opensearch-updates": true}

// TestEveryControlTakesEveryNameOfAType wants a control that judges a type, or looks at it, to know all names of it; and
// plays every fixture once more with all types under their other names, whose answer is the same.
func TestEveryControlTakesEveryNameOfAType(t *testing.T) {
	t.Parallel()
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	played := 0
	for _, c := range controls.All() {
		for _, list := range [][]string{c.Types, slices.Concat(c.Types, c.Joins)} {
			for _, token := range list {
				if other, ok := aws.Twin(token); ok && !lacking[c.ID] && !slices.Contains(list, other) {
					t.Errorf("%s judges or looks at %s and not at %s", c.ID, token, other)
				}
			}
		}
		good, bad, neither, err := fixtures[c.ID].Scenes(p)
		require.NoError(t, err)
		for _, scene := range slices.Concat(good, bad, neither) {
			renamed := slices.Clone(scene)
			for i := range renamed {
				if other, ok := aws.Twin(renamed[i].Type); ok {
					renamed[i].Type = other
				}
			}
			if lacking[c.ID] || slices.EqualFunc(scene, renamed, func(a, b packtest.Spec) bool { return a.Type == b.Type }) {
				continue
			}
			played++
			before, results, err := packtest.RunOne(p, c.ID, scene, packtest.State, fixtures[c.ID].Settings)
			require.NoError(t, err)
			after, others, err := packtest.RunOne(p, c.ID, renamed, packtest.State, fixtures[c.ID].Settings)
			require.NoError(t, err)
			if before != after || len(results) != len(others) {
				t.Errorf("%s: %s with %d results, as %s %s with %d", c.ID, before, len(results), names(renamed), after, len(others))
			}
		}
	}
	t.Logf("%d scenes played under other names", played)
	require.Greater(t, played, 100)
}

func names(scene packtest.Scene) string {
	var all []string
	for _, s := range scene {
		all = append(all, s.Type+" "+s.Name)
	}
	return strings.Join(all, ", ")
}
