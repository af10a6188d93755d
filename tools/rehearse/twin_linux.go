// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

// makeTwin reads the rehearsed account, and starts this program again in namespaces of its own, where it tries the network.
func makeTwin(ctx context.Context, root string, in *invocation) error {
	r := &rehearsal{Stage: engine.NewStage(root, in.environment), out: os.Stderr}
	if twin.Within() {
		if _, _, err := twin.Enter(ctx); err != nil {
			return err
		}
		go func() { // nothing is left of the namespaces
			<-ctx.Done()
			os.Exit(exitInterrupted)
		}()
		return r.try(in)
	}
	s, _, err := settings(root, in.environment)
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
	_, code, err := twin.Enter(ctx)
	if err != nil {
		return err
	}
	if code != 0 {
		return ended(code)
	}
	return nil
}

// packets lets real connections pass between the segments, in a twin of the account that [rehearsal.prove] has read, and demands
// that every cell is as the proof says. Where no twin can be made, the summary says why.
func (r *rehearsal) packets(ctx context.Context) error {
	if r.proof == nil {
		r.noTwin = "no network of the stack says which segments it has"
		return nil
	}
	var out, messages bytes.Buffer
	code, err := twin.Again(ctx, &out, &messages, "twin", "--json", r.Environment)
	switch {
	case errors.Is(err, twin.ErrUnable):
		r.noTwin = err.Error()
		return nil
	case err != nil:
		return err
	case code == exitUnable:
		r.noTwin = strings.TrimPrefix(strings.TrimSpace(messages.String()), "rehearse: ")
		return nil
	}
	r.traffic = &trial.Outcome{}
	if err := json.Unmarshal(out.Bytes(), r.traffic); err != nil {
		return fmt.Errorf("the twin ended with exit code %d and said:\n%s%s", code, &out, &messages)
	}
	if !r.traffic.Agrees() {
		var page strings.Builder
		r.traffic.Text(&page)
		return fmt.Errorf("the packets and the proof do not agree in every cell:\n%s", &page)
	}
	return nil
}

// try makes the twin of what was read of the account, and compares it with the proof, or lets the user look around in it.
func (r *rehearsal) try(in *invocation) error {
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
	if in.in != "" {
		err := t.Shell(in.in, in.program, os.Stderr)
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return ended(exit.ExitCode())
		}
		return err
	}
	o, err := t.Run()
	if err != nil {
		return err
	}
	o.Took = time.Since(began)
	if in.json {
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
