// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

// TestMakeNeedsAnEnvironmentThatThereIs calls make with environments that are none. Nothing takes the default for them.
func TestMakeNeedsAnEnvironmentThatThereIs(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	box.Own(t, ".toolchain") // make builds the command there.
	for argument, says := range map[string]string{
		"ENV=":           `"" is not an environment, it has no such file; known are production, staging`,
		"ENV=Staging":    `"Staging" is not an environment, the file does not exist; did you mean staging? known are production, staging`,
		"ENV=stag ing":   `"stag ing" is not an environment`,
		"ENV=dev":        `Pulumi.dev.yaml: "dev" is not an environment, the file does not exist; known are production, staging`,
		"ENV=it's":       `"it's" is not an environment`,
		"env=production": "env=production chooses nothing: write ENV=production, in capitals. Known are production staging.",
		"Env=staging":    "Env=staging chooses nothing: write ENV=staging, in capitals.",
	} {
		targets := []string{"check"}
		if argument == "ENV=" || argument == "env=production" {
			targets = append(targets, "rehearse", "diff", "down", "preview", "up")
		}
		for _, target := range targets {
			command := exec.CommandContext(t.Context(), "make", "--no-print-directory", target, argument)
			command.Dir = box.Dir
			output, err := command.CombinedOutput()
			require.Error(t, err, "%s %s: %s", target, argument, output)
			require.Contains(t, string(output), says, target)
		}
	}
	require.NoDirExists(t, box.Path(".rehearsal"))
	command := exec.CommandContext(t.Context(), "make", "--no-print-directory", "check", "ENV=production")
	command.Dir, command.Env = box.Dir, append(command.Environ(), "env=staging")
	output, err := command.CombinedOutput()
	require.NoError(t, err, "with ENV, a variable of another name is nobody's business: %s", output)
}
