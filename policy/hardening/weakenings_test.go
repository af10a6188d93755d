// SPDX-License-Identifier: Apache-2.0

package hardening_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// mutation weakens one property of the hardened stack.
type mutation struct {
	At   *string `yaml:"at"`
	To   any     `yaml:"to"`
	Type string  `yaml:"type"`
	Name string  `yaml:"name"`
	From string  `yaml:"from"`
	Into string  `yaml:"into"`
	// Ref is a type and a name: the weak value is the id of that resource.
	Ref string `yaml:"ref"`
}

func (m mutation) String() string {
	if m.At == nil {
		return m.Type + " removed"
	}
	return fmt.Sprintf("%s %s %s.%s = %v%s%s", m.Type, m.Name, "", *m.At, m.To, m.Into, m.Ref)
}

// apply weakens the first resource that fits; with unknown set, the property becomes unknown instead.
func (m mutation) apply(t *testing.T, r *resources, unknown bool) (urn string) {
	t.Helper()
	i := slices.IndexFunc(r.Deployment.Resources, func(one map[string]any) bool {
		urn, _ := one["urn"].(string)
		if one["type"] != m.Type || m.Name != "" && !glob.Match(m.Name, urn[strings.LastIndex(urn, "::")+2:]) {
			return false
		}
		text, _ := json.Marshal(one["inputs"])
		return m.From == "" || bytes.Contains(text, []byte(strings.ReplaceAll(m.From, `"`, `\"`)))
	})
	require.GreaterOrEqual(t, i, 0, "no resource for %s", m)
	urn, _ = r.Deployment.Resources[i]["urn"].(string)
	if m.At == nil {
		r.Deployment.Resources = slices.Delete(r.Deployment.Resources, i, i+1)
		return urn
	}
	inputs, _ := r.Deployment.Resources[i]["inputs"].(map[string]any)
	if m.Ref != "" {
		m.To = r.id(t, m.Ref)
	}
	if unknown {
		delete(r.Deployment.Resources[i], "propertyDependencies") // nothing tells where the value comes from
	}
	switch {
	case *m.At == "" && unknown:
		weak, _ := m.To.(map[string]any)
		for key := range weak {
			inputs[key] = pack.UnknownText
		}
	case *m.At == "":
		r.Deployment.Resources[i]["inputs"] = m.To
	case unknown:
		inputs[*m.At] = pack.UnknownText
	case m.From != "":
		text, _ := inputs[*m.At].(string)
		inputs[*m.At] = strings.ReplaceAll(text, m.From, m.Into)
	case m.To == nil:
		delete(inputs, *m.At)
	default:
		inputs[*m.At] = m.To
	}
	return urn
}

// id is the id of the first resource with a type and a name, separated by a space.
func (r *resources) id(t *testing.T, ref string) string {
	t.Helper()
	token, name, _ := strings.Cut(ref, " ")
	for _, one := range r.Deployment.Resources {
		urn, _ := one["urn"].(string)
		if one["type"] == token && glob.Match(name, urn[strings.LastIndex(urn, "::")+2:]) {
			id, _ := one["id"].(string)
			return id
		}
	}
	t.Fatalf("no resource %s", ref)
	return ""
}

// runAs judges a stack under the profile of an environment.
func runAs(t *testing.T, p *pack.Pack, r resources, environment string) map[string]pack.Outcome {
	t.Helper()
	return runWith(t, p, r, configuration(t, environment))
}

func runWith(t *testing.T, p *pack.Pack, r resources, configs map[string]pack.Config) map[string]pack.Outcome {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	d, err := export.Read(bytes.NewReader(text))
	require.NoError(t, err)
	_, results, err := d.Judge(p, configs)
	require.NoError(t, err)
	out := map[string]pack.Outcome{}
	for _, result := range results {
		if result.Remark {
			continue
		}
		key := result.Control.ID + " " + result.URN
		if old, ok := out[key]; !ok || old == pack.Pass {
			out[key] = result.Outcome
		}
	}
	return out
}

// configuration is that of an environment.
func configuration(t *testing.T, environment string) map[string]pack.Config {
	t.Helper()
	text, err := os.ReadFile("../profiles/" + environment + ".json")
	require.NoError(t, err)
	configs, err := pack.ParseConfig(text)
	require.NoError(t, err)
	return configs
}

// mostWaiting is how many checks may wait for unknown values in the first preview of one of our stacks.
const mostWaiting = 19

// accepted are findings that one of our stacks has on purpose; they advise and are not about security.
var accepted = map[string]string{"staging rds-multi-az": "staging has one database server, for its price"}

// TestHardenedStacksHaveNoFinding judges our own stacks under their own profiles, once deployed and as the preview
// before that.
func TestHardenedStacksHaveNoFinding(t *testing.T) {
	p, err := controls.New()
	require.NoError(t, err)
	for _, environment := range environments {
		judged := runAs(t, p, deployed(t, environment), environment)
		for key, outcome := range judged {
			id, _, _ := strings.Cut(key, " ")
			if why := accepted[environment+" "+id]; why != "" {
				require.Equal(t, pack.Fail, outcome, "%s: %s is no longer found, so that there is nothing to accept", environment, key)
				require.NotEqual(t, pack.Security, p.Control(id).About())
				continue
			}
			require.NotEqual(t, pack.Fail, outcome, "%s: %s", environment, key)
			require.NotEqual(t, pack.Undecided, outcome, "%s: %s", environment, key)
		}
		waiting := 0
		for key, outcome := range runAs(t, p, deployed(t, environment+"-preview"), environment) {
			if outcome == pack.Undecided {
				waiting++
				t.Logf("%s: %s waits", environment, key)
			}
			id, _, _ := strings.Cut(key, " ")
			require.False(t, outcome == pack.Fail && accepted[environment+" "+id] == "", "%s in preview: %s", environment, key)
		}
		d, err := export.Read(bytes.NewReader([]byte(jsonText(t, deployed(t, environment)))))
		require.NoError(t, err)
		session := pack.NewSession(p)
		require.NoError(t, session.Configure(configuration(t, environment)))
		for _, g := range session.Coverage(d.Stack).Gaps {
			require.Equal(t, "types whose controls are all off", g.Why, "%s: no control looks at %s", environment, g.Type)
		}
		t.Logf("%s: %d checks once deployed, of which %d wait in the first preview", environment, len(judged), waiting)
		require.LessOrEqual(t, waiting, mostWaiting)
	}
}

// TestEveryWeakenedPropertyIsCaught weakens each secure property of the hardened stack, one at a time. Each
// must be caught, and when the same property is unknown instead, none of the controls that caught it may pass.
func TestEveryWeakenedPropertyIsCaught(t *testing.T) {
	p, err := controls.New()
	require.NoError(t, err)
	text, err := os.ReadFile("testdata/weakenings.yaml")
	require.NoError(t, err)
	var mutations []mutation
	require.NoError(t, yaml.Unmarshal(text, &mutations))
	configs := configuration(t, "production")
	configs["segmentation-proved"] = pack.Config{Level: pack.Disabled} // its own mutations are in policy/segmentation
	run := func(t *testing.T, p *pack.Pack, r resources) map[string]pack.Outcome {
		t.Helper()
		return runWith(t, p, r, configs)
	}
	before := run(t, p, hardened(t))
	for _, m := range mutations {
		weak := hardened(t)
		m.apply(t, &weak, false)
		var caught []string
		for key, outcome := range run(t, p, weak) {
			if outcome == pack.Fail && before[key] != pack.Fail {
				caught = append(caught, key)
			}
		}
		if len(caught) == 0 {
			t.Errorf("not caught: %s", m)
			continue
		}
		slices.Sort(caught)
		ids := make([]string, len(caught))
		for i, c := range caught {
			ids[i], _, _ = strings.Cut(c, " ")
		}
		t.Logf("%s: caught by %s", m, strings.Join(slices.Compact(ids), ", "))
		if m.At == nil {
			continue
		}
		open := hardened(t)
		m.apply(t, &open, true)
		after := run(t, p, open)
		for _, key := range caught {
			if outcome, ok := after[key]; ok && outcome == pack.Pass {
				t.Errorf("%s: unknown passes %s", m, key)
			}
		}
	}
	t.Logf("%d mutations", len(mutations))
}
