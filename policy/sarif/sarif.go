// SPDX-License-Identifier: Apache-2.0

// Package sarif writes findings as SARIF 2.1.0 for code scanning services:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
package sarif

import (
	"encoding/json"
	"io"
	"net/url"
)

// The levels of rules and results. What fails has one of the first three, what is open has None.
const (
	Error   = "error"
	Warning = "warning"
	Note    = "note"
	None    = "none"
)

// Run is what a tool found in one input.
type Run struct {
	// Tool, Version and URL say which tool it was.
	Tool, Version, URL string
	// Input is the file that was judged; every result is in its first line, because what is found has no line there.
	Input   string
	Rules   []Rule
	Results []Result
	// Warnings are what the tool could not judge, or took for granted.
	Warnings []string
	// Properties are further facts about the tool.
	Properties map[string]any
}

// Rule is what a tool looks for.
type Rule struct {
	ID, Title, Why, Fix, URL, Level string
	// Properties are tags, references and the like.
	Properties map[string]any
}

// Result is one finding.
type Result struct {
	// Rule is the id of the rule, Text the finding in words.
	Rule, Text string
	// Level is one of the constants. A result at None is open: the tool came to no conclusion.
	Level string
	// Name and ID are those of what it is about, such as a resource and its URN; Kind is what that is, such as resource.
	Kind, Name, ID string
	// Fingerprint tells the finding apart from others in every run, under a name for how it is made.
	Fingerprint map[string]string
	// Waiver is the reason why the finding does not count; empty if it does.
	Waiver string
	// Steps lead to the finding, such as the hops of a packet.
	Steps []Step
	// Properties are further facts about the finding.
	Properties map[string]any
}

// Step is one step on the way to a finding.
type Step struct {
	Text, Kind, Name, ID string
}

type object map[string]any

func text(s string) object { return object{"text": s} }

// Write writes a log with one run.
func (r *Run) Write(w io.Writer) error {
	rules, results, warnings := []object{}, []object{}, []object{}
	for _, x := range r.Rules {
		rules = append(rules, object{
			"id": x.ID, "name": x.ID, "helpUri": x.URL, "shortDescription": text(x.Title), "fullDescription": text(x.Why),
			"help": object{"text": x.Fix, "markdown": x.Fix}, "defaultConfiguration": object{"level": x.Level}, "properties": x.Properties,
		})
	}
	for i := range r.Results {
		results = append(results, r.result(&r.Results[i]))
	}
	for _, x := range r.Warnings {
		warnings = append(warnings, object{"level": Warning, "message": text(x)})
	}
	driver := object{"name": r.Tool, "version": r.Version, "informationUri": r.URL, "rules": rules}
	if r.Properties != nil {
		driver["properties"] = r.Properties
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{
			"tool": object{"driver": driver}, "results": results,
			"invocations": []object{{"executionSuccessful": true, "toolExecutionNotifications": warnings}},
		}},
	})
}

func (r *Run) result(x *Result) object {
	out := object{"ruleId": x.Rule, "level": x.Level, "message": text(x.Text), "locations": []object{r.location(x.Kind, x.Name, x.ID)}}
	if x.Level == None {
		out["kind"] = "open" // section 3.27.9: a level of none is for what is no failure
	}
	if x.Fingerprint != nil {
		out["partialFingerprints"] = x.Fingerprint
	}
	if x.Waiver != "" {
		out["suppressions"] = []object{{"kind": "external", "justification": x.Waiver}}
	}
	if x.Properties != nil {
		out["properties"] = x.Properties
	}
	if len(x.Steps) > 0 {
		steps := []object{}
		for _, s := range x.Steps {
			at := r.location(s.Kind, s.Name, s.ID)
			at["message"] = text(s.Text)
			steps = append(steps, object{"location": at})
		}
		out["codeFlows"] = []object{{"threadFlows": []object{{"locations": steps}}}}
	}
	return out
}

// location is a place in the network or stack. A service shows a result only where it has a file too.
func (r *Run) location(kind, name, id string) object {
	return object{
		"physicalLocation": object{"artifactLocation": object{"uri": (&url.URL{Path: r.Input}).String()}, "region": object{"startLine": 1}},
		"logicalLocations": []object{{"fullyQualifiedName": id, "name": name, "kind": kind}},
	}
}
