// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// baseline is the rehearsal of what the environment's account has once, whatever runs in it: a stack of its own in the emulated account.
type baseline struct {
	*engine.Stage
	policies engine.Policies
	engine   *engine.Engine
}

// baselineProfile is the profile of the policies that judges a baseline, here and in the Makefile.
const baselineProfile = "baseline"

// noBaseline says of an environment that the file for the baseline of its account is missing.
const noBaseline = "%s: there is none, so that nobody here watches the account; see docs/baseline.md\n"

// baselineFile is the stack file of the baseline of an environment's account, seen from the repository.
func baselineFile(environment string) string {
	return filepath.Join(stacks.BaselineFolder, stacks.FileName(environment))
}

// checkBaseline checks the configuration of the baseline of an environment's account. There need be none of the environment's name: an
// account that has several environments has one baseline.
func checkBaseline(root, environment string, s *stacks.Settings) (found bool, err error) {
	file := baselineFile(environment)
	if _, err := os.Stat(filepath.Join(root, file)); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	account, err := stacks.CheckFiles(filepath.Join(root, stacks.BaselineFolder), environment)
	if err == nil && (account.AccountID != s.AccountID || account.Region != s.Region) {
		err = fmt.Errorf("  %s: account %s in %s is not that of %s, which is %s in %s; give both the same, or the baseline a name of its own",
			file, account.AccountID, account.Region, stacks.FileName(environment), s.AccountID, s.Region)
	}
	if err != nil {
		return true, misuse{fmt.Errorf("the configuration of the account's baseline, in %s, is not usable:\n%w", stacks.BaselineFolder, err)}
	}
	return true, nil
}

// withBaseline has the rehearsal begin with the baseline, if the environment's account has one of its name.
func (r *rehearsal) withBaseline() error {
	found, err := checkBaseline(r.Root, r.Environment, r.settings)
	if err != nil || !found {
		return err
	}
	policies, err := engine.PoliciesOf(r.Root, r.Environment, baselineProfile)
	r.baseline = &baseline{Stage: r.Baseline(), policies: policies}
	return err
}

// readyBaseline makes project, engine and stack of the baseline ready.
func (r *rehearsal) readyBaseline(ctx context.Context) error {
	if r.baseline == nil {
		return nil
	}
	if err := r.baseline.Prepare(r.tools); err != nil {
		return err
	}
	return r.baseline.attach(ctx, r)
}

// attach makes engine and stack ready.
func (b *baseline) attach(ctx context.Context, r *rehearsal) (err error) {
	if b.engine, err = engine.New(b.Stage, r.tools, &r.account, r.out); err != nil {
		return err
	}
	return b.engine.SelectStack(ctx)
}

// deployBaseline rehearses the baseline, from nothing to a stack that shows no change and no drift.
func (r *rehearsal) deployBaseline(ctx context.Context) error {
	b := r.baseline
	if b == nil {
		fmt.Fprintf(r.out, "    "+noBaseline, baselineFile(r.Environment))
		return nil
	}
	return r.guarded(ctx, func(ctx context.Context) error {
		if err := b.engine.Preview(ctx, b.policies); err != nil {
			return err
		}
		if err := b.engine.Update(ctx, b.policies); err != nil {
			return err
		}
		if err := b.engine.ExpectNoChange(ctx); err != nil {
			return err
		}
		if err := b.engine.ExpectNoDrift(ctx); err != nil {
			return err
		}
		return b.engine.Export(ctx)
	})
}

// rehearsedBaseline finds the baseline that an earlier run has deployed, whatever its configuration has become since.
func (r *rehearsal) rehearsedBaseline(ctx context.Context) error {
	stage := r.Baseline()
	if _, err := os.Stat(stage.Path("backend")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	r.baseline = &baseline{Stage: stage}
	return r.baseline.attach(ctx, r)
}
