// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/bulkhead-iac/bulkhead/tools/lock"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// graceAfterInterrupt is how long the engine may finish what it has begun before it is killed.
const graceAfterInterrupt = 3 * time.Minute

// engine runs the Pulumi CLI on a stage's project.
type engine struct {
	stage *stage
	held  *lock.Lock // the stage's
	tools *toolchain.Toolchain
	env   []string
	out   io.Writer
}

func newEngine(s *stage, held *lock.Lock, tools *toolchain.Toolchain, account *account, out io.Writer) (*engine, error) {
	passphrase, err := s.passphrase()
	if err != nil {
		return nil, err
	}
	env := append(account.environ(),
		"PATH="+tools.SearchPath(),
		toolchain.ProgramVariable+"="+s.program(),
		"PULUMI_BACKEND_URL=file://"+s.path("backend"),
		"PULUMI_CONFIG_PASSPHRASE="+passphrase,
		"PULUMI_HOME="+filepath.Join(s.root, ".rehearsal", "pulumi-home"),
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_DEBUG_COMMANDS=true", // offers --event-log
	)
	return &engine{stage: s, held: held, tools: tools, env: env, out: out}, nil
}

// operation runs a command that changes or compares the stack and adds its events to events.jsonl.
func (e *engine) operation(ctx context.Context, name string, args ...string) error {
	events := e.stage.path("events", name+".jsonl")
	args = append(args, "--stack", e.stage.environment, "--non-interactive", "--event-log", events)
	err := e.run(ctx, e.out, args...)
	return errors.Join(err, appendFile(e.stage.path("events.jsonl"), events))
}

// query runs a command and returns what it prints.
func (e *engine) query(ctx context.Context, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := e.run(ctx, &out, append(args, "--stack", e.stage.environment, "--non-interactive")...)
	return out.Bytes(), err
}

// hurry is closed when the user interrupts for the second time: the engine drops what it has begun then.
var hurry = make(chan struct{})

// run runs the CLI in a process group of its own, so that an interrupt from the terminal reaches it
// once, from here. It inherits the stage's lock: no other engine begins as long as it lives.
func (e *engine) run(ctx context.Context, out io.Writer, args ...string) error {
	color := "never"
	if colourful(out) {
		color = "always"
	}
	command := exec.CommandContext(ctx, e.tools.Pulumi.Path, append(args, "--color", color)...)
	command.Dir = e.stage.path("project")
	command.Env = e.env
	command.Stdout, command.Stderr = out, e.out
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error {
		fmt.Fprintln(e.out, "    ending; what has begun is finished first")
		return command.Process.Signal(os.Interrupt)
	}
	command.WaitDelay = graceAfterInterrupt
	command.ExtraFiles = []*os.File{e.held.File()}
	err := command.Start()
	if err == nil {
		ended := make(chan struct{})
		go func() {
			select {
			case <-hurry:
				_ = command.Process.Signal(os.Interrupt) // It has ended if it cannot be told.
			case <-ended:
			}
		}()
		err = command.Wait()
		close(ended)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("pulumi %s: %w", strings.Join(args[:min(2, len(args))], " "), err)
	}
	return nil
}

// selectStack makes the stack if it is new and frees a lock that a killed engine has left: this process holds the stage's own
// lock, so no other engine is running.
func (e *engine) selectStack(ctx context.Context) error {
	locks, err := filepath.Glob(e.stage.path("backend", ".pulumi", "locks", "*", "*", "*", "*.json"))
	if err != nil {
		return err
	}
	if err := e.run(ctx, io.Discard, "stack", "select", "--create", e.stage.environment, "--non-interactive"); err != nil {
		return err
	}
	if len(locks) == 0 {
		return nil
	}
	fmt.Fprintln(e.out, "    an earlier run was killed; freeing its lock")
	return e.run(ctx, io.Discard, "cancel", "--yes", e.stage.environment, "--non-interactive")
}

func appendFile(to, from string) error {
	text, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the engine stopped before its first event
	}
	if err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// colourful tells whether a writer is a terminal whose user has nothing against colours (https://no-color.org).
func colourful(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" //nolint:gosec // a file descriptor is small
}
