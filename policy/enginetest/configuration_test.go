// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConfigurationFaultsStopTheEngine gives the pack settings it does not know.
func TestConfigurationFaultsStopTheEngine(t *testing.T) {
	e := newEngine(t)
	state, err := filepath.Abs("testdata/state.json")
	require.NoError(t, err)
	for config, want := range map[string]string{
		`{"s3-tls-onli":"mandatory"}`:                             "did you mean",
		`{"rds-backups":{"minDays":"many"}}`:                      "minDays",
		`{"pack-governance":{"profile":"lax"}}`:                   "profile",
		`{"pack-governance":{"waivers":[{"x":1}]}}`:               "unknown field",
		`{"pack-governance":{"waiversFile":"nowhere.yaml"}}`:      "there is no nowhere.yaml in",
		`{"pack-governance":{"levels":{"s3-tls-onli":"strict"}}}`: "s3-tls-only",
	} {
		file := e.write(t, "config.json", config)
		r := e.run(t, "policy", "analyze", "--file", state, "--policy-pack", packProgram(t), "--policy-pack-config", file)
		require.NotZero(t, r.code, config)
		require.Contains(t, r.out+r.err, want, config)
	}
}
