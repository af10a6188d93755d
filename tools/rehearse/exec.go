// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// execute replaces this process by a command for the real environment, with the toolchain on PATH, the stack chosen and the
// policies in force. The backend, the credentials and the stack files are the user's own.
func execute(ctx context.Context, root, environment string, command []string) error {
	_, policies, err := settings(root, environment)
	if err != nil {
		return err
	}
	tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: root, Progress: os.Stderr}) // the output is the command's
	if err != nil {
		return err
	}
	if err := compile(ctx, root, os.Stderr, "./policy"); err != nil {
		return err
	}
	environ := append(os.Environ(), "PATH="+tools.SearchPath(), "PULUMI_STACK="+environment, "PULUMI_DEBUG_COMMANDS=true") // offers --event-log
	return replace(tools, append(environ, policies.Environ()...), command)
}

// executeEmulated replaces this process by a command for the rehearsed account and stack. pulumi runs in the rehearsal's
// project, with the program and the configuration as they are now, everything else where the user is.
func executeEmulated(ctx context.Context, root, environment string, command []string) error {
	_, policies, err := settings(root, environment)
	if err != nil {
		return err
	}
	stage := engine.NewStage(root, environment)
	rehearsed, err := attach(ctx, stage)
	if err != nil {
		return err
	}
	tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: root, Progress: os.Stderr, Rehearsal: true})
	if err != nil {
		return err
	}
	environ, err := stage.Environ(tools, &rehearsed.Account)
	if err != nil {
		return err
	}
	if command[0] == "pulumi" {
		if err := errors.Join(compile(ctx, root, os.Stderr, infra, "./policy"), stage.Prepare(tools)); err != nil {
			return err
		}
		if err := os.Chdir(stage.Path("project")); err != nil {
			return err
		}
	}
	return replace(tools, append(environ, policies.Environ()...), command)
}

// attach finds the rehearsed account of a stage.
func attach(ctx context.Context, s *engine.Stage) (*status, error) {
	before, err := readStatus(s)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is not rehearsed; run `make rehearse ENV=%s` first", s.Environment, s.Environment)
	}
	if err != nil {
		return nil, err
	}
	running, err := emulator.Find(ctx, s.Root)
	switch {
	case err == nil && running.ID == before.Emulator.ID:
		return before, nil
	case err == nil || errors.Is(err, emulator.ErrNotRunning):
		return nil, fmt.Errorf("the emulator has stopped, and the account of %s with it; run `make rehearse ENV=%s` first", s.Environment, s.Environment)
	}
	return nil, err
}

// replace replaces this process by a command. pulumi is the toolchain's.
func replace(tools *toolchain.Toolchain, environ, command []string) error {
	if err := os.Setenv("PATH", tools.SearchPath()); err != nil {
		return err
	}
	program, err := exec.LookPath(command[0])
	if command[0] == "pulumi" {
		program, err = tools.Pulumi.Path, nil
	}
	if err != nil {
		return misuse{err}
	}
	return syscall.Exec(program, command, lastOfEach(environ)) //nolint:gosec // running the given command is the purpose
}

// lastOfEach keeps the last of several variables of one name: which of them counts differs from program to program.
func lastOfEach(environ []string) []string {
	var kept []string
	seen := map[string]bool{}
	for _, variable := range slices.Backward(environ) {
		name, _, _ := strings.Cut(variable, "=")
		if !seen[name] {
			kept = append(kept, variable)
		}
		seen[name] = true
	}
	return kept
}
