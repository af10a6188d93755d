// SPDX-License-Identifier: Apache-2.0

// Package pulumitest is the test kit of the components: it runs a Pulumi program without an engine and records every resource
// that it registers. A program that uses the components tests itself with it too.
//
// The monitor answers as AWS would: ids and ARNs have the form of their type, inputs come back as outputs, and functions
// (invokes) get canned answers. Assertions belong after the run, on the [Recording], and never inside an ApplyT, where a
// failure could go unseen.
package pulumitest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	// Project is the project name of a run that names none.
	Project = "bulkhead"
	// Stack is the stack name of a run that names none.
	Stack = "test"
	// AccountID is the AWS account of a run that names none, one of the ids that AWS reserves for documentation.
	AccountID = "111122223333"
	// Region is the AWS region of a run that names none.
	Region = "eu-central-1"
)

// settings is what the options of one run decide.
type settings struct {
	project, stack string
	account        string
	region         string
	preview        bool
	config         map[string]string
	secretKeys     []string
	answers        map[string]Answerer
	outputs        map[string]Outputs
}

// An Option changes one thing about a run.
type Option func(*settings)

// Preview runs the program as `pulumi preview` does: ids and everything else that only AWS decides are unknown.
func Preview() Option { return func(s *settings) { s.preview = true } }

// InStack sets the project and stack names.
func InStack(project, stack string) Option {
	return func(s *settings) { s.project, s.stack = project, stack }
}

// InAccount sets the AWS account id and region that appear in ARNs.
func InAccount(id, region string) Option {
	return func(s *settings) { s.account, s.region = id, region }
}

// Config sets the stack configuration: full keys such as `bulkhead:network.cidr`, and values as strings; structured values
// are their JSON text. Repeated use adds.
func Config(values map[string]string) Option {
	return func(s *settings) {
		for key, value := range values {
			s.config[key] = value
		}
	}
}

// SecretConfig is Config for values that the stack file holds encrypted.
func SecretConfig(values map[string]string) Option {
	return func(s *settings) {
		Config(values)(s)
		for key := range values {
			s.secretKeys = append(s.secretKeys, key)
		}
	}
}

// Answer replaces or adds the answer to one function, for instance "aws:route53/getZone:getZone".
func Answer(token string, answer Answerer) Option {
	return func(s *settings) { s.answers[token] = answer }
}

// WithOutputs adds outputs, over the inputs that come back by themselves, to every resource of one type.
func WithOutputs(token string, outputs Outputs) Option {
	return func(s *settings) { s.outputs[token] = outputs }
}

// Run runs a program that is expected to succeed, and fails the test at once if it does not.
func Run(tb testing.TB, program pulumi.RunFunc, options ...Option) *Recording {
	tb.Helper()
	recording, err := Record(program, options...)
	require.NoError(tb, err)
	return recording
}

// RunError runs a program that is expected to fail and returns its error; a program that succeeds fails the test.
func RunError(tb testing.TB, program pulumi.RunFunc, options ...Option) error {
	tb.Helper()
	recording, err := Record(program, options...)
	require.Error(tb, err, "the program was expected to fail, and registered %d resources", len(recording.Registrations()))
	return err
}

// Record runs a program outside a test, as an Example does, and returns what it registered and its error.
func Record(program pulumi.RunFunc, options ...Option) (*Recording, error) {
	m := newMonitor(options)
	s := m.settings
	err := pulumi.RunErr(program, pulumi.WithMocks(s.project, s.stack, m), func(info *pulumi.RunInfo) {
		info.DryRun = s.preview
		info.Config = s.config
		info.ConfigSecretKeys = s.secretKeys
	})
	return m.recording, err
}

// Monitor returns what answers a program under Run, for a test that stands between the program and a real engine itself.
func Monitor(options ...Option) pulumi.MockResourceMonitor { return newMonitor(options) }

// Registration is one resource as the program registered it.
type Registration struct {
	// Type is the type token, for instance "aws:ec2/vpc:Vpc" or "bulkhead:network:Network".
	Type string
	// Name is the logical name in the program.
	Name string
	// URN identifies the resource in the run.
	URN string
	// Parent is the URN of the parent; the stack's URN for a resource without one.
	Parent string
	// ID is the id that AWS was made to answer; empty for components and in a preview.
	ID string
	// Custom is true for a resource of a provider and false for a component.
	Custom bool
	// Read is true for a resource that exists already and was only read (a `Get…` function).
	Read bool
	// Inputs are the inputs as sent, with unknowns (in a preview) and secrets marked.
	Inputs resource.PropertyMap
	// Outputs are what AWS was made to answer beside the inputs; empty in a preview.
	Outputs resource.PropertyMap
	// PropertyDependencies lists, for each input, the URNs it is computed from.
	PropertyDependencies map[string][]string
	// Provider is the reference of the explicit provider, empty when the default provider would be used.
	Provider string
	// DependsOn are the URNs of everything the resource waits for, explicit and through inputs.
	DependsOn []string
	// Protect, RetainOnDelete and DeleteBeforeReplace are the resource options of these names.
	Protect, RetainOnDelete, DeleteBeforeReplace bool
	// CreateTimeout is how long the engine lets the resource take to be made, such as "20m"; empty leaves it to the provider.
	CreateTimeout string
	// DeletedWith is the URN of the resource that takes this one with it when it is deleted, empty without one.
	DeletedWith string
	// IgnoreChanges, ReplaceOnChanges and SecretOutputs are the property paths given as resource options.
	IgnoreChanges, ReplaceOnChanges, SecretOutputs []string
	// Aliases are the URNs under which the engine looks for the resource in the state of an earlier program.
	Aliases []string
	// ImportID is the id of an existing resource that the program adopts.
	ImportID string
}

// Value returns the input at a path such as "rules.0.filter.prefix" as plain Go: strings, float64, bool, []any,
// map[string]any. Secrets are opened. A missing input is nil; an unknown one is [Unknown].
func (r Registration) Value(path string) any {
	value := resource.NewProperty(r.Inputs)
	for _, step := range strings.Split(path, ".") {
		for value.IsSecret() {
			value = value.SecretValue().Element
		}
		switch {
		case value.IsObject():
			value = value.ObjectValue()[resource.PropertyKey(step)]
		case value.IsArray():
			var index int
			if _, err := fmt.Sscanf(step, "%d", &index); err != nil || index < 0 || index >= len(value.ArrayValue()) {
				return nil
			}
			value = value.ArrayValue()[index]
		default:
			return nil
		}
	}
	return plain(value)
}

// Values returns all inputs as plain Go, as Value does for one of them.
func (r Registration) Values() map[string]any {
	all := map[string]any{}
	for key, value := range r.Inputs {
		all[string(key)] = plain(value)
	}
	return all
}

// String returns the input at a path as text; anything but a string is the empty string.
func (r Registration) String(path string) string {
	text, _ := r.Value(path).(string)
	return text
}

// unknown is the type of Unknown.
type unknown struct{}

// Unknown is what Value returns for an input that is not known before the deployment.
var Unknown = unknown{}

func plain(value resource.PropertyValue) any {
	switch {
	case value.IsSecret():
		return plain(value.SecretValue().Element)
	case value.IsComputed(), value.IsOutput() && !value.OutputValue().Known:
		return Unknown
	case value.IsArray():
		list := make([]any, 0, len(value.ArrayValue()))
		for _, element := range value.ArrayValue() {
			list = append(list, plain(element))
		}
		return list
	case value.IsObject():
		object := make(map[string]any, len(value.ObjectValue()))
		for key, element := range value.ObjectValue() {
			object[string(key)] = plain(element)
		}
		return object
	default:
		return value.V
	}
}

// sorted returns copies in the order of type, then name.
func sorted(all []*Registration) []Registration {
	list := make([]Registration, 0, len(all))
	for _, one := range slices.SortedStableFunc(slices.Values(all), func(a, b *Registration) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name))
	}) {
		list = append(list, *one)
	}
	return list
}
