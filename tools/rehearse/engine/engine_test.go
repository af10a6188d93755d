// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script puts an executable shell script in place.
func script(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o700))
}

// fakeEngine is an engine whose CLI does what the test says.
func fakeEngine(t *testing.T, what string) (*Engine, *strings.Builder) {
	t.Helper()
	root := t.TempDir()
	s := NewStage(root, "staging")
	require.NoError(t, os.MkdirAll(s.Path("project"), 0o750))
	require.NoError(t, os.MkdirAll(s.Path("events"), 0o750))
	tools := *builtTools
	tools.Pulumi.Path = filepath.Join(root, "pulumi")
	script(t, tools.Pulumi.Path, what)
	out := &strings.Builder{}
	held, err := s.Lock()
	require.NoError(t, err)
	t.Cleanup(held.Release)
	e, err := New(s, &tools, &emulated, out)
	require.NoError(t, err)
	return e, out
}

const writesEvents = `echo "$*"
while [ $# -gt 0 ]; do [ "$1" = --event-log ] && echo "{\"of\":\"$2\"}" >"$2"; shift; done`

func TestOperationCollectsEvents(t *testing.T) {
	e, out := fakeEngine(t, writesEvents)
	require.NoError(t, e.Operation(t.Context(), "preview", "preview"))
	require.NoError(t, e.Operation(t.Context(), "up", "up", "--yes"))
	events := func(name string) string { return e.stage.Path("events", name+".jsonl") }
	require.Equal(t, "preview --stack staging --non-interactive --event-log "+events("preview")+" --color never\n"+
		"up --yes --stack staging --non-interactive --event-log "+events("up")+" --color never\n", out.String())
	text, err := os.ReadFile(e.stage.Path("events.jsonl"))
	require.NoError(t, err)
	require.Equal(t, `{"of":"`+events("preview")+"\"}\n"+`{"of":"`+events("up")+"\"}\n", string(text))
}

func TestFailedOperationKeepsItsEvents(t *testing.T) {
	e, out := fakeEngine(t, writesEvents+"\necho 'error: 3 resources failed' >&2; exit 255")
	err := e.Operation(t.Context(), "up", "up", "--yes", "--skip-preview")
	require.EqualError(t, err, "pulumi up --yes: exit status 255")
	require.Contains(t, out.String(), "error: 3 resources failed")
	require.FileExists(t, e.stage.Path("events.jsonl"))
}

func TestQueryReturnsWhatIsPrinted(t *testing.T) {
	e, out := fakeEngine(t, `echo "{\"args\": \"$*\"}"; echo warning >&2`)
	text, err := e.Query(t.Context(), "stack", "export")
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
			if _, err := os.Stat(e.stage.Path("project", "begun")); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel(reason)
	}()
	require.ErrorIs(t, e.Operation(ctx, "up", "up"), reason)
	require.Equal(t, "    ending; what has begun is finished first\ninterrupted\nsaved\n", out.String())
}

// Nothing is finished in an account that is gone: every request would be retried for minutes.
func TestAnAbandonedEngineIsKilled(t *testing.T) {
	e, _ := fakeEngine(t, `trap '' INT; touch begun; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the emulator has died")
	go func() {
		for range 1000 {
			if _, err := os.Stat(e.stage.Path("project", "begun")); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel(Abandon{reason})
	}()
	require.ErrorIs(t, e.Operation(ctx, "up", "up"), reason)
}

func TestSelectStack(t *testing.T) {
	e, out := fakeEngine(t, `echo "$*" >>calls`)
	require.NoError(t, e.SelectStack(t.Context()))
	calls := e.stage.Path("project", "calls")
	text, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, "stack select --create staging --non-interactive --color never\n", string(text))
	require.Empty(t, out.String())

	// What the file backend leaves when the engine is killed.
	locked := e.stage.Path("backend", ".pulumi", "locks", "organization", "bulkhead", "staging")
	require.NoError(t, os.MkdirAll(locked, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(locked, "2d1b.json"), []byte("{}"), 0o600))
	require.NoError(t, os.Remove(calls))
	require.NoError(t, e.SelectStack(t.Context()))
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
