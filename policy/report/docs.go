// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Docs writes the description of every control in Markdown: how to use the pack, an entry for each control,
// and which requirement is met by which controls.
func Docs(w io.Writer, p *pack.Pack, introduction string) error {
	var b strings.Builder
	b.WriteString(introduction)
	profiles(&b, p)
	index(&b, p)
	for _, c := range p.Controls() {
		entry(&b, c)
	}
	matrix(&b, p)
	_, err := io.WriteString(w, b.String())
	return err
}

func profiles(b *strings.Builder, p *pack.Pack) {
	b.WriteString("\n## Profiles\n\n| Profile | Meaning | Mandatory | Advisory | Off |\n|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
		profile := p.Profiles[name]
		var count [5]int
		for _, c := range p.Controls() {
			count[profile.Level(c)]++
		}
		fmt.Fprintf(b, "| `%s` | %s | %d | %d | %d |\n", name, profile.Help, count[pack.Mandatory]+count[pack.Remediate], count[pack.Advisory], count[pack.Disabled])
	}
}

// index is a table of the controls, with what each does to a deployment without any configuration.
func index(b *strings.Builder, p *pack.Pack) {
	all := p.Controls()
	off := 0
	for _, c := range all {
		if c.DefaultLevel() == pack.Disabled {
			off++
		}
	}
	fmt.Fprintf(b, "\n## Controls\n\n%d of the %d controls are off by default: level *disabled*. A configuration switches them on by giving them\n"+
		"another level; a profile does not.\n\n| Control | Severity | Default level | What holds when all is well |\n|---|---|---|---|\n", off, len(all))
	for _, c := range all {
		fmt.Fprintf(b, "| [%s](#%s) | %s | %s | %s |\n", c.ID, c.ID, c.Severity, c.DefaultLevel(), cell(c.Title))
	}
}

// fewTypes is how many types are shown without folding them away.
const fewTypes = 8

func entry(b *strings.Builder, c *pack.Control) {
	scope := "one resource"
	if c.Stack {
		scope = "the stack"
	}
	mends := ""
	if c.Remedy != nil {
		mends = ", can be mended by level `remediate`"
	}
	fmt.Fprintf(b, "\n### %s\n\n**%s.** %s\n\nWhat to do: %s\n\n", c.ID, c.Title, c.Why, c.Fix)
	fmt.Fprintf(b, "Severity %s, about %s, default level %s, looks at %s%s.\n", c.Severity, c.About(), c.DefaultLevel(), scope, mends)
	if len(c.Maps) > 0 {
		fmt.Fprintf(b, "\nRequirements: %s.\n", strings.Join(c.Maps, ", "))
	}
	if pages := c.References(); len(pages) > 0 {
		links := make([]string, len(pages))
		for i, page := range pages {
			links[i] = "[" + label(page) + "](" + page + ")"
		}
		fmt.Fprintf(b, "\nReferences: %s.\n", strings.Join(links, ", "))
	}
	if len(c.Settings) > 0 {
		b.WriteString("\n| Setting | Default | Meaning |\n|---|---|---|\n")
		for i := range c.Settings {
			s := &c.Settings[i]
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", s.Name, cell(s.DefaultJSON()), cell(s.Help))
		}
	}
	types := "`" + strings.Join(c.Types, "`, `") + "`"
	switch {
	case len(c.Types) > fewTypes:
		fmt.Fprintf(b, "\n<details><summary>%d types</summary>\n\n%s\n\n</details>\n", len(c.Types), types)
	case len(c.Types) > 0:
		fmt.Fprintf(b, "\nTypes: %s.\n", types)
	}
}

// label names a page by its anchor, or by the last two steps of its path.
func label(page string) string {
	if _, anchor, ok := strings.Cut(page, "#"); ok {
		return anchor
	}
	steps := strings.Split(strings.Trim(page, "/"), "/")
	return strings.Join(steps[max(0, len(steps)-2):], "/")
}

// matrix lists the requirements of each framework with the controls that serve them.
func matrix(b *strings.Builder, p *pack.Pack) {
	frameworks := map[string]map[string][]string{}
	for _, c := range p.Controls() {
		for _, m := range c.Maps {
			framework, id, _ := strings.Cut(m, ":")
			if frameworks[framework] == nil {
				frameworks[framework] = map[string][]string{}
			}
			frameworks[framework][id] = append(frameworks[framework][id], c.ID)
		}
	}
	b.WriteString("\n## Requirements\n\nWhich controls serve which requirement. A control covers the part of a requirement that a program can break.\n" +
		"The numbers are those of these editions:\n\n| Key | Catalogue | Version |\n|---|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(frameworks)) {
		f := p.Framework(key)
		name, version := f.Name, f.Version
		if f.URL != "" {
			name = "[" + name + "](" + f.URL + ")"
		}
		if version == "" {
			version = "none"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", key, name, version)
	}
	for _, f := range slices.Sorted(maps.Keys(frameworks)) {
		fmt.Fprintf(b, "\n### %s: %s\n\n| Requirement | Controls |\n|---|---|\n", f, p.Framework(f).Title())
		for _, id := range slices.Sorted(maps.Keys(frameworks[f])) {
			fmt.Fprintf(b, "| %s | %s |\n", id, strings.Join(frameworks[f][id], ", "))
		}
	}
}
