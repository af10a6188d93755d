// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
)

// Opaque names types behind which stand resources that no control sees as they are.
type Opaque struct {
	// Means says what they are, as the head of a list, such as "CloudFormation stacks (what their templates make is not seen)".
	Means string
	// Types are patterns of type tokens, in which "*" stands for any text.
	Types []string
	// Always counts them even where a control judges the resource itself.
	Always bool
}

// Gap is one type of resource that nothing in a session looked at.
type Gap struct {
	// Why says what kind of gap it is; the gaps of a kind stand together.
	Why string `json:"why"`
	// Type is the type token.
	Type string `json:"type"`
	// Names are the resources' names in the program, sorted.
	Names []string `json:"names"`
	// rank orders the kinds: what may hide resources of the pack's own cloud comes first.
	rank int
}

// Coverage is what a session looked at in a deployment, and what it did not.
type Coverage struct {
	// Newer is the version of the pack's provider where that is of a later major version than the pack knows, or empty.
	Newer string `json:"newerProvider,omitempty"`
	// Outdated is the version of the pack's provider where the table of inputs that replace a resource is of an older one, or empty.
	Outdated string `json:"newerThanTable,omitempty"`
	// Gaps are the types that were not judged.
	Gaps []Gap `json:"gaps"`
	// Resources counts what the program makes: neither the stack itself nor components, providers and stack references.
	Resources int `json:"resources"`
	// known is the newest major version that the pack knows, table that of which it knows what replaces a resource.
	known int
	table string
	// Judged is how many of them at least one control that is switched on looks at.
	Judged int `json:"judged"`
}

// Unjudged is how many resources were not judged, components that hide theirs included.
func (c *Coverage) Unjudged() int {
	n := 0
	for _, g := range c.Gaps {
		n += len(g.Names)
	}
	return n
}

// The kinds of gaps after those that the pack names itself.
const (
	hiddenChildren = "components with nothing below them (what they make is not seen)"
	allOff         = "types whose controls are all off"
	noControl      = "types without a control"
	elsewhere      = "resources of other providers"
)

// Coverage sorts the resources of the stack pass into judged and not.
func (s *Session) Coverage(resources []*Resource) *Coverage {
	s.mu.Lock()
	defer s.mu.Unlock()
	parents, providers := map[string]bool{}, map[string]bool{}
	for _, r := range resources {
		parents[r.Parent] = true
	}
	c := &Coverage{Gaps: []Gap{}, known: s.pack.ProviderMajor, table: s.pack.ReplacesOf}
	gaps := map[string]*Gap{}
	for _, r := range resources {
		if strings.HasPrefix(r.Type, "pulumi:") {
			continue
		}
		if !providers[r.ProviderURN] {
			providers[r.ProviderURN] = true
			c.noteVersion(s.pack, r)
		}
		if !r.Component {
			c.Resources++
		}
		why, rank := s.gap(r, parents[r.URN])
		if why == "" {
			if !r.Component {
				c.Judged++
			}
			continue
		}
		key := fmt.Sprintf("%d %s", rank, r.Type)
		if gaps[key] == nil {
			gaps[key] = &Gap{Why: why, Type: r.Type, rank: rank}
		}
		gaps[key].Names = append(gaps[key].Names, r.Name)
	}
	for _, g := range gaps {
		slices.Sort(g.Names)
		c.Gaps = append(c.Gaps, *g)
	}
	slices.SortFunc(c.Gaps, func(a, b Gap) int { return cmp.Or(a.rank-b.rank, strings.Compare(a.Type, b.Type)) })
	return c
}

// gap says why nothing looks at a resource, and how far down in the list that stands; "" when something does.
func (s *Session) gap(r *Resource, hasChildren bool) (why string, rank int) {
	if r.Component && hasChildren || slices.Contains(s.pack.Plain, r.Type) {
		return "", 0
	}
	_, known := s.pack.byType[r.Type]
	d := s.dutiesFor(r.Type)
	judged := known && (d.joined || d.named())
	for i, o := range s.pack.Opaque {
		if (o.Always || !judged) && slices.ContainsFunc(o.Types, func(p string) bool { return glob.Match(p, r.Type) }) {
			return o.Means, i
		}
	}
	after := len(s.pack.Opaque)
	switch {
	case judged:
		return "", 0
	case r.Component:
		return hiddenChildren, after
	case known:
		return allOff, after + 1
	case s.pack.Provider == "" || strings.HasPrefix(r.Type, s.pack.Provider+":"):
		return noControl, after + 2
	}
	return elsewhere, after + 3
}

// noteVersion keeps the version of a resource's provider where that is the pack's and of a later major version than it knows.
func (c *Coverage) noteVersion(p *Pack, r *Resource) {
	if c.known == 0 || r.ProviderType != "pulumi:providers:"+p.Provider {
		return
	}
	version := r.Provider().Get("version").Str()
	of, table := numbers(version), numbers(c.table)
	if of[0] > c.known {
		c.Newer = version
	}
	if table[0] > 0 && slices.Compare(of[:], table[:]) > 0 {
		c.Outdated = version
	}
}

// numbers are the major and the minor version, 0 where there is none.
func numbers(version string) (two [2]int) {
	for i, part := range strings.SplitN(strings.TrimPrefix(version, "v"), ".", len(two)+1)[:min(len(two), 1+strings.Count(version, "."))] {
		two[i], _ = strconv.Atoi(part) // No number is 0.
	}
	return two
}

// Notes are what a report says once about versions.
func (c *Coverage) Notes() []string {
	var notes []string
	if c.Newer != "" {
		notes = append(notes, c.NewerText())
	}
	if c.Outdated != "" {
		notes = append(notes, fmt.Sprintf("which change of an input replaces its resource is known of version %s of the provider, and the program "+
			"uses version %s: a preview shows it", c.table, c.Outdated))
	}
	return notes
}

// mostTypes is how many types of one kind a message of the engine names.
const mostTypes = 12

// String is the coverage in one line, with the types that were not judged, or "" when there are none and the provider is known.
func (c *Coverage) String() string {
	var parts []string
	for group := range c.Kinds() {
		list := make([]string, 0, len(group))
		for _, g := range group[:min(len(group), mostTypes)] {
			list = append(list, fmt.Sprintf("%d %s", len(g.Names), g.Type))
		}
		if n := len(group) - len(list); n > 0 {
			list = append(list, fmt.Sprintf("and %d more types", n))
		}
		parts = append(parts, group[0].Why+": "+strings.Join(list, ", "))
	}
	if len(parts) > 0 {
		parts[0] = fmt.Sprintf("not judged: %d of the program's resources: %s", c.Unjudged(), parts[0])
	}
	if c.Newer != "" {
		parts = append(parts, c.NewerText())
	}
	return strings.Join(parts, "; ")
}

// NewerText says what it means that the provider is newer than the pack.
func (c *Coverage) NewerText() string {
	return fmt.Sprintf("the program uses version %s of the provider, this pack knows it up to version %d: a property with another name or "+
		"default there is not judged right", c.Newer, c.known)
}

// Kinds yields the gaps of each kind.
func (c *Coverage) Kinds() func(yield func([]Gap) bool) {
	return func(yield func([]Gap) bool) {
		for i := 0; i < len(c.Gaps); {
			end := i + 1
			for end < len(c.Gaps) && c.Gaps[end].Why == c.Gaps[i].Why {
				end++
			}
			if !yield(c.Gaps[i:end]) {
				return
			}
			i = end
		}
	}
}

// governCoverage reports at the end of a run what nothing looked at, as the setting "unjudged" wants it.
func (s *Session) governCoverage(c *Coverage, level Level, add func(Level, string, ...any), remark func(string)) {
	own := Case{control: s.pack.byID[GovernanceID], settings: s.settings[GovernanceID]}
	switch own.Word("unjudged") {
	case undecidedReport:
		if text := c.String(); text != "" {
			remark(text)
		}
	case undecidedRefuse:
		allowed := own.Words("unjudgedAllowed")
		for _, g := range c.Gaps {
			if !slices.ContainsFunc(allowed, func(p string) bool { return glob.Match(p, g.Type) }) {
				add(level, "not judged: %d %s (%s), %s", len(g.Names), g.Type, strings.Join(g.Names, ", "), g.Why)
			}
		}
		if c.Newer != "" {
			add(level, "%s", c.NewerText())
		}
	}
}
