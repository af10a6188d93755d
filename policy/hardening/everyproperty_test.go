// SPDX-License-Identifier: Apache-2.0

package hardening_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

const (
	everyProperty  = "testdata/every-property.golden"
	exemptionsFile = "testdata/exemptions.yaml"
	// fewestTried is how many weakened properties and removed resources there are at least.
	fewestTried = 4000
)

// bench judges the fixture again and again with one resource changed.
type bench struct {
	pack    *pack.Pack
	configs map[string]pack.Config
	states  []map[string]any
	whole   []*pack.Resource
	before  map[string]pack.Outcome
	sdk     *packtest.SDK
	// narrowed are the configurations in which only the controls that look at a type are on.
	narrowed map[string]map[string]pack.Config
}

func newBench(t *testing.T) *bench {
	t.Helper()
	p, err := controls.New()
	require.NoError(t, err)
	config, err := os.ReadFile("../profiles/production.json")
	require.NoError(t, err)
	configs, err := pack.ParseConfig(config)
	require.NoError(t, err)
	sdk, err := packtest.OpenSDK("github.com/pulumi/pulumi-aws/sdk/v6")
	require.NoError(t, err)
	b := &bench{pack: p, configs: configs, states: hardened(t).Deployment.Resources, sdk: sdk, narrowed: map[string]map[string]pack.Config{}}
	for i := range b.states {
		b.whole = append(b.whole, b.make(t, i, b.inputs(i)))
	}
	b.before = map[string]pack.Outcome{}
	for i := range b.states {
		maps.Copy(b.before, b.judge(t, i, b.whole[i]).outcomes)
	}
	return b
}

// configsFor switches off the controls that look at no resource of the type: nothing can change for them.
func (b *bench) configsFor(token string) map[string]pack.Config {
	if configs, ok := b.narrowed[token]; ok {
		return configs
	}
	configs := maps.Clone(b.configs)
	own := maps.Clone(configs["pack-governance"].Properties)
	levels, _ := own["levels"].(map[string]any)
	levels = maps.Clone(levels)
	for _, c := range b.pack.Controls() {
		// The proof looks at the whole network anew; its own mutations are in policy/segmentation.
		looks := slices.Contains(c.Types, token) || slices.Contains(c.Joins, token) || len(c.Types) == 0
		if c.ID == "pack-governance" || looks && c.ID != "segmentation-proved" {
			continue
		}
		delete(levels, c.ID)
		configs[c.ID] = pack.Config{Level: pack.Disabled, Properties: configs[c.ID].Properties}
	}
	own["levels"] = levels
	configs["pack-governance"] = pack.Config{Properties: own}
	b.narrowed[token] = configs
	return configs
}

func (b *bench) inputs(i int) map[string]any {
	m, _ := b.states[i]["inputs"].(map[string]any)
	return m
}

func (b *bench) token(i int) string {
	token, _ := b.states[i]["type"].(string)
	return token
}

// make is resource i as the engine shows it, with the given inputs.
func (b *bench) make(t *testing.T, i int, inputs map[string]any) *pack.Resource {
	t.Helper()
	one := maps.Clone(b.states[i])
	one["inputs"] = inputs
	state := map[string]any{"version": 3, "deployment": map[string]any{"resources": []any{one}}}
	text, err := json.Marshal(state)
	require.NoError(t, err)
	d, err := export.Read(bytes.NewReader(text))
	require.NoError(t, err)
	in, err := structpb.NewStruct(inputs)
	require.NoError(t, err)
	r := pack.NewResource(d.Stack[0].Type, d.Stack[0].Name, d.Stack[0].URN, in)
	outputs, _ := b.states[i]["outputs"].(map[string]any)
	out, err := structpb.NewStruct(outputs)
	require.NoError(t, err)
	r.SetOutputs(out)
	r.PropertyDependencies = d.Stack[0].PropertyDependencies
	return r
}

// verdict is what the pack came to: control and URN to the outcome, and what it waits for.
type verdict struct {
	outcomes map[string]pack.Outcome
	reasons  map[string]string
}

// judge judges the fixture with resource i replaced, or without it when the replacement is nil.
func (b *bench) judge(t *testing.T, i int, replacement *pack.Resource) verdict {
	t.Helper()
	session := pack.NewSession(b.pack)
	require.NoError(t, session.Configure(b.configsFor(b.token(i))))
	stack := slices.Clone(b.whole)
	var results []pack.Result
	if replacement != nil {
		stack[i] = replacement
		results = session.Analyze(replacement)
	} else {
		stack = slices.Delete(stack, i, i+1)
	}
	v := verdict{outcomes: map[string]pack.Outcome{}, reasons: map[string]string{}}
	for _, r := range pack.Latest(append(results, session.AnalyzeStack(stack)...)) {
		key := r.Control.ID + " " + r.URN
		if r.Control.ID == "pack-governance" {
			continue
		}
		v.outcomes[key], v.reasons[key] = r.Outcome, r.Reason
		for _, n := range r.Notes {
			require.NotContains(t, n.Text, "the control itself failed", key)
		}
	}
	return v
}

// caught are the controls that find something which they did not find before.
func (b *bench) caught(after verdict) []string {
	var keys []string
	for key, outcome := range after.outcomes {
		if outcome == pack.Fail && b.before[key] != pack.Fail {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// TestEveryPropertyWeakened weakens every property of every resource of the hardened stack, one at a time and in every
// form that the kind of its value has (but not away where the SDK demands it), and removes every resource. Each must be found, or be exempt with a reason.
// When a property is unknown instead, or a secret that cannot be read, no control that found it weak may pass; and
// no control may fail by itself on a value of the wrong type.
func TestEveryPropertyWeakened(t *testing.T) {
	l := &ledger{lines: map[string]*line{}, exemptions: exemptions(t)}
	const workers = 2
	t.Run("mutations", func(t *testing.T) {
		for w := range workers {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				known := b.identities()
				for i := w; i < len(b.states); i += workers {
					b.mutate(t, l, i, known)
				}
			})
		}
	})
	for _, e := range l.exemptions {
		if !e.used {
			l.problems = append(l.problems, fmt.Sprintf("exemption for nothing: %s %s %v", e.Type, e.Path, e.Forms))
		}
	}
	slices.Sort(l.problems)
	for _, p := range l.problems {
		t.Error(p)
	}
	t.Logf("%d weakened properties and removed resources", l.tried)
	require.Greater(t, l.tried, fewestTried)
	golden(t, everyProperty, l.write())
}

// mutate removes resource i and weakens each of its properties.
func (b *bench) mutate(t *testing.T, l *ledger, i int, known map[string]bool) {
	t.Helper()
	if !strings.HasPrefix(b.token(i), "aws:") {
		return
	}
	name, _ := b.states[i]["urn"].(string)
	name = name[strings.LastIndex(name, "::")+2:]
	l.note(name, b.token(i), "", "resource removed", b.caught(b.judge(t, i, nil)))
	inputs := b.inputs(i)
	for _, at := range spots(inputs, nil) {
		b.weaken(t, l, i, name, at, inputs, known)
	}
}

func (b *bench) weaken(t *testing.T, l *ledger, i int, name string, at spot, inputs map[string]any, known map[string]bool) {
	t.Helper()
	token, shape := b.token(i), at.shape()
	if strings.HasPrefix(shape, "tags") {
		return
	}
	finders := map[string]bool{}
	_, item := at[len(at)-1].(int)
	demanded := len(at) == 1 && slices.Contains(b.sdk.Demanded(token), shape)
	for _, w := range weaken(token, shape, at.in(inputs), known) {
		if _, removed := w.to.(gone); removed && demanded {
			continue // the SDK refuses it
		}
		changed, _ := change(inputs, at, w.to).(map[string]any)
		caught := b.caught(b.judge(t, i, b.make(t, i, changed)))
		for _, key := range caught {
			if _, removed := w.to.(gone); !removed || !item {
				finders[key] = true // an unknown item of a list is an item all the same
			}
		}
		l.note(name, token, shape, w.form, caught)
	}
	odd, _ := change(inputs, at, wrongType(at.in(inputs))).(map[string]any)
	b.judge(t, i, b.make(t, i, odd)) // which sees to it that no control fails by itself
	if len(finders) == 0 {
		return
	}
	l.note(name, token, shape, "unknown", b.hide(t, l, i, at, pack.UnknownText, finders))
	unreadable := map[string]any{signature: secretMark, "ciphertext": "v1:unreadable"}
	l.note(name, token, shape, "unreadable secret", b.hide(t, l, i, at, unreadable, finders))
}

// hide puts a value of which nothing is known in place of the one at the spot. Every control that found the weak
// value has to wait for it, and to say so, or to find something.
func (b *bench) hide(t *testing.T, l *ledger, i int, at spot, value any, finders map[string]bool) (open []string) {
	t.Helper()
	changed, _ := change(b.inputs(i), at, value).(map[string]any)
	from := b.make(t, i, changed)
	root, _ := at[0].(string)
	from.PropertyDependencies = maps.Clone(from.PropertyDependencies)
	delete(from.PropertyDependencies, root) // from outside the stack, so that nothing tells where it leads
	after := b.judge(t, i, from)
	open = b.caught(after)
	for key := range finders {
		outcome, judged := after.outcomes[key]
		switch {
		case !judged || outcome == pack.Pass || outcome == pack.NotApplicable:
			l.problem("passed silently: %s: %s is %v: %s", b.token(i), at.shape(), value, key)
		case outcome == pack.Undecided:
			open = append(open, key)
			if !strings.Contains(after.reasons[key], "waits for") {
				l.problem("%s: %s is %v: %s does not say what it waits for", b.token(i), at.shape(), value, key)
			}
		}
	}
	return open
}

// wrongType is a value of another type than the one that belongs there.
func wrongType(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		return "neither an object nor a list"
	}
	return map[string]any{"object": []any{1.0, nil}}
}

const secretMark = "1b47061264138c4ac30d75fd1eb44270"

// identities are the names, ids and ARNs by which resources of the fixture point at each other.
func (b *bench) identities() map[string]bool {
	known := map[string]bool{}
	for _, one := range b.states {
		outputs, _ := one["outputs"].(map[string]any)
		for _, v := range outputs {
			if text, ok := v.(string); ok && text != "" {
				known[text] = true
			}
		}
	}
	return known
}

// golden compares text with a committed file.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if packtest.Update() {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "run: go test ./policy/hardening -update, and read what changed")
}
