// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// NoMembers is the code of a connection of the table at one end of which nothing stands.
const NoMembers = "NO_MEMBERS"

// absence is what an end of the table lacks.
type absence struct {
	what      string
	elsewhere bool   // the table says that something else than the stack fills it
	unsettled string // why something may stand there all the same; empty: nothing does, for certain
}

// missing lists what an end of the table lacks, with what selects it: all that the segment should hold, or the endpoint of a service. A file may have rows to
// services whose endpoint is somewhere else; a network component makes one for each service that a row leads to.
func (p *Proof) missing(e *intent.End, members []*model.Interface) (out []absence) {
	for _, s := range e.Segments {
		switch {
		case s.Service == "" && len(s.What) > 0:
			if len(members) == 0 {
				selects := s.What
				if p.table.Limited {
					selects = selects[:1] // the other is the same group by its resource
				}
				out = append(out, absence{what: fmt.Sprintf("%s (%s)", e.Name, strings.Join(selects, ", ")), elsewhere: s.Elsewhere})
			}
		case !p.table.Limited || slices.ContainsFunc(p.net.Lists, func(l model.PrefixList) bool { return l.Service && glob.Match(s.Service, l.Name) }):
		case !slices.ContainsFunc(members, func(f *model.Interface) bool { return f.Service != "" && glob.Match(s.Service, f.Service) }):
			out = append(out, absence{what: fmt.Sprintf("%s (endpoint of %s)", e.Name, s.Service)})
		}
	}
	return out
}

// empty judges the connections of the table to and from where nothing stands: it cannot be said that they work. That is certain where
// the input has all that stands in the network. It has not where something may have groups that are not known yet, where the table says that
// something else fills the segment, and where no segment of the network has members, so that another stack fills them.
func (p *Proof) empty() {
	for _, gone := range p.absent {
		for i := range gone {
			gone[i].unsettled = p.unsettled(gone[i])
		}
	}
	for _, from := range p.Segments {
		for _, to := range p.Segments {
			gone := slices.Concat(p.absent[from], p.absent[to])
			rows := p.rows(from, to)
			if len(gone) == 0 || len(rows) == 0 {
				continue
			}
			c := p.Cell(from, to)
			if c == nil {
				x, y, _ := p.listed(from, to)
				p.Cells = append(p.Cells, Cell{From: from, To: to, Status: Closed, Intended: flow.Describe(p.table.Admitted(x, y))})
				c = &p.Cells[len(p.Cells)-1]
			}
			for _, absent := range gone {
				status, but := Empty, ""
				if absent.unsettled != "" {
					status, but = Unknown, ", and "+absent.unsettled
				}
				for _, row := range rows {
					c.find(status, NoMembers, fmt.Sprintf("%s (%s) cannot be judged: nothing stands in %s%s", flow.Describe(row.Ports.Set()), row.Why, absent.what, but), nil).row = row.Why
				}
			}
		}
	}
}

// unsettled says why something may stand in a segment all the same.
func (p *Proof) unsettled(a absence) string {
	if a.elsewhere {
		return "its table says that something else than this stack may fill it"
	}
	for i := range p.net.Interfaces {
		if f := &p.net.Interfaces[i]; f.Doubt != "" {
			return fmt.Sprintf("nobody knows where %s stands (%s)", called(f), f.Doubt)
		}
	}
	network, _, several := strings.Cut(a.what, "/")
	for _, other := range p.of {
		if !several || !p.table.Limited || strings.HasPrefix(other, network+"/") {
			return ""
		}
	}
	return "nothing in any other segment, so that something else may fill them"
}
