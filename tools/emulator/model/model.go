// SPDX-License-Identifier: Apache-2.0

// Package model refuses AWS calls that break the published model of their service: a required member that is missing, a value outside its
// enum, pattern, length or range. The models are botocore's (service-2.json, Apache-2.0), which is installed beside moto.
// A call that no model describes passes: the package never refuses what it does not know.
package model

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// Models are the models of all services in one folder. Each is read when its service is first called.
type Models struct {
	folder   string
	services sync.Map // func() (*service, error) by name.
}

// New returns the models in botocore's data folder. An empty folder has none, so that every call passes.
func New(folder string) *Models { return &Models{folder: folder} }

// service is one service's model.
type service struct {
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`
	patterns   sync.Map              // *regexp.Regexp by pattern; nil where Go cannot express it.
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method string `json:"method"`
		URI    string `json:"requestUri"`
	} `json:"http"`
	Input *member `json:"input"`
}

// shape is a type of the model (https://smithy.io/2.0/spec/constraint-traits.html has the meaning of its constraints).
type shape struct {
	Type      string             `json:"type"`
	Members   map[string]*member `json:"members"`
	Required  []string           `json:"required"`
	Enum      []string           `json:"enum"`
	Pattern   string             `json:"pattern"`
	Min       *float64           `json:"min"`
	Max       *float64           `json:"max"`
	Member    *member            `json:"member"` // Of a list.
	Key       *member            `json:"key"`    // Of a map.
	Value     *member            `json:"value"`  // Of a map.
	Flattened bool               `json:"flattened"`
	Payload   string             `json:"payload"` // The member that is the whole body.
}

// member is a use of a shape, with its place in a request.
type member struct {
	Shape        string `json:"shape"`
	Location     string `json:"location"`
	LocationName string `json:"locationName"`
	QueryName    string `json:"queryName"`
	Flattened    bool   `json:"flattened"`
	HostLabel    bool   `json:"hostLabel"`
}

// wireName is what a member is called in a request.
func (m *member) wireName(name string) string {
	if m.LocationName != "" {
		return m.LocationName
	}
	return name
}

// service returns a service's model, or nil when there is none.
func (m *Models) service(name string) (*service, error) {
	if m.folder == "" || name == "" || strings.ContainsAny(name, `/\.`) {
		return nil, nil
	}
	once, _ := m.services.LoadOrStore(name, sync.OnceValues(func() (*service, error) { return read(filepath.Join(m.folder, name)) }))
	return once.(func() (*service, error))()
}

// Load reads the models of services before their first calls, so that no call waits for them. A model that cannot be read is the error of the
// calls that need it.
func (m *Models) Load(names ...string) {
	for _, name := range names {
		_, _ = m.service(name)
	}
}

// read reads the newest version of a service's model; the folders of the versions are dates.
func read(folder string) (*service, error) {
	versions, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.Reverse(versions)
	for _, version := range versions {
		for _, name := range []string{"service-2.json.gz", "service-2.json"} {
			file, err := os.Open(filepath.Join(folder, version.Name(), name)) // #nosec G304 -- an installed package's own file
			if err == nil {
				s, err := decode(file, strings.HasSuffix(name, ".gz"))
				return s, errors.Join(err, file.Close())
			}
		}
	}
	return nil, nil
}

func decode(file io.Reader, packed bool) (*service, error) {
	if packed {
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			return nil, err
		}
		file = unpacked
	}
	s := &service{}
	return s, json.NewDecoder(file).Decode(s)
}

// Refusal returns what AWS answers to a call that breaks its service's model, or nil when the call passes. The error says that the model
// itself cannot be read.
func (m *Models) Refusal(call *wire.Call) (*wire.Reply, error) {
	s, err := m.service(modelName(call.Service))
	if err != nil {
		return nil, fmt.Errorf("the model of %s in %s: %w", call.Service, m.folder, err)
	}
	if s == nil {
		return nil, nil
	}
	of, variables := s.operation(call)
	if of == nil || of.Input == nil || s.Shapes[of.Input.Shape] == nil {
		return nil, nil
	}
	input, understood := s.input(call, of, variables)
	if !understood {
		return nil, nil
	}
	c := checker{service: s, call: call, operation: of.Name}
	c.check(of.Input.Shape, input, nil)
	return refusal(call, c.problems), nil
}

// modelName is the folder of a service's model where it is not the service's name in the AWS CLI.
func modelName(name string) string {
	if name == "configservice" {
		return "config"
	}
	return name
}

// operation finds a call's operation by its name or, for REST, by method and path, and the path's variables.
func (s *service) operation(call *wire.Call) (*operation, map[string]string) {
	rest := slices.Contains([]wire.Protocol{wire.S3, wire.RESTXML, wire.RESTJSON}, call.Protocol)
	if of := s.Operations[call.Action]; of != nil {
		if !rest {
			return of, nil
		}
		if variables, fits := of.match(call); fits {
			return of, variables
		}
		return nil, nil
	}
	if !rest {
		return nil, nil
	}
	for _, name := range sortedKeys(s.Operations) {
		if variables, fits := s.Operations[name].match(call); fits {
			return s.Operations[name], variables
		}
	}
	return nil, nil
}

// pattern compiles a model's pattern once. Java's \u0020 becomes Go's \x{0020}; a pattern that is anchored at neither end must match the
// whole value. What Go cannot express, which is looking ahead or behind and halves of surrogate pairs, is nil and checks nothing.
func (s *service) pattern(text string) *regexp.Regexp {
	if known, found := s.patterns.Load(text); found {
		return known.(*regexp.Regexp)
	}
	translated := javaRune.ReplaceAllString(text, `\x{$1}`)
	translated = strings.ReplaceAll(translated, `\p{ASCII}`, `[[:ascii:]]`)
	if !strings.HasPrefix(text, "^") && !strings.HasSuffix(text, "$") {
		translated = `\A(?s:` + translated + `)\z`
	}
	compiled, err := regexp.Compile(translated)
	if err != nil || surrogate.MatchString(text) {
		compiled = nil
	}
	s.patterns.Store(text, compiled)
	return compiled
}

var (
	javaRune  = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	surrogate = regexp.MustCompile(`\\u[Dd][89A-Fa-f]`)
)

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
