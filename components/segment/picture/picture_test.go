// SPDX-License-Identifier: Apache-2.0

package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/components/segment/picture"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// batch is a tier of one's own.
var batch = segment.Tier{Name: "batch", Reach: segment.ReachNAT, Place: 1}

// everything is a table with every kind of end, a row inside one segment, and a tier of one's own.
func everything() *segment.Table {
	return &segment.Table{
		Segments: []segment.Segment{
			{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
			{Name: "app", Tier: segment.App, Holds: "Service & its workers"},
			{Name: "db", Tier: segment.Data, Holds: "Database"},
			{Name: "jobs", Tier: batch, Holds: "Night jobs " + strings.Repeat("that are many ", 12)},
		},
		Connections: []segment.Connection{
			{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "Clients"},
			{From: "edge", To: "app", Ports: segment.TCP(8443), Why: "Requests & health checks"},
			{From: "app", To: "app", Ports: segment.TCPRange(7946, 7950), Why: "Gossip"},
			{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "Data"},
			{From: "app", To: segment.Addresses(), Ports: segment.HTTPS, Why: "Nobody yet"},
			{From: "app", To: segment.AWS("logs", "s3"), Ports: segment.HTTPS, Why: "Logs and packages"},
			{From: "jobs", To: segment.AWS("sqs", "dynamodb"), Ports: segment.HTTPS, Why: "Its queue and its table"},
			{From: "jobs", To: segment.Addresses("203.0.113.0/28"), Ports: segment.UDP(123), Why: "The time"},
		},
	}
}

func TestThePictureOfATableWithEverything(t *testing.T) {
	table := everything()
	require.Empty(t, table.Check(segment.Surroundings{VPC: netip.MustParsePrefix("10.0.0.0/16"), NAT: true}))
	got, err := picture.SVG(table)
	require.NoError(t, err)
	golden := filepath.Join("testdata", "everything.svg")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(golden, got, 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run `go test ./components/segment/picture -update` if this is meant, and look at the picture")
}

// Every row that opens something has a number, its ports and its reason; an empty row has nothing.
func TestEveryRowIsInThePicture(t *testing.T) {
	got, err := picture.SVG(everything())
	require.NoError(t, err)
	number := 0
	for _, row := range everything().Connections {
		if row.To == segment.Addresses() {
			require.NotContains(t, string(got), row.Why)
			continue
		}
		number++
		require.Regexp(t, regexp.MustCompile(`<title>[^<]*, `+row.Ports.String()+`: `+strings.ReplaceAll(row.Why, "&", "&amp;")+`</title>`), string(got))
	}
	require.Equal(t, number, strings.Count(string(got), "<g>"))
	require.Equal(t, number+2, strings.Count(string(got), "z\"/>"), "an arrow head for each, and one more for a row to both kinds of endpoints")
}

func TestThePictureIsXMLAndTheSameEveryTime(t *testing.T) {
	first, err := picture.SVG(everything())
	require.NoError(t, err)
	for range 20 {
		again, err := picture.SVG(everything())
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
	decoder := xml.NewDecoder(bytes.NewReader(first))
	for err = nil; err == nil; {
		_, err = decoder.Token()
	}
	require.True(t, errors.Is(err, io.EOF), err)
}

func TestATableWithoutRowsIsDrawn(t *testing.T) {
	got, err := picture.SVG(&segment.Table{Segments: everything().Segments})
	require.NoError(t, err)
	require.Contains(t, string(got), ">jobs<")
	require.NotContains(t, string(got), "<g>")
}

func TestARowWithAnUnknownEndIsAnError(t *testing.T) {
	for _, row := range []segment.Connection{{From: "edge", To: "cache"}, {From: "Edge", To: "db"}, {From: "", To: "db"}, {From: "db", To: "dns:x"}} {
		table := everything()
		table.Connections = append(table.Connections, row)
		_, err := picture.SVG(table)
		require.ErrorContains(t, err, "Connections[8]")
		require.ErrorContains(t, err, "is not an end that can be drawn")
	}
}
