// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing")

// golden compares a file with what it should hold, or writes it with -update.
func golden(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		require.NoError(t, os.Chmod(file, 0o644)) //nolint:gosec // part of the repository, to be read by all
	}
	have, err := os.ReadFile(file) //nolint:gosec // a path of this test
	require.NoError(t, err)
	require.Equal(t, want, string(have), "%s is out of date; run `go generate ./stacks`", file)
}

// TestGeneratedFilesAreUpToDate holds for the repository's project, whatever it is called, and for that of the tests.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	for _, file := range []string{"../" + projectFile, "../internal/testproject/project/" + projectFile, "../infra/baseline/" + projectFile, "../internal/testproject/project/baseline/" + projectFile} {
		have, err := os.ReadFile(file) //nolint:gosec // a path of this test
		require.NoError(t, err)
		want, err := ProjectFile(have)
		require.NoError(t, err)
		require.Equal(t, string(want), string(have), "%s is out of date; run `go generate ./stacks`", file)
	}
	project, err := os.ReadFile("../" + projectFile)
	require.NoError(t, err)
	name, err := ProjectName(project)
	require.NoError(t, err)
	want, err := Reference(name)
	require.NoError(t, err)
	have, err := os.ReadFile("../" + reference)
	require.NoError(t, err)
	require.Equal(t, string(want), string(have), "%s is out of date; run `go generate ./stacks`", reference)
}

func TestProjectFileWithoutItsMarker(t *testing.T) {
	_, err := ProjectFile([]byte("name: shop\nconfig: {}\n"))
	require.ErrorContains(t, err, "Pulumi.yaml has lost the line \"# Everything below is generated")
	_, err = ProjectFile([]byte("name: [\n" + marker))
	require.ErrorContains(t, err, "Pulumi.yaml: yaml: ")
}
