// SPDX-License-Identifier: Apache-2.0

package packtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Fixture is what a control is tried with.
type Fixture struct {
	ID       string         `yaml:"-"`
	File     string         `yaml:"-"`
	Settings map[string]any `yaml:"settings"`
	Good     []yaml.Node    `yaml:"good"`
	Bad      []yaml.Node    `yaml:"bad"`
	// Neither lists scenes for which the right answer, once everything is known, is "not applicable".
	Neither []yaml.Node `yaml:"neither"`
}

// LoadFixtures reads every *.yaml file of a folder, or of each folder that the pattern matches, such as "*/testdata": control id to
// fixture.
func LoadFixtures(folder string) (map[string]Fixture, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	all := map[string]Fixture{}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return nil, err
		}
		var some map[string]Fixture
		if err := yaml.Unmarshal(text, &some); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for id, f := range some {
			if _, twice := all[id]; twice {
				return nil, fmt.Errorf("%s: fixtures for %s are defined twice", file, id)
			}
			f.ID, f.File = id, file
			all[id] = f
		}
	}
	return all, nil
}

// Scenes returns the fixture's good, bad and not applicable scenes.
func (f Fixture) Scenes(p *pack.Pack) (good, bad, neither []Scene, err error) {
	c := p.Control(f.ID)
	if c == nil {
		return nil, nil, nil, fmt.Errorf("%s: no control %q", f.File, f.ID)
	}
	token := ""
	if len(c.Types) > 0 {
		token = c.Types[0]
	}
	lists := [3][]yaml.Node{f.Good, f.Bad, f.Neither}
	var scenes [3][]Scene
	for i, list := range lists {
		for k := range list {
			scene, err := ParseScene(&list[k], token)
			if err != nil {
				return nil, nil, nil, fmt.Errorf("%s: %s: %w", f.File, f.ID, err)
			}
			scenes[i] = append(scenes[i], scene)
		}
	}
	return scenes[0], scenes[1], scenes[2], nil
}

// Check plays a fixture: every bad scene must fail once deployed and must not pass in a preview; every good
// scene must pass once deployed and must not fail in a preview; and with any single value unknown no answer
// may turn into its opposite.
func Check(t *testing.T, p *pack.Pack, f Fixture) {
	t.Helper()
	good, bad, neither, err := f.Scenes(p)
	if err != nil {
		t.Fatal(err)
	}
	for i, scene := range bad {
		expect(t, p, f, scene, fmt.Sprintf("bad %d", i), pack.Fail)
	}
	for i, scene := range good {
		expect(t, p, f, scene, fmt.Sprintf("good %d", i), pack.Pass)
	}
	for i, scene := range neither {
		expect(t, p, f, scene, fmt.Sprintf("not applicable %d", i), pack.NotApplicable)
	}
}

func expect(t *testing.T, p *pack.Pack, f Fixture, scene Scene, label string, want pack.Outcome) {
	t.Helper()
	got, results, err := RunOne(p, f.ID, scene, State, f.Settings)
	if err != nil {
		t.Errorf("%s: %s: %v", f.ID, label, err)
		return
	}
	if got == pack.NotApplicable && want == pack.Pass && !judged(results, f.ID) {
		want = pack.NotApplicable // a scene without a resource that the control is about
	}
	if got != want {
		t.Errorf("%s: %s deployed: %s, want %s%s", f.ID, label, got, want, explain(results, f.ID))
		return
	}
	got, results, err = RunOne(p, f.ID, scene, Preview, f.Settings)
	if err != nil || !follows(want, got) {
		t.Errorf("%s: %s in preview: %s, want %s or undecided%s %v", f.ID, label, got, want, explain(results, f.ID), err)
	}
	blanks, err := Blanks(p, f.ID, scene, f.Settings)
	if err != nil {
		t.Errorf("%s: %s: %v", f.ID, label, err)
	}
	for _, b := range blanks {
		if !follows(want, b.Outcome) {
			t.Errorf("%s: %s with %s unknown: %s, want %s or undecided", f.ID, label, b.Where, b.Outcome, want)
		}
	}
}

// judged reports whether the control looked at any resource.
func judged(results []pack.Result, id string) bool {
	return slices.ContainsFunc(results, func(r pack.Result) bool { return r.Control.ID == id })
}

// follows reports whether an answer with less knowledge agrees with the full one.
func follows(full, less pack.Outcome) bool {
	if less == pack.Undecided || less == full {
		return true
	}
	return full != pack.Fail && less != pack.Fail
}

func explain(results []pack.Result, id string) string {
	text := ""
	for _, r := range results {
		if r.Control.ID != id {
			continue
		}
		for _, n := range r.Notes {
			text += "\n    " + r.Name + ": " + n.Text
		}
		if r.Reason != "" {
			text += "\n    " + r.Name + ": " + r.Reason
		}
	}
	return text
}
