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
	// ProtocolICMP is the Internet Control Message Protocol, for IPv6 its version 6.
	ProtocolICMP Protocol = "icmp"
)

// Ports is a protocol and a range of ports. The zero value is no port, and an error.
type Ports struct {
	// Protocol is TCP, UDP or ICMP.
	Protocol Protocol
	// From and To are the first and the last port, 1 to 65535. For ICMP they are the type and the code, 0 to 255; a code of
	// -1 means every code.
	From, To int
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

// ICMP is one type of ICMP message with every code.
func ICMP(kind int) Ports { return Ports{ProtocolICMP, kind, -1} }

// String writes the ports as "tcp/8443", "udp/5000-5100" or "icmp/8".
func (p Ports) String() string {
	if p.Protocol == ProtocolICMP || p.From == p.To {
		return fmt.Sprintf("%s/%d", p.Protocol, p.From)
	}
	return fmt.Sprintf("%s/%d-%d", p.Protocol, p.From, p.To)
}

// Label is what the ports are called in the name of a resource: "https", "tcp-8443", "udp-5000-5100".
func (p Ports) Label() string {
	if name, known := wellKnown[p]; known {
		return name
	}
	if p.Protocol == ProtocolICMP || p.From == p.To {
		return fmt.Sprintf("%s-%d", p.Protocol, p.From)
	}
	return fmt.Sprintf("%s-%d-%d", p.Protocol, p.From, p.To)
}

// Covers reports whether the range holds every port of another.
func (p Ports) Covers(other Ports) bool {
	if p.Protocol == ProtocolICMP {
		return p == other
	}
	return p.Protocol == other.Protocol && p.From <= other.From && other.To <= p.To
}

// overlaps reports whether the ranges share a port.
func (p Ports) overlaps(other Ports) bool {
	if p.Protocol == ProtocolICMP {
		return p == other
	}
	return p.Protocol == other.Protocol && p.From <= other.To && other.From <= p.To
}

func (p Ports) check() error {
	switch p.Protocol {
	case ProtocolTCP, ProtocolUDP:
		if p.From < 1 || p.To > 65535 || p.From > p.To {
			return fmt.Errorf("%s is not a range of ports; use 1 to 65535, the first not above the last", p)
		}
	case ProtocolICMP:
		if p.From < 0 || p.From > 255 || p.To < -1 || p.To > 255 {
			return fmt.Errorf("%s is not an ICMP type; use 0 to 255", p)
		}
	default:
		return fmt.Errorf("Ports: protocol %q is not known; write segment.TCP(443), segment.UDP(53) or segment.ICMP(8)", p.Protocol)
	}
	return nil
}
