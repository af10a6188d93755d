// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/lock"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// status is what emulator.json holds: how to reach the environment's emulated account.
type status struct {
	account
	Emulator emulator.Info `json:"emulator"`
}

// rehearsal is one run of "rehearse up".
type rehearsal struct {
	*stage
	held     *lock.Lock
	settings *stacks.Settings
	account  account
	emulator *emulator.Info
	tools    *toolchain.Toolchain
	engine   *engine
	out      io.Writer
	started  time.Time
	steps    []timing
}

type timing struct {
	Name     string        `json:"name"`
	Duration time.Duration `json:"nanoseconds"`
}

// up rehearses the environment from nothing to a deployed stack that shows no change and no drift.
func up(ctx context.Context, root, environment string) error {
	s, err := settings(root, environment)
	if err != nil {
		return err
	}
	r := &rehearsal{stage: newStage(root, environment), settings: s, out: os.Stdout, started: time.Now()}
	held, err := r.lock()
	if err != nil {
		return err
	}
	defer held.Release()
	r.held = held
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"toolchain, emulator and program", r.build},
		{"emulated account " + s.AccountID, r.open},
		{"preview", r.preview},
		{"up", r.deploy},
		{"second preview, which must show no change", r.expectNoChange},
		{"refresh, which must show no drift", r.expectNoDrift},
		{"reports", r.report},
	} {
		if err := r.step(ctx, step.name, step.run); err != nil {
			return err
		}
	}
	return r.summarise()
}

func (r *rehearsal) step(ctx context.Context, name string, run func(context.Context) error) error {
	began := time.Now()
	fmt.Fprintf(r.out, "==> %s\n", name)
	if err := run(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.steps = append(r.steps, timing{name, time.Since(began)})
	fmt.Fprintf(r.out, "    %s: %s\n", name, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// build makes ready what every environment shares. The emulator is installed while the compiler is
// at work: one waits for the network, the other for the processor.
func (r *rehearsal) build(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: r.root, Progress: r.out, Rehearsal: true})
		if err != nil {
			return err
		}
		r.tools = tools
		return r.compile(ctx)
	})
	group.Go(func() error {
		info, err := startEmulator(ctx, r.root, r.out)
		r.emulator = info
		return err
	})
	return group.Wait()
}

func startEmulator(ctx context.Context, root string, progress io.Writer) (*emulator.Info, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return emulator.Ensure(ctx, root, []string{self, emulatorSubcommand}, progress)
}

// compile builds the program and the policy pack for every environment; without a change the compiler finds it done. The
// compiler works beside the target, so that the result is moved there whole.
func (r *rehearsal) compile(ctx context.Context) error {
	fmt.Fprintln(r.out, "    building the program (the first build compiles the AWS SDK and takes some minutes)")
	began := time.Now()
	defer toolchain.Ticking(func() {
		fmt.Fprintf(r.out, "    building the program, %s\n", time.Since(began).Round(time.Second))
	})()
	folder := filepath.Dir(r.program())
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	held, err := lock.Acquire(ctx, filepath.Join(folder, "lock"))
	if err != nil {
		return err
	}
	defer held.Release()
	return toolchain.Go(ctx, r.root, append(os.Environ(), "GOTMPDIR="+folder), "build", "-o", folder+string(filepath.Separator), "./infra", "./policy")
}

// open registers the environment's account with the emulator and prepares project and stack.
func (r *rehearsal) open(ctx context.Context) error {
	r.account = newAccount(r.emulator.Endpoint, r.settings)
	if err := r.forgetLostAccount(); err != nil {
		return err
	}
	err := r.emulator.Client().Register(ctx, emulator.Account{
		Env: r.environment, AccountID: r.account.AccountID, AccessKey: r.account.AccessKey, Record: r.path("calls.jsonl"),
	})
	if err != nil {
		return err
	}
	if err := r.writeStatus(); err != nil {
		return err
	}
	if err := r.account.seed(ctx, r.settings); err != nil {
		return err
	}
	if err := r.prepare(r.tools); err != nil {
		return err
	}
	if r.engine, err = newEngine(r.stage, r.held, r.tools, &r.account, r.out); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "    emulated AWS at %s; calls are recorded in %s\n", r.account.Endpoint, r.path("calls.jsonl"))
	// The file holds the events of one run.
	if err := os.RemoveAll(r.path("events.jsonl")); err != nil {
		return err
	}
	return r.engine.selectStack(ctx)
}

// forgetLostAccount drops the state of resources that went with an emulator that has stopped, the emulated account lives in its
// memory, and the records of a stack that has been destroyed: what follows happens in an empty account.
func (r *rehearsal) forgetLostAccount() error {
	before, err := r.readStatus()
	if errors.Is(err, os.ErrNotExist) {
		_, err := os.Stat(r.path("backend"))
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return r.startAnew()
	}
	if err != nil {
		return err
	}
	if before.Emulator.ID == r.emulator.ID {
		if before.AccountID != r.account.AccountID || before.Region != r.account.Region {
			return misuse{fmt.Errorf("%s is up in account %s, region %s, and its configuration now says %s, %s; run `make down ENV=%s` first",
				r.environment, before.AccountID, before.Region, r.account.AccountID, r.account.Region, r.environment)}
		}
		return nil
	}
	fmt.Fprintln(r.out, "    the emulator of the last run has stopped and its account is gone; starting from an empty one")
	return r.startAnew()
}

// startAnew drops the stack's state and the records of its runs.
func (r *rehearsal) startAnew() error {
	for _, name := range []string{"backend", "events", "events.jsonl", "calls.jsonl", "outputs.json", "state.json", "summary.json"} {
		if err := os.RemoveAll(r.path(name)); err != nil {
			return err
		}
	}
	return nil
}

func (r *rehearsal) preview(ctx context.Context) error {
	return r.guarded(ctx, "preview", append([]string{"preview"}, r.policies()...)...)
}

func (r *rehearsal) deploy(ctx context.Context) error {
	return r.guarded(ctx, "up", append([]string{"up", "--yes", "--skip-preview"}, r.policies()...)...)
}

func (r *rehearsal) expectNoChange(ctx context.Context) error {
	return r.guarded(ctx, "second-preview", "preview", "--diff", "--expect-no-changes")
}

func (r *rehearsal) expectNoDrift(ctx context.Context) error {
	return r.guarded(ctx, "refresh", "refresh", "--preview-only", "--diff", "--expect-no-changes")
}

// guarded runs an engine operation and ends it when the emulator dies: without that every request
// would be retried for minutes.
func (r *rehearsal) guarded(ctx context.Context, name string, args ...string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		ticker := time.NewTicker(2 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				_, err := emulator.Find(ctx, r.root)
				if err == nil || ctx.Err() != nil {
					continue
				}
				if errors.Is(err, emulator.ErrNotRunning) {
					err = fmt.Errorf("the emulator has died, and the emulated account with it (see the logs in %s); run this again to start anew: %w",
						emulator.Folder(r.root), err)
				}
				cancel(err)
			}
		}
	}()
	return r.engine.operation(ctx, name, args...)
}

// report writes the files that describe the deployed stack.
func (r *rehearsal) report(ctx context.Context) error {
	state, err := r.engine.query(ctx, "stack", "export")
	if err != nil {
		return err
	}
	if err := writeFile(r.path("state.json"), state); err != nil {
		return err
	}
	outputs, err := r.engine.query(ctx, "stack", "output", "--json")
	if err != nil {
		return err
	}
	return writeFile(r.path("outputs.json"), outputs)
}

func (r *rehearsal) writeStatus() error {
	text, err := json.MarshalIndent(status{r.account, *r.emulator}, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(r.path("emulator.json"), append(text, '\n'))
}

func (s *stage) readStatus() (*status, error) {
	text, err := os.ReadFile(s.path("emulator.json"))
	if err != nil {
		return nil, err
	}
	read := &status{}
	if err := json.Unmarshal(text, read); err != nil {
		return nil, fmt.Errorf("%s: %w; remove the file", s.path("emulator.json"), err)
	}
	return read, nil
}
