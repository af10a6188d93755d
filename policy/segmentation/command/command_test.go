// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/command"
)

const (
	table      = "testdata/production.yaml"
	production = "../../hardening/testdata/production.json"
)

func run(t *testing.T, in, name string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = command.Main("1.2.3", name, args, strings.NewReader(in), &o, &e)
	return code, o.String(), e.String()
}

// changed is our production stack with a text replaced.
func changed(t *testing.T, old, young string) string {
	t.Helper()
	text, err := os.ReadFile(production)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	path := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(young)), 0o600))
	return path
}

func TestProductionHasTheSegmentsOfItsTable(t *testing.T) {
	for name, args := range map[string][]string{"its own": {production}, "an export": {"-intent", production, production}, "a file": {"-intent", table, production}} {
		code, out, errOut := run(t, "", "prove", args...)
		require.Equal(t, command.Clean, code, name+out+errOut)
		require.Regexp(t, `(?m)^ +\d app  +( \.| \+| ){28}$`, out, name)
		require.NotContains(t, out, "note:")
		require.Regexp(t, `\n  internet +edge \(1\), app \(1\), (db|database) \(2\)`, out, name)
		// 18, 19 and 49: what no rule closes is never forgotten.
		for _, channel := range []string{"DNS: every interface reaches the VPC's resolver", "Instance metadata, time and DHCP", "Connections that are open", "Session Manager and EC2 Instance Connect",
			"app -> aws:s3: copying data into somebody else's account succeeds"} {
			require.Contains(t, out, channel)
		}
		for line := range strings.Lines(out) {
			require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), 100, line)
		}
	}
}

func TestOneRunWritesAFileToo(t *testing.T) {
	wide := changed(t, `"fromPort":8443,"ipProtocol":"tcp"`, `"fromPort":22,"ipProtocol":"tcp"`)
	for ending, begins := range map[string]string{".md": "| change | from | to |", ".json": "[{", ".html": "<!DOCTYPE html>", ".txt": "opens edge -> app"} {
		file := filepath.Join(t.TempDir(), "change"+ending)
		code, out, errOut := run(t, "", "diff", "-also", file, production, wide)
		require.Equal(t, command.Refused, code, errOut)
		require.Contains(t, out, "opens edge -> app: tcp 22")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), begins), string(text[:min(len(text), 100)]))
	}
	code, _, errOut := run(t, "", "diff", "-also", "change.sarif", production, wide)
	require.Equal(t, command.Unusable, code)
	require.Contains(t, errOut, "-also: change.sarif ends in no form that diff writes, which are text, json, markdown, html")
	code, _, errOut = run(t, "", "prove", "-also", filepath.Join(t.TempDir(), "nowhere", "x.md"), production)
	require.Equal(t, command.Unusable, code)
	require.Contains(t, errOut, "no such file or directory")
}

func TestARuleTooManyIsAViolationWithItsWitness(t *testing.T) {
	wide := changed(t, `"fromPort":8443,"ipProtocol":"tcp"`, `"fromPort":22,"ipProtocol":"tcp"`)
	code, out, _ := run(t, "", "prove", "-intent", table, "-format", "json", wide)
	require.Equal(t, command.Refused, code)
	var proof struct {
		Cells []struct {
			From, To, Status string
			Findings         []struct {
				Status, Code, What string
				Path               *struct {
					Packet struct{ Port int }
					Hops   []struct {
						Rule   string
						Passes bool
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &proof))
	bad := 0
	for _, c := range proof.Cells {
		if c.Status == "closed" || c.Status == "allowed" || c.Status == "mediated" {
			continue
		}
		bad++
		require.Equal(t, []string{"edge", "app"}, []string{c.From, c.To})
		require.NotEmpty(t, c.Findings)
		for _, f := range c.Findings {
			require.NotNil(t, f.Path)
			require.NotEmpty(t, f.Path.Hops)
		}
	}
	require.Equal(t, 1, bad)
	code, out, _ = run(t, "", "prove", "-intent", table, "-format", "markdown", wide)
	require.Equal(t, command.Refused, code)
	require.Contains(t, out, "**edge -> app**")
}

// Descriptions of rules are anybody's, and end in the comment of a review.
func TestNothingFromTheNetworkIsMarkup(t *testing.T) {
	wide := changed(t, `"description":"Requests and health checks from the load balancer to the service","fromPort":8443`, `"description":"<img src=x> ![a](//b) |","fromPort":22`)
	for _, format := range []string{"markdown", "html"} {
		code, out, _ := run(t, "", "prove", "-intent", table, "-format", format, wide)
		require.Equal(t, command.Refused, code)
		require.NotContains(t, out, "<img src=x>")
		require.Equal(t, format == "markdown", strings.Contains(out, `"&lt;img src=x&gt; !\[a](//b) \|"`), format)
	}
}

func TestQuestionsGetOneAnswerALine(t *testing.T) {
	code, out, _ := run(t, `{"src":"internet","dst":"edge","protocol":"tcp","port":443}
{"src":"internet","dst":"app","protocol":"tcp","port":"8443"}
{"src":"10.10.0.20","dst":"198.51.100.65","protocol":"tcp","port":443}
{"src":"bastion","dst":"database"}
{"src":"nobody","dst":"edge"}
{"src":"app","dst":"edge","protocol":"tcp","port":70000}
not json
{"src":"app","dst":"edge","prot":"tcp","port":443}
{"src":"app","dst":"edge"}, {"src":"app","dst":"database"}
{"src":"app"}
{"src":"203.0.113.7","dst":"internet"}
`, "query", "-intent", table, "-in", production, "-")
	require.Equal(t, command.Refused, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 11)
	for i, want := range []string{
		`"verdict":"must","direct":"must","mediated":"cannot"`, `"verdict":"cannot","direct":"cannot","mediated":"must","through":["production-edge"]`, `"verdict":"may"`,
		`"verdict":"cannot","direct":"cannot","mediated":"cannot","lateral":true,"steps":2`, `{"src":"nobody","dst":"edge","question":"","verdict":"unknown","direct":"","mediated":"","lateral":false,"error":"nothing is called \"nobody\"`,
		"a port is a number from 0 to 65535", "the line is no question", `unknown field \"prot\"`, "something comes after it",
		`"verdict":"unknown","direct":"","mediated":"","lateral":false,"error":"src and dst are wanted`, `"error":"neither 203.0.113.7 nor internet is in this network`,
	} {
		require.Contains(t, lines[i], want)
	}
	require.Contains(t, lines[1], `"codes":["IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS","ENI_SG_RULES_MISMATCH","SUBNET_ACL_RESTRICTION","NO_ROUTE_FOR_REPLY"]`)
}

func TestExplainDiffAndLint(t *testing.T) {
	code, out, _ := run(t, "", "explain", "-in", production, "production-app", "production-db", "tcp/5432")
	require.Equal(t, command.Clean, code)
	require.Contains(t, out, "production-app -> production-db, tcp 5432: must")
	require.Contains(t, out, `"PostgreSQL connections of the service"`)

	wide := changed(t, `"fromPort":8443,"ipProtocol":"tcp"`, `"fromPort":22,"ipProtocol":"tcp"`)
	code, out, _ = run(t, "", "diff", "-intent", table, production, wide)
	require.Equal(t, command.Refused, code)
	require.Contains(t, out, "opens edge -> app: tcp 22")
	code, out, _ = run(t, "", "diff", "-intent", table, wide, production)
	require.Equal(t, command.Clean, code, out)
	require.Contains(t, out, "closes edge -> app: tcp 22")
	_, out, _ = run(t, "", "diff", production, production)
	require.Equal(t, "nothing opens and nothing closes\n", out)

	_, out, _ = run(t, "", "lint", changed(t, `"cidrIpv4":"203.0.113.0/28","description":"Operators at known addresses","fromPort":22`, `"cidrIpv4":"203.0.113.0/28","description":"Operators at known addresses","fromPort":22,"x":1`))
	require.Equal(t, "nothing to say\n", out)
	_, out, _ = run(t, "", "lint", "-in", production, "-format", "json")
	require.Equal(t, "[]\n", out)
	_, out, _ = run(t, "", "diff", production, production, "-format", "json")
	require.True(t, json.Valid([]byte(out)), out)
}

func TestBadInputSaysWhatIsWrong(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("segments: [{name: a, what: x}, {name: a, what: x}]\n"), 0o600))
	for want, args := range map[string][]string{
		"say them with -intent TABLE":           {"prove", "-"},
		"there is another segment of this name": {"prove", "-intent", bad, production},
		"no such file":                          {"prove", "-intent", table, "nowhere.json"},
		"the file is not complete JSON":         {"prove", "-intent", table, "../../../go.mod"},
		`-format: "pdf" is not known`:           {"prove", "-format", "pdf", production},
		"say with -in":                          {"explain", "a", "b"},
	} {
		code, out, errOut := run(t, `{"version":3,"deployment":{"resources":[]}}`, args[0], args[1:]...)
		require.Equal(t, command.Unusable, code, out)
		require.Contains(t, errOut, want)
	}
}

func TestPagesAreWrittenOfOneNetworkAndOfAChange(t *testing.T) {
	code, out, errOut := run(t, "", "prove", "-format", "html", production)
	require.Equal(t, command.Clean, code, errOut)
	require.Contains(t, out, "<h1>Segments of production.json</h1>")
	require.NotContains(t, out, "What the change opens")
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, []byte(`{"version":3,"deployment":{"manifest":{}}}`), 0o600))
	code, out, errOut = run(t, "", "diff", "-format", "html", empty, production)
	require.Equal(t, command.Refused, code, errOut)
	require.Contains(t, out, "<td><b>opens</b></td><td>internet</td><td>edge</td>")
	code, out, errOut = run(t, "", "diff", "-format", "html", empty, empty)
	require.Equal(t, command.Unusable, code)
	require.Empty(t, out)
	require.Contains(t, errOut, "the form html shows segments")
	code, _, errOut = run(t, "", "lint", "-format", "html", production)
	require.Equal(t, command.Unusable, code)
	require.Contains(t, errOut, `-format: "html" is not known; use text, json`)
}

func TestAFirstDeploymentOpensWhatItsTableNames(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, []byte(`{"version":3,"deployment":{"manifest":{}}}`), 0o600))
	code, out, errOut := run(t, "", "diff", "-format", "json", empty, production)
	require.Equal(t, command.Refused, code, errOut)
	var changes []struct{ From, To, Opens, Closes, Unknown string }
	require.NoError(t, json.Unmarshal([]byte(out), &changes))
	_, out, _ = run(t, "", "prove", "-format", "json", production)
	var proof struct {
		Cells []struct{ From, To, May string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &proof))
	opened := 0
	for _, c := range proof.Cells {
		if c.May != "" {
			opened++
			require.Contains(t, changes, struct{ From, To, Opens, Closes, Unknown string }{c.From, c.To, c.May, "", ""})
		}
	}
	require.Len(t, changes, opened)

	code, out, _ = run(t, "", "diff", production, empty)
	require.Equal(t, command.Clean, code, out)
	require.Equal(t, opened, strings.Count(out, "closes "))
}

func TestARowThatGoesWithoutItsRulesClosesNothing(t *testing.T) {
	young := changed(t, "addresses:198.51.100.64/28", "addresses:")
	code, out, errOut := run(t, "", "diff", production, young)
	require.Equal(t, command.Clean, code, errOut)
	require.Equal(t, "nothing opens and nothing closes\n", out, "the rules are the same; only the table says less")
}

func TestWhatOpensIsATableWithPathsForAMergeRequest(t *testing.T) {
	wide := changed(t, `"fromPort":8443,"ipProtocol":"tcp"`, `"fromPort":22,"ipProtocol":"tcp"`)
	code, out, _ := run(t, "", "diff", "-format", "markdown", production, wide)
	require.Equal(t, command.Refused, code)
	require.Regexp(t, `(?m)^\| \*\*opens\*\* \| edge \| app \| tcp 22 .* \| production-app-from-production-edge-tcp-8443 of production-app allows .*"Requests and health checks .*" \|$`, out)
	require.Contains(t, out, "<details><summary>edge → app: tcp 22")
	require.Contains(t, out, "  passes  production-app-from-production-edge-tcp-8443")
	_, out, _ = run(t, "", "diff", "-format", "markdown", production, production)
	require.Equal(t, "Between the segments nothing opens and nothing closes.\n", out)
}

func TestMoreAddressesInARowOfTheTableOpenThem(t *testing.T) {
	wide := changed(t, "203.0.113.0/28", "203.0.112.0/23")
	for _, format := range []string{"text", "markdown"} {
		code, out, _ := run(t, "", "diff", "-format", format, production, wide)
		require.Equal(t, command.Refused, code)
		require.Regexp(t, `opens.* addresses:203\.0\.112\.0/23,2001:db8:1::/48 \(IPv4 but 203\.0\.113\.0/28\) .*bastion.* tcp 22 `, out)
	}
	code, out, _ := run(t, "", "diff", wide, production)
	require.Equal(t, command.Clean, code, out)
	require.Contains(t, out, "closes")

	group := changed(t, `"cidrIpv4":"203.0.113.0/28","description":"Operators at known addresses"`, `"cidrIpv4":"203.0.113.0/27","description":"Operators at known addresses"`)
	code, out, _ = run(t, "", "diff", production, group)
	require.Equal(t, command.Clean, code, "the ACL admits no more than before: %s", out)
	both := changed(t, `":"203.0.113.0/28"`, `":"203.0.113.0/27"`)
	code, out, _ = run(t, "", "diff", production, both)
	require.Equal(t, command.Refused, code)
	require.Contains(t, out, "opens internet (203.0.113.16/28) -> bastion: tcp 22 from client ports 443, 1024-65535\n")
}
