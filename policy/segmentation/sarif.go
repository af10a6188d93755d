// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"io"

	"github.com/bulkhead-iac/bulkhead/policy/sarif"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

const documentation = "https://github.com/bulkhead-iac/bulkhead/blob/HEAD/docs/segmentation.md"

// sarifRules are what a proof looks for: one rule for each status that is not as the table says.
var sarifRules = map[Status]sarif.Rule{
	Violation: {ID: "segmentation-violation", Level: sarif.Error, Title: "A connection may pass that the table does not list",
		Why: "Whatever the table of segments and connections does not list is forbidden, and a packet was found that may pass all the same.",
		Fix: "Narrow the rule that lets the packet in, or list the connection in the table with its reason."},
	Blocked: {ID: "segmentation-blocked", Level: sarif.Error, Title: "A connection of the table cannot pass",
		Why: "The table lists the connection, and a rule, an ACL entry, a route or a gateway stops its packets or their answers.",
		Fix: "Change every setting that the path names as stopping, or take the connection out of the table."},
	Empty: {ID: "segmentation-empty", Level: sarif.Error, Title: "Nothing stands at one end of a connection of the table",
		Why: "The table says that something connects there, and nothing is in the segment: what should be in it has lost its group, or is not made.",
		Fix: "Give what belongs there the segment's group, or take the segment and its rows out of the table."},
	Unknown: {ID: "segmentation-unknown", Level: sarif.None, Title: "Nobody knows whether a connection passes",
		Why: "Something on the way is not known yet or is not modelled. What could carry packets is never taken for closed.",
		Fix: "Deploy what only the deployment tells and prove the state, or take what is not modelled out of the way."},
}

// SARIF writes every finding as a result at the component that decides, with the hops of its packet as a code flow. What is
// unknown is open. The version is that of the program, the input the file or folder that was read.
func (p *Proof) SARIF(w io.Writer, version, input string) error {
	run := sarif.Run{Tool: "bulkhead-policy prove", Version: version, URL: documentation, Input: input, Warnings: p.Assumptions}
	for _, status := range []Status{Violation, Blocked, Empty, Unknown} {
		rule := sarifRules[status]
		rule.URL, rule.Properties = documentation, map[string]any{"tags": []string{"security", "segmentation"}}
		run.Rules = append(run.Rules, rule)
	}
	for i := range p.Cells {
		c := &p.Cells[i]
		pair := c.From + " -> " + c.To
		for j := range c.Findings {
			f := &c.Findings[j]
			rule := sarifRules[f.Status]
			result := sarif.Result{
				Rule: rule.ID, Level: rule.Level, Text: pair + ": " + f.What + ".", Kind: "resource", Name: pair, ID: pair,
				Fingerprint: map[string]string{"connection": rule.ID + " " + pair + " " + f.What},
				Properties:  map[string]any{"from": c.From, "to": c.To, "code": f.Code, "certain": f.Certain()},
			}
			if h := f.decider(); h != nil {
				result.Name, result.ID = last(h.Component), h.Component
				result.Text += " " + h.Rule + "."
			}
			if f.Path != nil {
				for _, h := range f.Path.Hops {
					result.Steps = append(result.Steps, sarif.Step{Text: map[bool]string{true: "passes: ", false: "stops: "}[h.Passes] + h.Says(), Kind: "resource", Name: last(h.Component), ID: h.Component})
				}
			}
			run.Results = append(run.Results, result)
		}
	}
	return run.Write(w)
}

// decider is the hop on which the finding rests: what stops the packet first, or else what lets it in. It is nil without a path.
func (f *Finding) decider() *reach.Hop {
	if f.Path != nil {
		if stops := f.Path.Stops(); len(stops) > 0 {
			return &stops[0]
		}
	}
	return opener(f.Path)
}
