// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpread(t *testing.T) {
	require.Equal(t, spread{}, spreadOf(nil))
	require.Equal(t, spread{1, 2, 9}, spreadOf([]float64{9, 1, 2}))
	require.Equal(t, spread{1, 2.5, 9}, spreadOf([]float64{9, 1, 2, 3}))
}

// TestRankIsThatOfTheSignTest compares with the tables of the sign test at 5 %, two-sided.
func TestRankIsThatOfTheSignTest(t *testing.T) {
	for n, want := range map[int]int{1: 0, 5: 0, 6: 1, 8: 1, 9: 2, 11: 2, 12: 3, 15: 4, 20: 6, 25: 8} {
		require.Equal(t, want, rank(n), "%d pairs", n)
	}
}

func TestGainIsTakenPairByPair(t *testing.T) {
	// The machine becomes slower and slower; the second is always 10 % slower than the first.
	a := []float64{10, 11, 12, 13, 14, 15, 16, 17, 18}
	b := make([]float64, len(a))
	for i := range a {
		b[i] = a[i] * 1.1
	}
	g := gainOf(a, b)
	require.True(t, g.known)
	for _, v := range []float64{g.median, g.low, g.high} {
		require.InDelta(t, 0.1, v, 1e-9)
	}
	require.False(t, gainOf(a[:5], b[:5]).known)
	require.Zero(t, gainOf(nil, nil))
}

// TestEveryPackHasItsTurn also sees to it that every pack is first at some time.
func TestEveryPackHasItsTurn(t *testing.T) {
	const n = 6
	first := map[int]bool{}
	for round := range 2 * n {
		seen := map[int]bool{}
		for i := range n {
			seen[turn(i, round, n)] = true
		}
		require.Len(t, seen, n)
		first[turn(0, round, n)] = true
	}
	require.Len(t, first, n)
}

func TestFindingsAreRuleAndResource(t *testing.T) {
	found, err := findings(strings.NewReader(`{"sequence":1,"preludeEvent":{}}
{"policyEvent":{"resourceUrn":"urn:b","policyName":"kms-rotation","enforcementLevel":"mandatory","message":"one"}}
{"policyEvent":{"resourceUrn":"urn:b","policyName":"kms-rotation","enforcementLevel":"mandatory","message":"two"}}
{"policyEvent":{"resourceUrn":"urn:a","policyName":"kms-rotation","enforcementLevel":"mandatory"}}
`))
	require.NoError(t, err)
	require.Equal(t, []string{"kms-rotation urn:a mandatory", "kms-rotation urn:b mandatory"}, found)
	_, err = findings(strings.NewReader("{"))
	require.Error(t, err)
	require.ErrorContains(t, everyRule(found), "s3-public-access-block")
	require.Equal(t, "  only the first:  a\n  only the second: c\n", difference([]string{"a", "b"}, []string{"b", "c"}))
}

func TestTableNamesEveryPack(t *testing.T) {
	run := func(wall float64) []sample {
		return []sample{{WallSeconds: wall, CPUSeconds: wall, PackMB: 30}, {WallSeconds: wall + 1, CPUSeconds: wall, PackMB: 31}}
	}
	packs := []pack{{name: none}, {name: whole, process: "x"}}
	var out strings.Builder
	f := figures{Sizes: map[string]results{"100": {none: run(10), whole: run(11)}}}
	require.NoError(t, table(&out, f, []int{100}, packs))
	require.Contains(t, out.String(), "| 100 | bulkhead, every control | 11.00 / 11.50 / 12.00 |")
	require.Contains(t, out.String(), "| 30 / 30.5 / 31 |")
	require.Contains(t, out.String(), "+9.5 %")
}
