// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

var builtTools = &toolchain.Toolchain{
	Pulumi:       toolchain.Tool{Name: "pulumi", Path: "/toolchain/bin/pulumi", Origin: "built"},
	LanguageHost: toolchain.Tool{Name: "pulumi-language-go", Path: "/toolchain/bin/pulumi-language-go", Origin: "built"},
	Provider:     toolchain.Tool{Name: "pulumi-resource-aws", Path: "/toolchain/provider/pulumi-resource-aws", Origin: "built"},
}

// repository has the files that the engine reads of the real one.
func repository(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	require.NoError(t, testproject.Write(root))
	return root
}

// unchanged returns a check that the real files are what they were.
func unchanged(t *testing.T, root string) func() {
	t.Helper()
	read := func() map[string]string {
		files := map[string]string{}
		found, err := filepath.Glob(filepath.Join(root, "Pulumi*.yaml"))
		require.NoError(t, err)
		for _, file := range found {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			files[file] = string(text)
		}
		return files
	}
	before := read()
	return func() { require.Equal(t, before, read(), "the real files are only read") }
}

func TestDerivedProject(t *testing.T) {
	for _, environment := range []string{"staging", "production"} {
		t.Run(environment, func(t *testing.T) {
			root := repository(t)
			check := unchanged(t, root)
			s := NewStage(root, environment)
			require.NoError(t, s.Prepare(builtTools))
			check()

			original, err := readYAML(filepath.Join(root, "Pulumi.yaml"))
			require.NoError(t, err)
			derived, err := readYAML(s.Path("project", "Pulumi.yaml"))
			require.NoError(t, err)
			require.Equal(t, original["name"], derived["name"])
			require.Equal(t, original["config"], derived["config"], "the schema and its defaults")
			require.NotContains(t, derived, "main", "the program is built")
			require.Equal(t, map[string]any{"name": "go", "options": map[string]any{"binary": filepath.Join(root, ".rehearsal", "bin", "infra")}}, derived["runtime"])
			require.Equal(t, map[string]any{"providers": []any{map[string]any{"name": "aws", "path": "/toolchain/provider"}}}, derived["plugins"])

			// What the program reads must be what the real files say, to the quotes around an account id.
			want, err := stacks.CheckFiles(root, environment)
			require.NoError(t, err)
			got, err := stacks.CheckFiles(s.Path("project"), environment)
			require.NoError(t, err)
			require.Equal(t, want, got)
			for _, dir := range []string{"backend", "events"} {
				require.DirExists(t, s.Path(dir))
			}
		})
	}
}

func TestDerivedStackFileKeepsAwkwardValues(t *testing.T) {
	root := repository(t)
	file := filepath.Join(root, "Pulumi.staging.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, id := range []string{"012345678901", "001234567012", "100000000000"} { // leading zeros, an octal number, a round one
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "210987654321", id)), 0o600))
		s := NewStage(root, "staging")
		require.NoError(t, s.Prepare(builtTools))
		got, err := stacks.CheckFiles(s.Path("project"), "staging")
		require.NoError(t, err)
		require.Equal(t, id, got.AccountID)
	}
}

// The real stack may be encrypted with the team's key, which a rehearsal neither has nor needs; its own salt it keeps.
func TestDerivedStackFileHasItsOwnSecretsProvider(t *testing.T) {
	root := repository(t)
	file := filepath.Join(root, "Pulumi.staging.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append([]byte("secretsprovider: awskms://alias/pulumi\nencryptedkey: the team's\nencryptionsalt: the team's\n"), text...), 0o600))
	check := unchanged(t, root)
	s := NewStage(root, "staging")
	require.NoError(t, s.Prepare(builtTools))
	copied := s.Path("project", "Pulumi.staging.yaml")
	derived, err := readYAML(copied)
	require.NoError(t, err)
	for _, key := range []string{"secretsprovider", "encryptedkey", "encryptionsalt"} {
		require.NotContains(t, derived, key)
	}

	derived["encryptionsalt"] = "v1:of-the-rehearsal" // as the engine adds it
	derived["config"].(map[string]any)["bulkhead:region"] = "changed by hand"
	require.NoError(t, writeYAML(copied, derived))
	require.NoError(t, s.Prepare(builtTools))
	derived, err = readYAML(copied)
	require.NoError(t, err)
	require.Equal(t, "v1:of-the-rehearsal", derived["encryptionsalt"], "the state could not be read without it")
	require.Equal(t, "eu-central-1", derived["config"].(map[string]any)["bulkhead:region"], "the rest comes from the real file")
	check()
}

func TestPrepareWithoutFiles(t *testing.T) {
	root := repository(t)
	require.ErrorIs(t, NewStage(root, "moon").Prepare(builtTools), os.ErrNotExist)
	require.NoError(t, os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte("name: [bulkhead"), 0o600))
	require.ErrorContains(t, NewStage(root, "staging").Prepare(builtTools), filepath.Join(root, "Pulumi.yaml")+": ")
}

func TestPassphraseIsMadeOnce(t *testing.T) {
	s := NewStage(t.TempDir(), "staging")
	require.NoError(t, os.MkdirAll(s.Dir, 0o750))
	first, err := s.passphrase()
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{48}$`, first)
	again, err := s.passphrase()
	require.NoError(t, err)
	require.Equal(t, first, again)
	info, err := os.Stat(s.Path("passphrase"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	other := NewStage(s.Root, "production")
	require.NoError(t, os.MkdirAll(other.Dir, 0o750))
	theirs, err := other.passphrase()
	require.NoError(t, err)
	require.NotEqual(t, first, theirs)
}

func TestOneRehearsalOfAnEnvironmentAtATime(t *testing.T) {
	root := t.TempDir()
	held, err := NewStage(root, "staging").Lock()
	require.NoError(t, err)
	_, err = NewStage(root, "staging").Lock()
	require.ErrorContains(t, err, fmt.Sprintf("staging is being rehearsed by process %d (engine.test ", os.Getpid()))
	require.ErrorContains(t, err, "wait for it, or end it (lock "+NewStage(root, "staging").Path("lock")+")")
	other, err := NewStage(root, "production").Lock()
	require.NoError(t, err, "environments do not wait for each other")
	other.Release()
	held.Release()
	held, err = NewStage(root, "staging").Lock()
	require.NoError(t, err)
	held.Release()
}

func TestWriteFileIsWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "emulator.json")
	require.NoError(t, WriteFile(file, []byte("first, and longer")))
	require.NoError(t, WriteFile(file, []byte("second")))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "second", string(text))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Error(t, WriteFile(filepath.Join(dir, "missing", "file"), nil))
}

// The baseline is another project in the same account, guarded by the lock of the environment and gone with it.
func TestTheBaselineHasAStageOfItsOwn(t *testing.T) {
	root := repository(t)
	folder := filepath.Join(root, stacks.BaselineFolder)
	require.NoError(t, os.MkdirAll(folder, 0o750))
	require.NoError(t, testproject.WriteBaseline(folder))
	environment := NewStage(root, "staging")
	s := environment.Baseline()
	require.NoError(t, s.Prepare(builtTools))
	derived, err := readYAML(s.Path("project", "Pulumi.yaml"))
	require.NoError(t, err)
	require.Equal(t, "bulkhead-baseline", derived["name"])
	require.Equal(t, map[string]any{"name": "go", "options": map[string]any{"binary": filepath.Join(root, ".rehearsal", "bin", "baseline")}}, derived["runtime"])
	got, err := stacks.CheckFiles(s.Path("project"), "staging")
	require.NoError(t, err)
	require.Equal(t, "210987654321", got.AccountID)
	require.Equal(t, environment.variable(), s.variable(), "what a killed engine of either has left is found by the lock of the environment")
	require.Equal(t, environment.engineFile(), s.engineFile())
	require.NoError(t, environment.StartAnew())
	require.NoDirExists(t, s.Dir)
}
