// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// analyzer is the name by which the engine looks for the program behind "runtime: bulkhead".
const analyzer = "pulumi-analyzer-policy-bulkhead"

// TestFolderIsAPack hands the engine the folder policy instead of the program, which it then finds by the
// runtime that PulumiPolicy.yaml names: on the path, or among its plugins.
func TestFolderIsAPack(t *testing.T) {
	folder := filepath.Join(root(t), "policy")
	preview := func(t *testing.T, e *engine) result {
		t.Helper()
		e.stack(t, read(t, "../examples/publicbucket/Pulumi.yaml"), program(t, "publicbucket", "./policy/examples/publicbucket"), map[string]string{"way": "missing"})
		return e.run(t, previewArgs(folder, plain(t))...)
	}
	refused := func(t *testing.T, r result) {
		t.Helper()
		require.NotZero(t, r.code)
		require.Len(t, mandatory(r.out), 1, "%s\n%s", r.out, r.err)
		require.Contains(t, r.out, "bulkhead@v0.1.0")
		require.Contains(t, r.out, "s3-public-access-block  (aws:s3:BucketV2: missing)")
	}
	t.Run("on the path", func(t *testing.T) {
		e := newEngine(t)
		dir := t.TempDir()
		require.NoError(t, os.Symlink(packProgram(t), filepath.Join(dir, analyzer)))
		e.path = dir + string(os.PathListSeparator) + e.path
		refused(t, preview(t, e))
	})
	t.Run("with options", func(t *testing.T) {
		e := newEngine(t)
		dir := t.TempDir()
		require.NoError(t, os.Symlink(packProgram(t), filepath.Join(dir, analyzer)))
		e.path = dir + string(os.PathListSeparator) + e.path
		e.write(t, "pack/PulumiPolicy.yaml", "runtime: {name: bulkhead, options: {color: red}}\nversion: 7.8.9\n")
		state, err := filepath.Abs("testdata/state.json")
		require.NoError(t, err)
		r := e.run(t, "policy", "analyze", "--file", state, "--policy-pack", "pack")
		require.NotZero(t, r.code)
		require.Contains(t, r.out, "bulkhead@v", r.err)
		require.Contains(t, r.out, "s3-acl-public-read")
	})
	t.Run("as a plugin", func(t *testing.T) {
		e := newEngine(t)
		program := filepath.Join(t.TempDir(), analyzer)
		text, err := os.ReadFile(packProgram(t))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(program, text, 0o700))
		e.must(t, "plugin", "install", "analyzer", "policy-bulkhead", "0.1.0", "--file", program)
		refused(t, preview(t, e))
	})
	t.Run("nowhere", func(t *testing.T) {
		e := newEngine(t, "PULUMI_IGNORE_AMBIENT_PLUGINS=true")
		state, err := filepath.Abs("testdata/state.json")
		require.NoError(t, err)
		r := e.run(t, "policy", "analyze", "--file", state, "--policy-pack", folder)
		require.NotZero(t, r.code)
		require.Contains(t, r.out+r.err, analyzer, "the CLI names what it looks for")
	})
}

// TestOwnPack starts the example of a policy of one's own.
func TestOwnPack(t *testing.T) {
	e := newEngine(t)
	state, err := filepath.Abs("testdata/state.json")
	require.NoError(t, err)
	r := e.run(t, "policy", "analyze", "--file", state, "--policy-pack", program(t, "ownpolicy", "./policy/examples/ownpolicy"))
	require.NotZero(t, r.code)
	require.Contains(t, r.out, `BucketV2 "site": the tag Owner is not set. Nobody cleans up, or answers for, what belongs to nobody. Fix: Set the tag Owner to the name of a team.`)
}
