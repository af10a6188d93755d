// SPDX-License-Identifier: Apache-2.0

// Package page writes a proof as one HTML file that needs nothing else: the network as nested zones with its connections, the
// matrix, and for every cell the path of a packet with the rule that decides on each hop. It asks no network, and its own policy
// forbids it to.
package page

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
)

var (
	//go:embed page.html
	markup string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var parsed = template.Must(template.New("page").Parse(markup))

// Page is what is written.
type Page struct {
	// Input is the network's name, or the file or folder that was read, for the title.
	Input string
	Proof *segmentation.Proof
	// Before is the proof of the network before a change, which led to Changes; nil if there is none.
	Before  *segmentation.Proof
	Changes []segmentation.Change
}

// view is what the template reads.
type view struct {
	*Page
	Style  template.CSS
	Script template.JS
	// Policy is the Content Security Policy, which admits this style and this script by their hashes.
	Policy      string
	Zones       []segmentation.Zone
	Rows        []row
	Connections []connection
	Changed     []change
	Legend      []segmentation.Status
	Sheets      *sheets
}

// row is one of the matrix, with a nil cell where both ends are outside.
type row struct {
	From  string
	Cells []*cell
}

type cell struct {
	*segmentation.Cell
	// Was is the status before the change, where it was another.
	Was   segmentation.Status
	Sheet int
}

// Short is what there is room for in the matrix: what is intended and passes, without the client ports.
func (c *cell) Short() string {
	if c.Status == segmentation.Allowed && c.May != "" {
		return c.Intended
	}
	return ""
}

// tells reports whether there is a connection to tell of. What the table admits need not be possible: an endpoint, for one, is on the
// internet for its rows and asks nobody.
func (c *cell) tells() bool {
	return c.Status != segmentation.Closed && (c.Status != segmentation.Allowed || c.May != "")
}

// Says is the cell for somebody who does not see where it is. It has what others see, so that who speaks to the browser can say that
// (WCAG 2.2, 2.5.3).
func (c *cell) Says() string {
	out := c.From + " to " + c.To + ": " + c.Status.Words()
	if short := c.Short(); !strings.Contains(c.May, short) {
		out += ", " + short
	}
	if c.May != "" {
		out += ", " + c.May
	}
	if c.Was != "" {
		out += "; before: " + c.Was.Words()
	}
	return out
}

// connection is a line of the list of what passes, should pass, or may.
type connection struct {
	*cell
	Packets string
}

type change struct {
	Does, From, To, Packets, Rule string
	Sheet                         int
}

// Name is what the title calls the network.
func (p *Page) Name() string { return filepath.Base(p.Input) }

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	v := &view{
		Page: p, Style: template.CSS(style), Script: template.JS(script), //nolint:gosec // both are files of this package
		Policy: fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src %s; script-src %s", hash(style), hash(script)),
		Zones:  p.Proof.Zones(), Sheets: newSheets(),
		Legend: segmentation.Legend,
	}
	v.matrix()
	for i := range p.Changes {
		v.change(&p.Changes[i])
	}
	return parsed.Execute(w, v)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (v *view) matrix() {
	at := map[[2]string]*cell{}
	for i := range v.Proof.Cells {
		c := &cell{Cell: &v.Proof.Cells[i]}
		if v.Before != nil {
			if old := v.Before.Cell(c.From, c.To); old != nil && old.Status != c.Status {
				c.Was = old.Status
			}
		}
		c.Sheet = v.Sheets.cell(v.Proof, c)
		at[[2]string{c.From, c.To}] = c
		if c.tells() {
			v.Connections = append(v.Connections, connection{c, cmp.Or(c.May, c.Intended)})
		}
	}
	slices.SortStableFunc(v.Connections, func(a, b connection) int {
		return slices.Index(worstFirst, a.Status) - slices.Index(worstFirst, b.Status)
	})
	for _, from := range v.Proof.Segments {
		r := row{From: from}
		for _, to := range v.Proof.Segments {
			r.Cells = append(r.Cells, at[[2]string{from, to}])
		}
		v.Rows = append(v.Rows, r)
	}
}

var worstFirst = []segmentation.Status{segmentation.Violation, segmentation.Blocked, segmentation.Empty, segmentation.Unknown, segmentation.Allowed, segmentation.Mediated}

// Wrong counts the cells that are not as the table says.
func (v *view) Wrong() int {
	wrong := 0
	for _, c := range v.Proof.Cells {
		if len(c.Findings) > 0 {
			wrong++
		}
	}
	return wrong
}

// Big reports whether the browser shall lay the matrix out only when it comes into view.
func (v *view) Big() bool { return len(v.Proof.Cells) > 2000 }

func (v *view) change(c *segmentation.Change) {
	from, to := c.Ends()
	for _, part := range c.Parts() {
		x := change{Does: part[0], Packets: part[1], From: from, To: to, Sheet: -1}
		if part[0] != "closes" {
			x.Rule = c.Rule()
		}
		if x.Rule != "" {
			x.Sheet = v.Sheets.change(&x, c.Path)
		}
		v.Changed = append(v.Changed, x)
	}
}
