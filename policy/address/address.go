// SPDX-License-Identifier: Apache-2.0

// Package address decides whether a set of IP ranges is, taken together, the internet. Two halves of the
// internet are the internet; a private range is not, however large.
package address

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Set is a union of IPv4 and IPv6 ranges.
type Set struct {
	v4 []span
	v6 []span
}

// span is a range of numbers, both ends included: IPv4 addresses, or IPv6 networks of 64 bits.
type span struct{ from, to uint64 }

// Limits from which on a set counts as the internet: a /8 of public IPv4 addresses, or a /20 of global
// unicast IPv6. No company's own allocation that would be listed in a rule is as large.
const (
	wideV4 = 1 << 24
	wideV6 = 1 << 44
)

// notPublic are the IPv4 ranges that are not routed in the internet (RFC 6890).
var notPublic = spans("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4")

// globalUnicast is the part of IPv6 that is routed in the internet, 2000::/3 (RFC 4291).
var globalUnicast = span{0x2000 << 48, 0x3fff<<48 | 0xffffffffffff}

func spans(cidrs ...string) []span {
	var s Set
	for _, c := range cidrs {
		if err := s.Add(c); err != nil {
			panic(err)
		}
	}
	return s.v4
}

// Add puts a CIDR or a single address into the set. An error names text that is neither.
func (s *Set) Add(text string) error {
	text = strings.TrimSpace(text)
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err2 := netip.ParseAddr(text)
		if err2 != nil {
			return fmt.Errorf("%q is neither a CIDR nor an IP address", text)
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	prefix = prefix.Masked()
	addr := prefix.Addr()
	if addr.Is4() {
		b := addr.As4()
		from := uint64(binary.BigEndian.Uint32(b[:]))
		s.v4 = append(s.v4, span{from, from + 1<<(32-prefix.Bits()) - 1})
		return nil
	}
	if addr.Is4In6() && prefix.Bits() >= 96 {
		return s.Add(netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96).String())
	}
	b := addr.As16()
	from := binary.BigEndian.Uint64(b[:8])
	to := from
	if prefix.Bits() < 64 {
		to = from | (1<<(64-prefix.Bits()) - 1)
	}
	s.v6 = append(s.v6, span{from, to})
	return nil
}

// Wide reports whether the ranges together admit a large part of the internet.
func (s *Set) Wide() bool {
	s.v4, s.v6 = merge(s.v4), merge(s.v6)
	return count(s.v4) >= wideV4 && s.routed() >= wideV4 || overlap(s.v6, globalUnicast) >= wideV6
}

// routed counts the IPv4 addresses of merged ranges that the internet routes.
func (s *Set) routed() uint64 {
	n := count(s.v4)
	for _, hidden := range notPublic {
		n -= overlap(s.v4, hidden)
	}
	return n
}

// Public reports whether the text is a range with an address that the internet routes.
func Public(text string) bool {
	var s Set
	return s.Add(text) == nil && (s.routed() > 0 || overlap(s.v6, globalUnicast) > 0)
}

// merge sorts the ranges in place and joins those that touch.
func merge(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// count returns how many numbers there are in merged ranges.
func count(list []span) uint64 {
	var n uint64
	for _, s := range list {
		n += s.to - s.from + 1
	}
	return n
}

// overlap counts the numbers of merged ranges that lie inside the window.
func overlap(list []span, window span) uint64 {
	var n uint64
	for _, s := range list {
		from, to := max(s.from, window.from), min(s.to, window.to)
		if from <= to {
			n += to - from + 1
		}
	}
	return n
}

// Wide reports whether the ranges together admit a large part of the internet. The error names text that is
// not a range; the others still count.
func Wide(ranges ...string) (bool, error) {
	var s Set
	var first error
	for _, r := range ranges {
		if err := s.Add(r); err != nil && first == nil {
			first = err
		}
	}
	return s.Wide(), first
}
