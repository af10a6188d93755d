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
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/lock"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// status is what emulator.json holds: how to reach the environment's emulated account.
type status struct {
	engine.Account
	Emulator emulator.Info `json:"emulator"`
}

// rehearsal is one run of "rehearse up".
type rehearsal struct {
	*engine.Stage
	settings  *stacks.Settings
	policies  engine.Policies
	account   engine.Account
	emulator  *emulator.Info
	tools     *toolchain.Toolchain
	engine    *engine.Engine
	baseline  *baseline // of the account; nil if it has none
	out       io.Writer
	started   time.Time
	steps     []timing
	proof     *segmentation.Proof // of the account, the same as of the state
	undecided []segmentation.Cell // what the plan leaves open
	adopted   bool                // the VPC is somebody else's, so that the account alone tells what passes
	traffic   *trial.Outcome      // what packets showed; nil if noTwin says why there was no twin
	noTwin    string
	databases
}

type timing struct {
	Name     string        `json:"name"`
	Duration time.Duration `json:"nanoseconds"`
}

// up rehearses the environment from nothing to a deployed stack that shows no change and no drift.
func up(ctx context.Context, root, environment string, noDatabase bool) error {
	s, policies, err := settings(root, environment)
	if err != nil {
		return err
	}
	r := &rehearsal{Stage: engine.NewStage(root, environment), settings: s, policies: policies, out: os.Stdout, started: time.Now(), databases: databases{off: noDatabase}}
	if err := r.withBaseline(); err != nil {
		return err
	}
	held, err := r.Lock()
	if err != nil {
		return err
	}
	defer held.Release()
	if err := r.endTwin(r.out); err != nil { // the account that it is of changes
		return err
	}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"toolchain, emulator and program", r.build},
		{"emulated account " + s.AccountID, r.open},
		{"baseline of the account, which must show no change and no drift", r.deployBaseline},
		{"preview", r.preview},
		{"plan, for the proof of the segments", r.plan},
		{"up", r.deploy},
		{"second preview, which must show no change", r.expectNoChange},
		{"refresh, which must show no drift", r.expectNoDrift},
		{"reports", r.report},
		{"databases, read back from their servers", r.readDatabases},
		{"segments, which plan, state and account must have as the table says", r.prove},
		{"packets between all pairs of segments, which must be as proved", r.packets},
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
		tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: r.Root, Progress: r.out, Rehearsal: true})
		if err != nil {
			return err
		}
		r.tools = tools
		programs := []string{infra, "./policy", "./tools/describe"}
		if r.baseline != nil {
			programs = append(programs, "./"+stacks.BaselineFolder)
		}
		return compile(ctx, r.Root, r.out, programs...)
	})
	group.Go(func() error {
		info, err := startEmulator(ctx, r.Root, r.out)
		r.emulator = info
		return err
	})
	group.Go(func() error {
		r.install(ctx, r.Root, r.out)
		return nil
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

// infra is the Pulumi program. It deploys the database agent, which is built with it, for the processor of this machine.
const infra = "./infra"

// compile builds programs for every environment, such as ./infra and ./policy; without a change the compiler finds it done. The
// compiler works beside the target, so that the result is moved there whole.
func compile(ctx context.Context, root string, progress io.Writer, packages ...string) error {
	began := time.Now()
	defer toolchain.Ticking(func() {
		fmt.Fprintf(progress, "    building the program, %s (the first build compiles the AWS SDK and takes some minutes)\n", time.Since(began).Round(time.Second))
	})()
	folder := engine.Bin(root)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	held, err := lock.Acquire(ctx, filepath.Join(folder, "lock"))
	if err != nil {
		return err
	}
	defer held.Release()
	environ := append(os.Environ(), "GOTMPDIR="+folder)
	if err := toolchain.Go(ctx, root, environ, append([]string{"build", "-o", folder + string(filepath.Separator)}, packages...)...); err != nil {
		return err
	}
	if !slices.Contains(packages, infra) {
		return nil
	}
	return toolchain.Go(ctx, root, environ, "run", "./tools/lambdazip", "-arch", runtime.GOARCH, "-o", engine.Agent(root), "./dbagent")
}

// open registers the environment's account with the emulator and prepares project and stack.
func (r *rehearsal) open(ctx context.Context) error {
	r.account = engine.NewAccount(r.emulator.Endpoint, r.settings)
	if err := r.forgetLostAccount(); err != nil {
		return err
	}
	err := r.emulator.Client().Register(ctx, emulator.Account{
		Env: r.Environment, AccountID: r.account.AccountID, AccessKey: r.account.AccessKey, Record: r.Path("calls.jsonl"),
		NoDatabaseServers: r.off,
	})
	if err != nil {
		return err
	}
	if err := r.writeStatus(); err != nil {
		return err
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	if emptied, err := r.emptyUnsettled(ctx); err != nil {
		return err
	} else if emptied {
		if err := r.ready(ctx); err != nil {
			return err
		}
	}
	if err := seed(ctx, &r.account, r.settings); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "    emulated AWS at %s; calls are recorded in %s\n", r.account.Endpoint, r.Path("calls.jsonl"))
	return os.RemoveAll(r.Path("events.jsonl")) // The file holds the events of one run.
}

// ready makes project, engine and stack ready.
func (r *rehearsal) ready(ctx context.Context) error {
	err := r.Prepare(r.tools)
	if err != nil {
		return err
	}
	if r.engine, err = engine.New(r.Stage, r.tools, &r.account, r.out); err != nil {
		return err
	}
	if err := r.engine.SelectStack(ctx); err != nil {
		return err
	}
	return r.readyBaseline(ctx)
}

// emptyUnsettled empties the emulated account and drops the stack if engine or provider were killed while they made something:
// whether it exists nobody knows, and it would stand in the way of what follows.
func (r *rehearsal) emptyUnsettled(ctx context.Context) (emptied bool, err error) {
	unsettled, err := r.engine.Unsettled(ctx)
	if err == nil && r.baseline != nil {
		var more []string
		more, err = r.baseline.engine.Unsettled(ctx)
		unsettled = append(unsettled, more...)
	}
	if err != nil || len(unsettled) == 0 {
		return false, err
	}
	fmt.Fprintf(r.out, "    the last run was killed while it made %s; nobody knows what exists, so the emulated account is emptied\n",
		named(unsettled))
	if err := r.emulator.Client().Empty(ctx, r.Environment); err != nil {
		return false, err
	}
	return true, r.StartAnew()
}

// named lists resources by their names, three at most.
func named(urns []string) string {
	var names []string
	for _, urn := range urns[:min(len(urns), 3)] {
		names = append(names, urn[strings.LastIndex(urn, "::")+2:])
	}
	text := strings.Join(names, ", ")
	if more := len(urns) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// forgetLostAccount drops the state of resources that went with an emulator that has stopped, the emulated account lives in its
// memory, and the records of a stack that has been destroyed: what follows happens in an empty account.
func (r *rehearsal) forgetLostAccount() error {
	before, err := readStatus(r.Stage)
	if errors.Is(err, os.ErrNotExist) {
		_, err := os.Stat(r.Path("backend"))
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return r.StartAnew()
	}
	if err != nil {
		return err
	}
	if before.Emulator.ID == r.emulator.ID {
		if before.AccountID != r.account.AccountID || before.Region != r.account.Region {
			return misuse{fmt.Errorf("%s is up in account %s, region %s, and its configuration now says %s, %s; run `make down ENV=%s` first",
				r.Environment, before.AccountID, before.Region, r.account.AccountID, r.account.Region, r.Environment)}
		}
		return nil
	}
	fmt.Fprintln(r.out, "    the emulator of the last run has stopped and its account is gone; starting from an empty one")
	return r.StartAnew()
}

func (r *rehearsal) preview(ctx context.Context) error {
	return r.guarded(ctx, func(ctx context.Context) error { return r.engine.Preview(ctx, r.policies) })
}

func (r *rehearsal) deploy(ctx context.Context) error {
	return r.guarded(ctx, func(ctx context.Context) error { return r.engine.Update(ctx, r.policies) })
}

func (r *rehearsal) expectNoChange(ctx context.Context) error {
	return r.guarded(ctx, r.engine.ExpectNoChange)
}

func (r *rehearsal) expectNoDrift(ctx context.Context) error {
	return r.guarded(ctx, r.engine.ExpectNoDrift)
}

// guarded runs an engine operation and ends it when the emulator dies: without that every request
// would be retried for minutes.
func (r *rehearsal) guarded(ctx context.Context, operation func(context.Context) error) error {
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
				_, err := emulator.Find(ctx, r.Root)
				if err == nil || ctx.Err() != nil {
					continue
				}
				if errors.Is(err, emulator.ErrNotRunning) {
					err = engine.Abandon{Reason: fmt.Errorf("the emulator has died, and the emulated account with it (see the logs in %s); run this again to start anew: %w",
						emulator.Folder(r.Root), err)}
				}
				cancel(err)
			}
		}
	}()
	return operation(ctx)
}

// report writes the files that describe the deployed stack.
func (r *rehearsal) report(ctx context.Context) error {
	if err := r.engine.Export(ctx); err != nil {
		return err
	}
	outputs, err := r.engine.Query(ctx, "stack", "output", "--json")
	if err != nil {
		return err
	}
	return engine.WriteFile(r.Path("outputs.json"), outputs)
}

func (r *rehearsal) writeStatus() error {
	text, err := json.MarshalIndent(status{r.account, *r.emulator}, "", "  ")
	if err != nil {
		return err
	}
	return engine.WriteFile(r.Path("emulator.json"), append(text, '\n'))
}

func readStatus(s *engine.Stage) (*status, error) {
	text, err := os.ReadFile(s.Path("emulator.json"))
	if err != nil {
		return nil, err
	}
	read := &status{}
	if err := json.Unmarshal(text, read); err != nil {
		return nil, fmt.Errorf("%s: %w; remove the file", s.Path("emulator.json"), err)
	}
	return read, nil
}
