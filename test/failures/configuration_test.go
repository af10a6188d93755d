// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

var update = flag.Bool("update", false, "write the golden files")

// TestBadConfiguration finds everything that is wrong in one run, in the same words whichever command finds it, before
// anything is started.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			environment, _, _ := strings.Cut(filepath.Base(file), "-")
			box := sandbox.New(t)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(box.Path("Pulumi."+environment+".yaml"), text, 0o600))
			for _, command := range []string{"check", "up"} {
				requireGolden(t, box, strings.TrimSuffix(file, ".yaml")+".txt", command, environment)
			}
			// What is deployed already can be taken down whatever the file says by now.
			box.Rehearse(t, "down", environment).Succeed(t)
		})
	}
}

func TestUnknownEnvironment(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	for _, command := range []string{"check", "up"} {
		requireGolden(t, box, filepath.Join("testdata", "unknown-environment.txt"), command, "stagging")
	}
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	result := sandbox.New(t).Rehearse(t, "destroy", "production")
	require.Equal(t, misuse, result.Code)
	result.Says(t, "Usage:")
	result.Says(t, `rehearse: unknown command "destroy"`)
}

func TestGoodConfiguration(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	for _, environment := range []string{"staging", "production"} {
		require.Empty(t, box.Rehearse(t, "check", environment).Succeed(t).Err)
	}
}

// requireGolden compares what the command says with a file, and finds that it has started nothing.
func requireGolden(t *testing.T, box *sandbox.Sandbox, golden string, args ...string) {
	t.Helper()
	result := box.Rehearse(t, args...)
	require.Equal(t, misuse, result.Code, result.Err)
	require.Empty(t, result.Out)
	require.NoDirExists(t, box.Path(".rehearsal"))
	said := strings.ReplaceAll(result.Err, box.Dir, "ROOT")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(said), 0o600))
	}
	wanted, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(wanted), said)
}
