// SPDX-License-Identifier: Apache-2.0

// Package report writes the findings of a policy run for people and for other programs.
package report

import (
	"fmt"
	"io"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Finding is one violation, ready to be written.
type Finding struct {
	Waiver   *pack.Waiver  `json:"waiver,omitempty"`
	Control  *pack.Control `json:"-"`
	ID       string        `json:"control"`
	Title    string        `json:"title"`
	Severity string        `json:"severity"`
	Level    string        `json:"level"`
	URN      string        `json:"urn,omitempty"`
	Type     string        `json:"type"`
	Name     string        `json:"name"`
	Path     string        `json:"path,omitempty"`
	Text     string        `json:"text"`
	Message  string        `json:"message"`
	Why      string        `json:"why"`
	Fix      string        `json:"fix"`
	URL      string        `json:"url"`
	Maps     []string      `json:"requirements"`
	Pages    []string      `json:"references"`
}

// Report is the outcome of a run.
type Report struct {
	Pack    string `json:"pack"`
	Version string `json:"version"`
	Source  string `json:"source"`
	// Frameworks are the catalogues that the requirements of findings are from, with their versions.
	Frameworks []pack.Framework `json:"frameworks"`
	Findings   []Finding        `json:"findings"`
	Undecided  []Open           `json:"undecided"`
	Resources  int              `json:"resources"`
	Checks     int              `json:"checks"`
	Passed     int              `json:"passed"`
}

// Open is a check without an answer yet.
type Open struct {
	ID     string `json:"control"`
	URN    string `json:"urn"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// New makes a report from results. Waived findings are kept, with their waiver.
func New(p *pack.Pack, source string, resources int, results []pack.Result) *Report {
	r := &Report{Pack: p.Name, Version: p.Version, Source: source, Resources: resources, Frameworks: append([]pack.Framework{}, p.Frameworks...), Findings: []Finding{}, Undecided: []Open{}}
	for i := range results {
		result := &results[i]
		if result.Outcome != pack.NotApplicable {
			r.Checks++
		}
		switch result.Outcome {
		case pack.Pass:
			r.Passed++
		case pack.Undecided:
			r.Undecided = append(r.Undecided, Open{ID: result.Control.ID, URN: result.URN, Name: result.Name, Reason: result.Reason})
		case pack.Fail:
			for _, n := range result.Notes {
				r.Findings = append(r.Findings, finding(result, n))
			}
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.Control.Severity != b.Control.Severity {
			return int(b.Control.Severity) - int(a.Control.Severity)
		}
		return 0
	})
	return r
}

func finding(r *pack.Result, n pack.Note) Finding {
	level := r.Level
	if level == pack.Remediate {
		level = pack.Mandatory // what is still there after the remedy stops a deployment, as it does for the engine
	}
	return Finding{
		Control: r.Control, ID: r.Control.ID, Title: r.Control.Title, Severity: r.Control.Severity.String(), Level: level.String(),
		URN: r.URN, Type: r.Type, Name: r.Name, Path: n.Path, Text: n.Text, Message: r.Message(n), Why: r.Control.Why, Fix: r.Cure(n),
		URL: r.Control.URL, Maps: append([]string{}, r.Control.Maps...), Pages: r.Control.References(), Waiver: r.Waiver,
	}
}

// Blocks reports whether a finding stops a deployment: it is mandatory and not waived.
func (f *Finding) Blocks() bool {
	return f.Waiver == nil && f.Level == pack.Mandatory.String()
}

// Blocked reports whether any finding stops a deployment.
func (r *Report) Blocked() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Blocks() })
}

// Formats are the names that Write knows.
var Formats = []string{"text", "json", "sarif", "junit", "markdown"}

// Write writes the report in one of the formats.
func (r *Report) Write(w io.Writer, format string, p *pack.Pack) error {
	switch format {
	case "text":
		return r.text(w)
	case "json":
		return writeJSON(w, r)
	case "sarif":
		return r.sarif(w, p)
	case "junit":
		return r.junit(w)
	case "markdown":
		return r.markdown(w)
	}
	return fmt.Errorf("format %q is not known; use one of %v", format, Formats)
}
