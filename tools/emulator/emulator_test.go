// SPDX-License-Identifier: Apache-2.0

package emulator_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// TestMain lets the test binary stand in for the tool: as "emulator" it is the gateway's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "emulator" {
		os.Exit(emulator.Serve(os.Args[2:]))
	}
	os.Exit(sandbox.Main(m))
}

// project makes an empty project that shares this repository's installed moto.
func project(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs("../..")
	require.NoError(t, err)
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(repository, ".toolchain"), 0o750))
	require.NoError(t, os.Symlink(filepath.Join(repository, ".toolchain"), filepath.Join(root, ".toolchain")))
	t.Cleanup(func() { require.NoError(t, emulator.Stop(context.Background(), root)) })
	return root
}

func command() []string { return []string{os.Args[0], "emulator"} }

func ensure(t *testing.T, root string) *emulator.Info {
	t.Helper()
	info, err := emulator.Ensure(t.Context(), root, command(), t.Output())
	require.NoError(t, err)
	return info
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func eventuallyDead(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return !alive(pid) }, 30*time.Second, 20*time.Millisecond)
}

func TestEnsureStartsOnceAndStopEndsAll(t *testing.T) {
	root := project(t)
	_, err := emulator.Find(t.Context(), root)
	require.ErrorIs(t, err, emulator.ErrNotRunning)

	var wait sync.WaitGroup
	found := make([]*emulator.Info, 3)
	for i := range found {
		wait.Go(func() { found[i], _ = emulator.Ensure(context.Background(), root, command(), nil) })
	}
	wait.Wait()
	for _, info := range found {
		require.NotNil(t, info)
		require.Equal(t, found[0].ID, info.ID, "three starts at once are one emulator")
	}
	info := found[0]
	require.NotEqual(t, os.Getpid(), info.PID)
	session, err := getsid(info.PID)
	require.NoError(t, err)
	require.Equal(t, info.PID, session, "the gateway has a session of its own, so Ctrl-C does not reach it")

	require.NoError(t, emulator.Stop(t.Context(), root))
	eventuallyDead(t, info.PID)
	eventuallyDead(t, info.MotoPID)
	_, err = emulator.Find(t.Context(), root)
	require.ErrorIs(t, err, emulator.ErrNotRunning)
	require.NoError(t, emulator.Stop(t.Context(), root), "a second stop has nothing to do")
}

func TestKilledGatewayTakesMotoAlongAndIsReplaced(t *testing.T) {
	root := project(t)
	first := ensure(t, root)
	require.NoError(t, syscall.Kill(first.PID, syscall.SIGKILL))
	eventuallyDead(t, first.MotoPID)
	require.FileExists(t, filepath.Join(emulator.Folder(root), "emulator.json"), "the killed one left its file")
	second := ensure(t, root)
	require.NotEqual(t, first.ID, second.ID)
}

func TestStaleFileOfAnotherProcessHarmsNobody(t *testing.T) {
	root := project(t)
	require.NoError(t, os.MkdirAll(emulator.Folder(root), 0o750))
	stale := `{"id":"old","endpoint":"http://127.0.0.1:1","pid":` + strconv.Itoa(os.Getppid()) + `}`
	require.NoError(t, os.WriteFile(filepath.Join(emulator.Folder(root), "emulator.json"), []byte(stale), 0o600))
	ensure(t, root)
	require.True(t, alive(os.Getppid()), "the process that has the id now is not touched")
}

func TestHangingGatewayIsReplaced(t *testing.T) {
	root := project(t)
	first := ensure(t, root)
	require.NoError(t, syscall.Kill(first.PID, syscall.SIGSTOP))
	t.Cleanup(func() { _ = syscall.Kill(first.PID, syscall.SIGCONT) })
	require.Eventually(t, func() bool { // kill returns before the last thread has stopped
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := first.Client().Health(short)
		return err != nil
	}, 30*time.Second, 10*time.Millisecond)
	second := ensure(t, root)
	require.NotEqual(t, first.ID, second.ID)
	eventuallyDead(t, first.PID)
}

func TestDeadMotoIsSaidAndReplaced(t *testing.T) {
	root := project(t)
	first := ensure(t, root)
	require.NoError(t, syscall.Kill(first.MotoPID, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		health, err := first.Client().Health(t.Context())
		return err == nil && !health.OK && strings.Contains(health.Status, "moto has ended")
	}, 30*time.Second, 20*time.Millisecond)
	_, err := emulator.Find(t.Context(), root)
	require.ErrorIs(t, err, emulator.ErrNotRunning)
	require.NotEqual(t, first.ID, ensure(t, root).ID)
}

func TestPort(t *testing.T) {
	root := project(t)
	busy := emulator.ErrPortBusy
	for attempts := 10; errors.Is(busy, emulator.ErrPortBusy); attempts-- { // somebody else may be given the port that is freed
		require.Positive(t, attempts, "every port is taken")
		other, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port := strconv.Itoa(other.Addr().(*net.TCPAddr).Port)
		t.Setenv(emulator.PortVariable, port)
		_, err = emulator.Ensure(t.Context(), root, command(), nil)
		require.ErrorIs(t, err, emulator.ErrPortBusy)
		require.ErrorContains(t, err, "port "+port+" is used by another program")
		require.NoError(t, other.Close())
		var info *emulator.Info
		if info, busy = emulator.Ensure(t.Context(), root, command(), t.Output()); busy == nil {
			require.Equal(t, "http://127.0.0.1:"+port, info.Endpoint)
		}
	}
	require.NoError(t, busy)

	for _, wrong := range []string{"0", "65536", "http"} {
		t.Setenv(emulator.PortVariable, wrong)
		_, err := emulator.Ensure(t.Context(), root, command(), nil)
		require.ErrorContains(t, err, emulator.PortVariable+`="`+wrong+`" is not a port`)
	}
}

func TestControlClient(t *testing.T) {
	root := project(t)
	var progress bytes.Buffer
	info, err := emulator.Ensure(t.Context(), root, command(), &progress)
	require.NoError(t, err)
	require.Contains(t, progress.String(), info.Endpoint)
	client := info.Client()
	account := emulator.Account{Env: "staging", AccountID: "111111111111", AccessKey: "AKIASTAGING"}
	require.NoError(t, client.Register(t.Context(), account))
	accounts, err := client.Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []emulator.Account{account}, accounts)

	err = client.Register(t.Context(), emulator.Account{Env: "production", AccountID: "111111111111", AccessKey: "AKIAOTHER"})
	var refused *emulator.RefusedError
	require.True(t, errors.As(err, &refused))
	require.Equal(t, 409, refused.Status)

	rule := emulator.Rule{Service: "ec2", Action: "Create*", Kind: "throttle", Calls: []int{1}}
	require.NoError(t, client.SetFaults(t.Context(), rule))
	rules, err := client.Faults(t.Context())
	require.NoError(t, err)
	require.Equal(t, []emulator.Rule{rule}, rules)
	require.ErrorContains(t, client.SetFaults(t.Context(), emulator.Rule{Kind: "earthquake"}), `kind "earthquake" is not one of`)
	require.NoError(t, client.ClearFaults(t.Context()))

	calls, err := client.Calls(t.Context(), "staging")
	require.NoError(t, err)
	require.Empty(t, calls)
	require.NoError(t, client.Unregister(t.Context(), "staging"))
	require.NoError(t, client.Unregister(t.Context(), "staging"))
}

func getsid(pid int) (int, error) {
	id, _, failure := syscall.Syscall(syscall.SYS_GETSID, uintptr(pid), 0, 0)
	if failure != 0 {
		return 0, failure
	}
	return int(id), nil
}
