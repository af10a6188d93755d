// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"fmt"
	"slices"
	"strings"
)

// Need is a connection that a component cannot do without. Exactly one of From and To is set: the other side is the segment
// in which the component runs.
type Need struct {
	// From is who must be able to reach the component.
	From End
	// To is whom the component must be able to reach.
	To End
	// Ports is where.
	Ports Ports
	// Name is the DNS name under which To is looked up, if AWS did not give it. Default: none.
	Name string
	// For says what the component needs it for, such as "its log group".
	For string
}

// Lacking reports every need of a component in a segment for which the table has no row, each with the row to add.
func (t *Table) Lacking(segment string, needs ...Need) []error {
	var problems []error
	for _, need := range needs {
		from, to := End(segment), need.To
		if need.From != "" {
			from, to = need.From, End(segment)
		}
		for _, part := range parts(to) {
			if !t.Allows(from, part, need.Ports) {
				problems = append(problems, fmt.Errorf(
					"%s: no row of the table lets %q open %s to %q; add {From: %s, To: %s, Ports: segment.%s, Why: \"...\"} to its Connections",
					need.For, from, need.Ports, part, source(from), source(part), goName(need.Ports)))
			}
		}
		if need.Name != "" && !t.resolves(need.Name) {
			problems = append(problems, fmt.Errorf("%s: no row of the table names %q, so that nobody may look it up; add it to the Names of the row that leads to %q", need.For, need.Name, to))
		}
	}
	return problems
}

// resolves reports whether some row names a DNS name, or all those below a name that it is below.
func (t *Table) resolves(name string) bool {
	return slices.ContainsFunc(t.Connections, func(c Connection) bool {
		return slices.ContainsFunc(c.Names, func(listed string) bool {
			above, all := strings.CutPrefix(listed, "*")
			return strings.EqualFold(listed, name) || all && strings.HasSuffix(strings.ToLower(name), strings.ToLower(above))
		})
	})
}

// Allows reports whether a row, or several rows together, let one end open connections to another on all of the ports.
func (t *Table) Allows(from, to End, ports Ports) bool {
	return !slices.ContainsFunc(parts(to), func(part End) bool {
		return !slices.ContainsFunc(t.Connections, func(c Connection) bool {
			return c.From.covers(from) && c.To.covers(part) && c.Ports.Covers(ports)
		})
	})
}

// parts takes an end with several services apart, because several rows may lead to them. An end without any needs none.
func parts(e End) []End {
	services := e.Services()
	if e.empty() {
		return nil
	}
	if len(services) == 0 {
		return []End{e}
	}
	var all []End
	for _, service := range services {
		all = append(all, AWS(service))
	}
	return all
}

// source writes an end as in a Go program.
func source(e End) string {
	switch {
	case e == Internet:
		return "segment.Internet"
	case e.isAWS():
		return fmt.Sprintf("segment.AWS(%q)", e.Services()[0])
	case e.Outside():
		return fmt.Sprintf(`segment.Addresses("%s")`, strings.Join(e.Ranges(), `", "`))
	default:
		return fmt.Sprintf("%q", e)
	}
}

// goName writes ports as in a Go program, without the package.
func goName(p Ports) string {
	names := map[Ports]string{HTTP: "HTTP", HTTPS: "HTTPS", SSH: "SSH", PostgreSQL: "PostgreSQL"}
	if name, known := names[p]; known {
		return name
	}
	switch {
	case p.Protocol == ProtocolICMP && !p.single():
		return fmt.Sprintf("Ports{Protocol: segment.ProtocolICMP, From: %d, To: %d}", p.From, p.To)
	case p.Protocol == ProtocolICMP:
		return fmt.Sprintf("ICMP(%d)", p.From)
	case p.Protocol == ProtocolUDP && p.From == p.To:
		return fmt.Sprintf("UDP(%d)", p.From)
	case p.Protocol == ProtocolUDP:
		return fmt.Sprintf("UDPRange(%d, %d)", p.From, p.To)
	case p.From == p.To:
		return fmt.Sprintf("TCP(%d)", p.From)
	}
	return fmt.Sprintf("TCPRange(%d, %d)", p.From, p.To)
}
