// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/balancer"
)

// port is one that is tried.
type port struct {
	network string
	number  uint16
}

func (p port) set() flow.Set {
	switch {
	case p.network == "udp":
		return flow.One(flow.UDP, flow.Number(p.number))
	case p.network == "icmp" && p.six():
		return flow.One(flow.ICMPv6, flow.Number(p.number<<8))
	case p.network == "icmp":
		return flow.One(flow.ICMP, flow.Number(p.number<<8))
	}
	return flow.One(flow.TCP, flow.Number(p.number))
}

// six reports whether it is a type of ICMPv6.
func (p port) six() bool { return p.number >= 128 }

// fits reports whether it can be asked between addresses of a family.
func (p port) fits(a netip.Addr) bool { return p.network != "icmp" || p.six() == a.Is6() }

func (p port) String() string { return fmt.Sprintf("%s %d", p.network, p.number) }

// others are tried though nothing names them: SSH, HTTP, HTTPS, RDP, PostgreSQL and a neighbour, Redis, a usual port of
// applications and its neighbour.
var others = []int{22, 80, 443, 3389, 5432, 5433, 6379, 8443, 8444}

// ports are those of connections of the table, of listeners and of targets, and some others; DNS and time over UDP,
// and the ping of both families too.
func (t *Trial) ports() []port {
	out := []port{{"udp", 53}, {"udp", 123}, {"icmp", 8}, {"icmp", 128}}
	add := func(protocol flow.Number, numbers ...int) {
		network := map[flow.Number]string{flow.TCP: "tcp", flow.UDP: "udp"}[protocol]
		for _, n := range numbers {
			if network != "" && n > 0 && n < 32768 { // above are the ports of clients
				out = append(out, port{network, uint16(n)})
			}
		}
	}
	add(flow.TCP, others...)
	for _, c := range t.table.Connections {
		for _, protocol := range c.Ports.Set() {
			for _, span := range protocol.V {
				add(protocol.Lo, int(span.Lo), int(span.Hi))
				add(protocol.Hi, int(span.Lo), int(span.Hi))
			}
		}
	}
	transport := func(protocol, n int) {
		for _, network := range twin.Transports(protocol) {
			add(map[string]flow.Number{"tcp": flow.TCP, "udp": flow.UDP}[network], n)
		}
	}
	for _, b := range t.net.LoadBalancers {
		for _, l := range b.Listeners {
			transport(l.Protocol, l.Port)
			for _, g := range l.Targets {
				for _, m := range g.Members {
					transport(m.Protocol, m.Port)
					if group := t.around.Balancers.Groups[g.ID]; group != nil {
						add(flow.TCP, int(balancer.CheckOf(group, netip.AddrPortFrom(netip.Addr{}, uint16(m.Port))).At.Port())) //nolint:gosec // a port
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b port) int { return cmp.Or(cmp.Compare(a.network, b.network), cmp.Compare(a.number, b.number)) })
	return slices.Compact(out)
}

// titled is what a load balancer is called.
func (t *Trial) titled(id string) string {
	for _, b := range t.net.LoadBalancers {
		if b.ID == id {
			return cmp.Or(b.Name, id)
		}
	}
	return id
}
