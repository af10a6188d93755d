// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// asCommand makes the test binary be the command itself, so that exit codes and output are the real ones.
const asCommand = "BULKHEAD_TEST_AS_REHEARSE"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(sandbox.Main(m))
}

// repository holds what the command reads of one.
func repository(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	require.NoError(t, testproject.Write(root))
	return root
}

// rehearse prepares the command in a folder.
func rehearse(t *testing.T, dir string, args ...string) (command *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command = exec.CommandContext(t.Context(), self, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), asCommand+"=1")
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	command.Stdout, command.Stderr = stdout, stderr
	return command, stdout, stderr
}

// exitCode runs a command to its end.
func exitCode(t *testing.T, command *exec.Cmd) int {
	t.Helper()
	err := command.Run()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	require.NoError(t, err)
	return 0
}

// script puts an executable shell script in place.
func script(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o700))
}

func TestExitCodes(t *testing.T) {
	root := repository(t)
	below := filepath.Join(root, "some", "where")
	require.NoError(t, os.MkdirAll(below, 0o750))
	for name, c := range map[string]struct {
		dir    string
		args   []string
		code   int
		stdout string
		stderr []string
	}{
		"help":                 {root, []string{"-h"}, 0, usage, nil},
		"help as a command":    {root, []string{"help"}, 0, usage, nil},
		"help on a command":    {root, []string{"up", "--help"}, 0, usage, nil},
		"no command":           {root, nil, exitMisuse, "", []string{usage, "rehearse: no command given\n"}},
		"unknown command":      {root, []string{"deploy"}, exitMisuse, "", []string{usage, "rehearse: unknown command \"deploy\"\n"}},
		"unknown flag":         {root, []string{"-force", "down"}, exitMisuse, "", []string{"flag provided but not defined: -force", "Usage:"}},
		"two environments":     {root, []string{"up", "staging", "production"}, exitMisuse, "", []string{"\"production\" is one argument too many; up takes one environment"}},
		"outside a repository": {t.TempDir(), []string{"check"}, exitMisuse, "", []string{"no Pulumi.yaml in", "run this inside the repository"}},
		"unknown environment":  {root, []string{"up", "stagin"}, exitMisuse, "", []string{"Pulumi.stagin.yaml", "did you mean staging?", "known are production, staging"}},
		"a path":               {root, []string{"down", "../staging"}, exitMisuse, "", []string{"is not an environment"}},
		"check":                {root, []string{"check"}, 0, "Pulumi.staging.yaml: no problem found\n", nil},
		"check from below":     {below, []string{"check", "production"}, 0, "Pulumi.production.yaml: no problem found\n", nil},
		"down without up":      {root, []string{"down", "production"}, 0, "nothing to do: production is not rehearsed\n", nil},
		"forget without up":    {root, []string{"forget"}, 0, "nothing to do: nothing is rehearsed\n", nil},
		"forget one":           {root, []string{"forget", "staging"}, exitMisuse, "", []string{"\"staging\" is one argument too many; forget takes none"}},
		"exec without command": {root, []string{"exec", "staging"}, exitMisuse, "", []string{"exec needs an environment and a command"}},
		"exec with a dash":     {root, []string{"exec", "staging", "--"}, exitMisuse, "", []string{"exec needs an environment and a command"}},
		"exec elsewhere":       {root, []string{"exec", "moon", "--", "true"}, exitMisuse, "", []string{"\"moon\" is not an environment"}},
	} {
		t.Run(name, func(t *testing.T) {
			command, stdout, stderr := rehearse(t, c.dir, c.args...)
			require.Equal(t, c.code, exitCode(t, command), stderr.String())
			require.Equal(t, c.stdout, stdout.String())
			for _, want := range c.stderr {
				require.Contains(t, stderr.String(), want)
			}
			if c.stderr == nil {
				require.Empty(t, stderr.String())
			}
		})
	}
	require.NoDirExists(t, filepath.Join(root, ".toolchain"), "nothing is built for a mistake")
}

// Everything that is wrong is said in one run, and nothing is begun.
func TestBadConfiguration(t *testing.T) {
	root := repository(t)
	file := filepath.Join(root, "Pulumi.staging.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`config:
  bulkhead:accountId: "123"
  bulkhead:bastion: KnownAddresses
  bulkhead:bastionAllowedCidrs: [0.0.0.0/0]
  bulkhead:natStrategie: Single
`), 0o600))
	for _, command := range []string{"check", "up"} {
		command, _, stderr := rehearse(t, root, command, "staging")
		require.Equal(t, exitMisuse, exitCode(t, command))
		for _, want := range []string{
			"the configuration of staging is not usable", "bulkhead:accountId", "bulkhead:bastionAllowedCidrs", "0.0.0.0/0", "bulkhead:natStrategie", "bulkhead:zones",
		} {
			require.Contains(t, stderr.String(), want)
		}
	}
	require.NoDirExists(t, filepath.Join(root, ".rehearsal"))

	command, stdout, stderr := rehearse(t, root, "down", "staging")
	require.Zero(t, exitCode(t, command), stderr.String())
	require.Equal(t, "nothing to do: staging is not rehearsed\n", stdout.String())
}

// Nothing is forgotten while an environment is at work.
func TestForgetWaitsForNobody(t *testing.T) {
	root := repository(t)
	for _, environment := range []string{"production", "staging"} {
		s := newStage(root, environment)
		require.NoError(t, os.MkdirAll(s.path("backend"), 0o750))
		r := &rehearsal{stage: s, account: emulated, emulator: &emulator.Info{ID: "one", Endpoint: emulated.Endpoint, PID: 2}}
		require.NoError(t, r.writeStatus())
	}
	held, err := newStage(root, "staging").lock()
	require.NoError(t, err)
	defer held.Release()
	command, _, stderr := rehearse(t, root, "forget")
	require.Equal(t, exitFailed, exitCode(t, command))
	require.Contains(t, stderr.String(), "staging is being rehearsed by another process")
	require.DirExists(t, newStage(root, "production").path("backend"))
}

// The emulated account lives in the emulator's memory: with it goes what the stack could be destroyed in.
func TestDownAfterTheEmulatorHasDied(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"down", "staging"}, "the emulator has stopped, and the emulated account with it; forgetting the stack\n"},
		{[]string{"forget"}, "staging is forgotten\nthe emulator has stopped\n"},
	} {
		root := repository(t)
		s := newStage(root, "staging")
		for _, name := range []string{"backend/state", "project/Pulumi.yaml", "passphrase", "calls.jsonl", "lock"} {
			require.NoError(t, os.MkdirAll(filepath.Dir(s.path(name)), 0o750))
			require.NoError(t, os.WriteFile(s.path(name), nil, 0o600))
		}
		r := &rehearsal{stage: s, account: emulated, emulator: &emulator.Info{ID: "one", Endpoint: emulated.Endpoint, PID: 2}}
		require.NoError(t, r.writeStatus())
		command, stdout, stderr := rehearse(t, root, c.args...)
		require.Zero(t, exitCode(t, command), stderr.String())
		require.Contains(t, stdout.String(), c.says)
		for _, name := range []string{"backend", "project", "passphrase", "emulator.json"} {
			require.NoFileExists(t, s.path(name))
			require.NoDirExists(t, s.path(name))
		}
		require.FileExists(t, s.path("calls.jsonl"), "the record stays")
	}
}

func TestCommandOf(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{[]string{"exec", "staging", "--", "pulumi", "preview", "--diff"}, []string{"pulumi", "preview", "--diff"}},
		{[]string{"exec", "staging", "pulumi", "preview", "--", "x"}, []string{"pulumi", "preview", "--", "x"}},
		{[]string{"exec", "staging", "--", "--"}, []string{"--"}},
		{[]string{"exec", "staging", "--"}, nil},
		{[]string{"exec", "staging"}, nil},
		{[]string{"exec"}, nil},
	} {
		got, err := commandOf(c.args)
		require.Equal(t, c.want, got)
		require.Equal(t, c.want == nil, errors.As(err, new(misuse)), "%v", c.args)
	}
}

// withPulumi puts an installed Pulumi CLI on PATH that does what the test says.
func withPulumi(t *testing.T, root, what string) {
	t.Helper()
	path := filepath.Join(root, "path")
	script(t, filepath.Join(path, "pulumi-language-go"), "exit 0")
	script(t, filepath.Join(path, "pulumi"), `[ "$1" = version ] && { echo `+toolchain.PulumiVersion+`; exit; }
`+what)
	t.Setenv("PATH", path+":/bin:/usr/bin")
}

func TestExecRunsTheCommandForTheRealEnvironment(t *testing.T) {
	root := repository(t)
	withPulumi(t, root, `echo "pulumi $* in $PWD for $AWS_PROFILE at $PULUMI_BACKEND_URL"; exit 7`)
	t.Setenv("AWS_PROFILE", "mine")
	t.Setenv("PULUMI_BACKEND_URL", "s3://mine")
	command, stdout, stderr := rehearse(t, root, "exec", "staging", "--", "pulumi", "preview", "--stack", "staging", "--diff")
	require.Equal(t, 7, exitCode(t, command), "the command's own exit code: "+stderr.String())
	require.Equal(t, "pulumi preview --stack staging --diff in "+root+" for mine at s3://mine\n", stdout.String())

	command, stdout, _ = rehearse(t, root, "exec", "production", "--", "sh", "-c", `echo "${PATH%%:*}"`)
	require.Zero(t, exitCode(t, command))
	require.Equal(t, filepath.Join(root, "path")+"\n", stdout.String(), "the toolchain is on PATH")

	command, _, stderr = rehearse(t, root, "exec", "production", "--", "no-such-program")
	require.Equal(t, exitMisuse, exitCode(t, command))
	require.Contains(t, stderr.String(), "no-such-program")
}

func TestInterruptedExitsWith130(t *testing.T) {
	root := repository(t)
	begun := filepath.Join(root, "begun")
	script(t, filepath.Join(root, "path", "go"), `[ "$1" = env ] && { echo go1.26.0; exit; }
trap 'exit 1' INT; touch `+begun+`; while :; do sleep 0.05; done`)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "tools", "pulumi"), 0o750))
	t.Setenv("PATH", filepath.Join(root, "path")+":/bin:/usr/bin")
	command, _, stderr := rehearse(t, root, "toolchain")
	// Nobody is asked for the official plugin.
	require.NoError(t, os.MkdirAll(filepath.Join(root, ".toolchain"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(root, ".toolchain", "no-official-plugin"), nil, 0o600))
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.Error(t, command.Wait())
	require.Equal(t, exitInterrupted, command.ProcessState.ExitCode())
	require.Contains(t, stderr.String(), "rehearse: interrupted; run the same command again to go on:")
}
