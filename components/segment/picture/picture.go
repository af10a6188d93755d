// SPDX-License-Identifier: Apache-2.0

// Package picture draws a table of segments and connections as SVG, for the documentation and for a review.
//
// Whoever opens or accepts a connection is a bar, inside the box of its tier; the tiers are inside the box of the VPC. Every row
// of the table is an arrow of its own, in a column of its own, so that no two ever cover each other: it starts at the number
// of the row and passes behind the bars that it does not concern. Below the picture the rows are listed with their reasons.
package picture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// bar is one end of connections: what is outside, a segment, or the endpoints of AWS services.
type bar struct {
	name   string
	says   []string
	top    int
	bottom int
}

// arrow is one row that opens something.
type arrow struct {
	row      segment.Connection
	from     *bar
	to       []*bar
	x        int
	says     string
	numbered string
}

// zone is a box around bars, or around the zones within it.
type zone struct {
	name   string
	class  string
	bars   []*bar
	within []*zone
	left   int
	top    int
	bottom int
}

// picture is a table on its way to the page.
type picture struct {
	table  *segment.Table
	width  int
	column int
	zones  []*zone
	bars   map[segment.End]*bar
	arrows []*arrow
	// endpoints are the interface endpoints, which have addresses in the app tier; gateways those that are routes.
	endpoints, gateways *bar
}

// SVG draws a table that has no problems. The same table gives the same bytes. A row with an end that the table does not know is
// an error; a row with an empty list of addresses or services opens nothing and has no arrow.
func SVG(table *segment.Table) ([]byte, error) {
	p := &picture{table: table, bars: map[segment.End]*bar{}}
	for _, row := range table.Connections {
		p.column = max(p.column, 2*radius+8+charWidth*len(row.Ports.String()))
	}
	p.width = max(minWidth, 2*inset(2)+padding+p.column*len(table.Connections))
	p.arrange()
	for i, row := range table.Connections {
		a, err := p.arrow(row)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", table.Row(i), err)
		}
		if a != nil {
			p.arrows = append(p.arrows, a)
		}
	}
	bottom := p.stack(p.zones, margin, 0)
	return p.render(bottom), nil
}

// arrange puts every end into its zone: the outside on top, then the VPC with its tiers, then the routes to AWS.
func (p *picture) arrange() {
	outside := &zone{name: "Outside", class: "outside"}
	for _, end := range p.ends() {
		switch {
		case end == segment.Internet:
			outside.bars = slices.Insert(outside.bars, 0, p.bar(end, "internet", "Everybody"))
		case len(end.Ranges()) > 0:
			outside.bars = append(outside.bars, p.bar(end, "known addresses", strings.Join(end.Ranges(), ", ")))
		}
	}
	vpc := &zone{name: "VPC", class: "vpc"}
	for _, tier := range p.table.Tiers() {
		box := &zone{name: tier.Name + " tier: " + reaches[tier.Reach], class: string(tier.Reach)}
		for _, s := range p.table.Segments {
			if s.Tier == tier {
				box.bars = append(box.bars, p.bar(segment.End(s.Name), s.Name, s.Holds))
			}
		}
		if names := p.services(false); tier == segment.App && len(names) > 0 {
			p.endpoints = p.bar("", "interface endpoints of AWS services", strings.Join(names, ", "))
			box.bars = append(box.bars, p.endpoints)
		}
		if len(box.bars) > 0 {
			vpc.within = append(vpc.within, box)
		}
	}
	p.zones = []*zone{vpc}
	if len(outside.bars) > 0 {
		p.zones = []*zone{outside, vpc}
	}
	if names := p.services(true); len(names) > 0 {
		p.gateways = p.bar("", "gateway endpoints of AWS services", strings.Join(names, ", "))
		p.zones = append(p.zones, &zone{name: "AWS, by a route of its own", class: "outside", bars: []*bar{p.gateways}})
	}
}

// reaches says how far a tier's routes lead.
var reaches = map[segment.Reach]string{
	segment.ReachInternet: "routes to the internet and back",
	segment.ReachNAT:      "out through NAT to known addresses only",
	segment.ReachNowhere:  "no route out",
}

// ends are both ends of all rows, in their order, each once.
func (p *picture) ends() []segment.End {
	var all []segment.End
	for _, row := range p.table.Connections {
		for _, end := range []segment.End{row.From, row.To} {
			if !slices.Contains(all, end) {
				all = append(all, end)
			}
		}
	}
	return all
}

// services are the AWS services of the table with a gateway endpoint, or those with an interface endpoint.
func (p *picture) services(gateway bool) []string {
	return slices.DeleteFunc(p.table.Services(), func(s string) bool { return segment.Gateway(s) != gateway })
}

func (p *picture) bar(end segment.End, name, says string) *bar {
	b := &bar{name: name, says: wrap(says, (p.width-2*inset(2)-2*padding)/charWidth)}
	p.bars[end] = b
	return b
}

// arrow finds the bars at both ends of a row; nil for a row that opens nothing.
func (p *picture) arrow(row segment.Connection) (*arrow, error) {
	if opensNothing(row.From) || opensNothing(row.To) {
		return nil, nil
	}
	a := &arrow{row: row, from: p.bars[row.From], x: inset(2) + padding + radius + p.column*len(p.arrows), numbered: fmt.Sprint(len(p.arrows) + 1)}
	services := row.To.Services()
	if slices.ContainsFunc(services, func(s string) bool { return !segment.Gateway(s) }) {
		a.to = append(a.to, p.endpoints)
	}
	if slices.ContainsFunc(services, segment.Gateway) {
		a.to = append(a.to, p.gateways)
	}
	if len(services) == 0 {
		a.to = []*bar{p.bars[row.To]}
	}
	for end, found := range map[segment.End]*bar{row.From: a.from, row.To: a.to[0]} {
		if found == nil || end == "" {
			return nil, fmt.Errorf("%q is not an end that can be drawn; check the table first", end)
		}
	}
	a.says = fmt.Sprintf("%s to %s, %s: %s", spoken(row.From), spoken(row.To), row.Ports, row.Why)
	return a, nil
}

// opensNothing reports whether an end is an empty list.
func opensNothing(e segment.End) bool { return e == segment.Addresses() || e == segment.AWS() }

// spoken names an end in a sentence.
func spoken(e segment.End) string {
	switch {
	case len(e.Services()) > 0:
		return "AWS (" + strings.Join(e.Services(), ", ") + ")"
	case len(e.Ranges()) > 0:
		return strings.Join(e.Ranges(), ", ")
	}
	return string(e)
}
