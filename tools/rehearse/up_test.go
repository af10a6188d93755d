// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

var builtTools = &toolchain.Toolchain{
	Pulumi:       toolchain.Tool{Name: "pulumi", Path: "/toolchain/bin/pulumi", Origin: "built"},
	LanguageHost: toolchain.Tool{Name: "pulumi-language-go", Path: "/toolchain/bin/pulumi-language-go", Origin: "built"},
	Provider:     toolchain.Tool{Name: "pulumi-resource-aws", Path: "/toolchain/provider/pulumi-resource-aws", Origin: "built"},
}

// withStatus is a rehearsal after a run with the emulator "one".
func withStatus(t *testing.T) *rehearsal {
	t.Helper()
	r := &rehearsal{Stage: engine.NewStage(t.TempDir(), "staging"), account: emulated, emulator: &emulator.Info{ID: "one"}, out: &strings.Builder{}}
	for _, name := range []string{"backend/state", "events/up.jsonl", "project/Pulumi.staging.yaml", "passphrase", "events.jsonl", "calls.jsonl", "outputs.json", "state.json"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(r.Path(name)), 0o750))
		require.NoError(t, os.WriteFile(r.Path(name), nil, 0o600))
	}
	require.NoError(t, r.writeStatus())
	return r
}

func TestStatusIsReadAsWritten(t *testing.T) {
	r := withStatus(t)
	read, err := readStatus(r.Stage)
	require.NoError(t, err)
	require.Equal(t, &status{emulated, emulator.Info{ID: "one"}}, read)
	require.NoError(t, os.WriteFile(r.Path("emulator.json"), []byte("{"), 0o600))
	_, err = readStatus(r.Stage)
	require.ErrorContains(t, err, r.Path("emulator.json")+": ")
	require.ErrorContains(t, err, "remove the file")
	require.Error(t, r.forgetLostAccount())
}

func TestTheSameEmulatorKeepsTheStack(t *testing.T) {
	r := withStatus(t)
	require.NoError(t, r.forgetLostAccount())
	require.FileExists(t, r.Path("backend", "state"))
	require.FileExists(t, r.Path("state.json"))
}

func TestAnotherEmulatorStartsFromAnEmptyAccount(t *testing.T) {
	r := withStatus(t)
	r.emulator.ID = "two"
	require.NoError(t, r.forgetLostAccount())
	for _, name := range []string{"backend", "events", "events.jsonl", "calls.jsonl", "outputs.json", "state.json"} {
		require.NoFileExists(t, r.Path(name))
		require.NoDirExists(t, r.Path(name))
	}
	require.FileExists(t, r.Path("passphrase"))
	require.FileExists(t, r.Path("project", "Pulumi.staging.yaml"))
}

// The state belongs to the account that it was made in.
func TestAnotherAccountIsRefused(t *testing.T) {
	for _, change := range []func(*engine.Account){
		func(a *engine.Account) { a.AccountID = "999999999999" },
		func(a *engine.Account) { a.Region = "eu-west-1" },
	} {
		r := withStatus(t)
		change(&r.account)
		err := r.forgetLostAccount()
		require.ErrorAs(t, err, new(misuse))
		require.ErrorContains(t, err, "staging is up in account "+emulated.AccountID+", region "+emulated.Region)
		require.ErrorContains(t, err, "run `make down ENV=staging` first")
		require.FileExists(t, r.Path("backend", "state"))
	}
}

func TestStackWithoutStatusIsKept(t *testing.T) {
	r := withStatus(t)
	require.NoError(t, os.Remove(r.Path("emulator.json")))
	require.NoError(t, r.forgetLostAccount())
	require.FileExists(t, r.Path("backend", "state"))
	require.FileExists(t, r.Path("calls.jsonl"))
}

func TestRecordsOfADestroyedStackAreDropped(t *testing.T) {
	r := withStatus(t)
	require.NoError(t, r.Drop())
	require.FileExists(t, r.Path("calls.jsonl"))
	require.NoError(t, r.forgetLostAccount())
	require.NoFileExists(t, r.Path("calls.jsonl"))
}

// Without the guard, every request to a dead emulator would be retried for minutes.
func TestOperationEndsWhenTheEmulatorDies(t *testing.T) {
	r := &rehearsal{Stage: engine.NewStage(t.TempDir(), "staging"), out: &strings.Builder{}}
	err := r.guarded(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	require.ErrorContains(t, err, "the emulator has died, and the emulated account with it")
	require.ErrorContains(t, err, "run this again to start anew")
	require.ErrorIs(t, err, emulator.ErrNotRunning)
}

func TestStepsAreTimedAndNamed(t *testing.T) {
	out := &strings.Builder{}
	r := &rehearsal{out: out}
	require.NoError(t, r.step(t.Context(), "preview", func(context.Context) error { return nil }))
	require.Len(t, r.steps, 1)
	require.Regexp(t, `^==> preview\n    preview: \S+s\n$`, out.String())
	err := r.step(t.Context(), "up", func(context.Context) error { return errors.New("throttled") })
	require.EqualError(t, err, "up: throttled")
	require.Len(t, r.steps, 1)
}
