// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	locker = "aws:x/locker:Locker"
	keyURN = "urn:pulumi:s::p::aws:kms/key:Key::k"
)

// lockers is a pack that knows what the property keyId of a locker comes from, and that its plan is a document.
func lockers(t *testing.T) *pack.Pack {
	t.Helper()
	p := &pack.Pack{Name: "lockers", Version: "1.0.0", References: pack.References{
		Identifies: func(property, token string) bool { return property == "keyId" && token == "aws:kms/key:Key" },
		Documents:  func(string) []string { return []string{"plan"} },
	}}
	require.NoError(t, p.Load(
		&pack.Control{ID: "locker-key", Title: "There is a key", Severity: pack.High, Types: []string{locker}, Why: "Why.", Fix: "Fix.",
			Check: func(k *pack.Case) { k.Require(k.Get("keyId").IsSet()) }},
		&pack.Control{ID: "locker-plan", Title: "The plan is not open", Severity: pack.High, Types: []string{locker}, Why: "Why.", Fix: "Fix.",
			Check: func(k *pack.Case) { k.Forbid(k.Get("plan").OneOf("open")) }},
	))
	return p
}

// A check that waits in the resource pass is judged again when the engine has said what the unknown value comes from.
func TestWhatComesFromTheStackIsJudgedInAPreview(t *testing.T) {
	t.Parallel()
	unknown := map[string]any{"keyId": pack.UnknownText, "plan": pack.UnknownText}
	for name, test := range map[string]struct {
		inputs, documents map[string]any
		comesFrom         map[string][]string
		key, plan         pack.Outcome
	}{
		"a key of the stack": {inputs: unknown, comesFrom: map[string][]string{"keyId": {keyURN}}, key: pack.Pass,
			plan: pack.Undecided},
		"nobody says where it comes from": {inputs: unknown, key: pack.Undecided, plan: pack.Undecided},
		"a resource that is not in the " +
			"stack": {inputs: unknown, comesFrom: map[string][]string{"keyId": {"urn:gone"}}, key: pack.Undecided, plan: pack.Undecided},
		"a resource that is no key": {inputs: unknown, comesFrom: map[string][]string{"keyId": {keyURN, "urn:box"}},
			key: pack.Undecided, plan: pack.Undecided},
		"a secret that nobody can read": {inputs: map[string]any{"keyId": pack.Redacted, "plan": "shut"},
			comesFrom: map[string][]string{"keyId": {keyURN}}, key: pack.Undecided, plan: pack.Pass},
		"the component declares a good " +
			"document": {inputs: unknown, documents: map[string]any{"one": "shut"}, comesFrom: map[string][]string{"plan": {keyURN}},
			key: pack.Undecided, plan: pack.Pass},
		"the component declares a bad " +
			"document": {inputs: unknown, documents: map[string]any{"one": "open"}, comesFrom: map[string][]string{"plan": {keyURN}},
			key: pack.Undecided, plan: pack.Fail},
		"the component declares another " +
			"document": {inputs: unknown, documents: map[string]any{"two": "shut"}, comesFrom: map[string][]string{"plan": {keyURN}},
			key: pack.Undecided, plan: pack.Undecided},
		"the declared one is unknown too": {inputs: unknown, documents: map[string]any{"one": pack.UnknownText},
			comesFrom: map[string][]string{"plan": {keyURN}}, key: pack.Undecided, plan: pack.Undecided},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := pack.NewSession(lockers(t))
			room := pack.NewResource("my:index:Room", "room", "urn:room", props(t, map[string]any{"documents": test.documents}))
			room.Component = true
			results := session.Analyze(room)
			results = append(results, session.Analyze(pack.NewResource(locker, "room-one", "urn:one", props(t, test.inputs)))...)
			later := pack.NewResource(locker, "room-one", "urn:one", nil)
			later.SetOutputs(props(t, test.inputs))
			later.PropertyDependencies, later.Parent = test.comesFrom, "urn:room"
			outputs := pack.NewResource("my:index:Room", "room", "urn:room", nil)
			outputs.Component = true
			results = pack.Latest(append(results, session.AnalyzeStack([]*pack.Resource{
				pack.NewResource("aws:kms/key:Key", "k", keyURN, nil), pack.NewResource("aws:x/box:Box", "b", "urn:box", nil), outputs, later,
			})...))
			got := map[string]pack.Outcome{}
			for _, r := range results {
				require.NotContains(t, got, r.Control.ID, "one result for each check")
				got[r.Control.ID] = r.Outcome
			}
			require.Equal(t, test.key, got["locker-key"])
			require.Equal(t, test.plan, got["locker-plan"])
		})
	}
}
