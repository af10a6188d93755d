// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// hardened is where the policies' tests have our own environments, deployed, as input.
const hardened = "../policy/hardening/testdata"

// TestHardenedStacksAreTodaysProgram compares the exports that the policies are tried on with what the program registers now.
func TestHardenedStacksAreTodaysProgram(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			now, err := deployed(t, settingsOf(t, environment)).Export()
			require.NoError(t, err)
			file := filepath.Join(hardened, environment+".json")
			if *update {
				require.NoError(t, os.WriteFile(file, now, 0o600))
			}
			before, err := os.ReadFile(filepath.Clean(file))
			require.NoError(t, err)
			require.True(t, string(before) == string(now), "%s is not today's program; run: go test ./infra -run Hardened -update && go test ./policy/hardening -update", file)
		})
	}
}
