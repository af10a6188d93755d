// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// FuzzAnalyze judges arbitrary inputs of every type by every control, in both passes. A control that fails by
// itself reports that, and the fuzzer takes such a report for a fault.
func FuzzAnalyze(f *testing.F) {
	p, err := controls.New()
	require.NoError(f, err)
	var tokens []string
	seen := map[string]bool{}
	for _, c := range controls.All() {
		for _, t := range append(append([]string{}, c.Types...), c.Joins...) {
			if !seen[t] {
				seen[t] = true
				tokens = append(tokens, t)
			}
		}
	}
	f.Add(uint16(0), uint16(1), []byte(`{"bucket":"b","acl":["public-read"],"policy":{"Statement":7}}`), []byte(`{"bucket":"b"}`))
	f.Add(uint16(9), uint16(20), []byte(`{"ingress":[{"cidrBlocks":"x","fromPort":"y"}],"routes":{}}`), []byte(`{"rules":[[[]]]}`))
	f.Fuzz(func(t *testing.T, a, b uint16, first, second []byte) {
		session := pack.NewSession(p)
		require.NoError(t, session.Configure(map[string]pack.Config{"all": {Level: pack.Mandatory}}))
		var stack []*pack.Resource
		var results []pack.Result
		for i, text := range [][]byte{first, second} {
			props, err := pack.StructFromJSON(text)
			if err != nil {
				return
			}
			token := tokens[int([2]uint16{a, b}[i])%len(tokens)]
			name := [2]string{"one", "two"}[i]
			urn := "urn:pulumi:s::p::" + token + "::" + name
			results = append(results, session.Analyze(pack.NewResource(token, name, urn, props))...)
			after := pack.NewResource(token, name, urn, nil)
			after.SetOutputs(props)
			stack = append(stack, after)
		}
		for _, r := range append(results, session.AnalyzeStack(stack)...) {
			for _, n := range r.Notes {
				require.NotContains(t, n.Text, "the control itself failed", r.Control.ID)
			}
		}
	})
}
