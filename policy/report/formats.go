// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/sarif"
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
		suite.Cases = append(suite.Cases,
			junitCase{ClassName: r.Pack, Name: "not judged: " + g.Type, Skipped: &junitText{Message: g.Why + ": " + strings.Join(g.Names, ", ")}})
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

// sarif writes every control as a rule and every finding as a result at its resource. What is undecided is open.
func (r *Report) sarif(w io.Writer, p *pack.Pack) error {
	run := sarif.Run{Tool: p.Name, Version: p.Version, URL: p.Source, Input: r.Source, Properties: map[string]any{"frameworks": r.Frameworks}}
	for _, c := range p.Controls() {
		run.Rules = append(run.Rules, sarif.Rule{
			ID: c.ID, Title: c.Title, Why: c.Why, Fix: c.Fix, URL: c.URL, Level: sarifLevel(c.Severity),
			Properties: map[string]any{"tags": append([]string{string(c.About())}, c.Maps...), "references": c.References(),
				"security-severity": sarifScore(c.Severity)},
		})
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		result := sarif.Result{
			Rule: f.ID, Level: sarifLevel(f.Control.Severity), Text: f.Message, Kind: "resource", Name: f.Name, ID: f.URN,
			Fingerprint: map[string]string{"urn": f.ID + " " + f.URN + " " + f.Path},
		}
		if f.Waiver != nil {
			result.Waiver = f.Waiver.Reason + " (" + f.Waiver.Owner + ", until " + f.Waiver.Expires + ")"
		}
		run.Results = append(run.Results, result)
	}
	for _, o := range r.Undecided {
		run.Results = append(run.Results, sarif.Result{Rule: o.ID, Level: sarif.None, Text: o.Reason, Kind: "resource", Name: o.Name, ID: o.URN})
	}
	for _, g := range r.Coverage.Gaps {
		run.Warnings = append(run.Warnings, fmt.Sprintf("not judged: %d %s: %s", len(g.Names), g.Type, g.Why))
	}
	return run.Write(w)
}

func sarifLevel(s pack.Severity) string {
	switch {
	case s >= pack.High:
		return sarif.Error
	case s == pack.Medium:
		return sarif.Warning
	}
	return sarif.Note
}

// sarifScore places the severities in the bands that code scanning services use.
func sarifScore(s pack.Severity) string {
	return map[pack.Severity]string{pack.Low: "3.0", pack.Medium: "5.5", pack.High: "8.0", pack.Critical: "9.5"}[s]
}
