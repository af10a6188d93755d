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
	Control  *pack.Control `json:"-"`
	ID       string        `json:"control"`
	Title    string        `json:"title"`
	Severity string        `json:"severity"`
	Level    string        `json:"level"`
	URN      string        `json:"urn,omitempty"`
	Type     string        `json:"type"`
	Name     string        `json:"name"`
	// Place tells the resource apart from others of its type and name, such as in Queue "shop".
	Place   string `json:"place,omitempty"`
	Path    string `json:"path,omitempty"`
	Text    string `json:"text"`
	Message string `json:"message"`
	Why     string `json:"why"`
	Fix     string `json:"fix"`
	URL     string `json:"url"`
	// Also are the other controls that say the same of the resource; of those, Cause is this control.
	Also   []string     `json:"also,omitempty"`
	Cause  string       `json:"cause,omitempty"`
	Maps   []string     `json:"requirements"`
	Pages  []string     `json:"references"`
	Waiver *pack.Waiver `json:"waiver,omitempty"`
}

// Report is the outcome of a run.
type Report struct {
	Pack    string `json:"pack"`
	Version string `json:"version"`
	Source  string `json:"source"`
	// Stack is the stack with its project, such as "dev of shop".
	Stack string `json:"stack"`
	// Profile and Config are by which levels and settings was judged; empty is the pack's own.
	Profile string `json:"profile"`
	Config  string `json:"config"`
	// Chosen says which of the findings the report is about, when it is not about all.
	Chosen string `json:"chosen,omitempty"`
	// Frameworks are the catalogues that the requirements of findings are from, with their versions.
	Frameworks []pack.Framework `json:"frameworks"`
	Findings   []Finding        `json:"findings"`
	Undecided  []Open           `json:"undecided"`
	// Coverage says what was not judged.
	Coverage *pack.Coverage `json:"coverage"`
	// On and Off count the controls, About those that are on and chosen.
	On     int `json:"controlsOn"`
	Off    int `json:"controlsOff"`
	About  int `json:"controlsChosen"`
	Checks int `json:"checks"`
	Passed int `json:"passed"`
}

// Open is a check without an answer yet.
type Open struct {
	ID       string `json:"control"`
	Severity string `json:"severity"`
	URN      string `json:"urn"`
	Type     string `json:"type"`
	Name     string `json:"name"`
	// Place tells the resource apart from others of its type and name.
	Place  string `json:"place,omitempty"`
	Reason string `json:"reason"`
	rank   pack.Severity
}

// Run is what a report is made of.
type Run struct {
	// Chosen keeps a control in the report; nil keeps all.
	Chosen func(*pack.Control) bool
	// Report holds what is known of the run: source, stack, profile, configuration, coverage.
	Report Report
	// Resources are those of the stack pass.
	Resources []*pack.Resource
	Results   []pack.Result
	// Level is the level of a control in the run.
	Level func(id string) pack.Level
}

// New makes a report of a run. Waived findings are kept, with their waiver; what sums up the rest of the report is left out.
func New(p *pack.Pack, run Run) *Report {
	r := &run.Report
	r.Pack, r.Version, r.Frameworks = p.Name, p.Version, append([]pack.Framework{}, p.Frameworks...)
	r.Findings, r.Undecided = []Finding{}, []Open{}
	for _, c := range p.Controls() {
		if run.Level(c.ID) == pack.Disabled {
			r.Off++
			continue
		}
		r.On++
		if run.Chosen == nil || run.Chosen(c) {
			r.About++
		}
	}
	places := places(run.Resources)
	for i := range run.Results {
		result := &run.Results[i]
		if result.Remark || run.Chosen != nil && !run.Chosen(result.Control) {
			continue
		}
		if result.Outcome != pack.NotApplicable {
			r.Checks++
		}
		switch result.Outcome {
		case pack.Pass:
			r.Passed++
		case pack.Undecided:
			r.Undecided = append(r.Undecided, Open{
				ID: result.Control.ID, Severity: result.Control.Severity.String(), URN: result.URN, Type: result.Type, Name: result.Name,
				Place: places[result.URN], Reason: result.Reason, rank: result.Control.Severity,
			})
		case pack.Fail:
			for _, n := range result.Notes {
				f := finding(result, n)
				f.Place = places[result.URN]
				r.Findings = append(r.Findings, f)
			}
		}
	}
	slices.SortStableFunc(r.Undecided, func(a, b Open) int { return int(b.rank) - int(a.rank) })
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.Control.Severity != b.Control.Severity {
			return int(b.Control.Severity) - int(a.Control.Severity)
		}
		return 0
	})
	link(r.Findings)
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

// Reaches reports whether a finding that is not waived is at least as severe as that.
func (r *Report) Reaches(least pack.Severity) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Waiver == nil && f.Control.Severity >= least })
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
