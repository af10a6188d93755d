// SPDX-License-Identifier: Apache-2.0

// Package packtest is a test kit for policies. A scene describes resources in YAML; the kit plays it as a
// preview, where everything that comes from another resource is still unknown, and as a finished state. It
// can blank any single value, so that a policy is tried with every part of its input missing, and compare what
// a user would read with a golden file.
package packtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Spec is one resource of a scene.
type Spec struct {
	props *yaml.Node
	// Replace is the resource option deleteBeforeReplace; nil when it is not set.
	Replace *bool
	// Provider is the version of the provider that makes the resource; "" when nobody says it.
	Provider string
	Type     string
	Name     string
}

// Scene is a small deployment.
type Scene []Spec

// Form says at which moment a scene is played.
type Form uint8

// The forms: Preview, where references to other resources are unknown, and State, where they are known.
const (
	Preview Form = iota
	State
)

// String returns the name of the form.
func (f Form) String() string {
	if f == Preview {
		return "preview"
	}
	return "state"
}

const wireSignature = "4dabf18193072939515e22adb298388d"

// ParseScene reads a scene from YAML. A mapping is one resource of the given type; a list is several. The
// keys $type and $name set type and name, $deleteBeforeReplace the resource option, $provider the version of the provider; other
// keys are inputs. Inside values:
//
//	@bucket.arn        the property arn of the resource named bucket (the id without ".arn")
//	"${bucket.arn}/*"  the same inside a longer string
//	!json {...}        the JSON text of the value
//	!secret value      a Pulumi secret
//	!unknown x         a value that is unknown in every form
func ParseScene(n *yaml.Node, defaultType string) (Scene, error) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	scene := make(Scene, 0, len(nodes))
	for i, one := range nodes {
		if one.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: a resource must be a mapping", one.Line)
		}
		spec := Spec{Type: defaultType, Name: fmt.Sprintf("r%d", i), props: one}
		for k := 0; k < len(one.Content); k += 2 {
			switch one.Content[k].Value {
			case "$type":
				spec.Type = one.Content[k+1].Value
			case "$name":
				spec.Name = one.Content[k+1].Value
			case "$provider":
				spec.Provider = one.Content[k+1].Value
			case "$deleteBeforeReplace":
				before := one.Content[k+1].Value == "true"
				spec.Replace = &before
			}
		}
		if strings.Count(spec.Type, ":") != 2 && !strings.HasPrefix(spec.Type, "pulumi:") {
			return nil, fmt.Errorf("line %d: %q is not a type token", one.Line, spec.Type)
		}
		scene = append(scene, spec)
	}
	return scene, nil
}

// URN is the URN that the scene gives a resource.
func (s Spec) URN() string {
	return "urn:pulumi:dev::scene::" + s.Type + "::" + s.Name
}

// Inputs returns the resource's inputs in the engine's wire form, and what each property depends on.
func (s Scene) Inputs(i int, form Form) (*structpb.Struct, map[string][]string, error) {
	p := player{scene: s, form: form, deps: map[string][]string{}}
	fields := map[string]*structpb.Value{}
	content := s[i].props.Content
	for k := 0; k < len(content); k += 2 {
		key := content[k].Value
		if strings.HasPrefix(key, "$") {
			continue
		}
		p.property = key
		v, err := p.value(content[k+1])
		if err != nil {
			return nil, nil, fmt.Errorf("%s.%s: %w", s[i].Name, key, err)
		}
		fields[key] = v
	}
	return &structpb.Struct{Fields: fields}, p.deps, nil
}

// Play returns the resources as the resource pass and as the stack pass see them.
func (s Scene) Play(form Form) (inputs, stack []*pack.Resource, err error) {
	for i := range s {
		props, deps, err := s.Inputs(i, form)
		if err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, s.before(i, props))
		stack = append(stack, s.after(i, form, props, deps))
	}
	return inputs, stack, nil
}

// before is the resource in the resource pass.
func (s Scene) before(i int, props *structpb.Struct) *pack.Resource {
	r := pack.NewResource(s[i].Type, s[i].Name, s[i].URN(), props)
	r.Options.DeleteBeforeReplace = s[i].Replace
	s[i].provide(r)
	return r
}

// provide names the provider of a resource.
func (s Spec) provide(r *pack.Resource) {
	if s.Provider != "" {
		r.SetProvider("pulumi:providers:aws", "urn:pulumi:dev::scene::pulumi:providers:aws::aws", &structpb.Struct{
			Fields: map[string]*structpb.Value{"version": structpb.NewStringValue(s.Provider)}})
	}
}

// after is the resource in the stack pass: its inputs and, once deployed, its ids.
func (s Scene) after(i int, form Form, props *structpb.Struct, deps map[string][]string) *pack.Resource {
	r := pack.NewResource(s[i].Type, s[i].Name, s[i].URN(), nil)
	r.SetOutputs(s.outputs(i, form, props))
	r.PropertyDependencies = deps
	s[i].provide(r)
	return r
}

// outputs are the inputs and, once deployed, the ids.
func (s Scene) outputs(i int, form Form, props *structpb.Struct) *structpb.Struct {
	outputs := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for k, v := range props.GetFields() {
		outputs.Fields[k] = v
	}
	for _, key := range s.asked(s[i].Name) {
		if outputs.Fields[key] == nil {
			text := pack.UnknownText
			if form == State {
				text = s.attribute(s[i], key)
			}
			outputs.Fields[key] = structpb.NewStringValue(text)
		}
	}
	return outputs
}

// asked lists the outputs that a resource has besides its inputs: id and arn, and whatever the scene refers to.
func (s Scene) asked(name string) []string {
	keys := []string{"id", "arn"}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			text := n.Value
			if rest, ok := strings.CutPrefix(text, "@"); ok {
				text = "${" + rest + "}"
			}
			for _, m := range reference.FindAllStringSubmatch(text, -1) {
				if m[1] == name && !slices.Contains(keys, m[2]) {
					keys = append(keys, m[2])
				}
			}
		}
		for _, c := range n.Content {
			visit(c)
		}
	}
	for _, spec := range s {
		visit(spec.props)
	}
	return keys
}

// attribute is a property of a deployed resource.
func (s Scene) attribute(spec Spec, name string) string {
	content := spec.props.Content
	for k := 0; k < len(content); k += 2 {
		if content[k].Value == name && content[k+1].Kind == yaml.ScalarNode && !strings.HasPrefix(content[k+1].Value, "@") {
			return content[k+1].Value
		}
	}
	switch {
	case name == "arn":
		return arn(spec.Type, spec.Name)
	case name == "executionArn": // what a function's permission for an API names
		return "arn:aws:execute-api:" + region + ":" + account + ":" + spec.Name
	case isID(spec.Type, name):
		name = "id"
	}
	return spec.Name + "-" + name
}

type player struct {
	deps     map[string][]string
	property string
	scene    Scene
	form     Form
}

func (p *player) value(n *yaml.Node) (*structpb.Value, error) {
	switch n.Tag {
	case "!unknown":
		return structpb.NewStringValue(pack.UnknownText), nil
	case "!json":
		return p.json(n)
	case "!secret":
		inner := *n
		inner.Tag = ""
		v, err := p.value(&inner)
		if err != nil {
			return nil, err
		}
		return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			wireSignature: structpb.NewStringValue("1b47061264138c4ac30d75fd1eb44270"), "value": v,
		}}), nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		fields := map[string]*structpb.Value{}
		for k := 0; k < len(n.Content); k += 2 {
			v, err := p.value(n.Content[k+1])
			if err != nil {
				return nil, err
			}
			fields[n.Content[k].Value] = v
		}
		return structpb.NewStructValue(&structpb.Struct{Fields: fields}), nil
	case yaml.SequenceNode:
		list := &structpb.ListValue{}
		for _, c := range n.Content {
			v, err := p.value(c)
			if err != nil {
				return nil, err
			}
			list.Values = append(list.Values, v)
		}
		return structpb.NewListValue(list), nil
	}
	return p.scalar(n)
}

func (p *player) scalar(n *yaml.Node) (*structpb.Value, error) {
	var plain any
	if err := n.Decode(&plain); err != nil {
		return nil, fmt.Errorf("line %d: %w", n.Line, err)
	}
	switch plain := plain.(type) {
	case string:
		text, unknown, err := p.text(plain)
		if err != nil {
			return nil, err
		}
		if unknown {
			text = pack.UnknownText
		}
		return structpb.NewStringValue(text), nil
	case int:
		return structpb.NewNumberValue(float64(plain)), nil
	}
	v, err := structpb.NewValue(plain)
	if err != nil {
		return nil, fmt.Errorf("line %d: quote %q: %w", n.Line, n.Value, err)
	}
	return v, nil
}

// json writes a value as JSON text. In a preview the text is unknown as a whole when any part of it is, just
// as a document built from outputs is.
func (p *player) json(n *yaml.Node) (*structpb.Value, error) {
	inner := *n
	inner.Tag = ""
	v, err := p.value(&inner)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(v.AsInterface())
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(text), pack.UnknownText) {
		return structpb.NewStringValue(pack.UnknownText), nil
	}
	return structpb.NewStringValue(string(text)), nil
}

var reference = regexp.MustCompile(`\$\{([a-zA-Z0-9-]+)\.([a-zA-Z]+)\}`)

func (p *player) text(s string) (text string, unknown bool, err error) {
	if name, ok := strings.CutPrefix(s, "@"); ok {
		if !strings.Contains(name, ".") {
			name += ".id"
		}
		s = "${" + name + "}"
	}
	text = reference.ReplaceAllStringFunc(s, func(found string) string {
		m := reference.FindStringSubmatch(found)
		i := slices.IndexFunc(p.scene, func(spec Spec) bool { return spec.Name == m[1] })
		if i < 0 {
			err = fmt.Errorf("%q refers to no resource of the scene", found)
			return ""
		}
		p.deps[p.property] = append(p.deps[p.property], p.scene[i].URN())
		unknown = unknown || p.form == Preview
		return p.scene.attribute(p.scene[i], m[2])
	})
	return text, unknown, err
}
