// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"os"
	"path/filepath"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// TestWaiversFileIsFoundFromWhereTheEngineStartsThePack starts packs in folders of a repository and in one
// beside it.
func TestWaiversFileIsFoundFromWhereTheEngineStartsThePack(t *testing.T) {
	outside := t.TempDir()
	repository := filepath.Join(outside, "repository")
	for _, dir := range []string{".git", "infra", "policy", ".rehearsal/staging/project"} {
		require.NoError(t, os.MkdirAll(filepath.Join(repository, dir), 0o750))
	}
	text := []byte("waivers:\n  - {control: a-locked, name: old-one, reason: a long enough reason, owner: me, expires: 2999-01-01}\n")
	require.NoError(t, os.WriteFile(filepath.Join(repository, "policy/waivers.yaml"), text, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(outside, "elsewhere.yaml"), text, 0o600))
	for _, c := range []struct {
		start, file string
		found       bool
	}{
		{"repository", "policy/waivers.yaml", true},
		{"repository/infra", "policy/waivers.yaml", true},
		{"repository/policy", "policy/waivers.yaml", true},
		{"repository/policy", "waivers.yaml", true},
		{"repository/.rehearsal/staging/project", "policy/waivers.yaml", true},
		{"repository/infra", "waivers.yaml", false},
		{"repository/infra", "elsewhere.yaml", false}, // nothing outside the repository counts
		{".", "policy/waivers.yaml", false},
		{".", "elsewhere.yaml", true},
	} {
		t.Run(c.start+" "+c.file, func(t *testing.T) {
			t.Chdir(filepath.Join(outside, c.start))
			client := packtest.Dial(t, sample(t))
			err := configure(t, client, map[string]*pulumirpc.PolicyConfig{
				"pack-governance": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY,
					Properties: props(t, map[string]any{"waiversFile": c.file})},
			})
			if !c.found {
				require.ErrorContains(t, err, "there is no "+c.file+" in "+filepath.Join(outside, c.start))
				return
			}
			require.NoError(t, err)
			require.Empty(t, analyze(t, client, "old-one", map[string]any{"size": 20}).GetDiagnostics())
		})
	}
}
