// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// makeTwin reads the rehearsed account, and starts this program again in namespaces of its own, where it tries the network.
func makeTwin(ctx context.Context, root, environment string, asJSON bool) error {
	r := &rehearsal{Stage: engine.NewStage(root, environment), out: os.Stderr}
	if twin.Within() {
		if _, _, err := twin.Enter(); err != nil {
			return err
		}
		go func() { // nothing is left of the namespaces
			<-ctx.Done()
			os.Exit(exitInterrupted)
		}()
		return r.try(asJSON)
	}
	s, _, err := settings(root, environment)
	if err != nil {
		return err
	}
	rehearsed, err := attach(ctx, r.Stage)
	if err != nil {
		return err
	}
	held, err := r.Lock()
	if err != nil {
		return err
	}
	defer held.Release()
	r.account = engine.NewAccount(rehearsed.Emulator.Endpoint, s)
	if err := compile(ctx, root, r.out, "./tools/describe"); err != nil {
		return err
	}
	if err := r.fetch(ctx); err != nil {
		return err
	}
	_, code, err := twin.Enter()
	if err != nil {
		return fmt.Errorf("no twin: %w", err)
	}
	if code != 0 {
		return ended(code)
	}
	return nil
}

// try makes the twin of what was read of the account, and compares it with the proof.
func (r *rehearsal) try(asJSON bool) error {
	began := time.Now()
	net, err := awsfiles.Read(r.Path(accountFolder))
	if err != nil {
		return err
	}
	_, table, err := read(r.Path("state.json"))
	if err != nil {
		return err
	}
	if table == nil {
		return errors.New("no network of the stack says which segments it has, so that there is nothing to compare packets with")
	}
	t, err := trial.New(net, table)
	if err != nil {
		return err
	}
	if err := t.Up(); err != nil {
		return err
	}
	o, err := t.Run()
	if err != nil {
		return err
	}
	o.Took = time.Since(began)
	if asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(o)
	} else {
		fmt.Printf("The segments of %s as packets saw them:\n", r.Environment)
		o.Text(os.Stdout)
	}
	if err == nil && !o.Agrees() {
		err = errors.New("the packets and the proof do not agree in every cell")
	}
	return err
}
