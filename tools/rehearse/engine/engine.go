// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"golang.org/x/term"

	"github.com/bulkhead-iac/bulkhead/tools/process"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// graceAfterInterrupt is how long the engine may finish what it has begun before it is killed.
const graceAfterInterrupt = 3 * time.Minute

// Engine runs the Pulumi CLI on a stage's project.
type Engine struct {
	stage *Stage
	tools *toolchain.Toolchain
	env   []string
	out   io.Writer
}

// New returns an engine that acts in an emulated account with the given tools, on a stage whose lock the caller holds. What
// the CLI says goes to out.
func New(s *Stage, tools *toolchain.Toolchain, account *Account, out io.Writer) (*Engine, error) {
	env, err := s.Environ(tools, account)
	if err != nil {
		return nil, err
	}
	env = append(env, s.variable())
	return &Engine{stage: s, tools: tools, env: env, out: out}, nil
}

// Environ is the environment of a program that acts in the emulated account and on the rehearsal's stack: what AWS clients
// need, and the backend, the passphrase, the stack and the programs of the CLI.
func (s *Stage) Environ(tools *toolchain.Toolchain, account *Account) ([]string, error) {
	passphrase, err := s.passphrase()
	if err != nil {
		return nil, err
	}
	return append(account.Environ(),
		"PATH="+tools.SearchPath(),
		toolchain.ProgramVariable+"="+s.Program(),
		"PULUMI_BACKEND_URL=file://"+s.Path("backend"),
		"PULUMI_CONFIG_PASSPHRASE="+passphrase,
		"PULUMI_HOME="+filepath.Join(s.Root, ".rehearsal", "pulumi-home"),
		"PULUMI_STACK="+s.Environment,
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_DEBUG_COMMANDS=true", // offers --event-log
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
	), nil
}

// Preview shows what the program asks for, and what the given policies say.
func (e *Engine) Preview(ctx context.Context, policies Policies) error {
	return e.Operation(ctx, "preview", append([]string{"preview"}, policies.Args()...)...)
}

// Update makes the stack what the program says, under the given policies.
func (e *Engine) Update(ctx context.Context, policies Policies) error {
	return e.Operation(ctx, updateName, append([]string{"up", "--yes", "--skip-preview"}, policies.Args()...)...)
}

// ExpectNoChange fails if the program now asks for anything else than the stack has.
func (e *Engine) ExpectNoChange(ctx context.Context) error {
	return e.Operation(ctx, "second-preview", "preview", "--diff", "--expect-no-changes")
}

// ExpectNoDrift fails if the account has anything else than the stack.
func (e *Engine) ExpectNoDrift(ctx context.Context) error {
	return e.Operation(ctx, "refresh", "refresh", "--preview-only", "--diff", "--expect-no-changes")
}

// Destroy removes what the stack has, and the stack.
func (e *Engine) Destroy(ctx context.Context) error {
	return e.Operation(ctx, "destroy", "destroy", "--yes", "--skip-preview", "--remove")
}

// Export writes the stack's state to state.json.
func (e *Engine) Export(ctx context.Context) error {
	state, err := e.Query(ctx, "stack", "export")
	if err != nil {
		return err
	}
	return WriteFile(e.stage.Path("state.json"), state)
}

// Operation runs a command that changes or compares the stack and adds its events to events.jsonl.
func (e *Engine) Operation(ctx context.Context, name string, args ...string) error {
	events := e.stage.Path("events", name+".jsonl")
	args = append(args, "--stack", e.stage.Environment, "--non-interactive", "--event-log", events)
	err := e.Run(ctx, e.out, args...)
	return errors.Join(err, appendFile(e.stage.Path("events.jsonl"), events))
}

// Observe runs an operation that changes nothing and returns its events, which are no part of events.jsonl.
func (e *Engine) Observe(ctx context.Context, name string, args ...string) ([]apitype.EngineEvent, error) {
	log := e.stage.Path("events", name+".jsonl")
	err := e.Run(ctx, e.out, append(args, "--stack", e.stage.Environment, "--non-interactive", "--event-log", log)...)
	events, failure := readEvents(log)
	return events, errors.Join(err, failure)
}

// Query runs a command and returns what it prints.
func (e *Engine) Query(ctx context.Context, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := e.Run(ctx, &out, append(args, "--stack", e.stage.Environment, "--non-interactive")...)
	return out.Bytes(), err
}

// Hurry is closed when the user interrupts for the second time: the engine drops what it has begun then.
var Hurry = make(chan struct{})

// Abandon is a cause for which an operation's context ends, and after which nothing that has begun is worth finishing, as when
// the emulated account is gone.
type Abandon struct{ Reason error }

// Error says why.
func (a Abandon) Error() string { return a.Reason.Error() }

// Unwrap returns the reason.
func (a Abandon) Unwrap() error { return a.Reason }

// Run runs the CLI in a process group of its own, so that an interrupt from the terminal reaches it once, from here, and so
// that it does not ask the terminal anything. If this process is killed, the CLI is interrupted, too. If the CLI is killed, what
// it has started is ended here.
func (e *Engine) Run(ctx context.Context, out io.Writer, args ...string) error {
	color := "never"
	if colourful(out) {
		color = "always"
	}
	command := exec.CommandContext(ctx, e.tools.Pulumi.Path, append(args, "--color", color)...)
	command.Dir = e.stage.Path("project")
	command.Env = e.env
	command.Stdout, command.Stderr = out, e.out
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error {
		if abandon := (Abandon{}); errors.As(context.Cause(ctx), &abandon) {
			return command.Process.Kill()
		}
		fmt.Fprintln(e.out, "    ending; what has begun is finished first")
		return command.Process.Signal(os.Interrupt)
	}
	command.WaitDelay = graceAfterInterrupt
	err := command.Start()
	if err == nil {
		err = e.attend(command)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("pulumi %s: %w", strings.Join(args[:min(2, len(args))], " "), err)
	}
	return nil
}

// attend waits for the end of a CLI that has been started, and ends what it leaves.
func (e *Engine) attend(command *exec.Cmd) error {
	release, err := process.InterruptWithParent(command.Process.Pid)
	if err == nil {
		defer release()
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-Hurry:
			_ = command.Process.Signal(os.Interrupt) // It has ended if it cannot be told.
		case <-ended:
		}
	}()
	err = errors.Join(err, WriteFile(e.stage.engineFile(), []byte(strconv.Itoa(command.Process.Pid))))
	err = errors.Join(command.Wait(), err)
	close(ended)
	_, failure := process.End(e.stage.variable())
	return errors.Join(err, failure)
}

// SelectStack makes the stack if it is new and frees a lock that a killed engine has left: the caller holds the stage's own
// lock, which nobody gets while an engine is running.
func (e *Engine) SelectStack(ctx context.Context) error {
	locks, err := e.stage.backendLocks()
	if err != nil {
		return err
	}
	if err := e.Run(ctx, io.Discard, "stack", "select", "--create", e.stage.Environment, "--non-interactive"); err != nil {
		return err
	}
	if len(locks) == 0 {
		return nil
	}
	fmt.Fprintln(e.out, "    an earlier run was killed; freeing its lock")
	return e.Run(ctx, io.Discard, "cancel", "--yes", e.stage.Environment, "--non-interactive")
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
