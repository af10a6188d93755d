// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// vocabulary is what random trees are made of: the names and texts of all fixtures, so that the trees reach
// into the checks, and values that do not belong there.
type vocabulary struct {
	names, texts, tokens []string
}

func learn(tb testing.TB) vocabulary {
	tb.Helper()
	files, err := filepath.Glob("*/testdata/*.yaml")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	names, texts := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		var n yaml.Node
		require.NoError(tb, yaml.Unmarshal(text, &n))
		collect(&n, names, texts)
	}
	return vocabulary{names: slices.Sorted(maps.Keys(names)), texts: slices.Sorted(maps.Keys(texts)), tokens: tokens()}
}

// collect notes the keys and scalars below a node.
func collect(n *yaml.Node, names, texts map[string]bool) {
	if n.Kind == yaml.ScalarNode {
		texts[n.Value] = true
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			names[child.Value] = true
			continue
		}
		collect(child, names, texts)
	}
}

// tokens are the types that any control looks at.
func tokens() []string {
	seen := map[string]bool{}
	for _, c := range controls.All() {
		for _, t := range slices.Concat(c.Types, c.Joins) {
			seen[t] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

const (
	signature  = "4dabf18193072939515e22adb298388d"
	secretMark = "1b47061264138c4ac30d75fd1eb44270"
	deepest    = 5
	widest     = 12
)

// tree makes a property map; the same source gives the same one.
func (v vocabulary) tree(r *rand.Rand) map[string]any {
	m := map[string]any{}
	for range r.IntN(widest) {
		m[v.names[r.IntN(len(v.names))]] = v.value(r, 0)
	}
	return m
}

func (v vocabulary) value(r *rand.Rand, depth int) any {
	kind := r.IntN(12)
	if depth >= deepest {
		kind %= 6
	}
	switch kind {
	case 0, 1, 2:
		return v.texts[r.IntN(len(v.texts))]
	case 3:
		return r.IntN(2) == 0
	case 4:
		return []any{0, 1, 22, 443, 65535, -1, 1e300, 0.5}[r.IntN(8)]
	case 5:
		return []any{nil, pack.UnknownText, "", "*", "::/0", "dd056dcd-154b-4c76-9bd3-c8f88648b5ff"}[r.IntN(6)]
	case 6, 7:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = v.value(r, depth+1)
		}
		return list
	case 8:
		return map[string]any{signature: secretMark, "value": v.value(r, depth+1)}
	case 9:
		text, _ := json.Marshal(v.document(r))
		return string(text)
	}
	m := map[string]any{}
	for range r.IntN(5) {
		m[v.names[r.IntN(len(v.names))]] = v.value(r, depth+1)
	}
	return m
}

// document makes something like a policy document.
func (v vocabulary) document(r *rand.Rand) map[string]any {
	text := func() any { return v.texts[r.IntN(len(v.texts))] }
	statements := make([]any, r.IntN(3))
	for i := range statements {
		s := map[string]any{}
		for _, key := range []string{"Effect", "Action", "Resource", "Principal", "NotAction", "NotPrincipal", "Condition", "Sid"} {
			switch r.IntN(5) {
			case 0:
				s[key] = text()
			case 1:
				s[key] = []any{text(), "*"}
			case 2:
				s[key] = map[string]any{"AWS": []any{text()}, "StringLike": map[string]any{"aws:PrincipalArn": text()}}
			}
		}
		s["Effect"] = []any{"Allow", "Deny", "allow"}[r.IntN(3)]
		statements[i] = s
	}
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

// stack makes resources of random types as both passes see them. What they depend on is random as well.
func (v vocabulary) stack(tb testing.TB, r *rand.Rand, n int) (inputs, after []*pack.Resource) {
	tb.Helper()
	var urns []string
	for i := range n {
		token := v.tokens[r.IntN(len(v.tokens))]
		name := "r" + string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		urn := "urn:pulumi:s::p::" + token + "::" + name
		urns = append(urns, urn)
		props, err := structpb.NewStruct(v.tree(r))
		require.NoError(tb, err)
		inputs = append(inputs, pack.NewResource(token, name, urn, props))
		one := pack.NewResource(token, name, urn, nil)
		one.SetOutputs(props)
		one.PropertyDependencies = map[string][]string{}
		for key := range props.GetFields() {
			one.PropertyDependencies[key] = []string{urns[len(key)%len(urns)]}
		}
		after = append(after, one)
	}
	return inputs, after
}

// play judges a random stack in both passes.
func (v vocabulary) play(tb testing.TB, session *pack.Session, seed uint64, n int) []pack.Result {
	tb.Helper()
	inputs, after := v.stack(tb, rand.New(rand.NewPCG(seed, seed)), n)
	var results []pack.Result
	for _, r := range inputs {
		results = append(results, session.Analyze(r)...)
	}
	return append(results, session.AnalyzeStack(after)...)
}
