// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
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
	require.NoError(t, os.Symlink(repositoryPolicy(t), filepath.Join(root, "policy")))
	return root
}

func repositoryPolicy(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "..", "policy"))
	require.NoError(t, err)
	return folder
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
	const nobody = ": there is none, so that nobody here watches the account; see docs/baseline.md\n"
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
		"help":                   {root, []string{"-h"}, 0, usage, nil},
		"help as a command":      {root, []string{"help"}, 0, usage, nil},
		"help on a command":      {root, []string{"up", "--help"}, 0, usage, nil},
		"no command":             {root, nil, exitMisuse, "", []string{usage, "rehearse: no command given\n"}},
		"unknown command":        {root, []string{"deploy"}, exitMisuse, "", []string{usage, "rehearse: unknown command \"deploy\"\n"}},
		"unknown flag":           {root, []string{"down", "-force"}, exitMisuse, "", []string{"flag provided but not defined: -force", "Usage:"}},
		"two environments":       {root, []string{"up", "staging", "production"}, exitMisuse, "", []string{"\"production\" is one argument too many; up takes one environment"}},
		"outside a repository":   {t.TempDir(), []string{"check"}, exitMisuse, "", []string{"no Pulumi.yaml in", "run this inside the repository"}},
		"unknown environment":    {root, []string{"up", "stagin"}, exitMisuse, "", []string{"Pulumi.stagin.yaml", "did you mean staging?", "known are production, staging"}},
		"a path":                 {root, []string{"down", "../staging"}, exitMisuse, "", []string{"is not an environment"}},
		"check":                  {root, []string{"check"}, 0, "Pulumi.staging.yaml: no problem found\ninfra/baseline/Pulumi.staging.yaml" + nobody, nil},
		"check from below":       {below, []string{"check", "production"}, 0, "Pulumi.production.yaml: no problem found\ninfra/baseline/Pulumi.production.yaml" + nobody, nil},
		"down without up":        {root, []string{"down", "production"}, 0, "nothing to do: production is not rehearsed\n", nil},
		"forget without up":      {root, []string{"forget"}, 0, "nothing to do: nothing is rehearsed\n", nil},
		"forget one":             {root, []string{"forget", "staging"}, exitMisuse, "", []string{"\"staging\" is one argument too many; forget takes none"}},
		"an empty environment":   {root, []string{"up", ""}, exitMisuse, "", []string{`"" is not an environment`, "known are production, staging"}},
		"capitals":               {root, []string{"diff", "Staging"}, exitMisuse, "", []string{`"Staging" is not an environment`, "did you mean staging?"}},
		"a space":                {root, []string{"up", " staging"}, exitMisuse, "", []string{`" staging" is not an environment`, "did you mean staging?"}},
		"exec without command":   {root, []string{"exec", "staging"}, exitMisuse, "", []string{"exec needs a command behind --"}},
		"exec without a dash":    {root, []string{"exec", "staging", "true"}, exitMisuse, "", []string{"exec needs a command behind --"}},
		"exec with a dash":       {root, []string{"exec", "staging", "--"}, exitMisuse, "", []string{"exec needs a command behind --"}},
		"exec in two":            {root, []string{"exec", "staging", "production", "--", "true"}, exitMisuse, "", []string{"\"production\" is one argument too many"}},
		"exec without rehearsal": {root, []string{"exec", "--emulated", "--", "true"}, exitFailed, "", []string{"staging is not rehearsed; run `make rehearse ENV=staging` first"}},
		"diff without rehearsal": {root, []string{"diff", "--json", "production"}, exitFailed, "", []string{"production is not rehearsed; run `make rehearse ENV=production` first"}},
		"twin with both":         {root, []string{"twin", "--json", "--in", "app"}, exitMisuse, "", []string{"--json and --in exclude each other"}},
		"twin in no segment":     {root, []string{"twin", "staging", "--", "nc", "-zv", "db-1", "5432"}, exitMisuse, "", []string{"twin runs a command only in a segment; name it"}},
		"twin without rehearsal": {root, []string{"twin", "--json", "production"}, exitFailed, "", []string{"production is not rehearsed; run `make rehearse ENV=production` first"}},
		"exec elsewhere":         {root, []string{"exec", "moon", "--", "true"}, exitMisuse, "", []string{"\"moon\" is not an environment"}},
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
		s := engine.NewStage(root, environment)
		require.NoError(t, os.MkdirAll(s.Path("backend"), 0o750))
		r := &rehearsal{Stage: s, account: emulated, emulator: &emulator.Info{ID: "one", Endpoint: emulated.Endpoint, PID: 2}}
		require.NoError(t, r.writeStatus())
	}
	held, err := engine.NewStage(root, "staging").Lock()
	require.NoError(t, err)
	defer held.Release()
	command, _, stderr := rehearse(t, root, "forget")
	require.Equal(t, exitFailed, exitCode(t, command))
	require.Contains(t, stderr.String(), fmt.Sprintf("staging is being rehearsed by process %d (rehearse.test ", os.Getpid()))
	require.DirExists(t, engine.NewStage(root, "production").Path("backend"))
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
		s := engine.NewStage(root, "staging")
		for _, name := range []string{"backend/state", "project/Pulumi.yaml", "passphrase", "calls.jsonl", "lock"} {
			require.NoError(t, os.MkdirAll(filepath.Dir(s.Path(name)), 0o750))
			require.NoError(t, os.WriteFile(s.Path(name), nil, 0o600))
		}
		r := &rehearsal{Stage: s, account: emulated, emulator: &emulator.Info{ID: "one", Endpoint: emulated.Endpoint, PID: 2}}
		require.NoError(t, r.writeStatus())
		command, stdout, stderr := rehearse(t, root, c.args...)
		require.Zero(t, exitCode(t, command), stderr.String())
		require.Contains(t, stdout.String(), c.says)
		for _, name := range []string{"backend", "project", "passphrase", "emulator.json"} {
			require.NoFileExists(t, s.Path(name))
			require.NoDirExists(t, s.Path(name))
		}
		require.FileExists(t, s.Path("calls.jsonl"), "the record stays")
	}
}

// The account's baseline is checked with the environment of its name, and has to be in the same account; a rehearsal, which deploys
// both, does nothing before.
func TestTheBaselineIsCheckedToo(t *testing.T) {
	root := repository(t)
	folder := filepath.Join(root, stacks.BaselineFolder)
	require.NoError(t, os.MkdirAll(folder, 0o750))
	require.NoError(t, testproject.WriteBaseline(folder))
	command, stdout, stderr := rehearse(t, root, "check")
	require.Zero(t, exitCode(t, command), stderr.String())
	require.Contains(t, stdout.String(), "infra/baseline/Pulumi.staging.yaml: no problem found\n")

	file := filepath.Join(folder, "Pulumi.staging.yaml")
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, wrong := range []struct{ old, written, want string }{
		{"210987654321", "333333333333", "account 333333333333 in eu-central-1 is not that of Pulumi.staging.yaml, which is 210987654321 in eu-central-1"},
		{": 400", ": 0", "bulkhead-baseline:monthlyBudgetUsd: 0"},
	} {
		require.Contains(t, string(good), wrong.old)
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(good), wrong.old, wrong.written)), 0o600))
		for _, verb := range []string{"check", "up"} {
			command, _, stderr := rehearse(t, root, verb)
			require.Equal(t, exitMisuse, exitCode(t, command), verb)
			require.Contains(t, stderr.String(), wrong.want, verb)
			require.NoDirExists(t, filepath.Join(root, ".rehearsal"), verb)
		}
	}
}

// The profile is the stack file's, for whatever the environment is called, and production's where the file is silent.
func TestTheStackFileChoosesTheProfile(t *testing.T) {
	root := repository(t)
	text, err := os.ReadFile(filepath.Join(root, "Pulumi.staging.yaml"))
	require.NoError(t, err)
	chosen := "bulkhead:profile: staging"
	require.Equal(t, 1, strings.Count(string(text), chosen))
	for line, want := range map[string]string{chosen: "staging", "": "production", "bulkhead:profile: production": "production"} {
		own := strings.NewReplacer(chosen, line, "210987654321", "333333333333", "10.20.0.0", "10.40.0.0").Replace(string(text))
		require.NoError(t, os.WriteFile(filepath.Join(root, "Pulumi.dev.yaml"), []byte(own), 0o600))
		_, policies, err := settings(root, "dev")
		require.NoError(t, err)
		require.Equal(t, filepath.Join(root, "policy", "profiles", want+".json"), policies.Config)
	}
	own := strings.NewReplacer(chosen, "bulkhead:profile: lax", "210987654321", "333333333333", "10.20.0.0", "10.40.0.0").Replace(string(text))
	require.NoError(t, os.WriteFile(filepath.Join(root, "Pulumi.dev.yaml"), []byte(own), 0o600))
	command, _, stderr := rehearse(t, root, "check", "dev")
	require.Equal(t, exitMisuse, exitCode(t, command))
	require.Contains(t, stderr.String(), `Pulumi.dev.yaml: bulkhead:profile: "lax" is not a profile, policy/profiles/lax.json does not exist; known are baseline, production, staging`)
}

// withPulumi puts an installed Pulumi CLI on PATH that does what the test says.
func withPulumi(t *testing.T, root, what string) {
	t.Helper()
	path := filepath.Join(root, "path")
	script(t, filepath.Join(path, "pulumi-language-go"), "exit 0")
	script(t, filepath.Join(path, "go"), `echo "$*" >>`+filepath.Join(root, "built"))
	script(t, filepath.Join(path, "pulumi"), `[ "$1" = version ] && { echo `+toolchain.PulumiVersion+`; exit; }
`+what)
	t.Setenv("PATH", path+":/bin:/usr/bin")
}

func TestExecRunsTheCommandForTheRealEnvironment(t *testing.T) {
	root := repository(t)
	withPulumi(t, root, `echo "pulumi $* in $PWD for $AWS_PROFILE at $PULUMI_BACKEND_URL, stack $PULUMI_STACK"
echo "$PULUMI_OPTION_POLICY_PACK $PULUMI_OPTION_POLICY_PACK_CONFIG"; exit 7`)
	t.Setenv("AWS_PROFILE", "mine")
	t.Setenv("PULUMI_BACKEND_URL", "s3://mine")
	command, stdout, stderr := rehearse(t, root, "exec", "staging", "--", "pulumi", "preview", "--diff")
	require.Equal(t, 7, exitCode(t, command), "the command's own exit code: "+stderr.String())
	require.Equal(t, "pulumi preview --diff in "+root+" for mine at s3://mine, stack staging\n"+
		root+"/.rehearsal/bin/policy "+root+"/policy/profiles/staging.json\n", stdout.String())
	built, err := os.ReadFile(filepath.Join(root, "built"))
	require.NoError(t, err)
	require.Equal(t, "build -o "+root+"/.rehearsal/bin/ ./policy\n", string(built), "the policy pack is that of the source")

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
	script(t, filepath.Join(root, "python"), "echo "+moto.Version) // it has all that the emulator needs
	t.Setenv(moto.PythonVariable, filepath.Join(root, "python"))
	command, _, stderr := rehearse(t, root, "toolchain")
	// Nobody is asked for the official plugin.
	require.NoError(t, os.MkdirAll(filepath.Join(root, ".toolchain"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(root, ".toolchain", "no-official-plugin"), nil, 0o600))
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, 5*time.Minute, 10*time.Millisecond)
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.Error(t, command.Wait())
	require.Equal(t, exitInterrupted, command.ProcessState.ExitCode())
	require.Contains(t, stderr.String(), "rehearse: interrupted; run the same command again to go on:")
}
