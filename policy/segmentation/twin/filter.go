// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// filter is a ruleset with one table.
type filter struct{ strings.Builder }

// newFilter is one whose chain forward drops what no rule accepts.
func newFilter() *filter {
	f := &filter{}
	f.add("add table inet twin")
	f.chain("forward", "forward", "filter", "drop")
	return f
}

func (f *filter) chain(name, hook, priority, policy string) {
	fmt.Fprintf(f, "add chain inet twin %s { type filter hook %s priority %s; policy %s; }\n", name, hook, priority, policy)
}

// add writes a whole line that begins with add, or a rule of the chain forward.
func (f *filter) add(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !strings.HasPrefix(text, "add ") {
		text = "add rule inet twin forward " + text
	}
	fmt.Fprintln(f, text)
}

func (f *filter) rule(chain, format string, args ...any) {
	f.add("add rule inet twin "+chain+" "+format, args...)
}

// names is a set of devices.
func names(devices []string) string { return `{ "` + strings.Join(devices, `", "`) + `" }` }

// peer matches addresses at one side, saddr or daddr.
func peer(side string, c netip.Prefix) string {
	switch {
	case c.Bits() == 0 && c.Addr().Is4():
		return "meta nfproto ipv4"
	case c.Bits() == 0:
		return "meta nfproto ipv6"
	case c.Addr().Is4():
		return fmt.Sprintf("ip %s %s", side, c.Masked())
	}
	return fmt.Sprintf("ip6 %s %s", side, c.Masked())
}

// packets matches protocol and ports, or ICMP type and code, as a rule of a group or an entry of an ACL has them.
func packets(protocol, from, to int) string {
	if protocol == model.Any {
		return ""
	}
	name, ports := map[int]string{6: "tcp", 17: "udp"}[protocol], from != model.Any
	if name != "" && ports && (from != 0 || to != 65535) {
		if from == to {
			return fmt.Sprintf("%s dport %d ", name, from)
		}
		return fmt.Sprintf("%s dport %d-%d ", name, from, to)
	}
	out := fmt.Sprintf("meta l4proto %d ", protocol)
	if name = map[int]string{1: "icmp", 58: "icmpv6"}[protocol]; name != "" && ports {
		out += fmt.Sprintf("%s type %d ", name, from)
		if to != model.Any {
			out += fmt.Sprintf("%s code %d ", name, to)
		}
	}
	return out
}

// acl filters what crosses the border of a subnet, without memory:
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html.
func (p *Plan) acl(s int) string {
	subnet := p.net.Subnets[s]
	id := subnet.ACL
	if id == "" {
		v := slices.IndexFunc(p.net.VPCs, func(x model.VPC) bool { return x.ID == subnet.VPC })
		id = p.net.VPCs[v].DefaultACL
	}
	a := p.net.ACLs[slices.IndexFunc(p.net.ACLs, func(x model.ACL) bool { return x.ID == id })]
	f := newFilter()
	var inside []string
	for i, x := range p.net.Interfaces {
		if x.Subnets[0] == subnet.ID {
			inside = append(inside, ifaceSpace(i))
		}
	}
	for i, x := range p.net.NATs {
		if x.Subnet == subnet.ID {
			inside = append(inside, natSpace(i))
		}
	}
	if len(inside) == 0 {
		return f.String()
	}
	for chain, entries := range map[string][]model.Entry{"ingress": a.Ingress, "egress": a.Egress} {
		f.add("add chain inet twin %s", chain)
		side := map[string]string{"ingress": "saddr", "egress": "daddr"}[chain]
		entries = slices.Clone(entries)
		slices.SortStableFunc(entries, func(x, y model.Entry) int { return x.Number - y.Number })
		for _, e := range entries {
			verdict := "drop"
			if e.Allow {
				verdict = "accept"
			}
			f.rule(chain, "%s %s%s", peer(side, e.CIDR), packets(e.Protocol, e.From, e.To), verdict)
		}
	}
	f.add("iifname %s oifname %s accept", names(inside), names(inside))
	f.add("iifname %s jump egress", names(inside))
	f.add("oifname %s jump ingress", names(inside))
	return f.String()
}

// groups filters an interface and remembers its connections. A group that a rule names means the private addresses of
// its members: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html.
func (p *Plan) groups(i *model.Interface, vpc string) string {
	f := &filter{}
	if i.Kind == model.Balancer { // it answers at its listeners, where the kernel would answer pings too
		f.add("add table inet twin")
		f.chain("quiet", "input", "filter - 1", "accept")
		f.rule("quiet", "icmp type { echo-request, timestamp-request } drop")
		f.rule("quiet", "icmpv6 type echo-request drop")
	}
	in, priority, out := "input", "filter", "output"
	if p.number(i) > 0 { // it judges what it hands on as well: as it comes, before it has the target's address, and as it goes
		p.hand(f, i)
		in, priority, out = "prerouting", "mangle", "postrouting"
	}
	if len(i.Groups) == 0 {
		return f.String()
	}
	f.add("add table inet twin")
	f.chain("input", in, priority, "drop")
	f.chain("output", out, "filter", "drop")
	for chain, side := range map[string]string{"input": "saddr", "output": "daddr"} {
		f.rule(chain, "ct state established,related accept")
		f.rule(chain, "ct state invalid drop")
		if chain == "input" && i.Kind == model.Function || chain == "output" && i.Kind == model.VPCEndpoint {
			continue
		}
		for _, id := range i.Groups {
			g := p.net.Groups[slices.IndexFunc(p.net.Groups, func(x model.Group) bool { return x.ID == id })]
			rules := g.Egress
			if chain == "input" {
				rules = g.Ingress
			}
			for _, r := range rules {
				p.admit(f, chain, side, r, vpc)
			}
		}
	}
	return f.String()
}

// admit adds a rule of a group to a chain.
func (p *Plan) admit(f *filter, chain, side string, r model.Rule, vpc string) {
	for _, c := range p.peers(r, vpc) {
		own := ""
		if chain == "input" && r.Group != "" && len(p.nodes) > 0 && c.Addr().Is4() { // what a node hands on has not its client's groups
			own = fmt.Sprintf("ip dscp { 0, %d } ", toNode)
		}
		f.rule(chain, "%s %s%saccept", peer(side, c), own, packets(r.Protocol, r.From, r.To))
	}
	if from := p.handed(r, vpc); chain == "input" && from != "" {
		f.rule(chain, "%s %saccept", from, packets(r.Protocol, r.From, r.To))
	}
}

// peers are the addresses that a rule names.
func (p *Plan) peers(r model.Rule, vpc string) []netip.Prefix {
	switch {
	case r.CIDR.IsValid():
		return []netip.Prefix{r.CIDR}
	case r.List != "":
		return p.list(r.List)
	}
	var out []netip.Prefix
	for _, x := range p.net.Interfaces {
		if slices.Contains(x.Groups, r.Group) && p.named(p.net.Subnets[p.subnet(x.Subnets[0])].VPC, vpc) {
			for _, a := range x.Addresses {
				out = append(out, netip.PrefixFrom(a.IP, a.IP.BitLen()))
			}
		}
	}
	return out
}

// named reports whether groups of one VPC may be named in another:
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html.
func (p *Plan) named(one, other string) bool {
	return one == other || slices.ContainsFunc(p.net.Peerings, func(x model.Peering) bool {
		return x.Active && x.References && (x.A == one && x.B == other || x.A == other && x.B == one)
	})
}
