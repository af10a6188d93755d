// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// found is what the control says of a resource with the inputs when a filter chooses the texts to be read.
func found(t *testing.T, inputs map[string]any, filter func(string) bool) []pack.Note {
	t.Helper()
	control := *credentialInputs()[0]
	control.Check = func(k *pack.Case) { credentialInInput(k, filter) }
	p := &pack.Pack{Name: "one", Version: "0.1.0"}
	require.NoError(t, p.Load(&control))
	s, err := structpb.NewStruct(inputs)
	if err != nil { // the text is not UTF-8, which the engine does not send
		t.Skip(err)
	}
	var notes []pack.Note
	for _, r := range pack.NewSession(p).Analyze(pack.NewResource("aws:newservice/thing:Thing", "thing", "urn:pulumi:a::b::c::d", s)) {
		notes = append(notes, r.Notes...)
	}
	return notes
}

// written is the JSON of a value, with or without the escapes for HTML.
func written(t *testing.T, v any, html bool) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	require.NoError(t, e.Encode(v))
	return b.String()
}

// FuzzFilter holds the filter to what it is for, which is to save work: with it the control says the same as when every text is read,
// of a text as it is, in base64, in JSON, in JSON in JSON, and as the setting of a program.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		"AKIAIOSFODNN7EXAMPLE", "://:abc@", "://:ab@", "postgres://shop:hunter2@db/shop", "password=hunter2hunter2", "password\t: hunter2hunter2",
		"-----BEGIN PRIVATE KEY-----", "just a text", "{}", "[", " {\"settings\": {\"DB_PASSWORD\": \"hunter2hunter2\"}}", "a\nxoxb-0123456789-abcdef",
		`{"a":"\u0041KIAIOSFODNN7EXAMPLE"}`, `{"a":"postgres:\/\/shop:hunter2@db"}`, `{"Environment":[{"name":"TOKEN","value":"hunter2hunter2"}]}`,
		"0123456789012345678901234567890123456789", "=========================================", "production/database/with/a/long/name/of/many",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		inner := written(t, map[string]any{"a": []any{text, encoded}, "variables": map[string]any{"B_SECRET": text}}, false)
		inputs := map[string]any{
			"plain": text, "padded": " " + text + "\n", "encoded": encoded, "map": map[string]any{"a": []any{text}, "environment": map[string]any{"A_TOKEN": text}},
			"json": written(t, []any{text, encoded}, false), "html": written(t, []any{text}, true), "inner": inner,
			"twice": written(t, map[string]any{"a": inner}, false), "thrice": written(t, []any{written(t, []any{inner}, true)}, true),
		}
		require.Equal(t, found(t, inputs, func(string) bool { return true }), found(t, inputs, suspicious))
	})
}
