// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

// production are the resources of the reference environment.
func production(t *testing.T) []map[string]any {
	t.Helper()
	text, err := os.ReadFile("../hardening/testdata/production.json")
	require.NoError(t, err)
	var doc struct {
		Deployment struct{ Resources []map[string]any }
	}
	require.NoError(t, json.Unmarshal(text, &doc))
	return doc.Deployment.Resources
}

// prove proves resources by the table that is among them.
func prove(t *testing.T, resources []map[string]any) *segmentation.Proof {
	t.Helper()
	text, err := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": resources}})
	require.NoError(t, err)
	d, err := export.Read(strings.NewReader(string(text)))
	require.NoError(t, err)
	table, err := stack.Table(d.Inputs)
	require.NoError(t, err)
	require.NotNil(t, table)
	p, err := segmentation.Prove(stack.Of(d, nil), table)
	require.NoError(t, err)
	return p
}

// witnesses are the witnesses of a status.
func witnesses(p *segmentation.Proof, of ...segmentation.Status) (text string) {
	for i := range p.Cells {
		for j := range p.Cells[i].Findings {
			if f := &p.Cells[i].Findings[j]; slices.Contains(of, f.Status) {
				text += f.Page(&p.Cells[i])
			}
		}
	}
	return text
}

// changed are resources with some inputs of those that the function picks changed.
func changed(resources []map[string]any, change func(r, inputs map[string]any) map[string]any) []map[string]any {
	out := slices.Clone(resources)
	for i, r := range resources {
		in, _ := r["inputs"].(map[string]any)
		if set := change(r, in); set != nil {
			out[i] = maps.Clone(r)
			young := maps.Clone(in)
			maps.Copy(young, set)
			out[i]["inputs"] = young
		}
	}
	return out
}

// TestEveryRuleThatIsWidenedOrTakenAwayIsFound widens one rule of a security group after the other by the next port, on
// both sides of the connection, and takes it away. While the network ACLs are as they are, most of what is widened stays
// closed by them; so they are opened first, after which the groups alone still hold the table.
func TestEveryRuleThatIsWidenedOrTakenAwayIsFound(t *testing.T) {
	resources := production(t)
	isRule := func(r map[string]any) bool { return strings.HasPrefix(fmt.Sprint(r["type"]), "aws:vpc/securityGroup") }
	open := changed(resources, func(r, _ map[string]any) map[string]any {
		if r["type"] != "aws:ec2/networkAclRule:NetworkAclRule" {
			return nil
		}
		return map[string]any{"ruleAction": "allow", "protocol": "-1", "fromPort": 0, "toPort": 0}
	})
	require.True(t, prove(t, open).Holds())
	tried := 0
	for i, r := range resources {
		if !isRule(r) {
			continue
		}
		tried++
		name := fmt.Sprint(r["urn"])[strings.LastIndex(fmt.Sprint(r["urn"]), ":")+1:]
		why := fmt.Sprint(r["inputs"].(map[string]any)["description"])
		wide := changed(open, func(other, in map[string]any) map[string]any {
			if !isRule(other) || in["description"] != why {
				return nil
			}
			return map[string]any{"toPort": in["toPort"].(float64) + 1}
		})
		listened := strings.HasPrefix(name, "production-edge-from-internet") // a load balancer answers where it listens only
		if found := witnesses(prove(t, wide), segmentation.Violation); !listened && !strings.Contains(found, `"`+why+`"`) {
			t.Errorf("%s: widened, and what is found is:\n%s", name, found)
		}
		found := witnesses(prove(t, slices.Delete(slices.Clone(resources), i, i+1)), segmentation.Blocked, segmentation.Unknown)
		if six := strings.Contains(name, "2001-db8"); !six && !strings.Contains(found, why) { // the VPC has no IPv6
			t.Errorf("%s: taken away, and what is found is:\n%s", name, found)
		}
	}
	require.Greater(t, tried, 20)
}
