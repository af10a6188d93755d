// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// Resource is one resource of a test's stack. A text "${name.property}" stands for a property of another one, and orders them.
type Resource struct {
	Name   string
	Type   string         // Such as "aws:ec2/vpc:Vpc".
	Inputs map[string]any // As a program would give them.
	Update map[string]any // Inputs that replace those of the same name in a later update in place; nil: no update.
	Differ []string       // Outputs that may change from one read to the next without any cause.
	After  []string       // Others that have to be there first and whose properties it does not use.
	Keep   bool           // It outlives its stack: it is not deleted at the end.
}

// Stack is resources being created, read, updated and deleted.
type Stack struct {
	t      *testing.T
	plugin *Plugin
	mutex  sync.Mutex
	states map[string]*state
}

type state struct {
	Resource
	id      string
	inputs  *structpb.Struct
	outputs *structpb.Struct
	done    chan struct{}
	ok      bool
}

// timeout bounds one step of one resource; the provider's own fixed waits reach 90 seconds.
const timeout = 6 * time.Minute

// Run takes all resources through their life: create, preview again (no change), read (no drift), update in place and the same again,
// delete but for what is kept, read (gone). Every difference is an error of the test that names resource and property.
func Run(t *testing.T, plugin *Plugin, resources ...Resource) {
	t.Helper()
	s := &Stack{t: t, plugin: plugin, states: map[string]*state{}}
	for _, r := range resources {
		s.states[r.Name] = &state{Resource: r, done: make(chan struct{})}
	}
	s.each(resources, s.create)
	var updates []Resource
	for _, r := range resources {
		if st := s.states[r.Name]; st.ok && r.Update != nil {
			st.done = make(chan struct{})
			updates = append(updates, r)
		}
	}
	s.each(updates, s.update)
	s.deleteAll(resources)
}

// each runs a step for all resources at once, each after those it refers to.
func (s *Stack) each(resources []Resource, step func(*state) bool) {
	var wait sync.WaitGroup
	for _, r := range resources {
		st := s.states[r.Name]
		wait.Go(func() {
			defer close(st.done)
			for _, name := range r.after() {
				other := s.states[name]
				if other == nil {
					s.t.Errorf("%s refers to %s, which is not there", r.Name, name)
					return
				}
				<-other.done
				if !other.ok {
					return
				}
			}
			st.ok = step(st)
		})
	}
	wait.Wait()
}

// after are the names of the resources that have to be there first.
func (r Resource) after() []string { return append(references(r.Inputs), r.After...) }

func (st *state) urn() string { return "urn:pulumi:test::test::" + st.Type + "::" + st.Name }

func (s *Stack) check(ctx context.Context, st *state, inputs map[string]any) *structpb.Struct {
	checked, err := s.plugin.Client.Check(ctx, &pulumirpc.CheckRequest{
		Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: st.inputs, News: Struct(s.t, s.resolve(inputs)), RandomSeed: []byte(strings.Repeat("bulkhead", 4)),
	})
	if err != nil {
		s.t.Errorf("%s: check: %v", st.Name, err)
		return nil
	}
	for _, failure := range checked.GetFailures() {
		s.t.Errorf("%s: check: %s: %s", st.Name, failure.GetProperty(), failure.GetReason())
	}
	if len(checked.GetFailures()) > 0 {
		return nil
	}
	return checked.GetInputs()
}

func (s *Stack) create(st *state) bool {
	ctx, cancel := context.WithTimeout(s.t.Context(), timeout)
	defer cancel()
	inputs := s.check(ctx, st, st.Inputs)
	if inputs == nil {
		return false
	}
	began := time.Now()
	made, err := s.plugin.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: inputs})
	if err != nil {
		s.t.Errorf("%s: create: %v", st.Name, err)
		return false
	}
	s.t.Logf("%s: created in %.1f s", st.Name, time.Since(began).Seconds())
	s.mutex.Lock()
	st.id, st.inputs, st.outputs = made.GetId(), inputs, made.GetProperties()
	s.mutex.Unlock()
	s.compare(ctx, st, "create")
	return true
}

func (s *Stack) update(st *state) bool {
	ctx, cancel := context.WithTimeout(s.t.Context(), timeout)
	defer cancel()
	wanted := maps.Clone(st.Inputs)
	maps.Copy(wanted, st.Update)
	inputs := s.check(ctx, st, wanted)
	if inputs == nil {
		return false
	}
	diff, err := s.plugin.Client.Diff(ctx, &pulumirpc.DiffRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: st.outputs, News: inputs, OldInputs: st.inputs})
	if err != nil || diff.GetChanges() != pulumirpc.DiffResponse_DIFF_SOME || len(diff.GetReplaces()) > 0 {
		s.t.Errorf("%s: update: it is not an update in place: %v %v %v", st.Name, diff.GetChanges(), diff.GetReplaces(), err)
		return false
	}
	updated, err := s.plugin.Client.Update(ctx, &pulumirpc.UpdateRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: st.outputs, News: inputs, OldInputs: st.inputs})
	if err != nil {
		s.t.Errorf("%s: update: %v", st.Name, err)
		return false
	}
	s.mutex.Lock()
	st.inputs, st.outputs = inputs, updated.GetProperties()
	s.mutex.Unlock()
	s.compare(ctx, st, "update")
	return true
}

// deleteAll deletes in the reverse order of references.
func (s *Stack) deleteAll(resources []Resource) {
	users := map[string][]chan struct{}{}
	gone := map[string]chan struct{}{}
	for _, r := range resources {
		gone[r.Name] = make(chan struct{})
	}
	for _, r := range resources {
		for _, name := range r.after() {
			users[name] = append(users[name], gone[r.Name])
		}
	}
	var wait sync.WaitGroup
	for _, r := range resources {
		wait.Go(func() {
			defer close(gone[r.Name])
			for _, user := range users[r.Name] {
				<-user
			}
			if st := s.states[r.Name]; st.id != "" && !r.Keep {
				s.delete(st)
			}
		})
	}
	wait.Wait()
}

func (s *Stack) delete(st *state) {
	ctx, cancel := context.WithTimeout(s.t.Context(), timeout)
	defer cancel()
	_, err := s.plugin.Client.Delete(ctx, &pulumirpc.DeleteRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: st.outputs, OldInputs: st.inputs})
	if err != nil {
		s.t.Errorf("%s: delete: %v", st.Name, err)
		return
	}
	read, err := s.plugin.Client.Read(ctx, &pulumirpc.ReadRequest{Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: st.outputs, Inputs: st.inputs})
	if err != nil || read.GetId() != "" {
		s.t.Logf("%s: read after delete: still there (%v)", st.Name, err)
	}
}
