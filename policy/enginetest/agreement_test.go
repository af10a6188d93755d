// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/command"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// verdict is one finding as both the engine and the command tell it.
type verdict struct {
	Control, URN, Message, Level, Severity, Pack, Version string
}

// less orders findings, so that two lists can be compared.
func less(a, b verdict) int {
	return strings.Compare(a.Control+a.URN+a.Message, b.Control+b.URN+b.Message)
}

// remark is what the pack sums up in a deployment; the command lists each of it instead.
var remark = regexp.MustCompile(`^(\d+ checks wait for values|not judged: \d+ of the program's|the segmentation of the network was not judged)`)

// TestAgreesWithTheEngine judges the same exports by the engine and by the command, under several
// configurations. Both must say exactly the same: which control, about which resource, in which words, at
// which level and severity, and whether a deployment would be stopped.
func TestAgreesWithTheEngine(t *testing.T) {
	e := newEngine(t)
	waivers := e.write(t, "waivers.yaml", `waivers:
  - {control: s3-acl-public-read, name: acl-*, reason: public by agreement until the move, owner: web team, expires: 2999-12-31}
  - {control: s3-no-website, name: nothing-*, reason: kept although nothing uses it, owner: web team, expires: 2999-12-31}
  - {control: rds-storage-encrypted, name: "*b", reason: replaced by the new one in May, owner: data team, expires: 2020-01-31}
  - {control: no-such-control, name: x, reason: short, owner: "", expires: soon}
`)
	for name, config := range map[string]string{
		"production": read(t, profile(t, "production")),
		"staging":    read(t, profile(t, "staging")),
		"strict":     `{"pack-governance":{"profile":"strict","undecided":"refuse"}}`,
		"waivers":    `{"pack-governance":{"waiversFile":"` + waivers + `"},"s3-force-destroy":"advisory"}`,
		"remediate":  `{"all":"remediate","pack-governance":{"enforcementLevel":"advisory"}}`,
	} {
		config := e.write(t, name+".json", config)
		none := []verdict{}
		for _, state := range states(t) {
			t.Run(name+"/"+state.name, func(t *testing.T) {
				file := e.write(t, "state.json", state.text)
				engine, refused, warned := e.analyze(t, file, config)
				require.Equal(t, state.sealed, strings.Contains(warned, "analyzing with secret values redacted"), warned)
				own, code := check(t, e.Dir, file, config)
				require.True(t, len(own) > 0 || state.name == "hardened", "nothing is found")
				engine = slices.DeleteFunc(engine, func(v verdict) bool { return v.Control == pack.GovernanceID && remark.MatchString(v.Message) })
				require.Equal(t, slices.Concat(none, own), slices.Concat(none, engine))
				require.Equal(t, refused, code == command.Refused, "exit code %d", code)
				t.Logf("%d findings agree; refused: %v", len(own), refused)
			})
		}
	}
}

// analyze judges an export by the engine.
func (e *engine) analyze(t *testing.T, state, config string) (found []verdict, refused bool, warned string) {
	t.Helper()
	r := e.run(t, "policy", "analyze", "--file", state, "--policy-pack", packProgram(t), "--policy-pack-config", config, "--json")
	require.NotContains(t, r.err, "loading policy packs")
	lines := bufio.NewScanner(strings.NewReader(r.out))
	lines.Buffer(nil, 1<<24)
	ended := false
	for lines.Scan() {
		var event struct {
			Policy *struct {
				URN      string `json:"resourceUrn"`
				Message  string `json:"message"`
				Name     string `json:"policyName"`
				Pack     string `json:"policyPackName"`
				Version  string `json:"policyPackVersion"`
				Level    string `json:"enforcementLevel"`
				Severity string `json:"severity"`
			} `json:"policyEvent"`
			Summary *struct{} `json:"summaryEvent"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &event), lines.Text())
		ended = ended || event.Summary != nil
		if p := event.Policy; p != nil {
			found = append(found, verdict{p.Name, p.URN, strings.TrimSpace(p.Message), p.Level, p.Severity, p.Pack, p.Version})
		}
	}
	require.NoError(t, lines.Err())
	require.True(t, ended, "the engine did not come to its end\n%s\n%s", r.out, r.err)
	slices.SortFunc(found, less)
	return found, r.code != 0, r.err
}

// check judges an export by the command.
func check(t *testing.T, dir, state, config string) (found []verdict, code int) {
	t.Helper()
	cmd := exec.Command(packProgram(t), "check", "-format", "json", "-config", config, state)
	cmd.Dir = dir
	text, _ := cmd.Output() // the exit code tells
	var report struct {
		Pack     string `json:"pack"`
		Version  string `json:"version"`
		Findings []struct {
			Waiver   *struct{} `json:"waiver"`
			Control  string    `json:"control"`
			URN      string    `json:"urn"`
			Message  string    `json:"message"`
			Level    string    `json:"level"`
			Severity string    `json:"severity"`
		} `json:"findings"`
	}
	require.NoError(t, json.Unmarshal(text, &report), string(text))
	for _, f := range report.Findings {
		if f.Waiver == nil {
			found = append(found, verdict{f.Control, f.URN, strings.TrimSpace(f.Message), f.Level, f.Severity, report.Pack, report.Version})
		}
	}
	slices.SortFunc(found, less)
	return found, cmd.ProcessState.ExitCode()
}

// state is an export to judge.
type state struct {
	name, text string
	sealed     bool // holds secrets that nobody can read here
}

// states are exports that differ in what a file may hold: public buckets; our own stack; our own stack with
// every switch turned round and with every nested setting gone; and oddities such as secrets that cannot be
// read, resources about to be deleted, and no root resource.
func states(t *testing.T) []state {
	t.Helper()
	hardened := read(t, "../hardening/testdata/production.json")
	return []state{
		{name: "public", text: read(t, "testdata/state.json"), sealed: true},
		{name: "odd", text: read(t, "testdata/odd.json"), sealed: true},
		{name: "hardened", text: hardened},
		{name: "turned", text: altered(t, hardened, func(inputs map[string]any) { turn(inputs) })},
		{name: "stripped", text: altered(t, hardened, func(inputs map[string]any) {
			for key, v := range inputs {
				switch v.(type) {
				case map[string]any, []any, bool:
					delete(inputs, key)
				}
			}
		})},
	}
}

// altered changes the inputs of every resource of an export.
func altered(t *testing.T, text string, change func(map[string]any)) string {
	t.Helper()
	var export map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &export))
	deployment, _ := export["deployment"].(map[string]any)
	resources, _ := deployment["resources"].([]any)
	require.NotEmpty(t, resources)
	for _, r := range resources {
		one, _ := r.(map[string]any)
		if kind, _ := one["type"].(string); strings.HasPrefix(kind, "pulumi:") {
			continue
		}
		if inputs, ok := one["inputs"].(map[string]any); ok {
			change(inputs)
		}
	}
	changed, err := json.Marshal(export)
	require.NoError(t, err)
	return string(changed)
}

// turn negates every boolean of a value.
func turn(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case map[string]any:
		for key, inner := range v {
			v[key] = turn(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = turn(inner)
		}
	}
	return v
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}
