// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Failure   *junitText `xml:"failure,omitempty"`
	Skipped   *junitText `xml:"skipped,omitempty"`
	ClassName string     `xml:"classname,attr"`
	Name      string     `xml:"name,attr"`
	Output    string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// junit writes one case for each finding and each open check, and one for all that passed. What advises only
// is a passed case with output; what is waived or undecided is skipped.
func (r *Report) junit(w io.Writer) error {
	suite := junitSuite{Name: r.Pack + " " + r.Version}
	for i := range r.Findings {
		f := &r.Findings[i]
		c := junitCase{ClassName: f.ID, Name: strings.TrimSpace(f.Name + " " + f.Place + " " + f.Path)}
		switch {
		case f.Waiver != nil:
			c.Skipped = &junitText{Message: f.state()}
			suite.Skipped++
		case f.Blocks():
			c.Failure = &junitText{Message: f.Text, Type: f.Severity, Text: f.Message}
			suite.Failures++
		default:
			c.Output = "advisory: " + f.Message
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, o := range r.Undecided {
		suite.Cases = append(suite.Cases, junitCase{ClassName: o.ID, Name: o.Name, Skipped: &junitText{Message: o.Reason}})
		suite.Skipped++
	}
	for _, g := range r.Coverage.Gaps {
		suite.Cases = append(suite.Cases, junitCase{ClassName: r.Pack, Name: "not judged: " + g.Type, Skipped: &junitText{Message: g.Why + ": " + strings.Join(g.Names, ", ")}})
		suite.Skipped++
	}
	suite.Cases = append(suite.Cases, junitCase{ClassName: r.Pack, Name: "passed", Output: fmt.Sprintf("%d checks passed", r.Passed)})
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// sarif writes SARIF 2.1.0 for code scanning services: every control is a rule, every finding a result at a
// logical location, the URN.
func (r *Report) sarif(w io.Writer, p *pack.Pack) error {
	var rules []any
	for _, c := range p.Controls() {
		rules = append(rules, map[string]any{
			"id": c.ID, "name": c.ID, "helpUri": c.URL,
			"shortDescription":     map[string]any{"text": c.Title},
			"fullDescription":      map[string]any{"text": c.Why},
			"help":                 map[string]any{"text": c.Fix, "markdown": c.Fix},
			"defaultConfiguration": map[string]any{"level": sarifLevel(c.Severity)},
			"properties":           map[string]any{"tags": append([]string{string(c.About())}, c.Maps...), "references": c.References(), "security-severity": sarifScore(c.Severity)},
		})
	}
	results := []any{}
	for i := range r.Findings {
		f := &r.Findings[i]
		result := map[string]any{
			"ruleId": f.ID, "level": sarifLevel(f.Control.Severity), "message": map[string]any{"text": f.Message},
			"locations": []any{map[string]any{
				"physicalLocation": map[string]any{"artifactLocation": map[string]any{"uri": r.Source}, "region": map[string]any{"startLine": 1}},
				"logicalLocations": []any{map[string]any{"fullyQualifiedName": f.URN, "name": f.Name, "kind": "resource"}},
			}},
			"partialFingerprints": map[string]any{"urn": f.ID + " " + f.URN + " " + f.Path},
		}
		if f.Waiver != nil {
			result["suppressions"] = []any{map[string]any{"kind": "external", "justification": f.Waiver.Reason + " (" + f.Waiver.Owner + ", until " + f.Waiver.Expires + ")"}}
		}
		results = append(results, result)
	}
	for _, o := range r.Undecided {
		results = append(results, map[string]any{
			"ruleId": o.ID, "kind": "open", "level": "none", "message": map[string]any{"text": o.Reason},
			"locations": []any{map[string]any{
				"logicalLocations": []any{map[string]any{"fullyQualifiedName": o.URN, "name": o.Name, "kind": "resource"}},
			}},
		})
	}
	unseen := []any{}
	for _, g := range r.Coverage.Gaps {
		unseen = append(unseen, map[string]any{"level": "warning", "message": map[string]any{"text": fmt.Sprintf("not judged: %d %s: %s", len(g.Names), g.Type, g.Why)}})
	}
	return writeJSON(w, map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{
			"tool":        map[string]any{"driver": map[string]any{"name": p.Name, "version": p.Version, "informationUri": p.Source, "rules": rules, "properties": map[string]any{"frameworks": r.Frameworks}}},
			"invocations": []any{map[string]any{"executionSuccessful": true, "toolExecutionNotifications": unseen}},
			"results":     results,
		}},
	})
}

func sarifLevel(s pack.Severity) string {
	switch {
	case s >= pack.High:
		return "error"
	case s == pack.Medium:
		return "warning"
	}
	return "note"
}

// sarifScore places the severities in the bands that code scanning services use.
func sarifScore(s pack.Severity) string {
	return map[pack.Severity]string{pack.Low: "3.0", pack.Medium: "5.5", pack.High: "8.0", pack.Critical: "9.5"}[s]
}
