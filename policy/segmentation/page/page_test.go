// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

var update = flag.Bool("update", false, "write docs/report.html anew")

// state is our production stack with some texts replaced.
func state(tb testing.TB, replace ...string) string {
	tb.Helper()
	text, err := os.ReadFile("../../hardening/testdata/production.json")
	require.NoError(tb, err)
	for i := 0; i < len(replace); i += 2 {
		require.Contains(tb, string(text), replace[i])
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}

// widened lets the load balancer reach the service at another port than the table says.
var widened = []string{`"fromPort":8443,"ipProtocol":"tcp"`, `"fromPort":22,"ipProtocol":"tcp"`}

func open(tb testing.TB, text string) *segmentation.Network {
	tb.Helper()
	d, err := export.Read(strings.NewReader(text))
	require.NoError(tb, err)
	table, err := stack.Table(d.Inputs)
	require.NoError(tb, err)
	n, err := segmentation.Open(stack.Of(d, nil), table)
	require.NoError(tb, err)
	return n
}

func write(tb testing.TB, p *page.Page) string {
	tb.Helper()
	var out bytes.Buffer
	require.NoError(tb, p.Write(&out))
	return out.String()
}

// changedPage is the page of a change that opens and closes something.
func changedPage(tb testing.TB) string {
	tb.Helper()
	before, after := open(tb, state(tb)), open(tb, state(tb, widened...))
	return write(tb, &page.Page{Input: "change.json", Proof: after.Proof(), Before: before.Proof(), Changes: segmentation.Compare(before, after)})
}

// TestTheExampleIsTheReportOfOurProductionStack keeps docs/report.html true.
func TestTheExampleIsTheReportOfOurProductionStack(t *testing.T) {
	const path = "../../../docs/report.html"
	got := write(t, &page.Page{Input: "production", Proof: open(t, state(t)).Proof()})
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, string(want) == got, "the report has changed; run `go test ./policy/segmentation/page -update` and look at docs/report.html")
}

// elements are the elements of a page by their names.
func elements(t *testing.T, text string) map[string][]*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	out := map[string][]*html.Node{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out[n.Data] = append(out[n.Data], n)
		}
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestAPageNeedsNothingElse(t *testing.T) {
	found := elements(t, changedPage(t))
	for name, nodes := range found {
		for _, n := range nodes {
			for _, a := range n.Attr {
				require.NotContains(t, []string{"src", "srcset", "action", "style", "background", "poster"}, a.Key, name)
				require.False(t, strings.HasPrefix(a.Key, "on"), "%s has the handler %s, which the policy forbids", name, a.Key)
				if a.Key == "href" {
					require.Contains(t, []string{"#matrix", "data:,"}, a.Val)
				}
			}
		}
	}
	require.NotContains(t, found["style"][0].FirstChild.Data, "url(")
	policy := attribute(found["meta"][1], "content")
	require.True(t, strings.HasPrefix(policy, "default-src 'none';"), policy)
	for _, n := range []*html.Node{found["style"][0], found["script"][1]} {
		sum := sha256.Sum256([]byte(n.FirstChild.Data))
		require.Contains(t, policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", n.Data)
	}
}

func TestNamesOfTheNetworkAreTextAndNothingElse(t *testing.T) {
	const hostile = `</script><!--<script>alert(1)</script><img src=x onerror=alert(1)>{{.}}'&amp;\u0022 "`
	quoted, err := json.Marshal(hostile)
	require.NoError(t, err)
	text := state(t, `"Requests and health checks`, strings.TrimSuffix(string(quoted), `"`)+`Requests and health checks`)
	d, err := export.Read(strings.NewReader(text))
	require.NoError(t, err)
	table := &intent.Table{
		Segments: []intent.Segment{
			{Name: "edge" + hostile, Tier: "tier" + hostile, What: intent.Words{"kind:load-balancer"}}, {Name: "app" + hostile, What: intent.Words{"production-app*"}},
		},
		Connections: []intent.Connection{{From: "edge" + hostile, To: "app" + hostile, Why: "why" + hostile}},
	}
	require.NoError(t, yaml.Unmarshal([]byte("tcp/8443"), &table.Connections[0].Ports))
	require.NoError(t, table.Settle())
	net := stack.Of(d, nil)
	net.VPCs[0].Name += hostile
	for i := range net.Interfaces {
		net.Interfaces[i].Name += hostile
	}
	n, err := segmentation.Open(net, table)
	require.NoError(t, err)
	page := write(t, &page.Page{Input: "</title>" + hostile, Proof: n.Proof()})
	found := elements(t, page)
	require.Empty(t, found["img"])
	require.Len(t, found["script"], 2)
	require.Len(t, found["title"], 1)
	require.True(t, slices.ContainsFunc(found["button"], func(b *html.Node) bool { return attribute(b, "data-segment") == "edge"+hostile }))
	var data struct {
		Hops   []struct{ Says string }
		Sheets []struct{ Title string }
	}
	require.NoError(t, json.Unmarshal([]byte(found["script"][0].FirstChild.Data), &data))
	require.True(t, slices.ContainsFunc(data.Hops, func(h struct{ Says string }) bool { return strings.Contains(h.Says, "onerror=alert") }))
	require.True(t, slices.ContainsFunc(data.Sheets, func(s struct{ Title string }) bool { return s.Title == "edge"+hostile+" → app"+hostile }))
}

func TestEveryCellHasItsHeadersAndItsSheet(t *testing.T) {
	n := open(t, state(t, widened...))
	found := elements(t, write(t, &page.Page{Input: "state.json", Proof: n.Proof()}))
	var data struct {
		Sheets []struct {
			Title string
			Why   []struct {
				What string
				Hops []int
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(found["script"][0].FirstChild.Data), &data))
	require.Len(t, data.Sheets, len(n.Proof().Cells))
	for i, c := range n.Proof().Cells {
		require.Equal(t, c.From+" → "+c.To, data.Sheets[i].Title)
		require.NotEmpty(t, data.Sheets[i].Why)
		require.GreaterOrEqual(t, len(data.Sheets[i].Why), len(c.Findings))
		if c.Status != segmentation.Closed || c.From != c.To {
			require.NotEmpty(t, data.Sheets[i].Why[0].Hops, data.Sheets[i].Title)
		}
	}
	labels := map[string]bool{}
	for _, b := range found["button"] {
		labels[attribute(b, "aria-label")] = true
	}
	require.True(t, labels["aws:kms to edge: as intended"], "what is admitted and cannot happen has no ports")
	require.True(t, labels["edge to app: more than intended, tcp 22 from client ports 1024-65535, 443 from client ports 1024-65535, 8443 from client ports 1024-65535"], "%v", labels)
	for _, r := range found["tr"] {
		require.False(t, attribute(r, "data-from") == "aws:kms", "what cannot happen is no connection")
	}
	for _, h := range found["th"] {
		require.NotEmpty(t, attribute(h, "scope"))
	}
}

func TestAChangeShowsWhatItOpensAndWhatWas(t *testing.T) {
	text := changedPage(t)
	require.Contains(t, text, "What the change opens and closes")
	require.Contains(t, text, "edge to app: more than intended, tcp 22 from client ports 1024-65535, 443 from client ports 1024-65535, 8443 from client ports 1024-65535; before: as intended")
	require.Regexp(t, `<td><b>opens</b></td><td>edge</td><td>app</td><td>tcp 22 `, text)
	same, wide := open(t, state(t)), open(t, state(t, widened...))
	back := write(t, &page.Page{Input: "back", Proof: same.Proof(), Before: wide.Proof(), Changes: segmentation.Compare(wide, same)})
	require.Regexp(t, `<td><b>closes</b></td><td>edge</td><td>app</td><td>tcp 22 .*</td><td></td><td></td></tr>`, back)
	require.Contains(t, write(t, &page.Page{Input: "x", Proof: same.Proof(), Before: same.Proof()}), "nothing opens and nothing closes")
}
