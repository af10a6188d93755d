// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// down destroys the environment's rehearsed stack and stops the emulator when no environment uses
// it any more.
func down(ctx context.Context, root, environment string) error {
	// What was rehearsed can be destroyed whatever the configuration has become since.
	_, err := stacks.CheckFiles(root, environment)
	if unknown := (*stacks.UnknownEnvironmentError)(nil); errors.As(err, &unknown) {
		return misuse{err}
	}
	r := &rehearsal{Stage: engine.NewStage(root, environment), out: os.Stdout}
	before, err := readStatus(r.Stage)
	if errors.Is(err, os.ErrNotExist) {
		if err := r.endTwin(r.out); err != nil {
			return err
		}
		fmt.Fprintf(r.out, "nothing to do: %s is not rehearsed\n", environment)
		return stopUnused(ctx, root, r)
	}
	if err != nil {
		return err
	}
	held, err := r.Lock()
	if err != nil {
		return err
	}
	defer held.Release()
	if err := r.endTwin(r.out); err != nil {
		return err
	}
	running, err := emulator.Find(ctx, root)
	if err != nil && !errors.Is(err, emulator.ErrNotRunning) {
		return fmt.Errorf("%w; try again, or drop everything with `%s forget`", err, os.Args[0])
	}
	if err != nil || running.ID != before.Emulator.ID {
		fmt.Fprintln(r.out, "the emulator has stopped, and the emulated account with it; forgetting the stack")
	} else {
		r.emulator, r.account = running, before.Account
		if err := r.destroy(ctx); err != nil {
			return err
		}
		if err := running.Client().Unregister(ctx, environment); err != nil {
			return err
		}
	}
	if err := r.Drop(); err != nil {
		return err
	}
	return stopUnused(ctx, root, r)
}

// forget stops the emulator, and the emulated accounts with it, and drops the stacks of all environments: moto cannot empty
// one account of several. Nothing is forgotten while an environment is being rehearsed.
func forget(ctx context.Context, root string, out io.Writer) error {
	locks, err := filepath.Glob(filepath.Join(root, ".rehearsal", "*", "lock")) // that of what they share among them
	if err != nil {
		return err
	}
	var stages []*engine.Stage
	for _, file := range locks {
		s := engine.NewStage(root, filepath.Base(filepath.Dir(file)))
		held, err := s.Lock()
		if err != nil {
			return err
		}
		defer held.Release()
		if err := (&rehearsal{Stage: s}).endTwin(out); err != nil {
			return err
		}
		if _, err := os.Stat(s.Path("emulator.json")); err == nil {
			stages = append(stages, s)
		}
	}
	_, err = emulator.Find(ctx, root)
	if errors.Is(err, emulator.ErrNotRunning) && len(stages) == 0 {
		fmt.Fprintln(out, "nothing to do: nothing is rehearsed")
		return emulator.Stop(ctx, root) // what is left of a dead one
	}
	if err := emulator.Stop(ctx, root); err != nil {
		return err
	}
	for _, s := range stages {
		if err := s.Drop(); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s is forgotten\n", s.Environment)
	}
	fmt.Fprintln(out, "the emulator has stopped")
	return nil
}

func (r *rehearsal) destroy(ctx context.Context) error {
	tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: r.Root, Progress: r.out, Rehearsal: true})
	if err != nil {
		return err
	}
	r.tools = tools
	if r.engine, err = engine.New(r.Stage, tools, &r.account, r.out); err != nil {
		return err
	}
	if err := r.engine.SelectStack(ctx); err != nil {
		return err
	}
	if err := r.rehearsedBaseline(ctx); err != nil {
		return err
	}
	if emptied, err := r.emptyUnsettled(ctx); emptied || err != nil {
		return err
	}
	if err := r.step(ctx, "lift deletion protection", r.liftProtection); err != nil {
		return err
	}
	if err := r.step(ctx, "destroy", func(ctx context.Context) error { return r.guarded(ctx, r.engine.Destroy) }); err != nil || r.baseline == nil {
		return err
	}
	return r.step(ctx, "destroy the baseline of the account", func(ctx context.Context) error { return r.guarded(ctx, r.baseline.engine.Destroy) })
}

// liftProtection does by API what an operator has to do by hand before a protected environment can
// be destroyed. The program offers no switch for it in production, and the rehearsal adds none.
func (r *rehearsal) liftProtection(ctx context.Context) error {
	cfg := r.account.Config()
	balancers := elb.NewFromConfig(cfg)
	found, err := balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return err
	}
	for _, balancer := range found.LoadBalancers {
		_, err := balancers.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{
			LoadBalancerArn: balancer.LoadBalancerArn,
			Attributes:      []elbtypes.LoadBalancerAttribute{{Key: aws.String("deletion_protection.enabled"), Value: aws.String("false")}},
		})
		if err != nil {
			return err
		}
	}
	if err := r.engine.Run(ctx, io.Discard, "state", "unprotect", "--all", "--yes", "--stack", r.Environment, "--non-interactive"); err != nil {
		return err
	}
	databases := rds.NewFromConfig(cfg)
	instances, err := databases.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	if err != nil {
		return err
	}
	for _, instance := range instances.DBInstances {
		_, err := databases.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
			DBInstanceIdentifier: instance.DBInstanceIdentifier,
			DeletionProtection:   aws.Bool(false),
			ApplyImmediately:     aws.Bool(true),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// stopUnused stops the emulator if no environment is registered with it.
func stopUnused(ctx context.Context, root string, r *rehearsal) error {
	running, err := emulator.Find(ctx, root)
	if errors.Is(err, emulator.ErrNotRunning) {
		return emulator.Stop(ctx, root) // what is left of a dead one
	}
	if err != nil {
		return err
	}
	accounts, err := running.Client().Accounts(ctx)
	if err != nil {
		return err
	}
	if len(accounts) > 0 {
		fmt.Fprintf(r.out, "the emulator goes on for %s\n", accounts[0].Env)
		return nil
	}
	if err := emulator.Stop(ctx, root); err != nil {
		return err
	}
	fmt.Fprintln(r.out, "the emulator has stopped")
	return nil
}
