// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// TestThePageOfTheProofIsWrittenWhetherItHoldsOrNot compares our production stack with itself, and with one that has another rule.
func TestThePageOfTheProofIsWrittenWhetherItHoldsOrNot(t *testing.T) {
	const production = "../../policy/hardening/testdata/production.json"
	text, err := os.ReadFile(production)
	require.NoError(t, err)
	wide := filepath.Join(t.TempDir(), "wide.json")
	changed := bytes.ReplaceAll(text, []byte(`"fromPort":8443,"ipProtocol":"tcp"`), []byte(`"fromPort":22,"ipProtocol":"tcp"`))
	require.NotEqual(t, text, changed)
	require.NoError(t, os.WriteFile(wide, changed, 0o600))
	for file, verdict := range map[string]string{production: "The network is as its table says", wide: "The network is not as its table says"} {
		var out strings.Builder
		r := &rehearsal{Stage: engine.NewStage(t.TempDir(), "production"), out: &out}
		require.NoError(t, os.MkdirAll(r.Dir, 0o750))
		var sides []side
		for _, name := range []string{"plan", "state"} {
			s, err := read(name, map[string]string{"plan": production, "state": file}[name])
			require.NoError(t, err)
			sides = append(sides, s)
		}
		r.proof, r.undecided, err = agree(sides)
		require.Equal(t, file == wide, err != nil)
		require.NoError(t, r.page(err != nil))
		page, wrong := os.ReadFile(r.Path(pageFile))
		require.NoError(t, wrong)
		require.Contains(t, string(page), "<h1>Segments of production</h1>")
		require.Contains(t, string(page), verdict)
		require.Equal(t, err != nil, strings.Contains(out.String(), r.Path(pageFile)))
		r.showSegments()
		require.Contains(t, out.String(), "Why, hop by hop, in a browser: "+r.Path(pageFile))
	}
}
