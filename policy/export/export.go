// SPDX-License-Identifier: Apache-2.0

// Package export reads what Pulumi writes about a deployment, a stack export or the JSON of a preview, as
// resources that policies can judge without an engine.
package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Deployment is what a file holds: the resources as the resource pass sees them (inputs), and as the stack
// pass does (outputs and dependencies).
type Deployment struct {
	Inputs []*pack.Resource
	Stack  []*pack.Resource
	// Preview says that the file is a preview, so that values may be unknown.
	Preview bool
}

// longest is the largest file that is read; the engine's own limit for one message is 400 MB.
const longest = 1 << 30

// state is one resource in a file.
type state struct {
	PropertyDependencies    map[string][]string `json:"propertyDependencies"`
	URN                     string              `json:"urn"`
	Type                    string              `json:"type"`
	Parent                  string              `json:"parent"`
	Provider                string              `json:"provider"`
	Inputs                  json.RawMessage     `json:"inputs"`
	Outputs                 json.RawMessage     `json:"outputs"`
	Dependencies            []string            `json:"dependencies"`
	IgnoreChanges           []string            `json:"ignoreChanges"`
	Aliases                 []string            `json:"aliases"`
	AdditionalSecretOutputs []string            `json:"additionalSecretOutputs"`
	Delete                  bool                `json:"delete"`
	Protect                 bool                `json:"protect"`
	// read says that a preview only reads the resource, which somebody else manages.
	read bool
}

type document struct {
	Deployment *struct {
		Resources []state `json:"resources"`
	} `json:"deployment"`
	Steps []struct {
		NewState *state `json:"newState"`
		Op       string `json:"op"`
		URN      string `json:"urn"`
	} `json:"steps"`
	Diagnostics []struct {
		Severity string `json:"severity"`
		Message  string `json:"message"`
	} `json:"diagnostics"`
	Version      int  `json:"version"`
	MaybeCorrupt bool `json:"maybeCorrupt"`
}

// ErrNoDeployment is returned for JSON that is neither an export nor a preview.
var ErrNoDeployment = errors.New("the file holds neither a stack export (\"deployment\") nor a preview (\"steps\")")

// ErrFailed is returned for a preview that did not come to its end, so that resources may be missing from it.
var ErrFailed = errors.New("the preview failed, so what it shows may not be all; mend the program and preview it again")

const newestVersion = 4

// Read reads a stack export or the JSON of a preview. A file that ends early, or holds a resource that cannot
// be read, is an error: a part that is missing must not look like one that passed.
func Read(r io.Reader) (*Deployment, error) {
	text, err := io.ReadAll(io.LimitReader(r, longest+1))
	if err != nil {
		return nil, err
	}
	if len(text) > longest {
		return nil, fmt.Errorf("the file is larger than %d bytes", longest)
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("the file is not complete JSON: %w", err)
	}
	switch {
	case doc.Deployment != nil:
		if doc.Version > newestVersion || doc.Version < 1 {
			return nil, fmt.Errorf("export version %d is not known; versions 1 to %d are", doc.Version, newestVersion)
		}
		return build(doc.Deployment.Resources, false)
	case doc.Steps != nil:
		if err := doc.failed(); err != nil {
			return nil, err
		}
		return build(fromSteps(doc), true)
	}
	return nil, ErrNoDeployment
}

// failed reports whether the preview says that it failed, and with what.
func (d *document) failed() error {
	for _, said := range d.Diagnostics {
		if said.Severity == "error" {
			return fmt.Errorf("%w: %s", ErrFailed, strings.TrimSpace(said.Message))
		}
	}
	if d.MaybeCorrupt {
		return ErrFailed
	}
	return nil
}

// fromSteps keeps the last new state of each resource that will be there after the update.
func fromSteps(doc document) []state {
	at := map[string]int{}
	var states []state
	for _, s := range doc.Steps {
		if s.NewState == nil || s.Op == "delete" || s.Op == "delete-replaced" || s.Op == "discard" {
			continue
		}
		if s.NewState.URN == "" {
			s.NewState.URN = s.URN
		}
		urn := s.NewState.URN
		s.NewState.read = s.Op == "read" || s.Op == "read-replacement"
		if i, seen := at[urn]; seen {
			states[i] = *s.NewState
			continue
		}
		at[urn] = len(states)
		states = append(states, *s.NewState)
	}
	return states
}

func build(states []state, preview bool) (*Deployment, error) {
	d := &Deployment{Preview: preview}
	providers, err := providersOf(states)
	if err != nil {
		return nil, err
	}
	for i, s := range states {
		if s.Delete {
			continue
		}
		name, ok := nameOf(s.URN)
		if !ok || s.Type == "" {
			return nil, fmt.Errorf("resource %d has no valid URN and type (%q)", i, s.URN)
		}
		inputs, err := pack.StructFromJSON(s.Inputs)
		if err != nil {
			return nil, fmt.Errorf("%s: inputs: %w", s.URN, err)
		}
		outputs, err := pack.StructFromJSON(s.Outputs)
		if err != nil {
			return nil, fmt.Errorf("%s: outputs: %w", s.URN, err)
		}
		if preview && len(outputs.GetFields()) == 0 {
			outputs = inputs
		}
		before := pack.NewResource(s.Type, name, s.URN, inputs)
		after := pack.NewResource(s.Type, name, s.URN, nil)
		after.SetOutputs(outputs)
		for _, r := range []*pack.Resource{before, after} {
			r.Parent = s.Parent
			r.Options = pack.Options{Protect: s.Protect, IgnoreChanges: s.IgnoreChanges, Aliases: s.Aliases, SecretOutputs: s.AdditionalSecretOutputs}
			if p, ok := providers[providerURN(s.Provider)]; ok {
				r.SetProvider(p.token, providerURN(s.Provider), p.inputs)
			}
		}
		after.Dependencies, after.PropertyDependencies = s.Dependencies, s.PropertyDependencies
		d.Stack = append(d.Stack, after)
		if !s.read { // the engine asks about those in the stack pass only
			d.Inputs = append(d.Inputs, before)
		}
	}
	return d, nil
}

// provider is a provider resource, whose inputs policies see with each resource.
type provider struct {
	inputs *structpb.Struct
	token  string
}

func providersOf(states []state) (map[string]provider, error) {
	found := map[string]provider{}
	for _, s := range states {
		if !strings.HasPrefix(s.Type, "pulumi:providers:") {
			continue
		}
		props, err := pack.StructFromJSON(s.Inputs)
		if err != nil {
			return nil, fmt.Errorf("%s: inputs: %w", s.URN, err)
		}
		found[s.URN] = provider{inputs: props, token: s.Type}
	}
	return found, nil
}

// providerURN cuts the id from a provider reference "urn::id".
func providerURN(reference string) string {
	if i := strings.LastIndex(reference, "::"); i >= 0 {
		return reference[:i]
	}
	return reference
}

// nameOf returns the name in a URN "urn:pulumi:stack::project::type::name".
func nameOf(urn string) (string, bool) {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) != 4 || !strings.HasPrefix(urn, "urn:pulumi:") {
		return "", false
	}
	return parts[3], true
}
