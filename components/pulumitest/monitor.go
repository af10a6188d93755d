// SPDX-License-Identifier: Apache-2.0

package pulumitest

import (
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
)

// monitor implements pulumi.MockResourceMonitor.
type monitor struct {
	settings  *settings
	recording *Recording
	answers   map[string]Answerer
	outputs   map[string]Outputs
}

func newMonitor(options []Option) *monitor {
	s := &settings{
		project: Project, stack: Stack, account: AccountID, region: Region,
		config: map[string]string{}, answers: map[string]Answerer{}, outputs: map[string]Outputs{},
	}
	for _, option := range options {
		option(s)
	}
	answers := cannedAnswers(s.account, s.region)
	maps.Copy(answers, s.answers)
	outputs := cannedOutputs(s.account, s.region)
	maps.Copy(outputs, s.outputs)
	return &monitor{settings: s, recording: &Recording{}, answers: answers, outputs: outputs}
}

// Call answers a provider function from the table.
func (m *monitor) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	m.recording.mutex.Lock()
	m.recording.invocations = append(m.recording.invocations, Invocation{Token: args.Token, Args: args.Args, Provider: args.Provider})
	m.recording.mutex.Unlock()
	answer, ok := m.answers[args.Token]
	if !ok {
		return nil, fmt.Errorf("pulumitest has no canned answer for the function %s; give one with pulumitest.Answer", args.Token)
	}
	return answer(args.Args)
}

// NewResource records a resource and answers with its state as AWS would have it.
func (m *monitor) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	registration, err := m.registration(args)
	if err != nil {
		return "", nil, err
	}
	state := registration.Inputs
	switch {
	case registration.Read:
		registration.ID = args.ID
		state = over(state, m.computed(registration, args.ID))
	case registration.Custom && !m.settings.preview:
		registration.ID = m.id(registration)
		registration.Outputs = m.computed(registration, registration.ID)
		state = over(state, registration.Outputs)
	}
	m.recording.mutex.Lock()
	m.recording.registrations = append(m.recording.registrations, &registration)
	m.recording.mutex.Unlock()
	return registration.ID, state, nil
}

// over is the inputs with what AWS adds; the inputs themselves stay as they are.
func over(inputs, computed resource.PropertyMap) resource.PropertyMap {
	state := inputs.Copy()
	maps.Copy(state, computed)
	return state
}

// registration reads the request as it was sent: the SDK hands its mocks inputs from which unknowns have been dropped.
func (m *monitor) registration(args pulumi.MockResourceArgs) (Registration, error) {
	r := Registration{Type: args.TypeToken, Name: args.Name, Custom: args.Custom, Provider: args.Provider}
	var object *structpb.Struct
	if rpc := args.RegisterRPC; rpc != nil {
		object = rpc.GetObject()
		r.Parent = rpc.GetParent()
		r.DependsOn = append([]string(nil), rpc.GetDependencies()...)
		r.Protect = rpc.GetProtect()
		r.RetainOnDelete = rpc.GetRetainOnDelete()
		r.CreateTimeout = rpc.GetCustomTimeouts().GetCreate()
		r.DeletedWith = rpc.GetDeletedWith()
		r.DeleteBeforeReplace = rpc.GetDeleteBeforeReplace()
		r.IgnoreChanges = rpc.GetIgnoreChanges()
		r.ReplaceOnChanges = rpc.GetReplaceOnChanges()
		r.SecretOutputs = rpc.GetAdditionalSecretOutputs()
		r.ImportID = rpc.GetImportId()
		r.Aliases = m.aliases(rpc)
		r.PropertyDependencies = map[string][]string{}
		for property, on := range rpc.GetPropertyDependencies() {
			if urns := on.GetUrns(); len(urns) > 0 {
				r.PropertyDependencies[property] = append([]string(nil), urns...)
			}
		}
	}
	if rpc := args.ReadRPC; rpc != nil {
		object = rpc.GetProperties()
		r.Parent = rpc.GetParent()
		r.DependsOn = append([]string(nil), rpc.GetDependencies()...)
		r.Read, r.Custom = true, true
	}
	inputs, err := plugin.UnmarshalProperties(object, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	if err != nil {
		return Registration{}, fmt.Errorf("inputs of %s %s: %w", r.Type, r.Name, err)
	}
	r.Inputs = inputs
	r.URN = m.urn(r)
	return r, nil
}

// aliases are the former URNs of a resource, as the engine would read them: an alias without a field has that of the resource.
func (m *monitor) aliases(rpc *pulumirpc.RegisterResourceRequest) []string {
	all := append([]string(nil), rpc.GetAliasURNs()...)
	for _, alias := range rpc.GetAliases() {
		spec := alias.GetSpec()
		if spec == nil {
			all = append(all, alias.GetUrn())
			continue
		}
		former := Registration{Type: rpc.GetType(), Name: rpc.GetName(), Parent: rpc.GetParent()}
		if spec.GetName() != "" {
			former.Name = spec.GetName()
		}
		if spec.GetType() != "" {
			former.Type = spec.GetType()
		}
		if spec.GetParentUrn() != "" || spec.GetNoParent() {
			former.Parent = spec.GetParentUrn()
		}
		all = append(all, m.urn(former))
	}
	return all
}

func (m *monitor) urn(r Registration) string {
	parentType := tokens.Type("")
	if parent := resource.URN(r.Parent); parent != "" && parent.QualifiedType() != resource.RootStackType {
		parentType = parent.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(m.settings.stack), tokens.PackageName(m.settings.project), parentType,
		tokens.Type(r.Type), r.Name))
}

// computed is what AWS adds to the inputs of a resource.
func (m *monitor) computed(r Registration, id string) resource.PropertyMap {
	state := resource.PropertyMap{}
	if strings.HasPrefix(r.Type, "aws:") {
		m.byRegister(r, id, state)
	}
	if outputs, ok := m.outputs[r.Type]; ok {
		maps.Copy(state, outputs(r))
	}
	return state
}

// byRegister adds what the register of types says of a resource of AWS.
func (m *monitor) byRegister(r Registration, id string, state resource.PropertyMap) {
	known := awstypes.Get(r.Type)
	if known.ARN != "" {
		state["arn"] = resource.NewProperty(m.expand(known.ARN, r, id))
	}
	for key, form := range known.Outputs {
		if _, given := r.Inputs[resource.PropertyKey(key)]; !given {
			state[resource.PropertyKey(key)] = resource.NewProperty(m.expand(form, r, id))
		}
	}
}
