// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// width is the widest that a terminal matrix may be.
const width = 100

var symbols = map[Status]string{Closed: ".", Mediated: "~", Allowed: "+", Unknown: "?", Empty: "-", Blocked: "x", Violation: "!"}

// Symbol is the sign of the status in a matrix.
func (s Status) Symbol() string { return symbols[s] }

// Words is what the status means, as the legends say it.
func (s Status) Words() string {
	return map[Status]string{Closed: "closed", Mediated: "through a load balancer only", Allowed: "as intended", Unknown: "unknown", Empty: "intended, but nothing stands there",
		Blocked: "intended but blocked", Violation: "more than intended"}[s]
}

// Legend are all statuses, in the order in which legends say them.
var Legend = []Status{Allowed, Closed, Mediated, Violation, Blocked, Empty, Unknown}

// legend is the legend in two lines.
func legend() string {
	var out []string
	for _, s := range Legend {
		out = append(out, s.Symbol()+" "+s.Words())
	}
	return strings.Join(out[:4], "   ") + "\n" + strings.Join(out[4:], "   ")
}

// Text writes the matrix, a page for every cell that is not as the table says, and what the network cannot close.
func (p *Proof) Text(w io.Writer) {
	for _, a := range p.Assumptions {
		_, _ = fmt.Fprintln(w, "note:", a)
	}
	_, _ = fmt.Fprintln(w)
	p.Matrix(w)
	for _, c := range p.Cells {
		for i := range c.Findings {
			f := &c.Findings[i]
			_, _ = fmt.Fprintf(w, "\n%s %s", symbols[f.Status], f.Page(&c))
		}
	}
	label := p.label()
	_, _ = fmt.Fprintln(w, "\nIf a segment falls, what follows, and how many connections away:")
	for _, f := range p.Falls {
		for i, line := range wrap(strings.Join(f.Reaches, ", "), width-label-4) {
			_, _ = fmt.Fprintf(w, "  %-*s  %s\n", label, []string{cut(f.Segment, label), ""}[min(i, 1)], line)
		}
	}
	_, _ = fmt.Fprintln(w, "\nNot closed by any network setting:")
	for _, r := range p.Residual {
		for i, line := range wrap(r, width-4) {
			_, _ = fmt.Fprintln(w, []string{"  - ", "    "}[min(i, 1)]+line)
		}
	}
}

// label is how wide the names of segments are.
func (p *Proof) label() int {
	label := 0
	for _, s := range p.Segments {
		label = max(label, len([]rune(s)))
	}
	return min(label, width/2)
}

// Matrix writes the matrix alone. Columns are numbered, so that twenty segments fit as well as three.
func (p *Proof) Matrix(w io.Writer) {
	label := p.label()
	_, _ = fmt.Fprintf(w, "%*s  ", label+4, "from \\ to")
	for i := range p.Segments {
		_, _ = fmt.Fprintf(w, "%3d", i+1)
	}
	_, _ = fmt.Fprintln(w)
	for i, from := range p.Segments {
		line := fmt.Sprintf("%3d %-*s  ", i+1, label, cut(from, label))
		for _, to := range p.Segments {
			symbol := " "
			if c := p.Cell(from, to); c != nil {
				symbol = symbols[c.Status]
			}
			line += fmt.Sprintf("%3s", symbol)
		}
		_, _ = fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	_, _ = fmt.Fprintln(w, legend())
}

// Page is a finding of a cell with its witness, on one screen.
func (f *Finding) Page(c *Cell) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s -> %s: %s [%s]\n", c.From, c.To, f.What, f.Code)
	Hops(&b, f.Path)
	return b.String()
}

// Cell is that of an ordered pair, or nil where both are outside.
func (p *Proof) Cell(from, to string) *Cell {
	i := slices.IndexFunc(p.Cells, func(c Cell) bool { return c.From == from && c.To == to })
	if i < 0 {
		return nil
	}
	return &p.Cells[i]
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// wrap breaks a text into lines at spaces.
func wrap(s string, n int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > n {
			out, line = append(out, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(out, line)
}

// Hops writes a path, one hop a line.
func Hops(w io.Writer, p *reach.Path) {
	if p == nil {
		return
	}
	if p.Packet.Source.IsValid() {
		_, _ = fmt.Fprintf(w, "  packet  %s, %s\n", p.Packet, p.Way)
	}
	for _, h := range p.Hops {
		mark := "passes"
		if !h.Passes {
			mark = "STOPS "
		}
		for i, line := range wrap(h.Says(), width-11) {
			if i > 0 {
				mark = "      "
			}
			_, _ = fmt.Fprintf(w, "  %s  %s\n", mark, line)
		}
		if h.Code != "" {
			_, _ = fmt.Fprintf(w, "          %s at %s\n", h.Code, cut(last(h.Component), width-40))
		}
	}
}

// last is the part of a URN that names a resource.
func last(urn string) string { return strings.TrimPrefix(urn[strings.LastIndex(urn, "::")+1:], ":") }

// Markdown writes the matrix as a table, for the comment of a review.
func (p *Proof) Markdown(w io.Writer) {
	_, _ = fmt.Fprintf(w, "| from \\ to |")
	for _, s := range p.Segments {
		_, _ = fmt.Fprintf(w, " %s |", cell(s))
	}
	_, _ = fmt.Fprintf(w, "\n|%s\n", strings.Repeat(" --- |", len(p.Segments)+1))
	for _, from := range p.Segments {
		_, _ = fmt.Fprintf(w, "| **%s** |", cell(from))
		for _, to := range p.Segments {
			text := " "
			if c := p.Cell(from, to); c != nil {
				text = symbols[c.Status]
				if c.May != "" {
					text += " " + cell(c.May)
				}
			}
			_, _ = fmt.Fprintf(w, " %s |", text)
		}
		_, _ = fmt.Fprintln(w)
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", legend())
	for _, c := range p.Cells {
		for _, f := range c.Findings {
			_, _ = fmt.Fprintf(w, "\n- **%s -> %s**: %s (`%s`)\n", cell(c.From), cell(c.To), cell(f.What), f.Code)
			if f.Path == nil {
				continue
			}
			for _, h := range f.Path.Hops {
				if mark := map[bool]string{true: "passes", false: "**stops**"}[h.Passes]; !h.Passes || f.Status == Violation {
					_, _ = fmt.Fprintf(w, "  - %s: %s\n", mark, cell(h.Rule))
				}
			}
		}
	}
}
