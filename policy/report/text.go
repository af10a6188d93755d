// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// opening is the first line of the text and Markdown forms: what was judged, and by what.
func (r *Report) opening() string {
	by := "by each control's own level, without a profile or a configuration"
	switch {
	case r.Profile != "" && r.Config != "":
		by = fmt.Sprintf("by profile %q with the configuration %s", r.Profile, r.Config)
	case r.Profile != "":
		by = fmt.Sprintf("by profile %q, without a configuration", r.Profile)
	case r.Config != "":
		by = fmt.Sprintf("by the configuration %s, without a profile", r.Config)
	}
	what := r.Source
	if r.Stack != "" {
		what += " (stack " + r.Stack + ")"
	}
	chosen := ""
	if r.Chosen != "" {
		chosen = fmt.Sprintf(" This report is about %d of them: %s.", r.About, r.Chosen)
	}
	return fmt.Sprintf("Judged %s %s: %d controls are on, %d are off.%s", what, by, r.On, r.Off, chosen)
}

// summary is the last line of the text form, and the second of the Markdown form.
func (r *Report) summary() string {
	stops, advises, waived := 0, 0, 0
	for _, f := range r.causes() {
		switch {
		case f.Waiver != nil:
			waived++
		case f.Blocks():
			stops++
		default:
			advises++
		}
	}
	critical := 0
	for i := range r.Undecided {
		if r.Undecided[i].rank == pack.Critical {
			critical++
		}
	}
	open := count(len(r.Undecided), "check is undecided", "checks are undecided")
	if critical > 0 {
		open += fmt.Sprintf(", %d of them critical", critical)
	}
	return fmt.Sprintf("%s, %s: %s the deployment, %s, %d waived; %s; %s not judged.",
		count(r.Coverage.Resources, "resource", "resources"), count(r.Checks, "check", "checks"), count(stops, "finding stops", "findings stop"),
		count(advises, "advises", "advise"), waived, open, count(r.Coverage.Unjudged(), "resource is", "resources are"))
}

// count writes a number with the word for one or for many.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (r *Report) text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.opening())
	for _, f := range r.causes() {
		fmt.Fprintf(&b, "%s  %s  [%s]\n  %s: %s\n", strings.ToUpper(f.Severity), f.ID, f.state(), Named(f.Type, f.Name, f.Place),
			f.text("\n    also: "))
		if len(f.Also) > 0 {
			fmt.Fprintf(&b, "  Also: %s\n", strings.Join(f.Also, ", "))
		}
		if f.Why != "" {
			fmt.Fprintf(&b, "  Why: %s\n  Fix: %s\n", f.Why, f.Fix)
		}
		b.WriteString("\n")
	}
	if len(r.Undecided) > 0 {
		b.WriteString("Undecided:\n")
		for _, o := range r.waits() {
			fmt.Fprintf(&b, "  %-8s  %s: %s\n            %s\n", o.Severity, Named(o.Type, o.Name, o.Place), o.waitsFor(), strings.Join(o.ids, ", "))
		}
		b.WriteString("\n")
	}
	r.gaps(&b)
	fmt.Fprintln(&b, r.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// mostTexts is how many things that a control says of one resource are shown.
const mostTexts = 6

// text is what is wrong, in one or several parts.
func (c *cause) text(between string) string {
	text := strings.Join(c.texts[:min(len(c.texts), mostTexts)], between)
	if n := len(c.texts) - mostTexts; n > 0 {
		text += between + fmt.Sprintf("%d more, which -format json lists", n)
	}
	return text
}

// gaps lists what was not judged.
func (r *Report) gaps(b *strings.Builder) {
	if len(r.Coverage.Gaps) > 0 {
		b.WriteString("Not judged:\n")
		for kind := range r.Coverage.Kinds() {
			fmt.Fprintf(b, "  %s\n", kind[0].Why)
			for _, g := range kind {
				fmt.Fprintf(b, "    %3d  %s\n", len(g.Names), g.Type)
			}
		}
		b.WriteString("\n")
	}
	for _, note := range r.Coverage.Notes() {
		fmt.Fprintf(b, "Note: %s.\n\n", note)
	}
}

// state is what a finding does to a deployment, in words.
func (f *Finding) state() string {
	if f.Waiver == nil {
		return f.Level
	}
	return "waived until " + f.Waiver.Expires + " by " + f.Waiver.Owner + ": " + f.Waiver.Reason
}

func (r *Report) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Policies\n\n%s\n\n%s\n", r.opening(), r.summary())
	if len(r.Findings) > 0 {
		b.WriteString("\n| Severity | Control | Resource | Finding | State |\n|---|---|---|---|---|\n")
	}
	for _, f := range r.causes() {
		control := f.ID
		if f.URL != "" {
			control = "[" + f.ID + "](" + f.URL + ")"
		}
		if len(f.Also) > 0 {
			control += " (also " + strings.Join(f.Also, ", ") + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Severity, control, cell(Named(f.Type, f.Name, f.Place)),
			cell(f.text("; ")+". "+f.Fix), cell(f.state()))
	}
	if len(r.Undecided) > 0 {
		b.WriteString("\n| Severity | Undecided control | Resource | Waits for |\n|---|---|---|---|\n")
		for _, o := range r.waits() {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", o.Severity, strings.Join(o.ids, ", "), cell(Named(o.Type, o.Name, o.Place)),
				cell(o.waitsFor()))
		}
	}
	if len(r.Coverage.Gaps) > 0 {
		b.WriteString("\n| Not judged | Resources | Why |\n|---|---|---|\n")
		for _, g := range r.Coverage.Gaps {
			fmt.Fprintf(&b, "| `%s` | %d | %s |\n", g.Type, len(g.Names), cell(g.Why))
		}
	}
	for _, note := range r.Coverage.Notes() {
		fmt.Fprintf(&b, "\nNote: %s.\n", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// waitsFor is why a check has no answer, below a heading that says that it has none.
func (o *Open) waitsFor() string {
	reason := o.Reason
	for _, said := range []string{"undecided until deployed: ", "undecided here: ", "undecided: "} {
		reason = strings.TrimPrefix(reason, said)
	}
	return reason
}

// cell keeps text from breaking a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ").Replace(s)
}
