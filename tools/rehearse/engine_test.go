// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// fakeEngine is an engine whose CLI does what the test says.
func fakeEngine(t *testing.T, what string) (*engine, *strings.Builder) {
	t.Helper()
	root := t.TempDir()
	s := newStage(root, "staging")
	require.NoError(t, os.MkdirAll(s.path("project"), 0o750))
	require.NoError(t, os.MkdirAll(s.path("events"), 0o750))
	tools := *builtTools
	tools.Pulumi.Path = filepath.Join(root, "pulumi")
	script(t, tools.Pulumi.Path, what)
	out := &strings.Builder{}
	held, err := s.lock()
	require.NoError(t, err)
	t.Cleanup(held.Release)
	e, err := newEngine(s, held, &tools, &emulated, out)
	require.NoError(t, err)
	return e, out
}

const writesEvents = `echo "$*"
while [ $# -gt 0 ]; do [ "$1" = --event-log ] && echo "{\"of\":\"$2\"}" >"$2"; shift; done`

func TestOperationCollectsEvents(t *testing.T) {
	e, out := fakeEngine(t, writesEvents)
	require.NoError(t, e.operation(t.Context(), "preview", "preview"))
	require.NoError(t, e.operation(t.Context(), "up", "up", "--yes"))
	events := func(name string) string { return e.stage.path("events", name+".jsonl") }
	require.Equal(t, "preview --stack staging --non-interactive --event-log "+events("preview")+" --color never\n"+
		"up --yes --stack staging --non-interactive --event-log "+events("up")+" --color never\n", out.String())
	text, err := os.ReadFile(e.stage.path("events.jsonl"))
	require.NoError(t, err)
	require.Equal(t, `{"of":"`+events("preview")+"\"}\n"+`{"of":"`+events("up")+"\"}\n", string(text))
}

func TestFailedOperationKeepsItsEvents(t *testing.T) {
	e, out := fakeEngine(t, writesEvents+"\necho 'error: 3 resources failed' >&2; exit 255")
	err := e.operation(t.Context(), "up", "up", "--yes", "--skip-preview")
	require.EqualError(t, err, "pulumi up --yes: exit status 255")
	require.Contains(t, out.String(), "error: 3 resources failed")
	require.FileExists(t, e.stage.path("events.jsonl"))
}

func TestQueryReturnsWhatIsPrinted(t *testing.T) {
	e, out := fakeEngine(t, `echo "{\"args\": \"$*\"}"; echo warning >&2`)
	text, err := e.query(t.Context(), "stack", "export")
	require.NoError(t, err)
	require.JSONEq(t, `{"args": "stack export --stack staging --non-interactive --color never"}`, string(text))
	require.Equal(t, "warning\n", out.String(), "what goes wrong is shown, and is no part of the answer")
}

// The engine finishes what it has begun: it gets one interrupt, and time.
func TestInterruptReachesTheEngineOnce(t *testing.T) {
	e, out := fakeEngine(t, `trap 'echo interrupted; sleep 0.3; echo saved; exit 1' INT; touch begun; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the emulator has died")
	go func() {
		for range 1000 {
			if _, err := os.Stat(e.stage.path("project", "begun")); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel(reason)
	}()
	require.ErrorIs(t, e.operation(ctx, "up", "up"), reason)
	require.Equal(t, "    ending; what has begun is finished first\ninterrupted\nsaved\n", out.String())
}

func TestSelectStack(t *testing.T) {
	e, out := fakeEngine(t, `echo "$*" >>calls`)
	require.NoError(t, e.selectStack(t.Context()))
	calls := e.stage.path("project", "calls")
	text, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, "stack select --create staging --non-interactive --color never\n", string(text))
	require.Empty(t, out.String())

	// What the file backend leaves when the engine is killed.
	locked := e.stage.path("backend", ".pulumi", "locks", "organization", "bulkhead", "staging")
	require.NoError(t, os.MkdirAll(locked, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(locked, "2d1b.json"), []byte("{}"), 0o600))
	require.NoError(t, os.Remove(calls))
	require.NoError(t, e.selectStack(t.Context()))
	text, err = os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, "stack select --create staging --non-interactive --color never\ncancel --yes staging --non-interactive --color never\n", string(text))
	require.Equal(t, "    an earlier run was killed; freeing its lock\n", out.String())
}

func TestAppendFile(t *testing.T) {
	dir := t.TempDir()
	to, from := filepath.Join(dir, "to"), filepath.Join(dir, "from")
	require.NoError(t, appendFile(to, from), "the engine stopped before its first event")
	require.NoFileExists(t, to)
	require.NoError(t, os.WriteFile(from, []byte("one\n"), 0o600))
	require.NoError(t, appendFile(to, from))
	require.NoError(t, appendFile(to, from))
	text, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Equal(t, "one\none\n", string(text))
	require.Error(t, appendFile(filepath.Join(dir, "missing", "to"), from))
	require.Error(t, appendFile(to, dir))
}

// withStatus is a rehearsal after a run with the emulator "one".
func withStatus(t *testing.T) *rehearsal {
	t.Helper()
	r := &rehearsal{stage: newStage(t.TempDir(), "staging"), account: emulated, emulator: &emulator.Info{ID: "one"}, out: &strings.Builder{}}
	for _, name := range []string{"backend/state", "events/up.jsonl", "project/Pulumi.staging.yaml", "passphrase", "events.jsonl", "calls.jsonl", "outputs.json", "state.json"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(r.path(name)), 0o750))
		require.NoError(t, os.WriteFile(r.path(name), nil, 0o600))
	}
	require.NoError(t, r.writeStatus())
	return r
}

func TestStatusIsReadAsWritten(t *testing.T) {
	r := withStatus(t)
	read, err := r.readStatus()
	require.NoError(t, err)
	require.Equal(t, &status{emulated, emulator.Info{ID: "one"}}, read)
	require.NoError(t, os.WriteFile(r.path("emulator.json"), []byte("{"), 0o600))
	_, err = r.readStatus()
	require.ErrorContains(t, err, r.path("emulator.json")+": ")
	require.ErrorContains(t, err, "remove the file")
	require.Error(t, r.forgetLostAccount())
}

func TestTheSameEmulatorKeepsTheStack(t *testing.T) {
	r := withStatus(t)
	require.NoError(t, r.forgetLostAccount())
	require.FileExists(t, r.path("backend", "state"))
	require.FileExists(t, r.path("state.json"))
}

func TestAnotherEmulatorStartsFromAnEmptyAccount(t *testing.T) {
	r := withStatus(t)
	r.emulator.ID = "two"
	require.NoError(t, r.forgetLostAccount())
	for _, name := range []string{"backend", "events", "events.jsonl", "calls.jsonl", "outputs.json", "state.json"} {
		require.NoFileExists(t, r.path(name))
		require.NoDirExists(t, r.path(name))
	}
	require.FileExists(t, r.path("passphrase"))
	require.FileExists(t, r.path("project", "Pulumi.staging.yaml"))
}

// The state belongs to the account that it was made in.
func TestAnotherAccountIsRefused(t *testing.T) {
	for _, change := range []func(*account){
		func(a *account) { a.AccountID = "999999999999" },
		func(a *account) { a.Region = "eu-west-1" },
	} {
		r := withStatus(t)
		change(&r.account)
		err := r.forgetLostAccount()
		require.ErrorAs(t, err, new(misuse))
		require.ErrorContains(t, err, "staging is up in account "+emulated.AccountID+", region "+emulated.Region)
		require.ErrorContains(t, err, "run `make down ENV=staging` first")
		require.FileExists(t, r.path("backend", "state"))
	}
}

func TestStackWithoutStatusIsKept(t *testing.T) {
	r := withStatus(t)
	require.NoError(t, os.Remove(r.path("emulator.json")))
	require.NoError(t, r.forgetLostAccount())
	require.FileExists(t, r.path("backend", "state"))
	require.FileExists(t, r.path("calls.jsonl"))
}

func TestRecordsOfADestroyedStackAreDropped(t *testing.T) {
	r := withStatus(t)
	require.NoError(t, r.drop())
	require.FileExists(t, r.path("calls.jsonl"))
	require.NoError(t, r.forgetLostAccount())
	require.NoFileExists(t, r.path("calls.jsonl"))
}

// Without the guard, every request to a dead emulator would be retried for minutes.
func TestOperationEndsWhenTheEmulatorDies(t *testing.T) {
	e, _ := fakeEngine(t, `trap 'exit 1' INT; while :; do sleep 0.05; done`)
	r := &rehearsal{stage: e.stage, engine: e, out: e.out}
	err := r.guarded(t.Context(), "up", "up")
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
