// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
)

// Sizes in pixels.
const (
	minWidth   = 720
	margin     = 12 // around a box
	padding    = 10 // inside a bar, left of its text
	heading    = 24 // of a box
	gap        = 44 // before and behind a bar, where arrows start and end
	lineHeight = 17
	charWidth  = 7 // of a small letter, at most
	radius     = 9 // of the number of a row
	head       = 9 // of an arrow
)

// inset is where a box begins that lies within others.
func inset(depth int) int { return margin * (depth + 1) }

// stack gives zones their place below each other, from the top on, and returns where they end.
func (p *picture) stack(zones []*zone, top, depth int) int {
	for _, z := range zones {
		z.left, z.top = inset(depth), top
		top += heading
		if len(z.within) > 0 {
			top = p.stack(z.within, top+margin/2, depth+1)
		}
		for _, b := range z.bars {
			b.top = top + gap
			if b == z.bars[0] {
				b.top = top + radius*2 + head
			}
			b.bottom = b.top + lineHeight*(1+len(b.says)) + padding
			top = b.bottom
		}
		if len(z.bars) > 0 {
			top += radius*2 + head
		}
		z.bottom = top
		top += margin
	}
	return top
}

const svgStyle = `<style>
text { font: 13px system-ui, "DejaVu Sans", Arial, sans-serif; fill: #1c2733 }
.small { font-size: 12px; fill: #46535f }
.bold { font-weight: bold }
.number { font-size: 11px; fill: #fff; text-anchor: middle }
.page { fill: #fff }
.zone { fill: none; stroke: #8593a1; stroke-width: 1.2 }
.vpc { stroke: #1f4e79; stroke-width: 2; stroke-dasharray: 7 4 }
.internet { fill: #fdf1e3 }
.nat { fill: #eef4fb }
.nowhere { fill: #e9f5ec }
.bar { fill: #fff; stroke: #1f4e79; stroke-width: 1.4 }
.line { stroke: #1f4e79; stroke-width: 1.6; fill: none }
.head { fill: #1f4e79 }
.wrong .line { stroke: #b3261e; stroke-width: 2.4; stroke-dasharray: 6 3 }
.wrong .head { fill: #b3261e }
@media (prefers-color-scheme: dark) {
text { fill: #e6ebf0 }
.small { fill: #b4bfca }
.number { fill: #10161d }
.page { fill: #10161d }
.zone { stroke: #6d7b89 }
.vpc { stroke: #7fb2e5 }
.internet { fill: #33271a }
.nat { fill: #18263a }
.nowhere { fill: #172c1f }
.bar { fill: #1b2530; stroke: #7fb2e5 }
.line { stroke: #7fb2e5 }
.head { fill: #7fb2e5 }
.wrong .line { stroke: #ff8a80 }
.wrong .head { fill: #ff8a80 }
}
</style>
`

// render writes the picture; the rows are listed from the bottom of the boxes on.
func (p *picture) render(bottom int) []byte {
	var list bytes.Buffer
	y := bottom + margin
	for _, line := range wrap(p.verdict(), (p.width-4*margin)/charWidth) {
		text(&list, margin, y+radius+3, "bold", line)
		y += lineHeight
	}
	y += 6
	for _, a := range p.arrows {
		number(&list, margin+radius, y+radius-1, a.numbered)
		for _, line := range wrap(a.says, (p.width-4*margin)/charWidth) {
			text(&list, 3*margin, y+radius+3, "small", line)
			y += lineHeight
		}
		y += 4
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">`+"\n", p.width, y+margin)
	fmt.Fprintln(&out, `<title id="title">Segments, and who can open a connection to whom</title>`)
	fmt.Fprintf(&out, "<desc id=\"desc\">%s\n", html.EscapeString(p.verdict()))
	for _, a := range p.arrows {
		fmt.Fprintf(&out, "%s. %s.\n", a.numbered, html.EscapeString(strings.TrimSuffix(a.says, ".")))
	}
	fmt.Fprintf(&out, "</desc>\n%s"+`<rect class="page" width="%d" height="%d"/>`+"\n", svgStyle, p.width, y+margin)
	p.boxes(&out, p.zones)
	for _, a := range p.arrows {
		a.draw(&out)
	}
	for _, z := range p.zones {
		p.labels(&out, z)
	}
	out.Write(list.Bytes())
	fmt.Fprintln(&out, "</svg>")
	return out.Bytes()
}

// verdict is what the proof comes to.
func (p *picture) verdict() string {
	if p.proof.Holds() {
		return "Proved: these connections pass, whatever is not known yet, and nothing else can."
	}
	return "Not as the table says: what differs is drawn broken, with a sign; nothing else can pass."
}

func (p *picture) boxes(out *bytes.Buffer, zones []*zone) {
	for _, z := range zones {
		fmt.Fprintf(out, `<rect class="zone %s" x="%d" y="%d" width="%d" height="%d" rx="8"/>`+"\n", z.class, z.left, z.top, p.width-2*z.left, z.bottom-z.top)
		text(out, z.left+padding, z.top+lineHeight, "bold", z.name)
		p.boxes(out, z.within)
	}
}

// labels draws the bars, over the arrows that pass behind them.
func (p *picture) labels(out *bytes.Buffer, z *zone) {
	for _, b := range z.bars {
		fmt.Fprintf(out, `<rect class="bar" x="%d" y="%d" width="%d" height="%d" rx="5"/>`+"\n", inset(2), b.top, p.width-2*inset(2), b.bottom-b.top)
		text(out, inset(2)+padding, b.top+lineHeight, "bold", b.name)
		for i, line := range b.says {
			text(out, inset(2)+padding, b.top+lineHeight*(i+2), "small", line)
		}
	}
	for _, inner := range z.within {
		p.labels(out, inner)
	}
}

// draw draws the line to every bar that the row leads to, and the number and the ports where it starts.
func (a *arrow) draw(out *bytes.Buffer) {
	class := ""
	if a.Status != segmentation.Allowed {
		class = ` class="wrong"`
	}
	fmt.Fprintf(out, "<g%s><title>%s</title>\n", class, html.EscapeString(a.says))
	for _, to := range a.to {
		start, end, down := a.from.bottom+radius, to.top, 1
		if to == a.from || to.top < a.from.top {
			start, end, down = a.from.top-radius, to.bottom, -1
		}
		if to == a.from { // members of one segment: up, and back down
			fmt.Fprintf(out, `<path class="line" d="M%d %dh-20V%d"/>`+"\n", a.x, start, a.from.top-head)
			fmt.Fprintf(out, `<path class="head" d="M%d %dl-5 -%dh10z"/>`+"\n", a.x-20, a.from.top, head)
		} else {
			fmt.Fprintf(out, `<path class="line" d="M%d %dV%d"/>`+"\n", a.x, start, end-down*head)
			fmt.Fprintf(out, `<path class="head" d="M%d %dl-5 %dh10z"/>`+"\n", a.x, end, -down*head)
		}
		number(out, a.x, start, a.numbered)
		text(out, a.x+radius+3, start+4, "small", label(&a.Line))
	}
	fmt.Fprintln(out, "</g>")
}

func number(out *bytes.Buffer, x, y int, n string) {
	fmt.Fprintf(out, `<circle class="head" cx="%d" cy="%d" r="%d"/>`+"\n", x, y, radius)
	text(out, x, y+4, "number", n)
}

func text(out *bytes.Buffer, x, y int, class, what string) {
	fmt.Fprintf(out, `<text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y, class, html.EscapeString(what))
}

// wrap breaks a text into lines of so many characters at most, between words.
func wrap(whole string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(whole) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
