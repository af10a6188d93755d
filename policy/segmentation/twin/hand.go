// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// A network load balancer that keeps its clients' addresses hands packets on, and the answers come back through it whatever route leads
// to the client: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation.
// In the twin a node puts the target's address for its own, and its number into the field of the packet that nobody judges (DSCP,
// RFC 2474), by which the routers on the way remember where the answers go.

const (
	// mostNodes is how many nodes have a number; DSCP has 6 bits.
	mostNodes = 62
	// toNode, as a DSCP, is what a probe has that asks for the node itself and not for its targets.
	toNode = 63
	// handTables is the number of the routing table of node 0.
	handTables = 1000
)

// hands reports whether a listener hands on packets with the addresses of clients.
func hands(x *model.Listener) bool {
	return slices.ContainsFunc(x.Targets, func(g model.TargetGroup) bool { return g.Clients })
}

// nodes are the interfaces of load balancers that hand packets on. The number of a node is one more than its index here.
func nodes(net *model.Network) []*model.Interface {
	var out []*model.Interface
	for i := range net.Interfaces {
		f := &net.Interfaces[i]
		if f.Kind == model.Balancer && slices.ContainsFunc(net.LoadBalancers, func(l model.LoadBalancer) bool {
			return l.ID == f.Owner && l.Network && slices.ContainsFunc(l.Listeners, func(x model.Listener) bool { return hands(&x) })
		}) {
			out = append(out, f)
		}
	}
	return out
}

// number is that of the node which an interface is; 0 if it is none.
func (p *Plan) number(f *model.Interface) int {
	return 1 + slices.IndexFunc(p.nodes, func(n *model.Interface) bool { return n.ID == f.ID })
}

// targets are the addresses behind a listener, by target group.
func targets(net *model.Network, of func(*model.Interface) string, x *model.Listener) map[string][]netip.AddrPort {
	out := map[string][]netip.AddrPort{}
	for _, g := range x.Targets {
		out[g.ID] = nil
		for _, m := range g.Members {
			for i := range net.Interfaces {
				f := &net.Interfaces[i]
				if len(f.Addresses) > 0 && (m.Target == of(f) || m.Target == f.Owner && f.Owner != "") {
					out[g.ID] = append(out[g.ID], netip.AddrPortFrom(f.Addresses[0].IP, uint16(m.Port))) //nolint:gosec // a port
				}
			}
		}
	}
	return out
}

// Behind is how many targets there are behind a listener of a network load balancer, for each protocol in which it may be asked.
func Behind(net *Placed, x *model.Listener) map[string]int {
	out := map[string]int{}
	for _, network := range Transports(x.Protocol) {
		out[network] = len(all(targets(net.Network, net.before, x)))
	}
	return out
}

func all(groups map[string][]netip.AddrPort) (out []netip.AddrPort) {
	for _, some := range groups {
		out = append(out, some...)
	}
	return out
}

// hand makes a node hand on what comes to its listeners, to each target in turn.
func (p *Plan) hand(f *filter, n *model.Interface) {
	f.add("add chain inet twin turn { type nat hook prerouting priority dstnat; }")
	f.chain("sign", "postrouting", "mangle", "accept")
	f.rule("sign", "ct status dnat ct direction original ip dscp set %d", p.number(n))
	l := p.net.LoadBalancers[slices.IndexFunc(p.net.LoadBalancers, func(l model.LoadBalancer) bool { return l.ID == n.Owner })]
	for i := range l.Listeners {
		x := &l.Listeners[i]
		var turns []string
		for _, g := range x.Targets {
			for _, to := range targets(p.net, p.before, &model.Listener{Targets: []model.TargetGroup{g}})[g.ID] {
				if to.Addr().Is4() {
					turns = append(turns, fmt.Sprintf("%d : %s . %d", len(turns), to.Addr(), to.Port()))
				}
			}
		}
		if !hands(x) || len(turns) == 0 {
			continue
		}
		for _, protocol := range Transports(x.Protocol) {
			f.rule("turn", "ip daddr %s ip dscp != %d %s dport %d dnat ip addr . port to numgen inc mod %d map { %s }",
				addresses4(n), toNode, protocol, x.Port, len(turns), strings.Join(turns, ", "))
		}
	}
}

// Transports are the protocols of a listener or target.
func Transports(protocol int) []string {
	return map[int][]string{int(flow.TCP): {"tcp"}, int(flow.UDP): {"udp"}, model.Any: {"tcp", "udp"}}[protocol]
}

func addresses4(f *model.Interface) string {
	var out []string
	for _, a := range f.Addresses {
		if a.IP.Is4() {
			out = append(out, a.IP.String())
		}
	}
	return "{ " + strings.Join(out, ", ") + " }"
}

// steer makes a router send the answers of what a node of its VPC has handed on back towards the node.
func (p *Plan) steer(space, vpc string, subnet int) {
	f := &filter{}
	for _, n := range p.nodes {
		own := p.subnet(n.Subnets[0])
		if p.net.Subnets[own].VPC != vpc {
			continue
		}
		if f.Len() == 0 {
			f.add("add table inet twin")
			f.chain("steer", "prerouting", "mangle", "accept")
			f.rule("steer", "ct direction reply ct mark != 0 meta mark set ct mark")
		}
		towards := p.ends[n.ID]
		switch {
		case subnet < 0: // of the VPC's local routes
			towards = subnetSpace(own)
		case subnet != own:
			towards = coreSpace(slices.IndexFunc(p.net.VPCs, func(v model.VPC) bool { return v.ID == vpc }))
		}
		k := p.number(n)
		f.rule("steer", "ip dscp %d ct direction original ct mark set %d", k, k)
		p.tell(space, "rule add fwmark %d lookup %d priority 5", k, handTables+k)
		p.tell(space, "route add default dev %s table %d", towards, handTables+k)
	}
	p.of[space].Filter += f.String()
}

// handed are what a rule about a group admits of packets that a node has handed on: the groups of a target may name those of the load
// balancer, and not those of its clients:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html.
func (p *Plan) handed(r model.Rule, vpc string) (from string) {
	var numbers []string
	for _, n := range p.nodes {
		if r.Group != "" && slices.Contains(n.Groups, r.Group) && p.named(p.net.Subnets[p.subnet(n.Subnets[0])].VPC, vpc) {
			numbers = append(numbers, fmt.Sprint(p.number(n)))
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	return "ip dscp { " + strings.Join(numbers, ", ") + " }"
}
