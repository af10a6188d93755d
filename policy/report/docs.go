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
	groups := map[string][]*pack.Control{}
	for _, c := range p.Controls() {
		prefix, _, _ := strings.Cut(c.ID, "-")
		groups[prefix] = append(groups[prefix], c)
	}
	b.WriteString("\n## Controls\n\n")
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		fmt.Fprintf(&b, "- **%s**:", name)
		for i, c := range groups[name] {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, " [%s](#%s)", c.ID, c.ID)
		}
		b.WriteString("\n")
	}
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

func entry(b *strings.Builder, c *pack.Control) {
	scope := "one resource"
	if c.Stack {
		scope = "the stack"
	}
	mends := ""
	if c.Remedy != nil {
		mends = ", can be mended by level `remediate`"
	}
	fmt.Fprintf(b, "\n### %s\n\n**%s.** %s\n\n%s\n\n", c.ID, c.Title, c.Why, c.Fix)
	fmt.Fprintf(b, "Severity %s, about %s, default level %s, looks at %s%s.\n", c.Severity, c.About(), c.DefaultLevel(), scope, mends)
	if len(c.Types) > 0 {
		types := c.Types
		more := ""
		if len(types) > 8 {
			more = fmt.Sprintf(" and %d more", len(types)-8)
			types = types[:8]
		}
		fmt.Fprintf(b, "\nTypes: `%s`%s.\n", strings.Join(types, "`, `"), more)
	}
	if len(c.Maps) > 0 {
		fmt.Fprintf(b, "\nRequirements: %s.\n", strings.Join(c.Maps, ", "))
	}
	if len(c.Settings) > 0 {
		b.WriteString("\n| Setting | Default | Meaning |\n|---|---|---|\n")
		for _, s := range c.Settings {
			fmt.Fprintf(b, "| `%s` | `%v` | %s |\n", s.Name, s.Default, cell(s.Help))
		}
	}
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
	b.WriteString("\n## Requirements\n\nWhich controls serve which requirement. A control covers the part of a requirement that a program can break.\n")
	for _, f := range slices.Sorted(maps.Keys(frameworks)) {
		fmt.Fprintf(b, "\n### %s\n\n| Requirement | Controls |\n|---|---|\n", f)
		for _, id := range slices.Sorted(maps.Keys(frameworks[f])) {
			fmt.Fprintf(b, "| %s | %s |\n", id, strings.Join(frameworks[f][id], ", "))
		}
	}
}
