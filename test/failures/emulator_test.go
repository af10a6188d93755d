// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"context"
	"net"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

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
	run.Await(t, "CreateSubnet", func() bool { return staging.Called("CreateSubnet") })
	requireRefused(t, box, "(rehearse up staging)")

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
	again.Await(t, "there is another emulator", func() bool { return staging.Status(t).Emulator.ID != before.ID })
	again.Await(t, "CreateVpc", func() bool { return staging.Called("CreateVpc") })
	require.Less(t, len(staging.Calls(t)), calls, "the record goes on from the account that is gone")
	again.Interrupt(t)
	result = again.Wait(t)
	require.Equal(t, interrupted, result.Code, result.Err)
	result.Says(t, "the emulator of the last run has stopped and its account is gone; starting from an empty one")

	box.Rehearse(t, "forget").Succeed(t).Says(t, "the emulator has stopped")
	_, err = emulator.Find(context.Background(), box.Dir)
	require.ErrorIs(t, err, emulator.ErrNotRunning)
}

// TestKilledCommandLetsItsEngineFinish kills the command, not the engine that it has started: the engine is interrupted, finishes what
// it has begun, and writes its state. The environment stays locked until then, and the next run goes on from there.
func TestKilledCommandLetsItsEngineFinish(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	staging := box.Environment("staging")
	run := box.Start(t, "up", "staging")
	run.Await(t, "CreateVpc", func() bool { return staging.Called("CreateVpc") })
	run.Kill(t)
	requireRefused(t, box, "(pulumi), the engine of a run that was killed, which finishes what it has begun")
	require.Eventually(t, func() bool { return len(engineProcesses(t, box)) == 0 }, 10*time.Minute, 100*time.Millisecond)

	again := box.Start(t, "up", "staging")
	again.Await(t, "CreateSubnet", func() bool { return staging.Called("CreateSubnet") })
	again.Interrupt(t)
	require.Equal(t, interrupted, again.Wait(t).Code)
	vpcs := 0
	for _, call := range staging.Calls(t) {
		if call.Action == "CreateVpc" {
			vpcs++
		}
	}
	require.Equal(t, 1, vpcs, "the second run has not gone on with the state of the first")
	box.Rehearse(t, "forget").Succeed(t).Says(t, "staging is forgotten")
}

// requireRefused finds that an environment that is being rehearsed cannot be rehearsed or destroyed by another process, and
// that the message says which process it is.
func requireRefused(t *testing.T, box *sandbox.Sandbox, who string) {
	t.Helper()
	for _, command := range []string{"up", "down"} {
		result := box.Rehearse(t, command, "staging")
		require.Equal(t, failed, result.Code, result.Err)
		require.Regexp(t, `rehearse: staging is being rehearsed by process \d+ `+regexp.QuoteMeta(who)+`; wait for it`, result.Err)
	}
}

// TestDeadEmulatorIsForgotten takes an environment down whose emulator has gone.
func TestDeadEmulatorIsForgotten(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	staging := box.Environment("staging")
	run := box.Start(t, "up", "staging")
	run.Await(t, "CreateHostedZone", func() bool { return staging.Called("CreateHostedZone") })
	run.Interrupt(t)
	require.Equal(t, interrupted, run.Wait(t).Code)
	require.NoError(t, emulator.Stop(t.Context(), box.Dir))
	box.Rehearse(t, "down", "staging").Succeed(t).Says(t, "the emulator has stopped, and the emulated account with it; forgetting the stack")
	require.NoFileExists(t, staging.Path("emulator.json"))
	require.NoDirExists(t, staging.Path("backend"))
	box.Rehearse(t, "down", "staging").Succeed(t).Says(t, "nothing to do: staging is not rehearsed")
}
