// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
)

func list(p *pack.Pack, args []string, out, errOut io.Writer) int {
	set := flag.NewFlagSet("list", flag.ContinueOnError)
	format := set.String("format", "text", "text, json")
	switch err := parseFlags(set, args, out, errOut); {
	case errors.Is(err, flag.ErrHelp):
		return Clean
	case err != nil:
		return Unusable
	}
	switch {
	case set.NArg() > 0:
		return fail(errOut, errors.New("list takes no arguments but -format; \"explain\" describes one control"))
	case *format == "json":
		if err := report.List(out, p); err != nil {
			return fail(errOut, err)
		}
	case *format == "text":
		for _, c := range p.Controls() {
			_, _ = fmt.Fprintf(out, "%-34s %-9s %-10s %-10s %s\n", c.ID, c.Severity, c.DefaultLevel(), c.About(), c.Title)
		}
	default:
		return fail(errOut, fmt.Errorf("format %q is not known; use text or json", *format))
	}
	return Clean
}

func explain(p *pack.Pack, args []string, out, errOut io.Writer) int {
	if len(args) != 1 {
		return fail(errOut, errors.New("explain needs the id of one control; \"list\" shows them"))
	}
	if p.Control(args[0]) == nil {
		return fail(errOut, fmt.Errorf("the pack has no control %q%s; \"list\" shows all", args[0], p.Suggest(args[0])))
	}
	c := p.Control(args[0])
	_, _ = fmt.Fprintf(out, "%s\n%s.\n\nWhy:  %s\nFix:  %s\n\nSeverity %s, about %s, default level %s.\nRequirements: %s\n", c.ID, c.Title, c.Why, c.Fix,
		c.Severity, c.About(), c.DefaultLevel(), strings.Join(c.Maps, ", "))
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
	return Clean
}
