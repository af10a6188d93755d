// SPDX-License-Identifier: Apache-2.0

// Package export reads what Pulumi writes about a deployment, a stack export or the JSON of a preview, as
// resources that policies can judge without an engine.
package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
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
	Version int `json:"version"`
}

// ErrNoDeployment is returned for JSON that is neither an export nor a preview.
var ErrNoDeployment = errors.New("the file holds neither a stack export (\"deployment\") nor a preview (\"steps\")")

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
		return build(fromSteps(doc), true)
	}
	return nil, ErrNoDeployment
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
		if i, seen := at[s.URN]; seen {
			states[i] = *s.NewState
			continue
		}
		at[s.URN] = len(states)
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
		inputs, err := decode(s.Inputs, preview)
		if err != nil {
			return nil, fmt.Errorf("%s: inputs: %w", s.URN, err)
		}
		outputs, err := decode(s.Outputs, preview)
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
		d.Inputs, d.Stack = append(d.Inputs, before), append(d.Stack, after)
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

const (
	signature    = "4dabf18193072939515e22adb298388d"
	secretMark   = "1b47061264138c4ac30d75fd1eb44270"
	redactedText = pack.Redacted
)

// decode reads properties. A preview writes secrets as the plain text "[secret]"; they are marked as secrets
// again, so that a rule about them does not take the mark for a value.
func decode(raw json.RawMessage, preview bool) (*structpb.Struct, error) {
	s, err := pack.StructFromJSON(raw)
	if err != nil {
		return nil, err
	}
	if preview {
		for _, key := range slices.Sorted(maps.Keys(s.GetFields())) {
			s.Fields[key] = mark(s.Fields[key])
		}
	}
	return s, nil
}

func mark(v *structpb.Value) *structpb.Value {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		if k.StringValue == redactedText {
			return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
				signature: structpb.NewStringValue(secretMark), "value": v,
			}})
		}
	case *structpb.Value_ListValue:
		for i, item := range k.ListValue.Values {
			k.ListValue.Values[i] = mark(item)
		}
	case *structpb.Value_StructValue:
		if k.StructValue.Fields[signature] == nil {
			for key, item := range k.StructValue.Fields {
				k.StructValue.Fields[key] = mark(item)
			}
		}
	}
	return v
}
