// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"sort"
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
}

// Stack is resources being created, read, updated and deleted.
type Stack struct {
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
// delete, read (gone). Every difference is an error of the test that names resource and property.
func Run(t *testing.T, plugin *Plugin, resources ...Resource) {
	t.Helper()
	s := &Stack{plugin: plugin, states: map[string]*state{}}
	for _, r := range resources {
		s.states[r.Name] = &state{Resource: r, done: make(chan struct{})}
	}
	s.each(t, resources, func(t *testing.T, st *state) bool { return s.create(t, st) })
	var updates []Resource
	for _, r := range resources {
		if st := s.states[r.Name]; st.ok && r.Update != nil {
			st.done = make(chan struct{})
			updates = append(updates, r)
		}
	}
	s.each(t, updates, func(t *testing.T, st *state) bool { return s.update(t, st) })
	s.deleteAll(t, resources)
}

// each runs a step for all resources at once, each after those it refers to.
func (s *Stack) each(t *testing.T, resources []Resource, step func(*testing.T, *state) bool) {
	t.Helper()
	var wait sync.WaitGroup
	for _, r := range resources {
		st := s.states[r.Name]
		wait.Go(func() {
			defer close(st.done)
			for _, name := range references(r.Inputs) {
				other := s.states[name]
				if other == nil {
					t.Errorf("%s refers to %s, which is not there", r.Name, name)
					return
				}
				<-other.done
				if !other.ok {
					return
				}
			}
			st.ok = step(t, st)
		})
	}
	wait.Wait()
}

var reference = regexp.MustCompile(`\$\{([^.}]+)\.([^}]+)\}`)

// references lists the names that inputs refer to.
func references(value any) []string {
	var names []string
	walk(value, func(text string) any {
		for _, found := range reference.FindAllStringSubmatch(text, -1) {
			if found[1] != "account" {
				names = append(names, found[1])
			}
		}
		return text
	})
	return names
}

// walk rebuilds a value with every text replaced.
func walk(value any, replace func(string) any) any {
	switch v := value.(type) {
	case string:
		return replace(v)
	case map[string]any:
		copied := map[string]any{}
		for key, inner := range v {
			copied[key] = walk(inner, replace)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, inner := range v {
			copied[i] = walk(inner, replace)
		}
		return copied
	}
	return value
}

// resolve fills in the references.
func (s *Stack) resolve(inputs map[string]any) map[string]any {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value := func(name, property string) any {
		switch {
		case name == "account":
			return s.plugin.Account.ID
		case property == "id":
			return s.states[name].id
		}
		var current any = s.states[name].outputs.AsMap()
		for _, part := range strings.Split(property, ".") {
			switch c := current.(type) {
			case map[string]any:
				current = c[part]
			case []any:
				var i int
				_, _ = fmt.Sscanf(part, "%d", &i)
				if i < len(c) {
					current = c[i]
				}
			}
		}
		return current
	}
	return walk(inputs, func(text string) any {
		if found := reference.FindStringSubmatch(text); found != nil && found[0] == text {
			return value(found[1], found[2])
		}
		return reference.ReplaceAllStringFunc(text, func(match string) string {
			found := reference.FindStringSubmatch(match)
			return fmt.Sprint(value(found[1], found[2]))
		})
	}).(map[string]any)
}

func (st *state) urn() string { return "urn:pulumi:test::test::" + st.Type + "::" + st.Name }

func (s *Stack) check(ctx context.Context, t *testing.T, st *state, inputs map[string]any) *structpb.Struct {
	t.Helper()
	checked, err := s.plugin.Client.Check(ctx, &pulumirpc.CheckRequest{
		Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: st.inputs, News: Struct(t, s.resolve(inputs)), RandomSeed: []byte(strings.Repeat("bulkhead", 4)),
	})
	if err != nil {
		t.Errorf("%s: check: %v", st.Name, err)
		return nil
	}
	for _, failure := range checked.GetFailures() {
		t.Errorf("%s: check: %s: %s", st.Name, failure.GetProperty(), failure.GetReason())
	}
	if len(checked.GetFailures()) > 0 {
		return nil
	}
	return checked.GetInputs()
}

func (s *Stack) create(t *testing.T, st *state) bool {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	inputs := s.check(ctx, t, st, st.Inputs)
	if inputs == nil {
		return false
	}
	began := time.Now()
	made, err := s.plugin.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: inputs})
	if err != nil {
		t.Errorf("%s: create: %v", st.Name, err)
		return false
	}
	t.Logf("%s: created in %.1f s", st.Name, time.Since(began).Seconds())
	s.mutex.Lock()
	st.id, st.inputs, st.outputs = made.GetId(), inputs, made.GetProperties()
	s.mutex.Unlock()
	s.compare(ctx, t, st, "create")
	return true
}

// compare previews again and reads back; neither may show a difference.
func (s *Stack) compare(ctx context.Context, t *testing.T, st *state, after string) {
	t.Helper()
	s.noDiff(ctx, t, st, st.outputs, "preview after "+after)
	read, err := s.plugin.Client.Read(ctx, &pulumirpc.ReadRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: st.outputs, Inputs: st.inputs,
	})
	if err != nil {
		t.Errorf("%s: read after %s: %v", st.Name, after, err)
		return
	}
	if read.GetId() == "" {
		t.Errorf("%s: read after %s: it is gone", st.Name, after)
		return
	}
	for _, difference := range differences(st.outputs, read.GetProperties(), st.Differ) {
		t.Errorf("%s: refresh after %s: %s", st.Name, after, difference)
	}
	s.noDiff(ctx, t, st, read.GetProperties(), "preview after a refresh after "+after)
}

func (s *Stack) noDiff(ctx context.Context, t *testing.T, st *state, outputs *structpb.Struct, when string) {
	t.Helper()
	diff, err := s.plugin.Client.Diff(ctx, &pulumirpc.DiffRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: outputs, News: st.inputs, OldInputs: st.inputs,
	})
	if err != nil {
		t.Errorf("%s: %s: %v", st.Name, when, err)
		return
	}
	if diff.GetChanges() != pulumirpc.DiffResponse_DIFF_NONE {
		t.Errorf("%s: %s: %s %v %v", st.Name, when, diff.GetChanges(), diff.GetDiffs(), slices.Sorted(maps.Keys(diff.GetDetailedDiff())))
	}
}

// differences lists the top-level outputs that are not the same.
func differences(before, after *structpb.Struct, ignore []string) []string {
	b, a := before.AsMap(), after.AsMap()
	keys := map[string]bool{}
	for key := range b {
		keys[key] = true
	}
	for key := range a {
		keys[key] = true
	}
	var found []string
	for key := range keys {
		if !slices.Contains(ignore, key) && !strings.HasPrefix(key, "__") && !reflect.DeepEqual(present(b[key]), present(a[key])) {
			found = append(found, fmt.Sprintf("%s: %v -> %v", key, b[key], a[key]))
		}
	}
	sort.Strings(found)
	return found
}

// present drops what a provider writes or leaves out at will: nothing, an empty list or map, an empty text, zero, false.
func present(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, inner := range v {
			if inner = present(inner); inner != nil {
				kept[key] = inner
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case []any:
		var kept []any
		for _, inner := range v {
			kept = append(kept, present(inner))
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case string, float64, bool:
		if reflect.ValueOf(v).IsZero() {
			return nil
		}
	}
	return value
}

func (s *Stack) update(t *testing.T, st *state) bool {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	wanted := maps.Clone(st.Inputs)
	maps.Copy(wanted, st.Update)
	inputs := s.check(ctx, t, st, wanted)
	if inputs == nil {
		return false
	}
	diff, err := s.plugin.Client.Diff(ctx, &pulumirpc.DiffRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: st.outputs, News: inputs, OldInputs: st.inputs})
	if err != nil || diff.GetChanges() != pulumirpc.DiffResponse_DIFF_SOME || len(diff.GetReplaces()) > 0 {
		t.Errorf("%s: update: it is not an update in place: %v %v %v", st.Name, diff.GetChanges(), diff.GetReplaces(), err)
		return false
	}
	updated, err := s.plugin.Client.Update(ctx, &pulumirpc.UpdateRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Olds: st.outputs, News: inputs, OldInputs: st.inputs})
	if err != nil {
		t.Errorf("%s: update: %v", st.Name, err)
		return false
	}
	s.mutex.Lock()
	st.inputs, st.outputs = inputs, updated.GetProperties()
	s.mutex.Unlock()
	s.compare(ctx, t, st, "update")
	return true
}

// deleteAll deletes in the reverse order of references.
func (s *Stack) deleteAll(t *testing.T, resources []Resource) {
	t.Helper()
	users := map[string][]chan struct{}{}
	gone := map[string]chan struct{}{}
	for _, r := range resources {
		gone[r.Name] = make(chan struct{})
	}
	for _, r := range resources {
		for _, name := range references(r.Inputs) {
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
			if st := s.states[r.Name]; st.id != "" {
				s.delete(t, st)
			}
		})
	}
	wait.Wait()
}

func (s *Stack) delete(t *testing.T, st *state) {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	_, err := s.plugin.Client.Delete(ctx, &pulumirpc.DeleteRequest{
		Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: st.outputs, OldInputs: st.inputs})
	if err != nil {
		t.Errorf("%s: delete: %v", st.Name, err)
		return
	}
	read, err := s.plugin.Client.Read(ctx, &pulumirpc.ReadRequest{Id: st.id, Urn: st.urn(), Name: st.Name, Type: st.Type, Properties: st.outputs, Inputs: st.inputs})
	if err != nil || read.GetId() != "" {
		t.Logf("%s: read after delete: still there (%v)", st.Name, err)
	}
}
