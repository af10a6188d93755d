// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

// component is a network component with a table, as it is registered.
func component(t *testing.T, name, table string) *pack.Resource {
	t.Helper()
	inputs, err := pack.StructFromJSON(json.RawMessage(`{"table":` + table + `}`))
	require.NoError(t, err)
	return pack.NewResource(stack.NetworkType, name, "urn:pulumi:dev::shop::"+stack.NetworkType+"::"+name, inputs)
}

const small = `{"segments":[{"name":"web","tier":{"name":"app","reach":"nat","place":0},"holds":"servers"}],"connections":[
	{"from":"web","to":"aws:ecr.api,s3","ports":{"protocol":"tcp","from":443,"to":443},"why":"images","names":[]},
	{"from":"addresses:203.0.113.0/28","to":"web","ports":{"protocol":"tcp","from":22,"to":22},"why":"operators","names":[]}]}`

func names(t *testing.T, table *intent.Table) (out []string) {
	t.Helper()
	for _, e := range table.Ends() {
		out = append(out, e.Name)
	}
	return out
}

func TestANetworkTellsItsTable(t *testing.T) {
	table, err := stack.Table([]*pack.Resource{component(t, "one", small)})
	require.NoError(t, err)
	require.Equal(t, []string{"internet", "web", "aws:ecr.api", "aws:s3", "addresses:203.0.113.0/28"}, names(t, table))
	require.Equal(t, intent.Words{"group:one-web", "group:urn:*::one-web-group"}, table.Segments[0].What)
	require.True(t, table.Limited, "other VPCs of the program are not its business")
}

func TestSeveralNetworksKeepTheirSegmentsApart(t *testing.T) {
	table, err := stack.Table([]*pack.Resource{component(t, "one", small), component(t, "two", small)})
	require.NoError(t, err)
	require.Equal(t, []string{"internet", "one/web", "one/aws:ecr.api", "two/web", "two/aws:ecr.api", "aws:s3", "addresses:203.0.113.0/28"}, names(t, table))
	require.Equal(t, intent.Words{"group:two-endpoint-ecr-api", "group:urn:*::two-endpoint-ecr-api-group"}, table.Segments[3].What)
	require.Empty(t, table.Rows(table.Find("one/web"), table.Find("two/aws:ecr.api")))
	require.Len(t, table.Rows(table.Find("two/web"), table.Find("two/aws:ecr.api")), 1)
}

func TestATableThatCannotBeReadIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		`"` + unknown + `"`: "known after the deployment",
		`[]`:                "its table cannot be read",
		`{"segments":[]}`:   "there are none",
	} {
		_, err := stack.Table([]*pack.Resource{component(t, "one", text)})
		require.ErrorContains(t, err, want)
	}
	table, err := stack.Table(nil)
	require.NoError(t, err)
	require.Nil(t, table)
}
