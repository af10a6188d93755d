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
  - {name: edge, tier: public, holds: the door, what: "*-alb"}
  - {name: data, tier: {name: data, reach: nowhere, place: 0}, what: [kind:database, "group:sg-db*"]}
  - {name: partner, addresses: [198.51.100.0/24]}
  - {name: queues, service: com.amazonaws.*.sqs}
connections:
  - {from: internet, to: edge, ports: "tcp/80, tcp/443", why: the site}
  - {from: "addresses:203.0.113.0/24, 2001:db8::/48", to: edge, ports: [tcp/22, tcp/8000-8010], why: operators}
  - {from: "addresses:203.0.113.128/25", to: edge, ports: {protocol: udp, from: 53, to: 53}, why: names}
  - {from: edge, to: data, ports: {protocol: icmp, from: 8, to: -1}, why: ping}
  - {from: data, to: edge, ports: {protocol: icmp, from: 128, to: 0}, why: ping of IPv6}
  - {from: edge, to: "aws:ssm,logs,s3", ports: tcp/443, why: services}
  - {from: data, to: "aws:kms", ports: tcp/443, why: keys}
  - {from: data, to: internet, ports: tcp/25, why: mail}
  - {from: "addresses:", to: edge, ports: tcp/1, why: a list without items opens nothing}
  - {from: edge, to: "aws:", ports: tcp/1, why: a list without items opens nothing}
`

func TestATableIsRead(t *testing.T) {
	table, err := intent.Read(strings.NewReader(good))
	require.NoError(t, err)
	var names []string
	for _, e := range table.Ends() {
		names = append(names, e.Name)
	}
	lists := []string{"addresses:203.0.113.0/24, 2001:db8::/48", "addresses:203.0.113.128/25"}
	inner, outer := "part of "+lists[0]+" and "+lists[1], "part of "+lists[0]
	require.ElementsMatch(t, []string{"internet", "edge", "data", "queues", "aws:kms", "aws:logs,ssm", "aws:s3", "partner", inner, outer}, names)
	for pair, want := range map[[2]string][2]string{ // admitted, and required
		{"internet", "edge"}:     {"tcp 80, 443", "tcp 80, 443"},
		{outer, "edge"}:          {"tcp 22, 80, 443, 8000-8010", "tcp 22, 80, 443, 8000-8010"},
		{inner, "edge"}:          {"tcp 22, 80, 443, 8000-8010; udp 53", "tcp 22, 80, 443, 8000-8010; udp 53"},
		{"partner", "edge"}:      {"tcp 80, 443", "tcp 80, 443"},
		{"edge", "data"}:         {"icmp type 8", "icmp type 8"},
		{"data", "edge"}:         {"icmpv6 type 128 code 0", "icmpv6 type 128 code 0"},
		{"edge", "aws:logs,ssm"}: {"tcp 443", "tcp 443"},
		{"data", "aws:logs,ssm"}: {"tcp 25", "nothing"},
		{"data", "partner"}:      {"tcp 25", "tcp 25"},
		{"edge", "internet"}:     {"nothing", "nothing"},
		{"aws:s3", "edge"}:       {"tcp 80, 443", "nothing"}, // a service has public addresses, and everybody on the internet may
	} {
		from, to := table.Find(pair[0]), table.Find(pair[1])
		require.NotNil(t, from, pair)
		require.NotNil(t, to, pair)
		var required flow.Set
		for _, c := range table.Rows(from, to) {
			required = required.Or(c.Ports.Set())
		}
		require.Equal(t, want, [2]string{flow.Describe(table.Admitted(from, to)), flow.Describe(required)}, pair)
	}
	edge, data, queues := table.Segments[0], table.Segments[1], table.Segments[3]
	require.Equal(t, intent.Tier("data"), data.Tier)
	require.True(t, edge.Selects("load-balancer", "", []string{"shop-alb"}, nil, nil))
	require.False(t, edge.Selects("load-balancer", "", []string{"shop-alb-2"}, nil, nil))
	require.True(t, data.Selects("database", "", nil, nil, nil))
	require.True(t, data.Selects("host", "", nil, nil, []string{"sg-db-1"}))
	require.False(t, data.Selects("host", "", []string{"sg-db-1"}, nil, nil))
	require.True(t, queues.Selects("vpc-endpoint", "com.amazonaws.eu-central-1.sqs", nil, nil, nil))
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	_, err := intent.Read(strings.NewReader(`
segments:
  - {name: edge, what: a}
  - {name: edge, what: b}
  - {name: both, what: c, addresses: [10.0.0.0/8]}
  - {name: internet, what: d}
  - {name: far, addresses: [192.0.2.0/24]}
  - {name: data, what: [d, "kind:databse"]}
connections:
  - {from: edgy, to: edge, ports: tcp/443, why: x}
  - {from: internet, to: edge, ports: tpc/443, why: x}
  - {from: internet, to: edge, ports: tcp/70000, why: x}
  - {from: internet, to: edge, ports: tcp/443}
  - {from: internet, to: edge, ports: tcp/400-500, why: x}
  - {from: "addresses:203.0.113.0", to: edge, ports: tcp/22, why: x}
  - {from: internet, to: far, ports: tcp, why: x}
  - {from: "aws:ssm", to: edge, ports: tcp, why: x}
  - {from: far, to: edge, why: x}
`))
	for _, want := range []string{
		"segments[1] (edge): there is another segment of this name", "segments[2] (both): say one of what", "segments[3] (internet): there is another segment",
		`segments[5] (data): what: there is no kind "databse"; there are [host database load-balancer`, `connections[0] (edgy -> edge): from: there is no segment "edgy"; there are internet, edge`, `connections[1] (internet -> edge): ports: "tpc" is no protocol`,
		"connections[2] (internet -> edge): ports: \"tcp/70000\": a port is a number from 0 to 65535", "connections[3] (internet -> edge): why: missing",
		"connections[4] (internet -> edge): tcp 443 is listed twice", `connections[5] (addresses:203.0.113.0 -> edge): from: "203.0.113.0" is no CIDR`, "connections[6] (internet -> far): neither end is part of the network",
		`connections[7] (aws:ssm -> edge): from: there is no segment "aws:ssm"`, "connections[8] (far -> edge): ports: missing",
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

func TestATableKeepsTheSegmentsOfAnOlderOneWithoutTheirRows(t *testing.T) {
	older, err := intent.Read(strings.NewReader(`
segments:
  - {name: door, tier: public, what: "*-alb"}
  - {name: queue, tier: data, what: "kind:host"}
connections:
  - {from: internet, to: queue, ports: tcp/443, why: orders}
`))
	require.NoError(t, err)
	table, err := intent.Read(strings.NewReader(good))
	require.NoError(t, err)
	before := len(table.Ends())
	require.NoError(t, table.Keep(older))
	require.Len(t, table.Ends(), before+1)
	require.Nil(t, table.Find("door"), "the segment has another name now")
	require.NotNil(t, table.Find("queue"))
	require.Empty(t, table.Rows(table.Find("internet"), table.Find("queue")))
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Fuzz(func(t *testing.T, text string) {
		table, err := intent.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		ends := table.Ends()
		for i, a := range ends {
			for _, b := range ends[i+1:] {
				if !a.Addresses.And(b.Addresses).Empty() || a.Name == b.Name {
					t.Errorf("%s and %s have something in common", a.Name, b.Name)
				}
			}
			for _, b := range ends {
				for _, c := range table.Rows(&a, &b) {
					if !c.Ports.Set().Minus(table.Admitted(&a, &b)).Empty() {
						t.Errorf("%+v is required and not admitted", c)
					}
				}
			}
		}
	})
}
