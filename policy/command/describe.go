// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
)

// described are the controls that list and explain are asked for, with the session whose levels they have.
type described struct {
	controls []*pack.Control
	session  *pack.Session
	format   string
}

// choose reads the arguments of list or explain.
func choose(name string, p *pack.Pack, args []string, out, errOut io.Writer) (described, error) {
	var by basis
	var chosen selection
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.Usage = func() {
		_, _ = fmt.Fprintf(set.Output(),
			"Usage: bulkhead-policy %s [flags] [CONTROL ...]\n\nCONTROL is an id, the beginning of one, or a pattern with *.\n\n", name)
		set.PrintDefaults()
	}
	by.flags(set)
	chosen.flags(set)
	format := set.String("format", "text", "text, json")
	var err error
	if chosen.ids, err = parseFlags(set, args, out, errOut); err != nil {
		return described{}, err
	}
	if *format != "text" && *format != "json" {
		return described{}, fmt.Errorf("-format: %q is not known; use text or json", *format)
	}
	keep, err := chosen.choose(p)
	if err != nil {
		return described{}, err
	}
	session, err := by.session(p)
	if err != nil {
		return described{}, err
	}
	d := described{session: session, format: *format}
	for _, c := range p.Controls() {
		if keep(c) && (chosen.level == "" || session.Level(c.ID).String() == chosen.level) {
			d.controls = append(d.controls, c)
		}
	}
	if len(d.controls) == 0 {
		return d, fmt.Errorf("no control fits: %s", chosen.String())
	}
	return d, nil
}

func list(p *pack.Pack, args []string, out, errOut io.Writer) int {
	d, err := choose("list", p, args, out, errOut)
	if err != nil {
		return end(errOut, err)
	}
	if d.format == "json" {
		return end(errOut, report.List(out, p, d.controls, d.session.Level))
	}
	for _, c := range d.controls {
		_, _ = fmt.Fprintf(out, "%-34s %-9s %-10s %-10s %s\n", c.ID, c.Severity, d.session.Level(c.ID), c.About(), c.Title)
	}
	return Clean
}

func explain(p *pack.Pack, args []string, out, errOut io.Writer) int {
	if len(args) == 0 {
		return fail(errOut,
			errors.New("explain needs the id of a control or the beginning of one, or flags that choose some; \"list\" shows all"))
	}
	d, err := choose("explain", p, args, out, errOut)
	if err != nil {
		return end(errOut, err)
	}
	if d.format == "json" {
		return end(errOut, report.List(out, p, d.controls, d.session.Level))
	}
	for i, c := range d.controls {
		if i > 0 {
			_, _ = fmt.Fprint(out, "\n\n")
		}
		explainOne(p, c, d.session.Level(c.ID), out)
	}
	return Clean
}

func explainOne(p *pack.Pack, c *pack.Control, level pack.Level, out io.Writer) {
	_, _ = fmt.Fprintf(out, "%s\n%s.\n\nWhy:  %s\nFix:  %s\n\nSeverity %s, about %s, level %s (", c.ID, c.Title, c.Why, c.Fix, c.Severity,
		c.About(), level)
	for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
		_, _ = fmt.Fprintf(out, "%s: %s, ", name, p.Profiles[name].Level(c))
	}
	_, _ = fmt.Fprintf(out, "without a profile: %s).\nRequirements: %s\n", c.DefaultLevel(), strings.Join(c.Maps, ", "))
	for i := range c.Settings {
		s := &c.Settings[i]
		_, _ = fmt.Fprintf(out, "Setting %s (default %s): %s\n", s.Name, s.DefaultJSON(), s.Help)
	}
	for _, t := range c.Types {
		_, _ = fmt.Fprintf(out, "Type %s\n", t)
	}
	for _, page := range c.References() {
		_, _ = fmt.Fprintf(out, "Reference: %s\n", page)
	}
}
