// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
)

// Options are the resource options that policies see.
type Options struct {
	Protect bool
	// DeleteBeforeReplace is nil when the program does not set it.
	DeleteBeforeReplace *bool
	IgnoreChanges       []string
	Aliases             []string
	SecretOutputs       []string
	Create              time.Duration
	Update              time.Duration
	Delete              time.Duration
}

// Subject names a resource.
type Subject struct {
	URN  string
	Type string
	Name string
}

// ShortType is the last part of the type, such as BucketV2.
func (s Subject) ShortType() string { return s.Type[strings.LastIndexByte(s.Type, ':')+1:] }

// Resource is one resource as a check sees it.
type Resource struct {
	Subject
	Parent string
	// Component says that no provider makes the resource: it only groups others.
	Component    bool
	Dependencies []string
	// PropertyDependencies lists, for each input property, the URNs it is computed from.
	PropertyDependencies map[string][]string
	Options              Options
	ProviderType         string
	ProviderURN          string
	raw                  *structpb.Struct
	outputs              *structpb.Struct
	provider             *structpb.Struct
	settings             *node // the decoded provider
	props                *node
	out                  *node
	position             int
	stack                *Stack // in the stack pass
	decoded              bool
	outRead              bool
}

// NewResource makes a resource from its inputs in the engine's wire form. A former name of its type becomes that of today.
func NewResource(token, name, urn string, inputs *structpb.Struct) *Resource {
	return &Resource{Subject: Subject{URN: urn, Type: aws.Current(token), Name: name}, raw: inputs}
}

// SetOutputs gives the resource its state in the engine's wire form.
func (r *Resource) SetOutputs(outputs *structpb.Struct) { r.outputs, r.outRead = outputs, false }

// Inputs returns the decoded inputs. They are decoded once, when first asked for. In the stack pass, a resource whose
// inputs Analyze did not see or did not keep answers with its state.
func (r *Resource) Inputs() Value {
	if !r.decoded {
		r.props, r.raw, r.decoded = fromStruct(r.raw), nil, true
		r.stack.notice(r.props)
	}
	if r.props == nil {
		return r.Outputs()
	}
	return Value{n: r.props}
}

// Declared reports whether there are inputs, even if they are empty: not of what a program only reads, and not in the stack pass where
// Analyze did not keep them.
func (r *Resource) Declared() bool { return r.raw != nil || r.props != nil }

// Outputs returns the decoded state. It is empty in the resource pass.
func (r *Resource) Outputs() Value {
	if !r.outRead {
		r.out, r.outputs, r.outRead = fromStruct(r.outputs), nil, true
		r.stack.notice(r.out)
	}
	return Value{n: r.out}
}

// SetProvider says which provider makes the resource, with the provider's own inputs in the engine's wire form.
func (r *Resource) SetProvider(token, urn string, inputs *structpb.Struct) {
	r.ProviderType, r.ProviderURN, r.provider, r.settings = token, urn, inputs, nil
}

// Provider returns the provider's own properties, such as region and default tags. They are decoded once, when first asked for.
func (r *Resource) Provider() Value {
	if r.settings == nil {
		r.settings = fromStruct(r.provider)
	}
	return Value{n: r.settings}
}

// Within is the resource as if the value, an object among its inputs, were all of them. Paths are those of the resource.
func (r *Resource) Within(v Value) *Resource {
	inner := *r
	inner.props, inner.raw, inner.decoded = v.n, nil, true
	return &inner
}

// ProviderMajor is the major version of the provider that makes the resource, 0 when nobody says it. Defaults differ between
// major versions.
func (r *Resource) ProviderMajor() int {
	major, _, _ := strings.Cut(strings.TrimPrefix(r.Provider().Get("version").Str(), "v"), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

// Get returns the input property at the path; see [Value.Get].
func (r *Resource) Get(path string) Value { return r.Inputs().Get(path) }

// IsA reports whether the resource has one of the type tokens.
func (r *Resource) IsA(tokens ...string) bool {
	for _, t := range tokens {
		if r.Type == t {
			return true
		}
	}
	return false
}
