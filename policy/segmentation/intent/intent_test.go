// SPDX-License-Identifier: Apache-2.0

package intent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
)

const good = `
segments:
  - {name: edge, tier: public, what: "*-alb"}
  - {name: data, tier: data, what: [kind:database, "group:sg-db*"]}
  - {name: partner, addresses: [198.51.100.0/24]}
  - {name: s3, service: com.amazonaws.*.s3}
known addresses: [203.0.113.0/24]
connections:
  - {from: internet, to: edge, protocol: tcp, ports: "80, 443", reason: the site}
  - {from: known addresses, to: edge, protocol: tcp, ports: [22, 8000-8010], reason: operators}
  - {from: edge, to: data, protocol: icmp, ports: 8, reason: ping}
`

func TestATableIsRead(t *testing.T) {
	table, err := intent.Read(strings.NewReader(good))
	require.NoError(t, err)
	require.Equal(t, "tcp 80, 443", flow.Describe(table.Intended("internet", "edge")))
	require.Equal(t, "tcp 22, 8000-8010", flow.Describe(table.Intended("known addresses", "edge")))
	require.Equal(t, "icmp type 8", flow.Describe(table.Intended("edge", "data")))
	require.Empty(t, table.Intended("edge", "internet"))
	edge, data := table.Segments[0], table.Segments[1]
	require.True(t, edge.Selects("load-balancer", []string{"shop-alb"}, nil, nil))
	require.False(t, edge.Selects("load-balancer", []string{"shop-alb-2"}, nil, nil))
	require.True(t, data.Selects("database", nil, nil, nil))
	require.True(t, data.Selects("host", nil, nil, []string{"sg-db-1"}))
	require.False(t, data.Selects("host", []string{"sg-db-1"}, nil, nil))
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	_, err := intent.Read(strings.NewReader(`
segments:
  - {name: edge, what: a}
  - {name: edge, what: b}
  - {name: both, what: c, addresses: [10.0.0.0/8]}
  - {name: internet, what: d}
connections:
  - {from: edgy, to: edge, protocol: tcp, ports: 443, reason: x}
  - {from: internet, to: edge, protocol: tpc, ports: 443, reason: x}
  - {from: internet, to: edge, protocol: tcp, ports: 70000, reason: x}
  - {from: internet, to: edge, protocol: tcp, ports: 443}
  - {from: internet, to: edge, protocol: tcp, ports: 400-500, reason: x}
  - {from: known addresses, to: edge, protocol: tcp, ports: 22, reason: x}
  - {from: internet, to: both, protocol: tcp, reason: x}
`))
	for _, want := range []string{
		"segments[1] (edge): there is another segment of this name", "segments[2] (both): say one of what", "segments[3] (internet): there is another segment",
		`connections[0] (edgy -> edge): from: there is no segment "edgy"; there are internet, known addresses, edge`, `connections[1] (internet -> edge): "tpc" is no protocol`,
		"connections[2] (internet -> edge): \"tcp/70000\": a port is a number from 0 to 65535", "connections[3] (internet -> edge): reason is missing",
		"connections[4] (internet -> edge): tcp 443 is listed twice", "connections[5] (known addresses -> edge): known addresses are not listed", "connections[6] (internet -> both): neither end is part of the network",
	} {
		require.ErrorContains(t, err, want)
	}
	for text, want := range map[string]string{
		"segmnets: []":                          "field segmnets not found",
		"segments: [{name: a, what: {b: c}}]":   "a text or a list of texts is needed",
		"segments: []":                          "segments: there are none",
		"segments: [{name: a, addresses: [x]}]": "x",
	} {
		_, err := intent.Read(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Fuzz(func(t *testing.T, text string) {
		table, err := intent.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, c := range table.Connections {
			if table.Intended(c.From, c.To).Empty() {
				t.Errorf("%+v admits nothing", c)
			}
		}
	})
}
