// SPDX-License-Identifier: Apache-2.0

// Package flow holds exact sets of packets over source, destination, protocol, port and client port, for IPv4 and
// IPv6 alike. A set is a map of maps, one dimension inside the other, in a form in which equal sets are equal lists.
package flow

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Number is a port, a protocol number, or an ICMP type and code as type*256+code.
type Number uint16

// Compare orders numbers.
func (n Number) Compare(o Number) int { return int(n) - int(o) }

// Next is the number above; the highest has 0.
func (n Number) Next() Number { return n + 1 }

// Prev is the number below; 0 has the highest.
func (n Number) Prev() Number { return n - 1 }

// Bit is the innermost set: of one element, which is in it or not.
type Bit bool

// Or is the union.
func (b Bit) Or(o Bit) Bit { return b || o }

// And is the intersection.
func (b Bit) And(o Bit) Bit { return b && o }

// Minus is b without o.
func (b Bit) Minus(o Bit) Bit { return b && !o }

// Equal reports whether both are the same.
func (b Bit) Equal(o Bit) bool { return b == o }

// Empty reports whether the element is missing.
func (b Bit) Empty() bool { return !bool(b) }

// The dimensions, from the inside out.
type (
	// Ports is a set of ports.
	Ports = Map[Number, Bit]
	// Region gives every port, or ICMP type and code, its client ports.
	Region = Map[Number, Ports]
	// Set is a set over protocol, port and client port. Protocols without ports have all ports.
	Set = Map[Number, Region]
	// Addrs is a set of addresses of both families.
	Addrs = Map[netip.Addr, Bit]
	// Peers gives every address its set.
	Peers = Map[netip.Addr, Set]
	// Flows is a set over source, destination, protocol, port and client port.
	Flows = Map[netip.Addr, Peers]
)

// The protocols whose ports or types matter: https://www.iana.org/assignments/protocol-numbers.
const (
	ICMP   Number = 1
	TCP    Number = 6
	UDP    Number = 17
	ICMPv6 Number = 58
)

// AllPorts has every port, 0 among them.
var AllPorts = PortRange(0, 65535)

// Everything has every protocol, port and client port.
var Everything = Box(0, 255, AllPorts, AllPorts)

// Anywhere has every address of both families.
var Anywhere = PrefixAddrs(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))

// Private are the ranges of IPv4 that an internet gateway drops: RFC 1918 and RFC 6598.
var Private = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")

// Local are those of both families: Private, and RFC 4193.
var Local = Private.Or(prefixes("fc00::/7"))

// Internet are the addresses that packets on the internet may bear: none that RFC 6890 reserves for other uses.
var Internet = prefixes("0.0.0.0/0", "2000::/3").Minus(Private).Minus(prefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"))

func prefixes(texts ...string) Addrs {
	var out Addrs
	for _, text := range texts {
		out = out.Or(PrefixAddrs(netip.MustParsePrefix(text)))
	}
	return out
}

// PortRange is the ports from lo to hi.
func PortRange(lo, hi Number) Ports { return Span(lo, hi, Bit(true)) }

// Box is the product of protocols, ports and client ports.
func Box(lo, hi Number, ports, clients Ports) Set {
	var r Region
	for _, p := range ports {
		r = emit(r, p.Lo, p.Hi, clients)
	}
	return Span(lo, hi, r)
}

// One is the set of one protocol and port, or ICMP type and code, from any client port.
func One(protocol, port Number) Set { return Box(protocol, protocol, PortRange(port, port), AllPorts) }

// PrefixAddrs is the addresses of the prefixes.
func PrefixAddrs(prefixes ...netip.Prefix) Addrs {
	var out Addrs
	for _, p := range prefixes {
		lo, hi := Ends(p)
		out = out.Or(Span(lo, hi, Bit(true)))
	}
	return out
}

// DescribeAddrs lists addresses as prefixes where they are one, else as the first and the last.
func DescribeAddrs(addrs Addrs) []string {
	var out []string
	for _, a := range addrs {
		text := a.Lo.String() + "-" + a.Hi.String()
		for bits := range a.Lo.BitLen() + 1 {
			p := netip.PrefixFrom(a.Lo, bits)
			if lo, hi := Ends(p); lo == a.Lo && hi == a.Hi {
				text = p.String()
			}
		}
		out = append(out, text)
	}
	return out
}

// Addr is one address.
func Addr(a netip.Addr) Addrs { return Span(a, a, Bit(true)) }

// Ends are the first and last address of a prefix.
func Ends(p netip.Prefix) (lo, hi netip.Addr) {
	lo = p.Masked().Addr()
	raw := lo.AsSlice()
	for i := p.Bits(); i < len(raw)*8; i++ {
		raw[i/8] |= 0x80 >> (i % 8)
	}
	hi, _ = netip.AddrFromSlice(raw)
	return lo, hi
}

// To gives every one of the addresses the same set.
func To(addrs Addrs, s Set) Peers {
	if s.Empty() {
		return nil
	}
	out := make(Peers, len(addrs))
	for i, a := range addrs {
		out[i] = Entry[netip.Addr, Set]{a.Lo, a.Hi, s}
	}
	return out
}

// Has reports whether a packet is in the set.
func Has(s Set, protocol, port, client Number) bool {
	return bool(s.At(protocol).At(port).At(client))
}

// Packet is one packet that opens a connection.
type Packet struct {
	Source      netip.Addr `json:"source"`
	Destination netip.Addr `json:"destination"`
	Protocol    Number     `json:"protocol"`
	// Port is the destination port, or ICMP type*256+code.
	Port Number `json:"port"`
	// Client is the source port.
	Client Number `json:"clientPort"`
}

// String says it in words.
func (p Packet) String() string {
	switch p.Protocol {
	case TCP, UDP:
		return fmt.Sprintf("%s %s -> %s", ProtocolName(p.Protocol), netip.AddrPortFrom(p.Source, uint16(p.Client)), netip.AddrPortFrom(p.Destination, uint16(p.Port)))
	case ICMP, ICMPv6:
		return fmt.Sprintf("%s type %d code %d %s -> %s", ProtocolName(p.Protocol), p.Port>>8, p.Port&255, p.Source, p.Destination)
	}
	return fmt.Sprintf("%s %s -> %s", ProtocolName(p.Protocol), p.Source, p.Destination)
}

// preferred are the numbers that a reader knows, in the order in which an example picks them.
var preferred = map[string][]Number{
	"protocol": {TCP, UDP, ICMP, ICMPv6},
	"port":     {443, 22, 80, 5432, 3306, 53, 8 << 8, 128 << 8},
	"client":   {49152, 32768, 1024},
}

func pick[V value[V]](m Map[Number, V], dimension string) (Number, V) {
	for _, n := range preferred[dimension] {
		if v := m.At(n); !v.Empty() {
			return n, v
		}
	}
	return m[0].Lo, m[0].V
}

// Example is a packet of the flows, preferably one with ports that people know. The flows must not be empty.
func Example(f Flows) Packet {
	src := f[0]
	dst := src.V[0]
	proto, region := pick(dst.V, "protocol")
	port, clients := pick(region, "port")
	client, _ := pick(clients, "client")
	return Packet{Source: src.Lo, Destination: dst.Lo, Protocol: proto, Port: port, Client: client}
}

// ProtocolName is tcp, udp, icmp, icmpv6, or the number.
func ProtocolName(n Number) string {
	if name, ok := map[Number]string{TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPv6: "icmpv6"}[n]; ok {
		return name
	}
	return "protocol " + strconv.Itoa(int(n))
}

// Describe says a set in words, such as "tcp 443, 8443; udp". Client ports are told where not all are in it.
func Describe(s Set) string {
	if s.Empty() {
		return "nothing"
	}
	if s.Equal(Everything) {
		return "everything"
	}
	var parts []string
	for _, e := range s {
		name := ProtocolName(e.Lo)
		if e.Hi != e.Lo {
			name = fmt.Sprintf("protocols %d-%d", e.Lo, e.Hi)
		}
		var ports []string
		for _, p := range e.V {
			text := spanText(e.Lo, p.Lo, p.Hi)
			if !p.V.Equal(AllPorts) {
				text = strings.TrimSpace(text + " from client ports " + portsText(p.V))
			}
			if text != "" && !slices.Contains(ports, text) {
				ports = append(ports, text)
			}
		}
		parts = append(parts, strings.TrimSpace(name+" "+strings.Join(ports, ", ")))
	}
	return strings.Join(parts, "; ")
}

func portsText(p Ports) string {
	var out []string
	for _, e := range p {
		out = append(out, spanText(TCP, e.Lo, e.Hi))
	}
	return strings.Join(out, ", ")
}

func spanText(protocol, lo, hi Number) string {
	switch icmp := protocol == ICMP || protocol == ICMPv6; {
	case lo == 0 && hi == 65535:
		return ""
	case icmp && lo&255 == 0 && hi&255 == 255 && lo>>8 == hi>>8:
		return fmt.Sprintf("type %d", lo>>8)
	case icmp && lo&255 == 0 && hi&255 == 255:
		return fmt.Sprintf("types %d-%d", lo>>8, hi>>8)
	case icmp && lo == hi:
		return fmt.Sprintf("type %d code %d", lo>>8, lo&255)
	case lo == hi:
		return strconv.Itoa(int(lo))
	}
	return fmt.Sprintf("%d-%d", lo, hi)
}
