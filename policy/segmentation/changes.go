// SPDX-License-Identifier: Apache-2.0

package segmentation

import (
	"fmt"
	"io"
	"strings"
)

// Parts are what a change does, by the words of a report, worst first.
func (c *Change) Parts() [][2]string {
	var out [][2]string
	for _, part := range [][2]string{{"opens", c.Opens}, {"leaves unknown", c.Unknown}, {"closes", c.Closes}} {
		if part[1] != "" {
			out = append(out, part)
		}
	}
	return out
}

// Ends are both ends, with the members and addresses that are meant.
func (c *Change) Ends() (from, to string) {
	limited := func(name, only string) string {
		if only == "" {
			return name
		}
		return name + " (" + only + ")"
	}
	return limited(c.From, c.FromOnly), limited(c.To, c.ToOnly)
}

const unchanged = "nothing opens and nothing closes"

// ChangesText writes what opens and closes, one change a line, with the rule that lets the packets in.
func ChangesText(w io.Writer, changes []Change) {
	for i := range changes {
		c := &changes[i]
		from, to := c.Ends()
		for _, part := range c.Parts() {
			_, _ = fmt.Fprintf(w, "%s %s -> %s: %s\n", part[0], from, to, part[1])
			if rule := c.Rule(); rule != "" && part[0] != "closes" {
				for _, line := range wrap(rule, width-8) {
					_, _ = fmt.Fprintf(w, "        %s\n", line)
				}
			}
		}
	}
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(w, unchanged)
	}
}

// ChangesMarkdown writes them as a table, and below it a packet's path for everything that opens, for the description of a
// merge request.
func ChangesMarkdown(w io.Writer, changes []Change) {
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(w, "Between the segments "+unchanged+".")
		return
	}
	_, _ = fmt.Fprintf(w, "| change | from | to | packets | by |\n| --- | --- | --- | --- | --- |\n")
	for i := range changes {
		c := &changes[i]
		from, to := c.Ends()
		for _, part := range c.Parts() {
			rule := ""
			if part[0] != "closes" {
				rule = c.Rule()
			}
			row := []string{from, to, part[1], rule}
			for j := range row {
				row[j] = cell(row[j])
			}
			_, _ = fmt.Fprintf(w, "| **%s** | %s |\n", part[0], strings.Join(row, " | "))
		}
	}
	for i := range changes {
		c := &changes[i]
		if c.Path == nil {
			continue
		}
		from, to := c.Ends()
		_, _ = fmt.Fprintf(w, "\n<details><summary>%s → %s: %s</summary>\n\n```text\n", mark.Replace(from), mark.Replace(to), mark.Replace(c.Parts()[0][1]))
		Hops(w, c.Path)
		_, _ = fmt.Fprintf(w, "```\n\n</details>\n")
	}
}

// mark keeps a text from the network, such as the description of a rule, from being taken for markup of HTML.
var mark = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var cells = strings.NewReplacer("|", "\\|", "[", "\\[", "`", "\\`", "*", "\\*")

// cell keeps it from being taken for markup of Markdown, too.
func cell(s string) string { return cells.Replace(mark.Replace(s)) }
