// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// leftover is a program that a killed engine of a stage has left.
func leftover(t *testing.T, s *Stage) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sleep", "600")
	command.Env = append(os.Environ(), s.variable())
	require.NoError(t, command.Start())
	return command
}

func TestALeftProviderIsEndedByTheNextRun(t *testing.T) {
	s := NewStage(t.TempDir(), "staging")
	other := leftover(t, NewStage(t.TempDir(), "staging"))
	provider := leftover(t, s)
	go func() { _ = provider.Wait() }() // It is killed.
	held, err := s.Lock()
	require.NoError(t, err)
	held.Release()
	left, err := process.WithVariable(s.variable())
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, other.Process.Kill(), "another stage's processes are left alone")
	require.Error(t, other.Wait())
}

func TestAnEngineThatFinishesIsWaitedFor(t *testing.T) {
	s := NewStage(t.TempDir(), "staging")
	require.NoError(t, os.MkdirAll(s.Dir, 0o750))
	engine := leftover(t, s)
	require.NoError(t, os.WriteFile(s.Path("engine.pid"), []byte(strconv.Itoa(engine.Process.Pid)), 0o600))
	_, err := s.Lock()
	require.ErrorContains(t, err, fmt.Sprintf("staging is being rehearsed by process %d (sleep), the engine of a run that was killed, which finishes what it has begun; wait for it", engine.Process.Pid))
	require.NoError(t, engine.Process.Kill())
	require.Error(t, engine.Wait())
	held, err := s.Lock()
	require.NoError(t, err)
	held.Release()
}

// The user may change the rehearsed stack with a pulumi of their own.
func TestALockOfTheBackendWhoseOwnerLivesIsRespected(t *testing.T) {
	s := NewStage(t.TempDir(), "staging")
	file := s.Path("backend", ".pulumi", "locks", "organization", "bulkhead", "staging", "2d1b.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"pid":%d,"username":"me"}`, os.Getpid()), 0o600))
	_, err := s.Lock()
	require.ErrorContains(t, err, fmt.Sprintf("staging is being changed by process %d (pulumi); wait for it. If that is another program, remove %s", os.Getpid(), file))

	ended := exec.Command("true")
	require.NoError(t, ended.Run())
	for _, stale := range []string{fmt.Sprintf(`{"pid":%d}`, ended.Process.Pid), `{`, `{}`} {
		require.NoError(t, os.WriteFile(file, []byte(stale), 0o600))
		held, err := s.Lock()
		require.NoError(t, err, stale)
		held.Release()
	}
}

// What a killed engine has started does not outlive it.
func TestAKilledEngineTakesItsProgramsAlong(t *testing.T) {
	e, _ := fakeEngine(t, `sleep 600 >/dev/null 2>&1 & kill -9 $$`)
	require.ErrorContains(t, e.Operation(t.Context(), "up", "up"), "pulumi up --stack: signal: killed")
	left, err := process.WithVariable(e.stage.variable())
	require.NoError(t, err)
	require.Empty(t, left)
}
