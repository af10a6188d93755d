// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
)

var (
	argsStruct = regexp.MustCompile(`(?s)\ntype [a-z]\w*Args struct \{(.*?)\n\}`)
	field      = regexp.MustCompile("(\\S+)\\s+`pulumi:\"(\\w+)\"`")
	demanded   = regexp.MustCompile(`invalid value for required argument '(\w+)'`)
)

// SDK is the source of a provider's Go SDK, which knows the inputs of every resource type.
type SDK struct {
	folder  string
	types   map[string]inputs
	objects map[string]map[string]object
}

type inputs struct {
	names  object
	demand []string
}

// object is a struct of the SDK: the name of each property, and its Go type.
type object map[string]string

// OpenSDK finds the SDK among the modules of the caller's go.mod, such as github.com/pulumi/pulumi-aws/sdk/v6.
func OpenSDK(module string) (*SDK, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("the module %s is needed (go mod download): %w", module, err)
	}
	return &SDK{folder: strings.TrimSpace(string(out)), types: map[string]inputs{}, objects: map[string]map[string]object{}}, nil
}

// Inputs returns the names of a type's inputs with their Go types, or nil when the SDK has no such type.
func (s *SDK) Inputs(token string) map[string]string { return s.read(token).names }

// Demanded returns the inputs without which the SDK refuses to make the resource.
func (s *SDK) Demanded(token string) []string { return s.read(token).demand }

func (s *SDK) read(token string) inputs {
	if in, ok := s.types[token]; ok {
		return in
	}
	var in inputs
	parts := strings.Split(token, ":")
	if text, err := os.ReadFile(filepath.Join(s.folder, "go", parts[0], filepath.Clean(parts[1])+".go")); err == nil {
		in.names = object{}
		for _, m := range argsStruct.FindAllStringSubmatch(string(text), -1) {
			in.names.read(m[1])
		}
		for _, m := range demanded.FindAllStringSubmatch(string(text), -1) {
			in.demand = append(in.demand, strings.ToLower(m[1][:1])+m[1][1:])
		}
	}
	s.types[token] = in
	return in
}

func (o object) read(fields string) {
	for _, m := range field.FindAllStringSubmatch(fields, -1) {
		o[m[2]] = strings.TrimLeft(m[1], "*[]")
	}
}

// Unknown lists the places in the inputs of a resource, inner ones too, whose names the SDK does not know.
func (s *SDK) Unknown(token string, inputs *structpb.Struct) []string {
	folder, _, _ := strings.Cut(strings.Split(token, ":")[1], "/")
	return s.unknown(folder, s.read(token).names, structpb.NewStructValue(inputs), "")
}

func (s *SDK) unknown(folder string, known object, v *structpb.Value, at string) []string {
	var out []string
	switch k := v.GetKind().(type) {
	case *structpb.Value_ListValue:
		for _, item := range k.ListValue.GetValues() {
			out = append(out, s.unknown(folder, known, item, at)...)
		}
	case *structpb.Value_StructValue:
		for name, child := range k.StructValue.GetFields() {
			token, ok := known[name]
			if !ok && name != wireSignature && name != "value" {
				out = append(out, at+name)
			}
			if inner := s.module(folder)[token]; inner != nil {
				out = append(out, s.unknown(folder, inner, child, at+name+".")...)
			}
		}
	}
	return out
}

// module reads the structs of one service.
func (s *SDK) module(folder string) map[string]object {
	if found, ok := s.objects[folder]; ok {
		return found
	}
	found := map[string]object{}
	files, _ := filepath.Glob(filepath.Join(s.folder, "go/aws", folder, "pulumiTypes*.go")) // the pattern is well formed
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			continue
		}
		for part := range strings.SplitSeq(string(text), "\ntype ") {
			if name, rest, ok := strings.Cut(part, " struct {\n"); ok {
				fields, _, _ := strings.Cut(rest, "\n}")
				found[name] = object{}
				found[name].read(fields)
			}
		}
	}
	s.objects[folder] = found
	return found
}
