// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// private are the ranges that an internet gateway drops: RFC 1918 and RFC 6598.
const private = "{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 }"

// edge is the internet gateway and the egress-only one of a VPC, and Block Public Access. The internet gateway puts a
// public address for a private one and back, packet by packet, and drops what has none:
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html.
func (p *Plan) edge(v int) string {
	vpc := p.net.VPCs[v]
	f := newFilter()
	in, out := p.translations(vpc.ID)
	f.chain("inward", "prerouting", "raw", "accept")
	f.rule("inward", "iifname %q ip saddr %s drop", upDevice, private)
	if len(in) > 0 {
		f.rule("inward", "iifname %q ip daddr set ip daddr map { %s }", upDevice, strings.Join(in, ", "))
	}
	// What the packet bears on the internet is written last, after it has been judged.
	f.chain("outward", "postrouting", "srcnat", "accept")
	if len(out) > 0 {
		f.rule("outward", "oifname %q ip saddr set ip saddr map { %s }", upDevice, strings.Join(out, ", "))
	}
	f.rule("outward", "oifname %q ip saddr %s drop", upDevice, private)
	f.add("oifname %q ip daddr %s drop", upDevice, private)
	attached := func(egressOnly bool) bool {
		return slices.ContainsFunc(p.net.Gateways, func(g model.Gateway) bool { return g.VPC == vpc.ID && g.EgressOnly == egressOnly })
	}
	for _, s := range p.inVPC(vpc.ID) {
		subnet, gateway, egress := p.net.Subnets[s], subnetSpace(s), fmt.Sprint(egressDevice, s)
		// An egress-only gateway carries the answers of what it has let out, and is no way for other answers.
		if attached(true) {
			if !blocked(vpc.Block, subnet.Exclusion, false, true) {
				f.add("iifname %q oifname %q meta nfproto ipv6 ct direction original accept", egress, upDevice)
			}
			f.add("iifname %q oifname %q meta nfproto ipv6 ct state established ct direction reply accept", upDevice, gateway)
		}
		if !attached(false) {
			continue
		}
		f.add("iifname %q oifname %q ct direction reply accept", gateway, upDevice)
		f.add("iifname %q oifname %q ct direction reply accept", upDevice, gateway)
		nat := p.natsIn(subnet.ID)
		if nat != "" && !blocked(vpc.Block, subnet.Exclusion, false, true) {
			f.add("iifname %q oifname %q ip saddr %s ct direction original accept", gateway, upDevice, nat)
		}
		if nat != "" {
			f.add("iifname %q ip saddr %s ct direction original drop", gateway, nat)
		}
		if !blocked(vpc.Block, subnet.Exclusion, false, false) {
			f.add("iifname %q oifname %q ct direction original accept", gateway, upDevice)
		}
		if !blocked(vpc.Block, subnet.Exclusion, true, false) {
			f.add("iifname %q oifname %q ct direction original accept", upDevice, gateway)
		}
	}
	return f.String()
}

// translations are the pairs of public and private addresses of a VPC, for both directions.
func (p *Plan) translations(vpc string) (in, out []string) {
	pair := func(public, private netip.Addr) {
		in = append(in, fmt.Sprintf("%s : %s", public, private))
		out = append(out, fmt.Sprintf("%s : %s", private, public))
	}
	for _, f := range p.net.Interfaces {
		if p.net.Subnets[p.subnet(f.Subnets[0])].VPC != vpc || f.Kind == model.Function {
			continue
		}
		for _, a := range f.Addresses {
			if a.HasPublic == model.Yes {
				pair(a.Public, a.IP)
			}
		}
	}
	for i, x := range p.net.NATs {
		if x.VPC == vpc && !x.Private {
			pair(x.Public, p.natAddress(i))
		}
	}
	return in, out
}

// natsIn is the set of addresses of the NAT gateways of a subnet.
func (p *Plan) natsIn(subnet string) string {
	var out []string
	for i, x := range p.net.NATs {
		if x.Subnet == subnet {
			out = append(out, p.natAddress(i).String())
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "{ " + strings.Join(out, ", ") + " }"
}

// blocked is what Block Public Access says of connections that begin outside or inside; egress is for those by a NAT
// gateway or an egress-only one: https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html.
func blocked(mode, exclusion model.Block, inbound, egress bool) bool {
	switch exclusion {
	case model.AllowBidirectional:
		return false
	case model.AllowEgress:
		return inbound
	}
	return mode == model.BlockBidirectional || mode == model.BlockIngress && (inbound || !egress)
}

// translate is a NAT gateway: it lends its address to connections of its own VPC to the internet, and takes none from
// outside: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html. Ports are chosen anew.
func (p *Plan) translate(i int) string {
	f := newFilter()
	f.chain("input", "input", "filter", "drop")
	f.add("ct state established,related accept")
	f.add("ct state invalid drop")
	f.add("ip daddr %s drop", private)
	v := slices.IndexFunc(p.net.VPCs, func(x model.VPC) bool { return x.ID == p.net.NATs[i].VPC })
	for _, c := range p.net.VPCs[v].CIDRs {
		if c.Addr().Is4() {
			f.add("ip saddr %s meta l4proto { 1, 6, 17 } accept", c)
		}
	}
	f.add("add chain inet twin lend { type nat hook postrouting priority srcnat; }")
	f.rule("lend", "meta l4proto { 6, 17 } masquerade to :1024-65535 fully-random")
	f.rule("lend", "masquerade")
	return f.String()
}

// endpoints are the ids of the gateway endpoints to which routes lead.
func (p *Plan) endpoints() []string {
	var out []string
	for _, t := range p.net.Tables {
		for _, r := range t.Routes {
			if r.Target == model.GatewayEndpoint && !slices.Contains(out, r.To) {
				out = append(out, r.To)
			}
		}
	}
	return out
}

// led are the subnets with a route to a gateway endpoint.
func (p *Plan) led(endpoint string) []int {
	var out []int
	for s := range p.net.Subnets {
		if slices.ContainsFunc(p.routes(s), func(r model.Route) bool { return r.Target == model.GatewayEndpoint && r.To == endpoint }) {
			out = append(out, s)
		}
	}
	return out
}

// endpoint is a gateway endpoint: it carries what a subnet sends to a service, and the answers, and nothing that begins at the
// service: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html. In the twin the service, which is on
// the internet, sees an address of its own for each endpoint, of a range that nobody uses (RFC 6890: 192.0.0.0/24).
func (p *Plan) endpoint(i int, id string) {
	name, own := endpointSpace(i), netip.AddrFrom4([4]byte{192, 0, 0, byte(20 + i)}) //nolint:gosec // an account has a few
	p.space(name, true)
	p.join(name, upDevice, Internet, name)
	p.tell(name, "address add %s/32 dev %s", own, upDevice)
	p.tell(name, "route add default dev %s", upDevice)
	p.tell(Internet, "route add %s/32 dev %s", own, name)
	var inside []string
	for _, s := range p.led(id) {
		p.join(subnetSpace(s), name, name, subnetSpace(s))
		inside = append(inside, subnetSpace(s))
	}
	f := newFilter()
	f.add("ct state invalid drop")
	f.add("iifname %q ct state established,related accept", upDevice)
	f.add("iifname %s oifname %q accept", names(inside), upDevice)
	f.add("add chain inet twin lend { type nat hook postrouting priority srcnat; }")
	f.rule("lend", "oifname %q masquerade", upDevice)
	p.of[name].Filter = f.String()
}
