// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
)

// bar is one end of connections, or several that are drawn as one.
type bar struct {
	name   string
	says   []string
	top    int
	bottom int
}

// arrow is one line of the picture.
type arrow struct {
	segmentation.Line
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

// picture is a proof on its way to the page.
type picture struct {
	proof  *segmentation.Proof
	width  int
	column int
	zones  []*zone
	bars   map[string]*bar
	arrows []*arrow
}

// SVG draws a proof as one picture, for documentation and for a review; the same proof gives the same bytes. Whoever opens or accepts a
// connection is a bar, in the box of its tier, which is in the box of its VPC. Every row of the table is an arrow of its own, in a column
// of its own, so that no two ever cover each other: it starts at the number of the row and passes behind the bars that it does not
// concern. Below, the rows are listed with their reasons. What fails or passes beside the table is drawn so too, and said.
func SVG(w io.Writer, proof *segmentation.Proof) error {
	p := &picture{proof: proof, bars: map[string]*bar{}}
	lines := proof.Lines()
	for _, l := range lines {
		p.column = max(p.column, 2*radius+14+charWidth*len(label(&l)))
	}
	p.width = max(minWidth, 2*inset(2)+padding+p.column*len(lines))
	p.arrange(lines)
	for _, l := range lines {
		p.arrow(l)
	}
	bottom := p.stack(p.zones, margin, 0)
	_, err := w.Write(p.render(bottom))
	return err
}

// label stands beside the number of a line: what passes, and a sign where that is not as the table says.
func label(l *segmentation.Line) string {
	packets, _, _ := strings.Cut(l.Packets, " from client ports")
	if len(packets) > 24 {
		packets = packets[:23] + "…"
	}
	if l.Status == segmentation.Allowed {
		return packets
	}
	return packets + " " + l.Status.Symbol()
}

// awsPrefix begins the names of ends that are services of AWS.
const awsPrefix = "aws:"

// arrange puts every end into its zone: the outside on top, then the VPCs with their tiers, then the services with routes of their own.
func (p *picture) arrange(lines []segmentation.Line) {
	outside, routed := &zone{name: "Outside", class: "outside"}, &zone{name: "AWS, by a route of its own", class: "outside"}
	var within []*zone
	for _, z := range p.proof.Zones() {
		if z.Kind != segmentation.OutsideZone {
			within = append(within, p.vpc(&z))
			continue
		}
		for _, s := range z.Zones {
			if strings.HasPrefix(s.Name, awsPrefix) {
				p.add(routed, &s)
			} else {
				p.add(outside, &s)
			}
		}
	}
	empty := &zone{name: "Nothing stands in", class: "outside"}
	for _, l := range lines {
		for _, name := range slices.Concat(l.From, l.To) {
			if p.bars[name] == nil {
				p.add(empty, &segmentation.Zone{Name: name})
			}
		}
	}
	for _, z := range slices.Concat([]*zone{outside}, within, []*zone{routed, empty}) {
		if len(z.bars)+len(z.within) > 0 {
			p.zones = append(p.zones, z)
		}
	}
}

// vpc is the box of a VPC. Its endpoints are one bar.
func (p *picture) vpc(z *segmentation.Zone) *zone {
	vpc := &zone{name: "VPC " + z.Name, class: "vpc"}
	endpoints, rest := &zone{name: "Endpoints of AWS services", class: "nowhere"}, &zone{name: "In no tier", class: "outside"}
	var services []string
	for _, t := range z.Zones {
		switch {
		case t.Kind == segmentation.TierZone:
			box := &zone{}
			in, out := false, false
			for _, s := range t.Zones {
				p.add(box, &s)
				into, outOf := p.proof.Reach(s.Name)
				in, out = in || into, out || outOf
			}
			box.class = map[[2]bool]string{{true, true}: "internet", {true, false}: "internet", {false, true}: "nat", {false, false}: "nowhere"}[[2]bool{in, out}]
			box.name = t.Name + " tier: " + map[[2]bool]string{
				{true, true}: "connections from outside, and to outside", {true, false}: "connections from outside, none to outside",
				{false, true}: "connections to outside, none from outside", {false, false}: "no connection from outside or to outside",
			}[[2]bool{in, out}]
			vpc.within = append(vpc.within, box)
		case strings.HasPrefix(t.Name, awsPrefix):
			services = append(services, strings.TrimPrefix(t.Name, awsPrefix))
		default:
			p.add(rest, &t)
		}
	}
	if len(services) > 0 {
		p.add(endpoints, &segmentation.Zone{Name: "interface endpoints", Holds: strings.Join(strings.Split(strings.Join(services, ","), ","), ", ")})
		for _, s := range services {
			p.bars[awsPrefix+s] = endpoints.bars[0]
		}
	}
	for _, box := range []*zone{endpoints, rest} {
		if len(box.bars) > 0 {
			vpc.within = append(vpc.within, box)
		}
	}
	return vpc
}

// add adds the bar of a segment to a box.
func (p *picture) add(z *zone, s *segmentation.Zone) {
	name, says := s.Name, s.Holds
	if says == "" {
		says = strings.Join(s.Members, ", ")
	}
	if list, addresses := strings.CutPrefix(name, "addresses:"); addresses {
		name, says = "known addresses", strings.ReplaceAll(list, ",", ", ")
	}
	if name == "internet" {
		says = "Everybody"
	}
	if service, found := strings.CutPrefix(name, awsPrefix); found {
		name, says = "gateway endpoint", service
	}
	b := &bar{name: name, says: wrap(says, (p.width-2*inset(2)-2*padding)/charWidth)}
	if p.bars[s.Name] == nil {
		p.bars[s.Name] = b
	}
	z.bars = append(z.bars, b)
}

// arrow adds a line.
func (p *picture) arrow(l segmentation.Line) {
	a := &arrow{Line: l, from: p.bars[l.From[0]], x: inset(2) + padding + radius + p.column*len(p.arrows), numbered: fmt.Sprint(len(p.arrows) + 1)}
	for _, name := range l.To {
		if to := p.bars[name]; !slices.Contains(a.to, to) {
			a.to = append(a.to, to)
		}
	}
	a.says = fmt.Sprintf("%s to %s, %s: %s", spoken(l.From), spoken(l.To), l.Packets, l.Why)
	if l.Status != segmentation.Allowed && l.Why != l.Status.Words() {
		a.says += " (" + l.Status.Words() + ")"
	}
	p.arrows = append(p.arrows, a)
}

// spoken names ends in a sentence.
func spoken(ends []string) string {
	var out, services []string
	for _, name := range ends {
		if service, found := strings.CutPrefix(name, awsPrefix); found {
			services = append(services, service)
		} else {
			out = append(out, strings.TrimPrefix(name, "addresses:"))
		}
	}
	if len(services) > 0 {
		out = append(out, "AWS ("+strings.Join(services, ",")+")")
	}
	return strings.ReplaceAll(strings.Join(out, ", "), ",", ", ")
}
