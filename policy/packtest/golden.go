// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

var update = flag.Bool("update", false, "write golden files anew")

// Update reports whether the test was started with -update, to write its golden files anew. A test that has
// golden files of its own asks here, for a flag cannot be defined twice.
func Update() bool { return *update }

// YAML reads a scene from YAML text, as [ParseScene] does. The type is that of resources without $type.
func YAML(tb testing.TB, defaultType, text string) Scene {
	tb.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		tb.Fatal(err)
	}
	if len(document.Content) != 1 {
		tb.Fatal("the text holds no scene")
	}
	scene, err := ParseScene(document.Content[0], defaultType)
	if err != nil {
		tb.Fatal(err)
	}
	return scene
}

// Golden judges a scene as an engine would and compares every diagnostic, word by word, with a file. The pack
// is served on the loop-back address, configured with the text of a --policy-pack-config file ("" for none),
// and asked about each resource and then about the stack. The file is written when the test is started with
// -update; read it before you commit it.
func Golden(tb testing.TB, p *pack.Pack, config string, scene Scene, form Form, file string) {
	tb.Helper()
	got, err := Diagnostics(tb, p, config, scene, form)
	if err != nil {
		tb.Fatal(err)
	}
	if Update() {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		tb.Fatalf("%v; start the test with -update to write it", err)
	}
	if got != string(want) {
		tb.Errorf("the diagnostics differ from %s (start the test with -update to accept them)\n--- want\n%s--- got\n%s", file, want, got)
	}
}

// Diagnostics is what [Golden] compares: one paragraph for each diagnostic, in the order of the engine, and a
// line for each check that cannot be decided yet.
func Diagnostics(tb testing.TB, p *pack.Pack, config string, scene Scene, form Form) (string, error) {
	tb.Helper()
	ctx := context.Background()
	client := Dial(tb, p)
	request, err := configuration(p, config)
	if err != nil {
		return "", err
	}
	if _, err := client.Configure(ctx, request); err != nil {
		return "", err
	}
	var text strings.Builder
	stack := &pulumirpc.AnalyzeStackRequest{}
	for i, spec := range scene {
		props, deps, err := scene.Inputs(i, form)
		if err != nil {
			return "", err
		}
		options := &pulumirpc.AnalyzerResourceOptions{}
		if spec.Replace != nil {
			options.DeleteBeforeReplace, options.DeleteBeforeReplaceDefined = *spec.Replace, true
		}
		response, err := client.Analyze(ctx,
			&pulumirpc.AnalyzeRequest{Type: spec.Type, Name: spec.Name, Urn: spec.URN(), Properties: props, Options: options})
		if err != nil {
			return "", err
		}
		write(&text, response, spec.label())
		stack.Resources = append(stack.Resources, scene.message(i, form, props, deps, options))
	}
	response, err := client.AnalyzeStack(ctx, stack)
	if err != nil {
		return "", err
	}
	write(&text, response, "the stack")
	return text.String(), nil
}

// configuration is the request that the engine makes of a configuration file: every control with its own
// level, and what the file says on top.
func configuration(p *pack.Pack, text string) (*pulumirpc.ConfigureAnalyzerRequest, error) {
	given, err := pack.ParseConfig([]byte(text))
	if err != nil {
		return nil, err
	}
	for _, c := range p.Controls() {
		one := given[c.ID]
		if one.Level == pack.Unset {
			if one.Level = given["all"].Level; one.Level == pack.Unset {
				one.Level = c.DefaultLevel()
			}
		}
		given[c.ID] = one
	}
	request := &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{}}
	for id, c := range given {
		properties, err := structpb.NewStruct(c.Properties)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		level, ok := pulumirpc.EnforcementLevel_value[strings.ToUpper(c.Level.String())]
		if !ok {
			return nil, fmt.Errorf("%s: the engine knows no level %q", id, c.Level)
		}
		request.PolicyConfig[id] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel(level), Properties: properties}
	}
	return request, nil
}

// message is a resource as the engine describes it to the stack pass.
func (s Scene) message(i int, form Form, props *structpb.Struct, deps map[string][]string,
	options *pulumirpc.AnalyzerResourceOptions) *pulumirpc.AnalyzerResource {
	m := &pulumirpc.AnalyzerResource{
		Type: s[i].Type, Name: s[i].Name, Urn: s[i].URN(), Properties: s.outputs(i, form, props), Options: options,
		PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{},
	}
	for property, urns := range deps {
		m.PropertyDependencies[property] = &pulumirpc.AnalyzerPropertyDependencies{Urns: urns}
	}
	return m
}

// label names the resource in a golden file.
func (s Spec) label() string {
	return s.Type[strings.LastIndexByte(s.Type, ':')+1:] + " " + s.Name
}

const undecided = "undecided until deployed"

func write(text *strings.Builder, response *pulumirpc.AnalyzeResponse, where string) {
	for _, d := range response.GetDiagnostics() {
		severity := strings.TrimPrefix(d.GetSeverity().String(), "POLICY_SEVERITY_")
		fmt.Fprintf(text, "[%s] [%s] %s\n    %s\n", strings.ToLower(d.GetEnforcementLevel().String()), strings.ToLower(severity),
			d.GetPolicyName(),
			strings.ReplaceAll(d.GetMessage(), "\n", "\n    "))
	}
	for _, n := range response.GetNotApplicable() {
		if strings.HasPrefix(n.GetReason(), undecided) {
			fmt.Fprintf(text, "[undecided] %s on %s: %s\n", n.GetPolicyName(), where, strings.TrimPrefix(n.GetReason(), undecided+": "))
		}
	}
}
