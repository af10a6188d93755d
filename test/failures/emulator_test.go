// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// await waits until a call of an action is in the environment's record.
func await(t *testing.T, run *sandbox.Running, e *sandbox.Environment, action string) {
	t.Helper()
	for {
		calls, err := os.ReadFile(e.Path("calls.jsonl"))
		if err == nil && bytes.Contains(calls, []byte(strconv.Quote(action))) {
			return
		}
		require.False(t, run.Ended(), "the rehearsal has ended without %s", action)
		time.Sleep(50 * time.Millisecond)
	}
}

// TestBusyPort asks for a port that somebody else has.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	_, port, err := net.SplitHostPort(other.Addr().String())
	require.NoError(t, err)
	box := sandbox.New(t)
	box.Environ = []string{emulator.PortVariable + "=" + port}
	result := box.Rehearse(t, "up", "staging")
	require.Equal(t, failed, result.Code)
	result.Says(t, "port "+port+" is used by another program; end that, or set "+emulator.PortVariable+" to another port, or unset it")
	require.NoFileExists(t, box.Environment("staging").Path("emulator.json"))
}

// TestEmulatorDies kills the emulator in the middle of a deployment. The deployment ends and says why; the next one finds that
// the account is gone with it and begins anew.
func TestEmulatorDies(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	staging := box.Environment("staging")
	run := box.Start(t, "up", "staging")
	await(t, run, staging, "CreateSubnet")
	requireRefused(t, box)

	before := staging.Status(t).Emulator
	require.NoError(t, syscall.Kill(before.PID, syscall.SIGKILL))
	result := run.Wait(t)
	require.Equal(t, failed, result.Code, result.Err)
	result.Says(t, "rehearse: up: the emulator has died, and the emulated account with it (see the logs in "+emulator.Folder(box.Dir)+"); run this again to start anew")
	left, err := box.Processes()
	require.NoError(t, err)
	require.Empty(t, left)

	calls := len(staging.Calls(t))
	again := box.Start(t, "up", "staging")
	for staging.Status(t).Emulator.ID == before.ID {
		require.False(t, again.Ended(), "the rehearsal has ended without an emulator")
		time.Sleep(50 * time.Millisecond)
	}
	await(t, again, staging, "CreateVpc")
	require.Less(t, len(staging.Calls(t)), calls, "the record goes on from the account that is gone")
	again.Interrupt(t)
	result = again.Wait(t)
	require.Equal(t, interrupted, result.Code, result.Err)
	result.Says(t, "the emulator of the last run has stopped and its account is gone; starting from an empty one")

	box.Rehearse(t, "forget").Succeed(t).Says(t, "the emulator has stopped")
	_, err = emulator.Find(context.Background(), box.Dir)
	require.ErrorIs(t, err, emulator.ErrNotRunning)
}

// requireRefused finds that an environment that is being rehearsed cannot be rehearsed or destroyed by another process.
func requireRefused(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	for _, command := range []string{"up", "down"} {
		result := box.Rehearse(t, command, "staging")
		require.Equal(t, failed, result.Code, result.Err)
		result.Says(t, "rehearse: staging is being rehearsed by another process; wait for it")
	}
}

// TestDeadEmulatorIsForgotten takes an environment down whose emulator has gone.
func TestDeadEmulatorIsForgotten(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	staging := box.Environment("staging")
	run := box.Start(t, "up", "staging")
	await(t, run, staging, "CreateHostedZone")
	run.Interrupt(t)
	require.Equal(t, interrupted, run.Wait(t).Code)
	require.NoError(t, emulator.Stop(t.Context(), box.Dir))
	box.Rehearse(t, "down", "staging").Succeed(t).Says(t, "the emulator has stopped, and the emulated account with it; forgetting the stack")
	require.NoFileExists(t, staging.Path("emulator.json"))
	require.NoDirExists(t, staging.Path("backend"))
	box.Rehearse(t, "down", "staging").Succeed(t).Says(t, "nothing to do: staging is not rehearsed")
}
