// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	argsStruct = regexp.MustCompile(`(?s)\ntype [a-z]\w*Args struct \{(.*?)\n\}`)
	inputName  = regexp.MustCompile("`pulumi:\"(\\w+)\"`")
	demanded   = regexp.MustCompile(`invalid value for required argument '(\w+)'`)
)

// SDK is the source of a provider's Go SDK, which knows the inputs of every resource type.
type SDK struct {
	folder string
	types  map[string]inputs
}

type inputs struct {
	names  map[string]bool
	demand []string
}

// OpenSDK finds the SDK among the modules of the caller's go.mod, such as github.com/pulumi/pulumi-aws/sdk/v6.
func OpenSDK(module string) (*SDK, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("the module %s is needed (go mod download): %w", module, err)
	}
	return &SDK{folder: strings.TrimSpace(string(out)), types: map[string]inputs{}}, nil
}

// Inputs returns the names of a type's inputs, or nil when the SDK has no such type.
func (s *SDK) Inputs(token string) map[string]bool { return s.read(token).names }

// Demanded returns the inputs without which the SDK refuses to make the resource.
func (s *SDK) Demanded(token string) []string { return s.read(token).demand }

func (s *SDK) read(token string) inputs {
	if in, ok := s.types[token]; ok {
		return in
	}
	var in inputs
	parts := strings.Split(token, ":")
	if text, err := os.ReadFile(filepath.Join(s.folder, "go", parts[0], filepath.Clean(parts[1])+".go")); err == nil {
		in.names = map[string]bool{}
		for _, m := range argsStruct.FindAllStringSubmatch(string(text), -1) {
			for _, n := range inputName.FindAllStringSubmatch(m[1], -1) {
				in.names[n[1]] = true
			}
		}
		for _, m := range demanded.FindAllStringSubmatch(string(text), -1) {
			in.demand = append(in.demand, strings.ToLower(m[1][:1])+m[1][1:])
		}
	}
	s.types[token] = in
	return in
}
