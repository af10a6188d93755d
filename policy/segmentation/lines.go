// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
)

// Line is a connection as a picture shows it: a row of the table, or what may pass beside it.
type Line struct {
	// From and To are ends of the matrix: several where a row names addresses or services that other rows name apart.
	From, To []string
	Packets  string
	Why      string
	// Status is Allowed where the connection is proved, else what is wrong with it.
	Status Status
}

// Lines are the rows of the table in their order, and after them what may pass and is in none.
func (p *Proof) Lines() []Line {
	var out []Line
	for _, row := range p.table.Connections {
		l := Line{From: p.table.Means(row.From), To: p.table.Means(row.To), Packets: flow.Describe(row.Ports.Set()), Why: row.Why, Status: Allowed}
		for _, c := range p.Cells {
			for _, f := range c.Findings {
				if f.row == row.Why && slices.Contains(l.From, c.From) && slices.Contains(l.To, c.To) {
					l.Status = worse(l.Status, f.Status)
				}
			}
		}
		out = append(out, l)
	}
	for _, c := range p.Cells {
		for _, f := range c.Findings {
			if f.row == "" {
				out = append(out, Line{From: []string{c.From}, To: []string{c.To}, Packets: strings.TrimSuffix(f.What, " may pass and is not in the table"), Why: f.Status.Words(), Status: f.Status})
			}
		}
	}
	return out
}

// Reach is how far packets get between a segment and everybody outside: in, and out. Services of AWS do not count.
func (p *Proof) Reach(segment string) (in, out bool) {
	for _, e := range p.table.Ends() {
		if e.Name != intent.Internet && len(e.Addresses) == 0 {
			continue
		}
		if c := p.Cell(e.Name, segment); c != nil && c.May != "" {
			in = true
		}
		if c := p.Cell(segment, e.Name); c != nil && c.May != "" {
			out = true
		}
	}
	return in, out
}
