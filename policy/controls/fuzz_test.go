// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// sound fails the test when a control failed by itself; such a control reports that.
func sound(tb testing.TB, results []pack.Result) {
	tb.Helper()
	for _, r := range results {
		for _, n := range r.Notes {
			require.NotContains(tb, n.Text, "the control itself failed", r.Control.ID)
		}
	}
}

// everything is a session in which every control is on.
func everything(tb testing.TB, p *pack.Pack) *pack.Session {
	tb.Helper()
	session := pack.NewSession(p)
	require.NoError(tb, session.Configure(map[string]pack.Config{
		"all": {Level: pack.Mandatory},
		"pack-governance": {Properties: map[string]any{"waivers": []any{map[string]any{
			"control": "s3-acl-public-read", "name": "r*", "reason": "so that waivers take part", "owner": "nobody", "expires": "2999-01-01",
		}}}},
	}))
	return session
}

// FuzzAnalyze judges arbitrary inputs of every type by every control, in both passes, twice.
func FuzzAnalyze(f *testing.F) {
	p := load(f)
	all := tokens()
	f.Add(uint16(0), uint16(1), []byte(`{"bucket":"b","acl":["public-read"],"policy":{"Statement":7}}`), []byte(`{"bucket":"b"}`))
	f.Add(uint16(9), uint16(20), []byte(`{"ingress":[{"cidrBlocks":"x","fromPort":"y"}],"routes":{}}`), []byte(`{"rules":[[[]]]}`))
	f.Fuzz(func(t *testing.T, a, b uint16, first, second []byte) {
		judge := func() []pack.Result {
			session := everything(t, p)
			var stack []*pack.Resource
			var results []pack.Result
			for i, text := range [][]byte{first, second} {
				props, err := pack.StructFromJSON(text)
				if err != nil {
					return nil
				}
				token := all[int([2]uint16{a, b}[i])%len(all)]
				name := [2]string{"one", "two"}[i]
				urn := "urn:pulumi:s::p::" + token + "::" + name
				results = append(results, session.Analyze(pack.NewResource(token, name, urn, props))...)
				after := pack.NewResource(token, name, urn, nil)
				after.SetOutputs(props)
				stack = append(stack, after)
			}
			return append(results, session.AnalyzeStack(stack)...)
		}
		results := judge()
		sound(t, results)
		require.Equal(t, results, judge())
	})
}

// FuzzTrees judges random stacks, made of the names and texts of the fixtures, twice.
func FuzzTrees(f *testing.F) {
	p, v := load(f), learn(f)
	for seed := range uint64(60) {
		f.Add(seed, byte(seed%20))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size byte) {
		results := v.play(t, everything(t, p), seed, int(size%40))
		sound(t, results)
		require.Equal(t, results, v.play(t, everything(t, p), seed, int(size%40)))
	})
}

// TestMemoryDoesNotGrow judges random stacks in one session for a long time. What the session has to keep is
// bounded by the resources of a stack, whose names come again and again; nothing else may stay.
func TestMemoryDoesNotGrow(t *testing.T) {
	const (
		rounds = 240
		warm   = 80
		size   = 30
		stacks = 20
		slack  = 2 << 20
	)
	p, v := load(t), learn(t)
	session := everything(t, p)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	for round := range rounds {
		if round == warm {
			before = heap()
		}
		v.play(t, session, uint64(round%stacks), size)
	}
	after := heap()
	runtime.KeepAlive(session)
	t.Logf("%d KB after %d rounds, %d KB after %d", before>>10, warm, after>>10, rounds)
	require.Less(t, after, before+slack)
}
