// SPDX-License-Identifier: Apache-2.0

// Package export reads what Pulumi writes about a deployment, such as a stack export or the JSON of a preview, as
// resources that policies can judge without an engine.
package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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
	// Made are the URNs of what a preview would make, also in the place of what it deletes later. An export makes nothing.
	Made map[string]bool
	// Name is the stack with its project, such as "dev of shop"; it is empty where the file holds no resource.
	Name string
}

// Judge runs the pack over the deployment in the order of the engine: every resource by its inputs, then the stack as a whole.
// The session is the one that judged.
func (d *Deployment) Judge(p *pack.Pack, configs map[string]pack.Config) (*pack.Session, []pack.Result, error) {
	session := pack.NewSession(p)
	session.Describe(pack.About{DryRun: d.Preview}, nil, nil)
	if err := session.Configure(configs); err != nil {
		return nil, nil, fmt.Errorf("the configuration is invalid: %w", err)
	}
	var results []pack.Result
	for _, r := range d.Inputs {
		results = append(results, session.Analyze(r)...)
	}
	return session, pack.Latest(append(results, session.AnalyzeStack(d.Stack)...)), nil
}

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
	// Custom is false for a component; a file may leave it out.
	Custom   *bool `json:"custom"`
	Delete   bool  `json:"delete"`
	Protect  bool  `json:"protect"`
	External bool  `json:"external"`
	// before is the state that a preview changes in place; nil otherwise.
	before *state
	// read says that a preview only reads the resource.
	read bool
	// made says that a preview makes the resource.
	made bool
}

// onlyRead reports whether the program only reads the resource, which somebody else manages.
func (s *state) onlyRead() bool { return s.read || s.External }

// step is what a preview or an update does to one resource.
type step struct {
	NewState *state `json:"newState"`
	OldState *state `json:"oldState"`
	Op       string `json:"op"`
	URN      string `json:"urn"`
}

// said is a message of the engine.
type said struct {
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// deployment is the heart of an export and of a checkpoint.
type deployment struct {
	Resources []state `json:"resources"`
}

type document struct {
	Deployment *deployment `json:"deployment"`
	Checkpoint *struct {
		Latest *deployment `json:"latest"`
	} `json:"checkpoint"`
	// ChangeSummary stands in every preview, Steps only where there is something to do.
	ChangeSummary json.RawMessage `json:"changeSummary"`
	Steps         []step          `json:"steps"`
	Diagnostics   []said          `json:"diagnostics"`
	Version       int             `json:"version"`
	MaybeCorrupt  bool            `json:"maybeCorrupt"`
}

// ErrNoDeployment is returned for what Pulumi has not written about a deployment.
var ErrNoDeployment = errors.New("the file holds neither a stack export (\"deployment\") nor a preview (\"steps\")")

// ErrFailed is returned for a preview that did not come to its end, so that resources may be missing from it.
var ErrFailed = errors.New("the preview failed, so what it shows may not be all; mend the program and preview it again")

// newestVersion is the newest version of an export and of a checkpoint, apitype.DeploymentSchemaVersionLatest.
const newestVersion = 4

// Read reads a stack export, the JSON of a preview, a checkpoint as a backend of one's own keeps it, or an event log.
// A file that ends early, or holds a resource that cannot be read, is an error: a part that is missing must not look
// like one that passed. A file of another kind is named in the error where it is known.
func Read(r io.Reader) (*Deployment, error) {
	text, err := plainText(r)
	if err != nil {
		return nil, err
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return readOther(text, err)
	}
	if doc.Checkpoint != nil {
		doc.Deployment = &deployment{}
		if doc.Checkpoint.Latest != nil {
			doc.Deployment = doc.Checkpoint.Latest
		}
	}
	switch {
	case doc.Deployment != nil:
		if doc.Version > newestVersion || doc.Version < 1 {
			return nil, fmt.Errorf("export version %d is not known; versions 1 to %d are", doc.Version, newestVersion)
		}
		return build(doc.Deployment.Resources, false)
	case doc.Steps != nil || doc.ChangeSummary != nil || len(doc.Diagnostics) > 0:
		if err := failed(doc.Diagnostics, doc.MaybeCorrupt); err != nil {
			return nil, err
		}
		return build(last(doc.Steps), true)
	}
	if kind := foreign(text); kind != "" {
		return nil, notOurs(kind)
	}
	return nil, fmt.Errorf("%w; %s", ErrNoDeployment, cure)
}

// readOther reads what is not one JSON document.
func readOther(text []byte, notJSON error) (*Deployment, error) {
	steps, preview, isLog, err := readEvents(text)
	switch {
	case err != nil:
		return nil, err
	case isLog:
		return build(last(steps), preview)
	}
	if kind := foreign(text); kind != "" {
		return nil, notOurs(kind)
	}
	if json.Valid(text) {
		return nil, fmt.Errorf("%w: it is JSON of another shape; %s", ErrNoDeployment, cure)
	}
	return nil, fmt.Errorf("the file is not complete JSON: %w", notJSON)
}

// failed reports whether the engine says that it failed, and with what.
func failed(messages []said, corrupt bool) error {
	for _, m := range messages {
		if m.Severity == "error" {
			return fmt.Errorf("%w: %s", ErrFailed, strings.TrimSpace(m.Message))
		}
	}
	if corrupt {
		return ErrFailed
	}
	return nil
}

// last keeps the last new state of each resource that will be there after the update.
func last(steps []step) []state {
	at := map[string]int{}
	var states []state
	for _, s := range steps {
		if s.Op == "same" && s.OldState != nil { // the new state of a preview lacks what the provider has told
			s.NewState = s.OldState
		}
		if s.Op == "update" && s.NewState != nil {
			s.NewState.before = s.OldState
		}
		if s.NewState == nil || s.Op == "delete" || s.Op == "delete-replaced" || s.Op == "discard" {
			continue
		}
		if s.NewState.URN == "" {
			s.NewState.URN = s.URN
		}
		urn := s.NewState.URN
		s.NewState.read = s.Op == "read" || s.Op == "read-replacement"
		s.NewState.made = s.Op == "create" || s.Op == "create-replacement" || s.Op == "replace"
		if i, seen := at[urn]; seen {
			states[i] = *s.NewState
			continue
		}
		at[urn] = len(states)
		states = append(states, *s.NewState)
	}
	return states
}

// foreseen are the outputs of a resource as far as a preview can know them: its inputs, and what it is called, which a change in
// place leaves as it was. Other resources name it so, and would otherwise point at nothing.
func (s *state) foreseen(inputs *structpb.Struct) (*structpb.Struct, error) {
	if s.before == nil {
		return inputs, nil
	}
	before, err := pack.StructFromJSON(s.before.Outputs)
	if err != nil {
		return nil, err
	}
	fields := maps.Clone(inputs.GetFields())
	for _, key := range []string{"arn", "id", "defaultVersion"} {
		if value, known := before.GetFields()[key]; known && fields[key] == nil {
			if fields == nil {
				fields = map[string]*structpb.Value{}
			}
			fields[key] = value
		}
	}
	return &structpb.Struct{Fields: fields}, nil
}

func build(states []state, preview bool) (*Deployment, error) {
	d := &Deployment{Preview: preview, Made: made(states)}
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
		d.Name = stackOf(s.URN)
		inputs, err := pack.StructFromJSON(s.Inputs)
		if err != nil {
			return nil, fmt.Errorf("%s: inputs: %w", s.URN, err)
		}
		outputs, err := pack.StructFromJSON(s.Outputs)
		if err != nil {
			return nil, fmt.Errorf("%s: outputs: %w", s.URN, err)
		}
		if preview && len(outputs.GetFields()) == 0 {
			if outputs, err = s.foreseen(inputs); err != nil {
				return nil, fmt.Errorf("%s: outputs before: %w", s.URN, err)
			}
		}
		before := pack.NewResource(s.Type, name, s.URN, inputs)
		after := pack.NewResource(s.Type, name, s.URN, nil)
		after.SetOutputs(outputs)
		for _, r := range []*pack.Resource{before, after} {
			r.Parent, r.Component = s.Parent, s.Custom != nil && !*s.Custom
			r.Options = pack.Options{Protect: s.Protect, IgnoreChanges: s.IgnoreChanges, Aliases: s.Aliases,
				SecretOutputs: s.AdditionalSecretOutputs}
			if p, ok := providers[providerURN(s.Provider)]; ok {
				r.SetProvider(p.token, providerURN(s.Provider), p.inputs)
			}
		}
		after.Dependencies, after.PropertyDependencies = s.Dependencies, s.PropertyDependencies
		d.Stack = append(d.Stack, after)
		if !s.onlyRead() { // the engine asks about those in the stack pass only
			d.Inputs = append(d.Inputs, before)
		}
	}
	return d, nil
}

// made are the URNs of what a preview makes.
func made(states []state) map[string]bool {
	urns := map[string]bool{}
	for _, s := range states {
		if s.made {
			urns[s.URN] = true
		}
	}
	return urns
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

// stackOf returns stack and project of a URN that nameOf takes.
func stackOf(urn string) string {
	parts := strings.SplitN(strings.TrimPrefix(urn, "urn:pulumi:"), "::", 3)
	return parts[0] + " of " + parts[1]
}
