// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

var update = flag.Bool("update", false, "write the golden files anew")

// built is where the programs of this run of the tests lie, and which there are.
var built = struct {
	sync.Mutex
	dir  string
	done map[string]error
}{done: map[string]error{}}

func TestMain(m *testing.M) {
	code := sandbox.Main(m)
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	return dir
}

// program builds a main package of the repository, once for all tests, and returns its path.
func program(t *testing.T, name, source string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "bulkhead-enginetest-")
		require.NoError(t, err)
		built.dir = dir
	}
	target := filepath.Join(built.dir, name)
	if _, ok := built.done[name]; !ok {
		built.done[name] = toolchain.Go(t.Context(), root(t), os.Environ(), "build", "-o", target, source)
	}
	require.NoError(t, built.done[name])
	return target
}

// packProgram returns the path of the pack.
func packProgram(t *testing.T) string {
	t.Helper()
	return program(t, "bulkhead-policy", "./policy")
}

// profile returns the path of one of the project's configurations of the pack.
func profile(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(root(t), "policy/profiles", name+".json")
}

// plain is the configuration of a stack that is nobody's baseline.
func plain(t *testing.T) string {
	t.Helper()
	return filepath.Join(root(t), "policy/examples/publicbucket/policies.json")
}

// engine is the Pulumi CLI with a backend and a project of its own.
type engine struct {
	// Dir is the folder of the project, where the CLI runs.
	Dir      string
	home     string
	cli      string
	provider string // kept off the path of real deployments
	env      []string
	path     string
}

// newEngine returns an engine with an empty project folder. The variables come on top of those that keep it
// away from AWS.
func newEngine(t *testing.T, more ...string) *engine {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	options := toolchain.Options{Root: root(t), Progress: t.Output()}
	tools, err := toolchain.Ensure(t.Context(), options)
	require.NoError(t, err)
	provider, err := toolchain.BuildProvider(t.Context(), options)
	require.NoError(t, err)
	e := &engine{Dir: dir, home: t.TempDir(), cli: tools.Pulumi.Path, provider: provider.Path}
	e.path = filepath.Dir(e.provider) + string(os.PathListSeparator) + tools.SearchPath()
	e.env = append([]string{
		"PULUMI_BACKEND_URL=file://" + e.home, "PULUMI_HOME=" + filepath.Join(e.home, "home"), "PULUMI_CONFIG_PASSPHRASE=test",
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=http://127.0.0.1:9",
	}, more...)
	return e
}

// result is how a run of the CLI ended.
type result struct {
	out, err string
	code     int
}

// run runs the CLI in the project's folder.
func (e *engine) run(t *testing.T, args ...string) result {
	t.Helper()
	cmd := exec.Command(e.cli, args...)
	cmd.Dir = e.Dir
	cmd.Env = append(append(os.Environ(), "PATH="+e.path), e.env...)
	var o, w bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &w
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{o.String(), w.String(), cmd.ProcessState.ExitCode()}
}

// must runs the CLI and fails the test if it fails.
func (e *engine) must(t *testing.T, args ...string) result {
	t.Helper()
	r := e.run(t, args...)
	require.Zero(t, r.code, "pulumi %v\n%s\n%s", args, r.out, r.err)
	return r
}

// stack makes the stack "dev" of a project whose program is already built.
func (e *engine) stack(t *testing.T, project, binary string, settings map[string]string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(e.Dir, "Pulumi.yaml"), []byte(project), 0o600))
	e.env = append(e.env, "BULKHEAD_PROGRAM="+binary)
	e.must(t, "stack", "init", "dev", "--non-interactive")
	for key, value := range settings {
		e.must(t, "config", "set", "--stack", "dev", "--non-interactive", key, value)
	}
}

// previewArgs are the arguments of a preview judged by the pack.
func previewArgs(pack, config string) []string {
	return []string{
		"preview", "--stack", "dev", "--non-interactive", "--color", "never", "--suppress-progress", "--policy-pack", pack, "--policy-pack-config", config,
	}
}

// write puts a text into a file of the project and returns its path.
func (e *engine) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(e.Dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// golden compares a text with a file, or writes the file.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "write it with: go test -tags engine ./policy/enginetest -update")
	require.Equal(t, string(want), text, file)
}
