// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// presenceAlone are the controls for which no value decides: that a resource is there, or is not, or how its
// resource options are set. They cannot wait for anything.
var presenceAlone = map[string]bool{
	"carried-resources":       true,
	"account-password-policy": true, "account-security-hub": true, "acm-replace-order": true, "iam-group-attached": true,
	"iam-no-access-keys":   true,
	"iam-no-console-login": true, "iam-no-inline-policies": true, "iam-no-users": true, "iam-server-certificate": true,
	"vpc-default-unused": true,
}

// TestEveryControlIsTriedInBothForms holds the fixtures to what they are for. Every control has at least two bad
// and two good scenes that show something once deployed. In preview, a bad scene is found although something
// else about its resources is unknown; and where a value decides, some bad scene has to wait for it.
func TestEveryControlIsTriedInBothForms(t *testing.T) {
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	found, waits := 0, 0
	for _, c := range controls.All() {
		f := fixtures[c.ID]
		good, bad, _, err := f.Scenes(p)
		require.NoError(t, err, c.ID)
		judged := 0
		for _, scene := range good {
			if outcome, _, err := packtest.RunOne(p, c.ID, scene, packtest.State, f.Settings); err == nil && outcome == pack.Pass {
				judged++
			}
		}
		if !presenceAlone[c.ID] {
			require.Positive(t, judged, "%s: no good scene is about a resource that the control looks at", c.ID)
		}
		stillFound, undecided := 0, 0
		for _, scene := range bad {
			switch besideUnknown(t, p, c.ID, scene, f.Settings) {
			case pack.Fail:
				stillFound++
			case pack.Undecided:
				undecided++
			}
			blanks, err := packtest.Blanks(p, c.ID, scene, f.Settings)
			require.NoError(t, err, c.ID)
			for _, b := range blanks {
				if b.Outcome == pack.Undecided {
					undecided++
				}
			}
		}
		if stillFound == 0 {
			t.Errorf("%s: no bad scene is found in a preview in which something else is unknown", c.ID)
		}
		if (undecided == 0) != presenceAlone[c.ID] {
			t.Errorf("%s: %d bad scenes wait for an unknown value; without one, no value decides: %v", c.ID, undecided, presenceAlone[c.ID])
		}
		found, waits = found+stillFound, waits+undecided
	}
	t.Logf("%d bad scenes are found in preview, %d wait for an unknown value", found, waits)
}

// besideUnknown plays a scene as a preview in which every resource has one more value that is unknown and that
// no control reads.
func besideUnknown(t *testing.T, p *pack.Pack, id string, scene packtest.Scene, settings map[string]any) pack.Outcome {
	t.Helper()
	session := pack.NewSession(p)
	require.NoError(t, session.Configure(map[string]pack.Config{"all": {Level: pack.Disabled},
		id: {Level: pack.Mandatory, Properties: settings}}))
	_, stack, err := scene.Play(packtest.Preview)
	require.NoError(t, err, id)
	var results []pack.Result
	for i, spec := range scene {
		inputs, _, err := scene.Inputs(i, packtest.Preview)
		require.NoError(t, err, id)
		inputs.Fields["somethingElse"] = structpb.NewStringValue(pack.UnknownText)
		r := pack.NewResource(spec.Type, spec.Name, spec.URN(), inputs)
		r.Options.DeleteBeforeReplace = spec.Replace
		results = append(results, session.Analyze(r)...)
	}
	results = pack.Latest(append(results, session.AnalyzeStack(stack)...))
	outcome := pack.Pass
	for _, r := range results {
		if r.Control.ID != id {
			continue
		}
		if r.Outcome == pack.Fail || r.Outcome == pack.Undecided && outcome != pack.Fail {
			outcome = r.Outcome
		}
	}
	return outcome
}
