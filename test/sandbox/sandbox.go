// SPDX-License-Identifier: Apache-2.0

// Package sandbox gives a whole-system test a project of its own: the repository with stack files that the test may alter,
// an emulator that nobody else uses, and no way to reach AWS.
//
// A test package that uses it begins with
//
//	func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }
package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// own are the parts of the repository that a sandbox does not share: the state of rehearsals, what a build left, and the
// history, without which the compiler does not look for a version.
var own = map[string]bool{".rehearsal": true, ".git": true, "build": true}

const (
	// stopTimeout bounds the end of a sandbox's emulator.
	stopTimeout = 30 * time.Second
	// patience is how long the sandbox's last processes may take to end.
	patience = 5 * time.Second
)

// Sandbox is a project in a folder of its own.
type Sandbox struct {
	// Dir is the project's root. Its path is in the command line of every process that a rehearsal starts there.
	Dir string
	// Environ are variables for the command, "NAME=value", on top of the environment of the test without what concerns AWS
	// or Pulumi.
	Environ []string
}

// live are the sandboxes that still have to be stopped, by root.
var live sync.Map

// New makes a sandbox: a temporary folder with links to everything in the repository, the toolchain included, but with
// the Pulumi project of the tests in place of the repository's own. When the test ends, the sandbox's emulator is stopped, and the test fails if one of its
// processes is left.
func New(t *testing.T) *Sandbox {
	t.Helper()
	repository := Repository(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	s := &Sandbox{Dir: filepath.Join(dir, "project")}
	require.NoError(t, os.Mkdir(s.Dir, 0o750))
	require.NoError(t, os.MkdirAll(filepath.Join(repository, ".toolchain"), 0o750))
	s.link(t, "")
	require.NoError(t, testproject.Write(s.Dir))
	live.Store(s.Dir, s)
	t.Cleanup(func() { s.stop(t) })
	return s
}

// link makes links to everything in a folder of the repository but its Pulumi project, and the folder of the baseline: its accounts are those
// of whoever deploys the repository.
func (s *Sandbox) link(t *testing.T, folder string) {
	t.Helper()
	repository := Repository(t)
	entries, err := os.ReadDir(filepath.Join(repository, folder))
	require.NoError(t, err)
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		switch {
		case own[name], strings.HasPrefix(entry.Name(), "Pulumi.") && !entry.IsDir(), name == stacks.BaselineFolder:
		case name == filepath.Dir(stacks.BaselineFolder):
			require.NoError(t, os.Mkdir(s.Path(name), 0o750))
			s.link(t, name)
		default:
			require.NoError(t, os.Symlink(filepath.Join(repository, name), s.Path(name)))
		}
	}
}

// Baseline gives the accounts of both environments the baseline that the project of the tests has.
func (s *Sandbox) Baseline(t *testing.T) {
	t.Helper()
	require.NoError(t, os.Mkdir(s.Path(stacks.BaselineFolder), 0o750))
	s.link(t, stacks.BaselineFolder)
	require.NoError(t, testproject.WriteBaseline(s.Path(stacks.BaselineFolder)))
}

// Repository returns the root of the repository, the nearest folder above the test's own that has a go.mod.
func Repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		require.NotEqual(t, filepath.Dir(dir), dir, "no go.mod above the test's folder")
		dir = filepath.Dir(dir)
	}
}

// Path returns the path of a file of the sandbox.
func (s *Sandbox) Path(name ...string) string {
	return filepath.Join(append([]string{s.Dir}, name...)...)
}

// Own replaces an entry of the repository by an empty folder.
func (s *Sandbox) Own(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(s.Path(name)))
	require.NoError(t, os.Mkdir(s.Path(name), 0o750))
}

// Replace changes a text of a copied file; the test fails if the text is not there exactly once.
func (s *Sandbox) Replace(t *testing.T, name, old, replacement string) {
	t.Helper()
	text, err := os.ReadFile(s.Path(name))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), old), "%s: %q", name, old)
	require.NoError(t, os.WriteFile(s.Path(name), []byte(strings.Replace(string(text), old, replacement, 1)), 0o600))
}

// stop ends the emulator and whatever else runs in the sandbox, which should be nothing.
func (s *Sandbox) stop(t *testing.T) {
	t.Helper()
	live.Delete(s.Dir)
	left, err := s.end()
	if err != nil {
		t.Errorf("ending the sandbox: %v", err)
	}
	for _, process := range left {
		t.Errorf("a process of the sandbox was left: %d %s", process.PID, process.Command)
	}
}

// end ends the emulator, and kills the processes that are still there some seconds later. It returns those.
func (s *Sandbox) end() ([]Process, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	failure := emulator.Stop(ctx, s.Dir)
	left, err := s.Processes()
	for deadline := time.Now().Add(patience); len(left) > 0 && time.Now().Before(deadline); left, err = s.Processes() {
		time.Sleep(50 * time.Millisecond)
	}
	for _, process := range left {
		process.kill()
	}
	return left, errors.Join(failure, err)
}
