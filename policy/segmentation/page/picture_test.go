// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/scenes"
)

// drawn is the picture of a proof, which is XML, the same every time, and asks nobody for anything.
func drawn(t *testing.T, p *segmentation.Proof) string {
	t.Helper()
	var first, again bytes.Buffer
	require.NoError(t, page.SVG(&first, p))
	require.NoError(t, page.SVG(&again, p))
	require.Equal(t, first.String(), again.String())
	decoder := xml.NewDecoder(&again)
	var err error
	for err == nil {
		var token xml.Token
		token, err = decoder.Token()
		if e, ok := token.(xml.StartElement); ok {
			require.Contains(t, []string{"svg", "title", "desc", "style", "rect", "text", "g", "path", "circle"}, e.Name.Local)
			for _, a := range e.Attr {
				require.NotContains(t, []string{"href", "onload", "onclick", "src"}, a.Name.Local)
			}
		}
	}
	require.True(t, errors.Is(err, io.EOF), err)
	return first.String()
}

func TestEveryRowIsAnArrowWithItsReason(t *testing.T) {
	p := open(t, state(t)).Proof()
	got := drawn(t, p)
	require.Contains(t, got, "<desc id=\"desc\">Proved: these connections pass, whatever is not known yet, and nothing else can.\n1. internet to edge, tcp 443: HTTPS from the internet.\n")
	require.Equal(t, len(p.Lines()), strings.Count(got, "<g>"))
	for _, l := range p.Lines() {
		require.Contains(t, got, l.Packets+": "+l.Why+"</title>")
	}
	for _, part := range []string{
		">public tier: connections from outside, none to outside<", ">app tier: connections to outside, none from outside<", ">data tier: no connection from outside or to outside<",
		">gateway endpoint<", ">interface endpoints<", "prefers-color-scheme: dark", `role="img" aria-labelledby="title desc"`,
	} {
		require.Contains(t, got, part)
	}
	require.NotContains(t, got, `class="wrong"`)
}

func TestWhatIsNotAsTheTableSaysIsDrawnSoAndSaid(t *testing.T) {
	got := drawn(t, open(t, state(t, widened...)).Proof())
	require.Contains(t, got, "Not as the table says: what differs is drawn broken, with a sign")
	require.Regexp(t, `<g class="wrong"><title>edge to app, tcp 22 from client ports .*: more than intended</title>`, got)
	require.Contains(t, got, ">tcp 22 !<")
	require.Regexp(t, `<g><title>internet to edge, tcp 443`, got)
}

func TestWhereNothingStandsAndHostileNamesAreDrawn(t *testing.T) {
	table, err := intent.Read(strings.NewReader(`
segments: [{name: "web<script>&", what: ["web*"]}, {name: cache, what: [cache]}, {name: "all \"rest\"", what: ["app*", db]}]
connections: [{from: "web<script>&", to: cache, ports: tcp/6379, why: "sessions]]>"}, {from: "web<script>&", to: "web<script>&", ports: tcp/7946, why: gossip}]
`))
	require.NoError(t, err)
	p, err := segmentation.Prove(scenes.Open().Network, table)
	require.NoError(t, err)
	got := drawn(t, p)
	require.Contains(t, got, ">Nothing stands in<")
	require.Contains(t, got, "web&lt;script&gt;&amp; to cache, tcp 6379: sessions]]&gt; (intended, but nothing stands there)</title>")
	require.Contains(t, got, ">tcp 6379 -<")
	require.Contains(t, got, "web&lt;script&gt;&amp; to web&lt;script&gt;&amp;, tcp 7946: gossip</title>")
	table = &intent.Table{Segments: table.Segments}
	require.NoError(t, table.Settle())
	s := scenes.Open()
	for i := range s.Groups {
		s.Groups[i].Ingress, s.Groups[i].Egress = nil, nil
	}
	p, err = segmentation.Prove(s.Network, table)
	require.NoError(t, err)
	require.NotContains(t, drawn(t, p), "<g")
}
