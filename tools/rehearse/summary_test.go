// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// requireGolden compares a text for people with a file.
func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run `go test ./tools/rehearse -update` if this is meant")
}

func TestSummary(t *testing.T) {
	var out strings.Builder
	root := t.TempDir()
	tools := *builtTools
	r := &rehearsal{Stage: engine.NewStage(root, "staging"), account: emulated, tools: &tools, out: &out, started: time.Now(), noTwin: "the command nft is missing"}
	r.steps = []timing{{"preview", 3 * time.Second}}
	require.NoError(t, os.MkdirAll(r.Dir, 0o750))
	require.Error(t, r.summarise(), "there is no export")
	text, err := os.ReadFile(filepath.Join("testdata", "state.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(r.Path("state.json"), text, 0o600))
	require.NoError(t, r.summarise())
	requireGolden(t, "summary.txt", strings.NewReplacer(root, "/repository", os.Args[0], "rehearse").Replace(out.String()))

	var summary struct {
		Environment string
		Resources   map[string]int
		Components  int
		Public      []string
		Steps       []timing
		Provider    struct{ Origin string }
	}
	text, err = os.ReadFile(r.Path("summary.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &summary))
	require.Equal(t, "staging", summary.Environment)
	require.Equal(t, map[string]int{
		"aws:ec2/eip:Eip": 1, "aws:ec2/launchTemplate:LaunchTemplate": 2, "aws:lb/loadBalancer:LoadBalancer": 3,
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 5,
	}, summary.Resources)
	require.Equal(t, 2, summary.Components)
	require.Len(t, summary.Public, 6, "those of the golden file")
	require.Equal(t, r.steps, summary.Steps)
	require.Equal(t, "built", summary.Provider.Origin)

	tools.Provider.Origin = "installed"
	r.traffic = &trial.Outcome{Agreeing: []string{"a -> b", "b -> a"}, Unknown: []string{"b -> c"}, NotShown: []string{"DNS: not part of the twin", "ICMP: not sent"}, Packets: 12, Namespaces: 5, Took: time.Second}
	out.Reset()
	require.NoError(t, r.summarise())
	require.Contains(t, out.String(), "Run with the official AWS plugin.")
	require.Contains(t, out.String(), "Packets: 2 of 3 cells of the matrix agree with the proof, by 12 real connections between 5 network namespaces in 1s")
	require.Contains(t, out.String(), "\nNot rehearsed:\n  "+strings.Join(r.traffic.NotShown, "\n  ")+"\n")
	require.NotContains(t, out.String(), "no packet flowed")
}

func TestSummaryOfNonsense(t *testing.T) {
	r := &rehearsal{Stage: engine.NewStage(t.TempDir(), "staging"), out: &strings.Builder{}}
	require.NoError(t, os.MkdirAll(r.Dir, 0o750))
	require.NoError(t, os.WriteFile(r.Path("state.json"), []byte("{"), 0o600))
	require.Error(t, r.summarise())
}
