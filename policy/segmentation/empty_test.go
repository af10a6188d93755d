// SPDX-License-Identifier: Apache-2.0

package segmentation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

const halves = `
segments:
  - {name: web, what: ["web*"]}
  - {name: db, what: [db]}
  - {name: cache, what: ["kind:database", "cache-*"]}
connections:
  - {from: web, to: cache, ports: "tcp/6379", why: sessions}
  - {from: web, to: db, ports: "tcp/5432, tcp/5433", why: queries}
`

func proved(t *testing.T, table string, change func(s scenes.Scene)) *segmentation.Proof {
	t.Helper()
	rows, err := intent.Read(strings.NewReader(table))
	require.NoError(t, err)
	s := scenes.Open()
	change(s)
	p, err := segmentation.Prove(s.Network, rows)
	require.NoError(t, err)
	return p
}

func TestAConnectionToWhereNothingStandsIsNoConnection(t *testing.T) {
	p := proved(t, halves, func(scenes.Scene) {})
	c := p.Cell("web", "cache")
	require.Equal(t, segmentation.Empty, c.Status)
	require.Equal(t, "tcp 6379 (sessions) cannot be judged: nothing stands in cache (kind:database, cache-*)", c.Findings[0].What)
	require.Equal(t, segmentation.NoMembers, c.Findings[0].Code)
	require.True(t, c.Findings[0].Certain())
	require.False(t, p.Holds())
	require.Nil(t, p.Cell("db", "cache"), "nothing is meant to connect")
	var out strings.Builder
	p.Text(&out)
	require.Contains(t, out.String(), "- web -> cache: tcp 6379 (sessions) cannot be judged")
}

func TestASegmentWithoutConnectionsMayBeEmpty(t *testing.T) {
	p := proved(t, "segments: [{name: all, what: [web*, app*, db]}, {name: later, what: [cache]}]\nconnections: [{from: all, to: all, ports: all, why: a flat network},"+
		"{from: internet, to: all, ports: all, why: open}, {from: all, to: internet, ports: all, why: open}]", func(scenes.Scene) {})
	require.NotEqual(t, segmentation.Empty, p.Worst())
	require.Contains(t, p.Assumptions, "segment later has no members")
}

func TestWhatAnotherStackMayFillIsUnknownAndNotEmpty(t *testing.T) {
	for why, change := range map[string]func(s scenes.Scene){
		"and nothing in any other segment, so that something else may fill them": func(s scenes.Scene) { s.Interfaces = nil },
		"(its groups are known after the deployment)":                            func(s scenes.Scene) { s.Interface("web").Doubt = "its groups are known after the deployment" },
	} {
		c := proved(t, halves, change).Cell("web", "cache")
		require.Equal(t, segmentation.Unknown, c.Status)
		require.Contains(t, c.Findings[0].What, why)
		require.False(t, c.Findings[0].Certain())
	}
}

func TestASegmentThatSomethingElseFillsIsUnknownAndNotEmpty(t *testing.T) {
	c := *proved(t, strings.Replace(halves, `cache-*"]`, `cache-*"], elsewhere: true`, 1), func(scenes.Scene) {}).Cell("web", "cache")
	require.Equal(t, segmentation.Unknown, c.Status)
	require.Contains(t, c.Findings[0].What, "nothing stands in cache (kind:database, cache-*), and its table says that something else than this stack may fill it")
	p := segmentation.Proof{Cells: []segmentation.Cell{{Status: segmentation.Allowed}, c}}
	require.False(t, p.Holds())
	require.True(t, p.Filled())
	p.Cells = append(p.Cells, segmentation.Cell{Status: segmentation.Unknown, Findings: []segmentation.Finding{{Status: segmentation.Unknown}}})
	require.False(t, p.Filled())
}

// A row with several ports is not undecided because one of them works.
func TestOfSeveralPortsTheOneThatIsClosedIsBlockedForCertain(t *testing.T) {
	c := proved(t, halves, func(s scenes.Scene) {
		s.Group("sg-db").Ingress = append(s.Group("sg-db").Ingress[:0], scenes.TCP(5432, "10.0.0.0/16"))
	}).Cell("web", "db")
	require.Equal(t, segmentation.Blocked, c.Status)
	require.Len(t, c.Findings, 1)
	require.Equal(t, "tcp 5433 (queries) cannot pass", c.Findings[0].What)
	require.True(t, c.Findings[0].Certain())
}
