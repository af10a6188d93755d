// SPDX-License-Identifier: Apache-2.0

package segment

import "fmt"

// Protocol is the transport of a connection.
type Protocol string

// The protocols that a table can name.
const (
	// ProtocolTCP is the Transmission Control Protocol.
	ProtocolTCP Protocol = "tcp"
	// ProtocolUDP is the User Datagram Protocol.
	ProtocolUDP Protocol = "udp"
	// ProtocolICMP is the Internet Control Message Protocol, of IPv4 for the types below 128 and of IPv6 for the others.
	ProtocolICMP Protocol = "icmp"
)

// Ports is a protocol and a range of ports. The zero value is no port, and an error.
type Ports struct {
	// Protocol is TCP, UDP or ICMP.
	Protocol Protocol `pulumi:"protocol"`
	// From and To are the first and the last port, 1 to 65535. For ICMP they are the type and the code, 0 to 255; a code of
	// -1 means every code.
	From int `pulumi:"from"`
	To   int `pulumi:"to"`
}

// The well-known ports of a deployment.
var (
	// HTTP is plain HTTP, which a deployment offers only to redirect to HTTPS.
	HTTP = TCP(80)
	// HTTPS is HTTP over TLS.
	HTTPS = TCP(443)
	// SSH is the secure shell.
	SSH = TCP(22)
	// PostgreSQL is the PostgreSQL wire protocol.
	PostgreSQL = TCP(5432)
)

// wellKnown are the names that ports have in the names of rules.
var wellKnown = map[Ports]string{HTTP: "http", HTTPS: "https", SSH: "ssh", PostgreSQL: "postgresql"}

// TCP is one TCP port.
func TCP(port int) Ports { return TCPRange(port, port) }

// TCPRange is the TCP ports from the first to the last.
func TCPRange(first, last int) Ports { return Ports{ProtocolTCP, first, last} }

// UDP is one UDP port.
func UDP(port int) Ports { return UDPRange(port, port) }

// UDPRange is the UDP ports from the first to the last.
func UDPRange(first, last int) Ports { return Ports{ProtocolUDP, first, last} }

// ICMP is one type of ICMP message with every code: below 128 one of IPv4, such as 8 for an echo request (RFC 792), and from
// 128 one of IPv6, such as 128 (RFC 4443, section 2.1: the types below are errors, which belong to connections).
func ICMP(kind int) Ports { return Ports{ProtocolICMP, kind, -1} }

// Carries reports whether the ports exist in an address family: an ICMP type belongs to one, all other ports to both.
func (p Ports) Carries(six bool) bool {
	return p.Protocol != ProtocolICMP || (p.From >= 128) == six
}

// single reports whether the first number says it all: one port, or an ICMP type with every code.
func (p Ports) single() bool {
	return p.To == p.From && p.Protocol != ProtocolICMP || p.To == -1 && p.Protocol == ProtocolICMP
}

// String writes the ports as "tcp/8443", "udp/5000-5100" or "icmp/8".
func (p Ports) String() string {
	if p.single() {
		return fmt.Sprintf("%s/%d", p.Protocol, p.From)
	}
	return fmt.Sprintf("%s/%d-%d", p.Protocol, p.From, p.To)
}

// Label is what the ports are called in the name of a resource: "https", "tcp-8443", "udp-5000-5100".
func (p Ports) Label() string {
	if name, known := wellKnown[p]; known {
		return name
	}
	if p.single() {
		return fmt.Sprintf("%s-%d", p.Protocol, p.From)
	}
	return fmt.Sprintf("%s-%d-%d", p.Protocol, p.From, p.To)
}

// Covers reports whether the range holds every port of another.
func (p Ports) Covers(other Ports) bool {
	if p.Protocol == ProtocolICMP {
		return p == other || p == Ports{ProtocolICMP, other.From, -1} && other.Protocol == ProtocolICMP
	}
	return p.Protocol == other.Protocol && p.From <= other.From && other.To <= p.To
}

// overlaps reports whether the ranges share a port.
func (p Ports) overlaps(other Ports) bool {
	if p.Protocol == ProtocolICMP {
		return p.Covers(other) || other.Covers(p)
	}
	return p.Protocol == other.Protocol && p.From <= other.To && other.From <= p.To
}

func (p Ports) check() error {
	switch p.Protocol {
	case ProtocolTCP, ProtocolUDP:
		if p.From < 1 || p.To > 65535 || p.From > p.To {
			return fmt.Errorf("Ports: %s is not a range of ports; use 1 to 65535, the first not above the last", p)
		}
	case ProtocolICMP:
		if p.From < 0 || p.From > 255 || p.To < -1 || p.To > 255 {
			return fmt.Errorf("Ports: %s is not an ICMP type; use 0 to 255, and a code of -1 for all or 0 to 255", p)
		}
	default:
		return fmt.Errorf("Ports: protocol %q is not known; write segment.TCP(443), segment.UDP(53) or segment.ICMP(8)", p.Protocol)
	}
	return nil
}
