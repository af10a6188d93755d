// SPDX-License-Identifier: Apache-2.0

// Package intent is the table that a proof compares a network with: the segments, and the connections that may be
// opened between them. Whatever the table does not list is forbidden. It has the shape in which the network component
// registers its own table; a file of that shape speaks for networks that have none.
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
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Internet is everybody outside the network. As a destination it admits AWS's services too, whose addresses are public.
const Internet = "internet"

// The texts before the list of an end outside the segments: "addresses:203.0.113.0/28,2001:db8::/48", "aws:ssm,logs".
const (
	addressesPrefix = "addresses:"
	awsPrefix       = "aws:"
)

// Table is segments and connections.
type Table struct {
	Segments    []Segment    `yaml:"segments"`
	Connections []Connection `yaml:"connections"`
	// Services names the services of AWS's prefix lists by their ids, where the input does not tell.
	Services map[string]string `yaml:"services"`
	// Limited says that the table speaks only for the VPCs in which its segments are.
	Limited bool `yaml:"-"`
	ends    []End
}

// Segment is a part of the network, or one outside it that has Addresses or is a Service of AWS.
type Segment struct {
	Name string `yaml:"name"`
	// Tier is for the reader, such as public, app or data.
	Tier Tier `yaml:"tier"`
	// Holds says what is in it, for the reader.
	Holds string `yaml:"holds"`
	// What selects the members: patterns of ids, names or owners, in which "*" is any text; or "kind:database",
	// "subnet:PATTERN", "group:PATTERN" or "service:PATTERN", the name of the service behind an endpoint.
	What      Words          `yaml:"what"`
	Addresses []netip.Prefix `yaml:"addresses"`
	// Service is a pattern of a service's name, such as "com.amazonaws.*.s3": its endpoints, and its prefix list.
	Service string `yaml:"service"`
	// Elsewhere says that something else than what is looked at may fill the segment, such as another stack: that nothing stands in it is
	// no fault, and whether its connections work is unknown.
	Elsewhere bool `yaml:"elsewhere"`
}

// Connection is one that may be opened, and has to be possible. An end is the name of a segment, "internet",
// "addresses:" with a list of CIDRs, or "aws:" with a list of services such as ssm.
type Connection struct {
	From  string `yaml:"from"`
	To    string `yaml:"to"`
	Ports Ports  `yaml:"ports"`
	// Why is the reason.
	Why string `yaml:"why"`
	// Names are the DNS names of an end outside, for the reader.
	Names Words `yaml:"names"`
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
	return &t, t.Settle()
}

// Settle checks a table and makes it ready for questions. A table that was not read needs it.
func (t *Table) Settle() error {
	t.dropEmpty()
	if problems := t.check(); len(problems) > 0 {
		return errors.Join(problems...)
	}
	t.ends = t.partition()
	return nil
}

// Keep adds the segments that only an older table has, without its rows, so that an older network can be seen by the
// newer table. A segment that was renamed has its new name in both.
func (t *Table) Keep(older *Table) error {
	for _, o := range older.Segments {
		if !slices.ContainsFunc(t.Segments, func(s Segment) bool { return s.Name == o.Name || slices.Equal(s.What, o.What) && len(s.What) > 0 }) {
			t.Segments = append(t.Segments, o)
		}
	}
	return t.Settle()
}

// dropEmpty drops the rows with an empty list at an end: they open nothing.
func (t *Table) dropEmpty() {
	t.Connections = slices.DeleteFunc(t.Connections, func(c Connection) bool {
		return slices.Contains([]string{addressesPrefix, awsPrefix}, c.From) || slices.Contains([]string{addressesPrefix, awsPrefix}, c.To)
	})
}

// list are the items of an end outside the segments, if it has that prefix.
func list(end, prefix string) []string {
	text, found := strings.CutPrefix(end, prefix)
	if !found {
		return nil
	}
	var out []string
	for item := range strings.SplitSeq(text, ",") {
		out = append(out, strings.TrimSpace(item))
	}
	return out
}

// ranges are the addresses of an end, and what is wrong with them.
func ranges(end string) (out flow.Addrs, err error) {
	for _, text := range list(end, addressesPrefix) {
		p, wrong := netip.ParsePrefix(text)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("%q is no CIDR such as 203.0.113.0/28", text))
			continue
		}
		out = out.Or(flow.PrefixAddrs(p))
	}
	return out, err
}

// check lists what contradicts itself in the table.
func (t *Table) check() []error {
	names, out := t.checkSegments()
	seen := map[string]flow.Set{}
	for i, c := range t.Connections {
		at := fmt.Sprintf("connections[%d] (%s -> %s)", i, c.From, c.To)
		for _, problem := range t.checkConnection(&c, names) {
			out = append(out, fmt.Errorf("%s: %w", at, problem))
		}
		if c.Ports.wrong == nil {
			pair := c.From + "\x00" + c.To
			if both := seen[pair].And(c.Ports.set); !both.Empty() {
				out = append(out, fmt.Errorf("%s: %s is listed twice", at, flow.Describe(both)))
			}
			seen[pair] = seen[pair].Or(c.Ports.set)
		}
	}
	return out
}

func (t *Table) checkSegments() (names []string, out []error) {
	names = []string{Internet}
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
		case strings.HasPrefix(s.Name, addressesPrefix):
			out = append(out, fmt.Errorf("%s: names that begin with %q are those of lists of addresses", at, addressesPrefix))
		case ways != 1:
			out = append(out, fmt.Errorf("%s: say one of what (its members), addresses (outside) and service (of AWS)", at))
		}
		for _, w := range s.What {
			if kind, found := strings.CutPrefix(w, "kind:"); found && !slices.Contains(model.Kinds, model.Kind(kind)) {
				out = append(out, fmt.Errorf("%s: what: there is no kind %q; there are %v", at, kind, model.Kinds))
			}
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
		switch _, err := ranges(end[1]); {
		case err != nil:
			out = append(out, fmt.Errorf("%s: %w", end[0], err))
		case slices.Contains(names, end[1]), strings.HasPrefix(end[1], addressesPrefix):
		case end[0] == "to" && strings.HasPrefix(end[1], awsPrefix):
		default:
			out = append(out, fmt.Errorf("%s: there is no segment %q; there are %s, %s… and, as a destination, %s…", end[0], end[1], strings.Join(names, ", "), addressesPrefix, awsPrefix))
		}
	}
	switch {
	case c.Ports.wrong != nil:
		out = append(out, fmt.Errorf("ports: %w", c.Ports.wrong))
	case c.Ports.set.Empty():
		out = append(out, errors.New("ports: missing; write such as tcp/443, or all"))
	}
	if t.outside(c.From) && t.outside(c.To) {
		out = append(out, errors.New("neither end is part of the network"))
	}
	if strings.TrimSpace(c.Why) == "" {
		out = append(out, errors.New("why: missing; say what the connection is for"))
	}
	return out
}

// outside reports whether an end of a row is no part of the network.
func (t *Table) outside(name string) bool {
	if name == Internet || strings.HasPrefix(name, addressesPrefix) {
		return true
	}
	return slices.ContainsFunc(t.Segments, func(s Segment) bool { return s.Name == name && len(s.What) == 0 && s.Service == "" })
}

// Selects reports whether the segment has a member of that kind, of that service, in one of the subnets and with one of
// the groups, any of whose names matches.
func (s *Segment) Selects(kind, service string, names, subnets, groups []string) bool {
	if s.Service != "" && service != "" && glob.Match(s.Service, service) {
		return true
	}
	return slices.ContainsFunc(s.What, func(pattern string) bool {
		of, rest, found := strings.Cut(pattern, ":")
		list := names
		switch {
		case found && of == "kind":
			return rest == kind
		case found && of == "service":
			list, pattern = []string{service}, rest
		case found && of == "subnet":
			list, pattern = subnets, rest
		case found && of == "group":
			list, pattern = groups, rest
		}
		return slices.ContainsFunc(list, func(name string) bool { return name != "" && glob.Match(pattern, name) })
	})
}
