// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// program is a small deployment that is right as it is: a finding in it is a false alarm.
type program struct {
	// Source is the page of AWS's documentation that it follows, About what it is and what is tricky in it.
	Source string `yaml:"source"`
	About  string `yaml:"about"`
	// Accounts are further accounts that are known, besides the one in which it runs.
	Accounts []string `yaml:"accounts"`
	// Addresses are Elastic IPs that instances have on purpose; ec2-no-elastic-ip wants them to be listed.
	Addresses []string  `yaml:"addresses"`
	Resources yaml.Node `yaml:"resources"`
	scene     packtest.Scene
}

const (
	fewestPrograms = 60
	// mostUndecided is how many checks may wait for unknown values when all programs are previewed together. A
	// change that makes more of them wait has to say so here.
	mostUndecided = 408
)

func goodPrograms(t *testing.T) map[string]program {
	t.Helper()
	files, err := filepath.Glob("testdata/good/*.yaml")
	require.NoError(t, err)
	all := map[string]program{}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		require.NoError(t, err)
		var some map[string]program
		require.NoError(t, yaml.Unmarshal(text, &some), file)
		for name, g := range some {
			require.NotContains(t, all, name)
			require.True(t, strings.HasPrefix(g.Source, "https://docs.aws.amazon.com/"), "%s has no page of AWS as its source", name)
			require.NotEmpty(t, g.About, name)
			g.scene, err = packtest.ParseScene(&g.Resources, "")
			require.NoError(t, err, name)
			all[name] = g
		}
	}
	require.GreaterOrEqual(t, len(all), fewestPrograms)
	return all
}

// strict is the configuration in which every control that is on stops the deployment. The accounts are known
// to every control that asks for accounts, so that those judge too.
func strict(g program) map[string]pack.Config {
	configs := map[string]pack.Config{"pack-governance": {Properties: map[string]any{"profile": "strict", "undecided": "ignore",
		"unjudged": "ignore"}}}
	known := []any{"123456789012"}
	for _, a := range g.Accounts {
		known = append(known, a)
	}
	if len(g.Addresses) > 0 {
		var listed []any
		for _, a := range g.Addresses {
			listed = append(listed, a)
		}
		configs["ec2-no-elastic-ip"] = pack.Config{Properties: map[string]any{"allowed": listed}}
	}
	for _, c := range controls.All() {
		if slices.ContainsFunc(c.Settings, func(s pack.Setting) bool { return s.Name == "allowedAccounts" }) {
			configs[c.ID] = pack.Config{Properties: map[string]any{"allowedAccounts": known}}
		}
	}
	return configs
}

// judge returns what the pack finds and what it leaves open.
func judge(t *testing.T, p *pack.Pack, g program, inputs, stack []*pack.Resource) (found, open []string) {
	t.Helper()
	session := pack.NewSession(p)
	require.NoError(t, session.Configure(strict(g)))
	var results []pack.Result
	for _, r := range inputs {
		results = append(results, session.Analyze(r)...)
	}
	for _, r := range pack.Latest(append(results, session.AnalyzeStack(stack)...)) {
		switch {
		case r.Outcome == pack.Fail && !r.Remark: // a remark is no finding
			found = append(found, fmt.Sprintf("%s on %s: %v", r.Control.ID, r.Name, r.Notes))
		case r.Outcome == pack.Undecided:
			open = append(open, r.Control.ID)
		}
	}
	return found, open
}

// TestGoodProgramsHaveNoFinding judges every program as a preview, in which whatever comes from another
// resource is unknown, and once deployed: nothing may be found at all, and nothing stays open once deployed.
func TestGoodProgramsHaveNoFinding(t *testing.T) {
	p := load(t)
	programs := goodPrograms(t)
	waiting := map[string]int{}
	undecided, resources := 0, 0
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		g := programs[name]
		resources += len(g.scene)
		for _, form := range []packtest.Form{packtest.State, packtest.Preview} {
			inputs, stack, err := g.scene.Play(form)
			require.NoError(t, err, name)
			found, open := judge(t, p, g, inputs, stack)
			for _, f := range found {
				t.Errorf("%s as %s: %s", name, form, f)
			}
			if form == packtest.State {
				require.Empty(t, open, "%s: undecided though everything is known", name)
			}
			undecided += len(open)
			for _, id := range open {
				waiting[id]++
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(waiting)) {
		t.Logf("%4d wait  %s", waiting[id], id)
	}
	t.Logf("%d programs, %d resources; in preview %d checks wait for a deployment (at most %d are allowed)", len(programs), resources,
		undecided, mostUndecided)
	require.LessOrEqual(t, undecided, mostUndecided)
}

// TestGoodProgramsWithAnyValueUnknown judges every program once for each of its values, with that value
// unknown: what is not known yet is no finding.
func TestGoodProgramsWithAnyValueUnknown(t *testing.T) {
	p := load(t)
	tried := 0
	for name, g := range goodPrograms(t) {
		require.NoError(t, g.scene.EachBlank(func(where packtest.Where, inputs, stack []*pack.Resource) error {
			tried++
			found, _ := judge(t, p, g, inputs, stack)
			for _, f := range found {
				t.Errorf("%s with %s unknown: %s", name, where, f)
			}
			return nil
		}), name)
	}
	t.Logf("%d values made unknown, one at a time", tried)
}

// TestGoodProgramsAreComplete compares the programs with the AWS SDK for Pulumi: every type and input exists, inner
// ones too, and every input that the SDK demands is there.
func TestGoodProgramsAreComplete(t *testing.T) {
	sdk := awsSDK(t)
	for name, g := range goodPrograms(t) {
		for i, spec := range g.scene {
			props, _, err := g.scene.Inputs(i, packtest.State)
			require.NoError(t, err, name)
			if !strings.HasPrefix(spec.Type, "aws:") {
				continue
			}
			if sdk.Inputs(spec.Type) == nil {
				twin, _ := aws.Twin(spec.Type) // a name of a later version of the provider
				require.NotNil(t, sdk.Inputs(twin), "%s: the SDK has no type %s", name, spec.Type)
				continue
			}
			require.Empty(t, sdk.Unknown(spec.Type, props), "%s: %s %q", name, spec.Type, spec.Name)
			for _, key := range sdk.Demanded(spec.Type) {
				require.Contains(t, props.GetFields(), key, "%s: %s %q", name, spec.Type, spec.Name)
			}
		}
	}
}
