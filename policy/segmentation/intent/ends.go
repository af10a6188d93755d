// SPDX-License-Identifier: Apache-2.0

package intent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
)

// End is a row and a column of the matrix. No two have an address outside in common.
type End struct {
	Name string
	// Segments select its members in the network, and its services of AWS.
	Segments []Segment
	// Addresses are those outside; nothing for an end in the network, and for the internet, which is all the rest.
	Addresses flow.Addrs
	// means are the ends of rows that stand for it, by name.
	means []string
}

// Ends are the rows and columns of the matrix: the internet, the segments, and the addresses and services that
// connections name. Services that the same rows name are one end; so are addresses.
func (t *Table) Ends() []End { return t.ends }

// Known are all ranges outside that the table names.
func (t *Table) Known() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range t.Segments {
		out = append(out, s.Addresses...)
	}
	for _, c := range t.Connections {
		for _, text := range slices.Concat(list(c.From, addressesPrefix), list(c.To, addressesPrefix)) {
			if p, err := netip.ParsePrefix(text); err == nil {
				out = append(out, p)
			}
		}
	}
	return out
}

func (t *Table) partition() []End {
	out := []End{{Name: Internet, means: []string{Internet}}}
	var named []End // lists of addresses, which may overlap
	for _, s := range t.Segments {
		if len(s.Addresses) > 0 {
			named = append(named, End{Name: s.Name, Addresses: flow.PrefixAddrs(s.Addresses...)})
		} else {
			out = append(out, End{Name: s.Name, Segments: []Segment{s}, means: []string{s.Name}})
		}
	}
	for _, c := range t.Connections {
		for _, end := range []string{c.From, c.To} {
			if a, _ := ranges(end); len(a) > 0 && !slices.ContainsFunc(named, func(e End) bool { return e.Name == end }) {
				named = append(named, End{Name: end, Addresses: a})
			}
		}
	}
	return slices.Concat(out, t.services(), pieces(named))
}

// pieces cuts lists of addresses so that none overlap.
func pieces(named []End) []End {
	var out []End
	for _, n := range named {
		rest := n.Addresses
		var next []End
		for _, p := range out {
			if both := p.Addresses.And(n.Addresses); !both.Empty() {
				next = append(next, End{Addresses: both, means: append(slices.Clone(p.means), n.Name)})
			}
			if alone := p.Addresses.Minus(n.Addresses); !alone.Empty() {
				next = append(next, End{Addresses: alone, means: p.means})
			}
			rest = rest.Minus(p.Addresses)
		}
		if !rest.Empty() {
			next = append(next, End{Addresses: rest, means: []string{n.Name}})
		}
		out = next
	}
	for i := range out {
		p := &out[i]
		p.Name = strings.Join(p.means, " and ")
		if n := named[slices.IndexFunc(named, func(n End) bool { return n.Name == p.means[0] })]; len(p.means) > 1 || !n.Addresses.Equal(p.Addresses) {
			p.Name = "part of " + p.Name
		}
	}
	return out
}

// services are the AWS services that connections name, those with the same rows together.
func (t *Table) services() []End {
	var order []string
	rows := map[string]string{}
	for i, c := range t.Connections {
		for _, service := range list(c.To, awsPrefix) {
			if rows[service] == "" {
				order = append(order, service)
			}
			rows[service] += fmt.Sprintf(" %d", i)
		}
	}
	slices.Sort(order)
	var out []End
	at := map[string]int{}
	for _, service := range order {
		key := rows[service]
		if service == "s3" || service == "dynamodb" { // these have a prefix list, which is no part of the network
			key += service
		}
		i, found := at[key]
		if !found {
			i = len(out)
			at[key], out = i, append(out, End{Name: awsPrefix})
		}
		e := &out[i]
		e.Name = strings.TrimPrefix(e.Name+","+service, awsPrefix+",")
		e.means = append(e.means, awsPrefix+service)
		e.Segments = append(e.Segments, Segment{Service: "com.amazonaws.*." + service})
	}
	for i := range out {
		out[i].Name = awsPrefix + strings.TrimPrefix(out[i].Name, awsPrefix)
	}
	return out
}

// Find is the end of a name.
func (t *Table) Find(name string) *End {
	if i := slices.IndexFunc(t.ends, func(e End) bool { return e.Name == name }); i >= 0 {
		return &t.ends[i]
	}
	return nil
}

// speaks reports whether an end of a row stands for an end of the matrix.
func (e *End) speaks(row string) bool {
	if slices.Contains(e.means, row) {
		return true
	}
	return slices.ContainsFunc(list(row, awsPrefix), func(service string) bool { return slices.Contains(e.means, awsPrefix+service) })
}

// Means are the names of the ends that an end of a row stands for.
func (t *Table) Means(row string) []string {
	var out []string
	for i := range t.ends {
		if t.ends[i].speaks(row) {
			out = append(out, t.ends[i].Name)
		}
	}
	return out
}

// Rows are the connections that must be possible from one end to another. A row about the internet speaks for known
// addresses on it too.
func (t *Table) Rows(from, to *End) []Connection {
	return t.rows(func(c *Connection) bool {
		return (from.speaks(c.From) || c.From == Internet && from.public()) && (to.speaks(c.To) || c.To == Internet && to.public())
	})
}

// Admitted is what may be possible from one end to another. A row about the internet admits all addresses outside, and those
// of AWS's services.
func (t *Table) Admitted(from, to *End) flow.Set {
	var out flow.Set
	for _, c := range t.rows(func(c *Connection) bool {
		return (from.speaks(c.From) || c.From == Internet && from.outside()) && (to.speaks(c.To) || c.To == Internet && to.outside())
	}) {
		out = out.Or(c.Ports.set)
	}
	return out
}

func (t *Table) rows(fits func(*Connection) bool) []Connection {
	var out []Connection
	for i := range t.Connections {
		if fits(&t.Connections[i]) {
			out = append(out, t.Connections[i])
		}
	}
	return out
}

// outside reports whether the end is addresses outside, or services of AWS, which have some.
func (e *End) outside() bool {
	return len(e.Addresses) > 0 || len(e.Segments) > 0 && !slices.ContainsFunc(e.Segments, func(s Segment) bool { return s.Service == "" })
}

// public reports whether the end is addresses on the internet, of which some are of IPv4: the others may be of no use.
func (e *End) public() bool {
	return len(e.Addresses) > 0 && e.Addresses[0].Lo.Is4() && e.Addresses.Minus(flow.Internet).Empty()
}
