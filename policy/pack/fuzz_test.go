// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// FuzzDecode reads arbitrary properties in every way that a check may read them, twice.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270"}`))
	f.Add([]byte(`{"a":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"{"}}`))
	f.Add([]byte(`{"":{"":["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]},"[0]":{"b.c":[[1e400,""]]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if first := decoded(text); first != decoded(text) {
			t.Fatalf("%q is read in two ways", text)
		}
	})
}

// decoded writes down what there is to read in properties.
func decoded(text []byte) string {
	s, err := pack.StructFromJSON(text)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	v := pack.FromStruct(s)
	for key, child := range v.Fields() {
		missing := v.Get(key + ".x[0].y")
		unknown, _ := child.AnyUnknown()
		plain, known := child.Plain()
		fmt.Fprintln(&b, child, child.Path(), child.Len(), missing.Path(), unknown.Path(), plain, known)
		for item := range child.Items() {
			at := item.IsTrue().And(item.IsSet()).Or(item.AtLeast(1)).At
			fmt.Fprintln(&b, at.Path(), item.Secret(), item.Contains("a").Is)
		}
	}
	return b.String()
}

// FuzzConfig configures a pack with arbitrary text, twice.
func FuzzConfig(f *testing.F) {
	p := sample(f)
	f.Add([]byte(`{"all":"advisory","a-locked":{"enforcementLevel":"remediate"},"b-size":{"least":3}}`))
	f.Add([]byte(`{"pack-governance":{"profile":"relaxed","undecided":"refuse","levels":{"b-size":"disabled"},
		"waivers":[{"control":"a-locked","name":"x*","reason":"long enough a reason","owner":"me","expires":"2999-01-01"}]}}`))
	f.Add([]byte(`{"environments":[],"a-loked":7,"pack-governance":{"waivers":[{"kontrol":1}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if first := configured(p, text); first != configured(p, text) {
			t.Fatalf("%q is understood in two ways", text)
		}
	})
}

// configured writes down what a configuration came to.
func configured(p *pack.Pack, text []byte) string {
	configs, err := pack.ParseConfig(text)
	if err != nil {
		return err.Error()
	}
	delete(configs["pack-governance"].Properties, "waiversFile") // another target reads files of waivers
	session := pack.NewSession(p)
	if err := session.Configure(configs); err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, c := range p.Controls() {
		fmt.Fprintln(&b, c.ID, session.Level(c.ID))
	}
	for _, r := range session.AnalyzeStack(nil) {
		fmt.Fprintln(&b, r.Control.ID, r.Level, r.Outcome, r.Notes)
	}
	return b.String()
}

// FuzzWaivers reads arbitrary YAML as waivers, twice.
func FuzzWaivers(f *testing.F) {
	f.Add([]byte("waivers:\n  - {control: a-locked, name: old-*, reason: long enough a reason, owner: me, expires: 2999-01-01}\n"))
	f.Add([]byte("waivers:\n- &a {control: x}\n- *a\n- kontrol: y\n"))
	f.Add([]byte("a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nwaivers: [*c,*c]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := pack.ParseWaivers(text)
		second, again := pack.ParseWaivers(text)
		require.Equal(t, fmt.Sprint(first, err), fmt.Sprint(second, again))
		for i := range first {
			_ = first[i].String()
		}
	})
}
