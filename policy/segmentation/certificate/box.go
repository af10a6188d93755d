// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"fmt"
	"net/netip"
)

// Range of numbers or addresses, both ends included.
type Range[T any] struct {
	Lo T `json:"lo"`
	Hi T `json:"hi"`
}

// Addrs is a range of addresses of one family.
type Addrs = Range[netip.Addr]

// Numbers is a range of numbers.
type Numbers = Range[int]

// Box is a product of ranges: the packets with a source, destination, protocol, port and client port in each. For ICMP
// the port is type*256+code.
type Box struct {
	Source      Addrs   `json:"source"`
	Destination Addrs   `json:"destination"`
	Protocols   Numbers `json:"protocols"`
	Ports       Numbers `json:"ports"`
	Clients     Numbers `json:"clients"`
}

func (b Box) String() string {
	return fmt.Sprintf("%s-%s to %s-%s, protocols %d-%d, ports %d-%d from %d-%d", b.Source.Lo, b.Source.Hi, b.Destination.Lo, b.Destination.Hi,
		b.Protocols.Lo, b.Protocols.Hi, b.Ports.Lo, b.Ports.Hi, b.Clients.Lo, b.Clients.Hi)
}

func compareInts(a, b int) int { return a - b }

// split takes y out of x: what of x is below, in and above y. A part that is empty is nil.
func split[T any](x, y Range[T], cmp func(a, b T) int, next, prev func(T) T) (below, in, above *Range[T]) {
	if cmp(x.Hi, y.Lo) < 0 || cmp(x.Lo, y.Hi) > 0 {
		return &x, nil, nil
	}
	in = &Range[T]{x.Lo, x.Hi}
	if cmp(x.Lo, y.Lo) < 0 {
		below, in.Lo = &Range[T]{x.Lo, prev(y.Lo)}, y.Lo
	}
	if cmp(x.Hi, y.Hi) > 0 {
		above, in.Hi = &Range[T]{next(y.Hi), x.Hi}, y.Hi
	}
	return below, in, above
}

func splitInts(x, y Numbers) (below, in, above *Numbers) {
	return split(x, y, compareInts, func(n int) int { return n + 1 }, func(n int) int { return n - 1 })
}

func splitAddrs(x, y Addrs) (below, in, above *Addrs) {
	return split(x, y, netip.Addr.Compare, netip.Addr.Next, netip.Addr.Prev)
}

// minus is b without o, in pieces.
func (b Box) minus(o Box) []Box {
	var out []Box
	rest := b
	for _, dimension := range []func(x *Box) bool{
		func(x *Box) bool {
			return peel(x, &out, &x.Source, o.Source, splitAddrs, func(p *Box, r Addrs) { p.Source = r })
		},
		func(x *Box) bool {
			return peel(x, &out, &x.Destination, o.Destination, splitAddrs, func(p *Box, r Addrs) { p.Destination = r })
		},
		func(x *Box) bool {
			return peel(x, &out, &x.Protocols, o.Protocols, splitInts, func(p *Box, r Numbers) { p.Protocols = r })
		},
		func(x *Box) bool {
			return peel(x, &out, &x.Ports, o.Ports, splitInts, func(p *Box, r Numbers) { p.Ports = r })
		},
		func(x *Box) bool {
			return peel(x, &out, &x.Clients, o.Clients, splitInts, func(p *Box, r Numbers) { p.Clients = r })
		},
	} {
		if !dimension(&rest) {
			return []Box{b}
		}
	}
	return out
}

// peel cuts off what lies outside in one dimension and reports whether anything is left.
func peel[T any](x *Box, out *[]Box, own *Range[T], other Range[T], split func(x, y Range[T]) (below, in, above *Range[T]), set func(*Box, Range[T])) bool {
	below, in, above := split(*own, other)
	if in == nil {
		return false
	}
	for _, r := range []*Range[T]{below, above} {
		if r != nil {
			piece := *x
			set(&piece, *r)
			*out = append(*out, piece)
		}
	}
	*own = *in
	return true
}

// without is what of the boxes none of the others covers.
func without(boxes []Box, others ...Box) []Box {
	for _, o := range others {
		var next []Box
		for _, b := range boxes {
			next = append(next, b.minus(o)...)
		}
		boxes = next
	}
	return boxes
}
