// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Run plays the scene with every control of the pack switched on and returns all results.
func Run(p *pack.Pack, scene Scene, form Form) ([]pack.Result, error) {
	inputs, stack, err := scene.Play(form)
	if err != nil {
		return nil, err
	}
	return judge(p, nil, inputs, stack)
}

// RunOne is [Run] with a single control and its settings.
func RunOne(p *pack.Pack, id string, scene Scene, form Form, settings map[string]any) (pack.Outcome, []pack.Result, error) {
	inputs, stack, err := scene.Play(form)
	if err != nil {
		return pack.Pass, nil, err
	}
	results, err := judge(p, only(id, settings), inputs, stack)
	return worst(results, id), results, err
}

// only is the configuration that switches off every control but one.
func only(id string, settings map[string]any) map[string]pack.Config {
	configs := map[string]pack.Config{"all": {Level: pack.Disabled}}
	configs[id] = pack.Config{Level: pack.Mandatory, Properties: settings}
	return configs
}

func judge(p *pack.Pack, configs map[string]pack.Config, inputs, stack []*pack.Resource) ([]pack.Result, error) {
	session := pack.NewSession(p)
	if configs == nil {
		configs = map[string]pack.Config{"all": {Level: pack.Mandatory}}
	}
	if err := session.Configure(configs); err != nil {
		return nil, err
	}
	var results []pack.Result
	for _, r := range inputs {
		results = append(results, session.Analyze(r)...)
	}
	return pack.Latest(append(results, session.AnalyzeStack(stack)...)), nil
}

// worst is the outcome of a control over all resources: a failure counts before an open answer, that before
// a pass, and a pass before not applicable.
func worst(results []pack.Result, id string) pack.Outcome {
	answer, seen := pack.NotApplicable, false
	rank := map[pack.Outcome]int{pack.NotApplicable: 0, pack.Pass: 1, pack.Undecided: 2, pack.Fail: 3}
	for _, r := range results {
		if r.Control.ID == id && (!seen || rank[r.Outcome] > rank[answer]) {
			answer, seen = r.Outcome, true
		}
	}
	return answer
}

// Blank is a scene in which one value is unknown.
type Blank struct {
	Where
	Outcome pack.Outcome
}

// Where is a value of a scene: the resource, and the way to it among the resource's inputs.
type Where struct {
	Type, Name string
	// Keys are the names on the way, the input first; numbers in lists are left out.
	Keys []string
	path []step
}

// String names the value.
func (w Where) String() string { return fmt.Sprintf("%s: %v", w.Name, w.path) }

// Blanks plays the scene once for each value in it, with that value unknown, and returns what the control
// came to each time. A sound control either stays with its answer or defers; it never turns a pass into a
// failure, nor a failure into a pass.
func Blanks(p *pack.Pack, id string, scene Scene, settings map[string]any) ([]Blank, error) {
	var blanks []Blank
	configs := only(id, settings)
	err := scene.EachBlank(func(where Where, inputs, stack []*pack.Resource) error {
		results, err := judge(p, configs, inputs, stack)
		blanks = append(blanks, Blank{Where: where, Outcome: worst(results, id)})
		return err
	})
	return blanks, err
}

// EachBlank plays the finished scene once for each value in it, with that value unknown.
func (s Scene) EachBlank(use func(where Where, inputs, stack []*pack.Resource) error) error {
	for i := range s {
		whole, _, err := s.Inputs(i, State)
		if err != nil {
			return err
		}
		for _, path := range leaves(structpb.NewStructValue(whole), nil) {
			inputs, stack, err := s.Play(State)
			if err != nil {
				return err
			}
			blanked, ok := proto.Clone(whole).(*structpb.Struct)
			if !ok {
				return fmt.Errorf("cannot copy %T", whole)
			}
			blank(structpb.NewStructValue(blanked), path)
			_, deps, _ := s.Inputs(i, State)
			delete(deps, path[0].key)
			inputs[i] = s.before(i, blanked)
			stack[i] = s.after(i, State, blanked, deps)
			where := Where{Type: s[i].Type, Name: s[i].Name, path: path}
			for _, one := range path {
				if one.index < 0 {
					where.Keys = append(where.Keys, one.key)
				}
			}
			if err := use(where, inputs, stack); err != nil {
				return err
			}
		}
	}
	return nil
}

type step struct {
	key   string
	index int
}

// leaves lists the paths of every value, inner ones too, since an engine may blank a whole object.
func leaves(v *structpb.Value, at []step) [][]step {
	var out [][]step
	add := func(s step, child *structpb.Value) {
		path := append(append([]step{}, at...), s)
		out = append(out, path)
		out = append(out, leaves(child, path)...)
	}
	switch k := v.GetKind().(type) {
	case *structpb.Value_StructValue:
		if k.StructValue.Fields[wireSignature] != nil {
			return nil
		}
		for key, child := range k.StructValue.Fields {
			add(step{key: key, index: -1}, child)
		}
	case *structpb.Value_ListValue:
		for i, child := range k.ListValue.Values {
			add(step{index: i}, child)
		}
	}
	return out
}

func blank(v *structpb.Value, path []step) {
	unknown := structpb.NewStringValue(pack.UnknownText)
	for i, s := range path {
		last := i == len(path)-1
		if s.index >= 0 {
			list := v.GetListValue()
			if last {
				list.Values[s.index] = unknown
			} else {
				v = list.Values[s.index]
			}
			continue
		}
		fields := v.GetStructValue().Fields
		if last {
			fields[s.key] = unknown
		} else {
			v = fields[s.key]
		}
	}
}
