// SPDX-License-Identifier: Apache-2.0

// Package intent is the table that a proof compares a network with: the segments, and the connections that may be
// opened between them. Whatever the table does not list is forbidden.
package intent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/policy/glob"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
)

// The ends that every table has.
const (
	// Internet is every public address that no other segment has.
	Internet = "internet"
	// KnownAddresses are those of Table.KnownAddresses.
	KnownAddresses = "known addresses"
)

// Table is segments and connections.
type Table struct {
	Segments    []Segment    `yaml:"segments"`
	Connections []Connection `yaml:"connections"`
	// KnownAddresses are the CIDRs from which people or systems that are known come.
	KnownAddresses []netip.Prefix `yaml:"known addresses"`
	// Services names the services of AWS's prefix lists by their ids, where the input does not tell.
	Services map[string]string `yaml:"services"`
}

// Segment is a part of the network, or one outside it that has Addresses or is a Service of AWS.
type Segment struct {
	Name string `yaml:"name"`
	// Tier is for the reader, such as public, app or data.
	Tier string `yaml:"tier"`
	// What selects the members: patterns of ids, names or owners, in which "*" is any text; or "kind:database",
	// "subnet:PATTERN" or "group:PATTERN".
	What      Words          `yaml:"what"`
	Addresses []netip.Prefix `yaml:"addresses"`
	// Service is a pattern of a service's name, such as "com.amazonaws.*.s3".
	Service string `yaml:"service"`
}

// Outside reports whether the segment is no part of the network.
func (s *Segment) Outside() bool { return len(s.Addresses) > 0 || s.Service != "" }

// Connection is one that may be opened, and has to be possible.
type Connection struct {
	From     string `yaml:"from"`
	To       string `yaml:"to"`
	Protocol string `yaml:"protocol"`
	// Ports are ports and ranges, or ICMP types; none means all.
	Ports  Words  `yaml:"ports"`
	Reason string `yaml:"reason"`
}

// Words is a list that may be written as one text with commas.
type Words []string

// UnmarshalYAML reads a text, a number or a list of them.
func (w *Words) UnmarshalYAML(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a text or a list of texts is needed", item.Line)
		}
		for word := range strings.SplitSeq(item.Value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				*w = append(*w, word)
			}
		}
	}
	return nil
}

// Set is what the connection admits.
func (c *Connection) Set() (flow.Set, error) {
	if len(c.Ports) == 0 {
		return flow.Parse(c.Protocol)
	}
	var out flow.Set
	for _, p := range c.Ports {
		s, err := flow.Parse(c.Protocol + "/" + p)
		if err != nil {
			return nil, err
		}
		out = out.Or(s)
	}
	return out, nil
}

// Read reads a table and lists everything that is wrong with it.
func Read(r io.Reader) (*Table, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var t Table
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("the table has another form than segments and connections: %w", err)
	}
	return &t, errors.Join(t.Check()...)
}

// Check lists what contradicts itself in the table.
func (t *Table) Check() []error {
	names, out := t.checkSegments()
	seen := map[string]flow.Set{}
	for i, c := range t.Connections {
		at := fmt.Sprintf("connections[%d] (%s -> %s)", i, c.From, c.To)
		for _, problem := range t.checkConnection(&c, names) {
			out = append(out, fmt.Errorf("%s: %w", at, problem))
		}
		set, err := c.Set()
		if err != nil {
			out = append(out, fmt.Errorf("%s: %w", at, err))
			continue
		}
		pair := c.From + "\x00" + c.To
		if both := seen[pair].And(set); !both.Empty() {
			out = append(out, fmt.Errorf("%s: %s is listed twice", at, flow.Describe(both)))
		}
		seen[pair] = seen[pair].Or(set)
	}
	return out
}

func (t *Table) checkSegments() (names []string, out []error) {
	names = []string{Internet, KnownAddresses}
	for i, s := range t.Segments {
		at := fmt.Sprintf("segments[%d] (%s)", i, s.Name)
		ways := 0
		for _, has := range []bool{len(s.What) > 0, len(s.Addresses) > 0, s.Service != ""} {
			if has {
				ways++
			}
		}
		switch {
		case s.Name == "":
			out = append(out, fmt.Errorf("%s: name is missing", at))
		case slices.Contains(names, s.Name):
			out = append(out, fmt.Errorf("%s: there is another segment of this name", at))
		case ways != 1:
			out = append(out, fmt.Errorf("%s: say one of what (its members), addresses (outside) and service (of AWS)", at))
		}
		names = append(names, s.Name)
	}
	if len(t.Segments) == 0 {
		out = append(out, errors.New("segments: there are none"))
	}
	return names, out
}

func (t *Table) checkConnection(c *Connection, names []string) (out []error) {
	for _, end := range [][2]string{{"from", c.From}, {"to", c.To}} {
		if !slices.Contains(names, end[1]) {
			out = append(out, fmt.Errorf("%s: there is no segment %q; there are %s", end[0], end[1], strings.Join(names, ", ")))
		}
	}
	if (c.From == KnownAddresses || c.To == KnownAddresses) && len(t.KnownAddresses) == 0 {
		out = append(out, errors.New("known addresses are not listed"))
	}
	if t.outside(c.From) && t.outside(c.To) {
		out = append(out, errors.New("neither end is part of the network"))
	}
	if strings.TrimSpace(c.Reason) == "" {
		out = append(out, errors.New("reason is missing; say what the connection is for"))
	}
	return out
}

func (t *Table) outside(name string) bool {
	return name == Internet || name == KnownAddresses || slices.ContainsFunc(t.Segments, func(s Segment) bool { return s.Name == name && s.Outside() })
}

// Intended is what the table admits between two segments.
func (t *Table) Intended(from, to string) flow.Set {
	var out flow.Set
	for _, c := range t.Connections {
		if c.From == from && c.To == to {
			s, _ := c.Set() // Check has seen it
			out = out.Or(s)
		}
	}
	return out
}

// Selects reports whether the segment has a member of that kind, in one of the subnets and with one of the groups, any
// of whose names matches.
func (s *Segment) Selects(kind string, names, subnets, groups []string) bool {
	return slices.ContainsFunc(s.What, func(pattern string) bool {
		of, rest, found := strings.Cut(pattern, ":")
		list := names
		switch {
		case found && of == "kind":
			return rest == kind
		case found && of == "subnet":
			list, pattern = subnets, rest
		case found && of == "group":
			list, pattern = groups, rest
		}
		return slices.ContainsFunc(list, func(name string) bool { return name != "" && glob.Match(pattern, name) })
	})
}
