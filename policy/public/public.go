// SPDX-License-Identifier: Apache-2.0

// Package public says what of a deployment somebody on the internet, or with any AWS account, reaches. It has no judgement of its
// own: it asks the controls that are marked so ([pack.Control.Public]), also those that a configuration leaves off, and without what
// their settings allow.
package public

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Report is what is public in a deployment.
type Report struct {
	// Stack is the stack with its project, such as "dev of shop".
	Stack string `json:"stack"`
	// Resources counts those of the deployment.
	Resources int `json:"resources"`
	// Public are the resources that are reached, each with how, in the order of the program.
	Public []Thing `json:"public"`
	// Undecided are those of which it depends on values that are not known yet.
	Undecided []Thing `json:"undecided"`
	// Unjudged are the types of which nothing is known.
	Unjudged []pack.Gap `json:"notJudged"`
}

// Thing is one resource.
type Thing struct {
	URN  string `json:"urn"`
	Type string `json:"type"`
	Name string `json:"name"`
	// Text says how it is reached, or what decides.
	Text string `json:"text"`
	// Address is where it is reached; "" where the file does not say.
	Address string `json:"address,omitempty"`
	// Controls are those that say so.
	Controls []string `json:"controls"`
	place    string
}

// String is the thing in a line of text.
func (t *Thing) String() string {
	text := report.Named(t.Type, t.Name, t.place) + ": " + t.Text
	if t.Address != "" {
		text += " (" + t.Address + ")"
	}
	return text
}

// Of judges a deployment.
func Of(p *pack.Pack, d *export.Deployment) (*Report, error) {
	session, results, err := d.Judge(p, configuration(p))
	if err != nil {
		return nil, err
	}
	addresses := map[string]string{}
	for _, r := range d.Stack {
		address := r.Outputs().First("dnsName", "publicIp", "endpoint", "apiEndpoint", "invokeUrl", "serviceUrl", "domainName").Str()
		if strings.ContainsAny(address, ".:") { // a domain of OpenSearch is called by a name alone
			addresses[r.URN] = address
		}
	}
	coverage := session.Coverage(d.Stack)
	r := &Report{Stack: d.Name, Resources: coverage.Resources, Public: []Thing{}, Undecided: []Thing{}, Unjudged: []pack.Gap{}}
	whole := report.New(p, report.Run{Report: report.Report{Coverage: coverage}, Resources: d.Stack, Results: results, Level: session.Level})
	for _, f := range whole.Findings {
		add(&r.Public, Thing{URN: f.URN, Type: f.Type, Name: f.Name, place: f.Place, Text: f.Text, Address: addresses[f.URN]}, f.ID)
	}
	for _, o := range whole.Undecided {
		add(&r.Undecided, Thing{URN: o.URN, Type: o.Type, Name: o.Name, place: o.Place, Text: o.Reason}, o.ID)
	}
	at := map[string]int{}
	for i, one := range d.Stack {
		at[one.URN] = i
	}
	for _, list := range [][]Thing{r.Public, r.Undecided} {
		slices.SortStableFunc(list, func(a, b Thing) int { return at[a.URN] - at[b.URN] })
	}
	for _, g := range coverage.Gaps {
		twin, _ := aws.Twin(g.Type)
		if !awstypes.Get(g.Type).Closed && !awstypes.Get(twin).Closed {
			r.Unjudged = append(r.Unjudged, g)
		}
	}
	return r, nil
}

// add appends a thing, or names the control with the thing that says the same.
func add(list *[]Thing, t Thing, id string) {
	for i := range *list {
		if known := &(*list)[i]; known.URN == t.URN && known.Text == t.Text {
			known.Controls = append(known.Controls, id)
			return
		}
	}
	t.Controls = []string{id}
	*list = append(*list, t)
}

// configuration switches on the controls that are marked, with nothing in the lists of what they allow, and no others.
func configuration(p *pack.Pack) map[string]pack.Config {
	configs := map[string]pack.Config{"all": {Level: pack.Disabled}}
	for _, c := range p.Controls() {
		if !c.Public {
			continue
		}
		settings := map[string]any{}
		for _, s := range c.Settings {
			if _, list := s.Default.([]string); list {
				settings[s.Name] = []any{}
			}
		}
		configs[c.ID] = pack.Config{Level: pack.Advisory, Properties: settings}
	}
	return configs
}

// Lines are the report in words: what is public, what may be, and what was not judged.
func (r *Report) Lines() []string {
	var lines []string
	for i := range r.Public {
		lines = append(lines, r.Public[i].String())
	}
	for i := range r.Undecided {
		lines = append(lines, "not known yet: "+r.Undecided[i].String())
	}
	for _, g := range r.Unjudged {
		lines = append(lines, fmt.Sprintf("not judged: %d %s (%s)", len(g.Names), g.Type, want.Few(g.Names)))
	}
	return lines
}

// Write writes the report for people.
func (r *Report) Write(w io.Writer) error {
	head := "Nothing of " + r.Stack + " is public, as far as it was judged."
	if len(r.Public) > 0 {
		head = "Public in " + r.Stack + ":"
	}
	text := head + "\n"
	for _, line := range r.Lines() {
		text += "  " + line + "\n"
	}
	unjudged := 0
	for _, g := range r.Unjudged {
		unjudged += len(g.Names)
	}
	_, err := fmt.Fprintf(w, "%s\n%d resources: %d ways in, %d not known yet, %d resources not judged.\n", text, r.Resources, len(r.Public),
		len(r.Undecided), unjudged)
	return err
}
