// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Explanation is why packets pass from one segment to another, or why they do not.
type Explanation struct {
	Status Status
	What   string
	// Path is that of a packet; nil where no packet can be named.
	Path *reach.Path
}

// Explain says of a cell what is wrong, with which packet each of its rows works, and of a closed one what stops a packet such as
// others send to the destination.
func (p *Proof) Explain(c *Cell) []Explanation {
	var out []Explanation
	for _, f := range c.Findings {
		out = append(out, Explanation{f.Status, f.What, f.Path})
	}
	for _, row := range p.rows(c.From, c.To) {
		if path := p.first(c, func(a, b *reach.End) *reach.Path { return p.engine.Witness(a, b, row.Ports.Set()) }); path != nil {
			out = append(out, Explanation{Allowed, flow.Describe(row.Ports.Set()) + ": " + row.Why, path})
		}
	}
	switch {
	case len(out) > 0:
	case c.May != "":
		path := p.first(c, func(a, b *reach.End) *reach.Path { return p.engine.Witness(a, b, flow.Everything) })
		out = append(out, Explanation{Allowed, c.May + " is in the table", path})
	default:
		q := p.usual(c.To)
		if path := p.first(c, func(a, b *reach.End) *reach.Path { return p.engine.Blocked(a, b, q) }); path != nil {
			return append(out, Explanation{Closed, fmt.Sprintf("nothing passes; to let %s in, for example, everything that stops it would have to change", flow.Describe(q)), path})
		}
		out = append(out, Explanation{Closed, "the segment has one member, which has nobody to connect to", nil})
	}
	if len(c.Through) > 0 {
		out = append(out, Explanation{Mediated, "through " + strings.Join(c.Through, ", ") + ", by two connections, which are in cells of their own", nil})
	}
	return out
}

// first is the first path that there is between members of a cell's segments.
func (p *Proof) first(c *Cell, find func(a, b *reach.End) *reach.Path) (path *reach.Path) {
	each(p.members[c.From], p.members[c.To], false, func(a, b *reach.End) {
		if path == nil {
			path = find(a, b)
		}
	})
	return path
}

// rows are the connections that must be possible from one segment to another.
func (p *Proof) rows(from, to string) []intent.Connection {
	if x, y, listed := p.listed(from, to); listed {
		return p.table.Rows(x, y)
	}
	return nil
}

// usual is what others send to a segment: the first port of the first row about it, or that of HTTPS.
func (p *Proof) usual(to string) flow.Set {
	if known, found := p.usually[to]; found {
		return known
	}
	out := flow.One(flow.TCP, 443)
	for _, from := range p.Segments {
		if rows := p.rows(from, to); len(rows) > 0 {
			anywhere := netip.IPv4Unspecified()
			packet := flow.Example(flow.Flows{{Lo: anywhere, Hi: anywhere, V: flow.To(flow.Addr(anywhere), rows[0].Ports.Set())}})
			out = flow.One(packet.Protocol, packet.Port)
			break
		}
	}
	p.usually[to] = out
	return out
}
