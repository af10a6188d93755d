// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// difference is what the program and the configuration as they are now would change in the rehearsed account.
type difference struct {
	Environment string            `json:"environment"`
	Counts      map[string]int    `json:"counts"`   // Resources by operation; "same" are those that stay as they are.
	Segments    []segmentChanges  `json:"segments"` // Only those in which something changes.
	Policies    []policyViolation `json:"policies"` // What the policy pack says about the result.
}

type segmentChanges struct {
	Segment string   `json:"segment"`
	Changes []change `json:"changes"`
}

// change is what would happen to one resource.
type change struct {
	Operation  string           `json:"operation"` // "create", "update", "replace" or "delete".
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	URN        string           `json:"urn"`
	Properties []propertyChange `json:"properties,omitempty"` // Of an update or a replacement.
}

type propertyChange struct {
	Path     string `json:"path"`
	From     any    `json:"from"`
	To       any    `json:"to"`
	Replaces bool   `json:"replaces,omitempty"` // AWS cannot change it in place.
}

type policyViolation struct {
	Policy   string `json:"policy"`
	Level    string `json:"level"` // "mandatory" refuses the change, "advisory" does not.
	Resource string `json:"resource,omitempty"`
	Message  string `json:"message"`
}

// diff previews the program and the configuration against the rehearsed account, without changing anything there.
func diff(ctx context.Context, root, environment string, asJSON bool) error {
	s, policies, err := settings(root, environment)
	if err != nil {
		return err
	}
	r := &rehearsal{Stage: engine.NewStage(root, environment), settings: s, policies: policies, out: os.Stderr}
	rehearsed, err := attach(ctx, r.Stage)
	if err != nil {
		return err
	}
	held, err := r.Lock()
	if err != nil {
		return err
	}
	defer held.Release()
	r.account, r.emulator = engine.NewAccount(rehearsed.Emulator.Endpoint, s), &rehearsed.Emulator
	if err := r.forgetLostAccount(); err != nil { // It is not lost; another account or region is refused.
		return err
	}
	r.tools, err = toolchain.Ensure(ctx, toolchain.Options{Root: root, Progress: os.Stderr, Rehearsal: true})
	if err != nil {
		return err
	}
	if err := compile(ctx, root, os.Stderr, infra, "./policy"); err != nil {
		return err
	}
	said := &bytes.Buffer{}
	r.out = said
	if err := r.ready(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	var events []apitype.EngineEvent
	failure := r.guarded(ctx, func(ctx context.Context) (err error) {
		events, err = r.engine.Observe(ctx, "diff", append([]string{"preview"}, policies.Args()...)...)
		return err
	})
	d := differenceOf(environment, events)
	if failure != nil && !d.refused() {
		return fmt.Errorf("%w\n%s", failure, said)
	}
	if err := d.write(os.Stdout, asJSON); err != nil {
		return err
	}
	if d.refused() {
		return fmt.Errorf("the policies of %s refuse this", policies.Config)
	}
	return nil
}

// differenceOf reads the events of a preview.
func differenceOf(environment string, events []apitype.EngineEvent) *difference {
	d := &difference{Environment: environment, Counts: map[string]int{}, Segments: []segmentChanges{}, Policies: []policyViolation{}}
	bySegment := map[string][]change{}
	for _, event := range events {
		if p := event.PolicyEvent; p != nil {
			d.Policies = append(d.Policies, policyViolation{Policy: p.PolicyName, Level: p.EnforcementLevel, Resource: nameOf(p.ResourceURN), Message: plain(p.Message)})
		}
		if event.ResourcePreEvent == nil {
			continue
		}
		step := event.ResourcePreEvent.Metadata
		state := step.New
		if state == nil {
			state = step.Old
		}
		operation := operationOf(step.Op)
		if state == nil || !state.Custom || operation == "" {
			continue
		}
		d.Counts[operation]++
		if operation == "same" {
			continue
		}
		segment := segmentOf(environment, state)
		bySegment[segment] = append(bySegment[segment], change{
			Operation: operation, Name: nameOf(step.URN), Type: step.Type, URN: step.URN, Properties: propertyChanges(step),
		})
	}
	for _, segment := range segments {
		if changes := bySegment[segment]; len(changes) > 0 {
			slices.SortFunc(changes, func(a, b change) int { return bytes.Compare([]byte(a.URN), []byte(b.URN)) })
			d.Segments = append(d.Segments, segmentChanges{segment, changes})
		}
	}
	return d
}

// operationOf names a step; the parts of a replacement count once, as such.
func operationOf(op apitype.OpType) string {
	switch op {
	case apitype.OpCreate, apitype.OpUpdate, apitype.OpDelete, apitype.OpReplace, apitype.OpSame:
		return string(op)
	}
	return ""
}

// propertyChanges lists the properties in which a step changes a resource, by path.
func propertyChanges(step apitype.StepEventMetadata) []propertyChange {
	if step.Old == nil || step.New == nil {
		return nil
	}
	var changes []propertyChange
	for path, kind := range step.DetailedDiff {
		before := step.Old.Outputs
		if kind.InputDiff {
			before = step.Old.Inputs
		}
		changes = append(changes, propertyChange{
			Path: path, From: valueAt(before, path), To: valueAt(step.New.Inputs, path),
			Replaces: kind.Kind == apitype.DiffAddReplace || kind.Kind == apitype.DiffDeleteReplace || kind.Kind == apitype.DiffUpdateReplace,
		})
	}
	slices.SortFunc(changes, func(a, b propertyChange) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return changes
}

// valueAt follows a property path, such as `rules[0].priority`; it returns nil where there is nothing.
func valueAt(properties map[string]any, path string) any {
	elements, err := resource.ParsePropertyPath(path)
	if err != nil {
		return nil
	}
	var value any = properties
	for _, element := range elements {
		switch element := element.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[element]
		case int:
			list, _ := value.([]any)
			if element < 0 || element >= len(list) {
				return nil
			}
			value = list[element]
		}
	}
	return value
}

func (d *difference) refused() bool {
	return slices.ContainsFunc(d.Policies, func(p policyViolation) bool { return p.Level == "mandatory" })
}

var signs = map[string]string{"create": "+", "update": "~", "replace": "±", "delete": "-"}

// write prints the difference for people, or as JSON.
func (d *difference) write(out io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(d)
	}
	fmt.Fprintf(out, "%s: %d to create, %d to update, %d to replace, %d to delete; %d stay as they are\n",
		d.Environment, d.Counts["create"], d.Counts["update"], d.Counts["replace"], d.Counts["delete"], d.Counts["same"])
	for _, segment := range d.Segments {
		fmt.Fprintf(out, "\n%s\n", segment.Segment)
		for _, c := range segment.Changes {
			fmt.Fprintf(out, "  %s %-7s %s (%s)\n", signs[c.Operation], c.Operation, c.Name, c.Type)
			for _, p := range c.Properties {
				replaces := ""
				if p.Replaces {
					replaces = " (replaces the resource)"
				}
				fmt.Fprintf(out, "      %s: %s -> %s%s\n", p.Path, shown(p.From), shown(p.To), replaces)
			}
		}
	}
	if len(d.Policies) > 0 {
		fmt.Fprintln(out, "\nPolicies")
	}
	for _, p := range d.Policies {
		fmt.Fprintf(out, "  %s %s %s: %s\n", p.Level, p.Policy, p.Resource, p.Message)
	}
	return nil
}

// shown is a value on one line of bearable length.
func shown(value any) string {
	if value == nil {
		return "nothing"
	}
	const longest = 120
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	if runes := []rune(string(text)); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return string(text)
}
