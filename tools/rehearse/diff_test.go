// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"
)

// previewed reads the events of a preview.
func previewed(t *testing.T) (events []apitype.EngineEvent) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "preview.jsonl"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var event apitype.EngineEvent
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		events = append(events, event)
	}
	return events
}

func TestDifferenceIsGroupedBySegment(t *testing.T) {
	d := differenceOf("staging", previewed(t))
	require.True(t, d.refused())
	var text, machine strings.Builder
	require.NoError(t, d.write(&text, false))
	requireGolden(t, "diff.txt", text.String())
	require.NoError(t, d.write(&machine, true))
	requireGolden(t, "diff.json", machine.String())
}

func TestNoDifference(t *testing.T) {
	var text, machine strings.Builder
	d := differenceOf("staging", nil)
	require.False(t, d.refused())
	require.NoError(t, d.write(&text, false))
	require.Equal(t, "staging: 0 to create, 0 to update, 0 to replace, 0 to delete; 0 stay as they are\n", text.String())
	require.NoError(t, d.write(&machine, true))
	require.JSONEq(t, `{"environment":"staging","counts":{},"segments":[],"policies":[]}`, machine.String())
}

func TestSegmentOf(t *testing.T) {
	for _, c := range []struct {
		types, name, tag, want string
	}{
		{"bulkhead:network:Network$aws:ec2/subnet:Subnet", "staging-data-eu-central-1a", "", "data"},
		{"bulkhead:network:Network$aws:ec2/networkAclRule:NetworkAclRule", "staging-app-in-443-from-public", "", "app"},
		{"bulkhead:network:Network$aws:ec2/vpc:Vpc", "staging-vpc", "", "network"},
		{"bulkhead:network:Network$bulkhead:firewall:Group$aws:ec2/securityGroup:SecurityGroup", "staging-endpoints-group", "", "network"},
		{"bulkhead:app:App$bulkhead:identity:Role$aws:iam/role:Role", "staging-app-role", "", "app"},
		{"bulkhead:database:Database$aws:rds/instance:Instance", "staging-db-instance", "", "data"},
		{"bulkhead:edge:Edge$aws:lb/loadBalancer:LoadBalancer", "staging-edge-alb", "", "public"},
		{"bulkhead:audit:Trail$aws:cloudtrail/trail:Trail", "staging-trail", "", "account"},
		{"aws:sns/topic:Topic", "app", "", "account"},
		{"aws:sns/topic:Topic", "app", "data", "data"},
		{"bulkhead:app:App$aws:lb/targetGroup:TargetGroup", "staging-app-targets", "moon", "app"},
	} {
		got := segmentOf("staging", &apitype.StepEventStateMetadata{
			URN: "urn:pulumi:staging::bulkhead::" + c.types + "::" + c.name, Inputs: map[string]any{"tags": map[string]any{segmentTag: c.tag}},
		})
		require.Equal(t, c.want, got, "%s %s", c.types, c.name)
	}
	require.Equal(t, account, segmentOf("staging", &apitype.StepEventStateMetadata{URN: "nonsense"}))
}

func TestValueAt(t *testing.T) {
	properties := map[string]any{"rules": []any{map[string]any{"priority": 1.0}}, "tags": map[string]any{"a.b": "c"}}
	for path, want := range map[string]any{
		"rules[0].priority": 1.0, `tags["a.b"]`: "c", "rules[1]": nil, "rules[0].name.x": nil, "missing": nil, "[": nil,
	} {
		require.Equal(t, want, valueAt(properties, path), path)
	}
}
