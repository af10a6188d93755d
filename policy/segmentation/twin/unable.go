// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// ErrUnable marks what keeps a twin from being made: something in the network that it has no word for, or a machine without
// namespaces.
var ErrUnable = errors.New("no twin can be made")

// unable lists what keeps a network from being made of namespaces.
func unable(net *model.Network) []string {
	out := append(net.Check(), missing(net)...)
	say := func(kind, id, why string) {
		if why != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", kind, id, why))
		}
	}
	for _, x := range net.Unmodelled {
		say(x.What, x.ID, "the twin has no word for it")
	}
	for _, x := range net.LoadBalancers {
		say("load balancer", x.ID, unbalanced(&x))
	}
	for _, x := range net.VPCs {
		say("VPC", x.ID, x.Doubt)
	}
	for _, x := range net.Subnets {
		say("subnet", x.ID, x.Doubt)
	}
	for _, x := range net.Interfaces {
		say("interface", x.ID, doubtful(&x))
	}
	for _, x := range net.Groups {
		say("group", x.ID, x.Doubt)
		for _, r := range slices.Concat(x.Ingress, x.Egress) {
			say("rule "+r.ID+" of group", x.ID, r.Doubt)
		}
	}
	for _, x := range net.ACLs {
		say("ACL", x.ID, x.Doubt)
		for _, e := range slices.Concat(x.Ingress, x.Egress) {
			say(fmt.Sprintf("entry %d of ACL", e.Number), x.ID, e.Doubt)
		}
	}
	for _, x := range net.Tables {
		say("route table", x.ID, x.Doubt)
		for _, r := range x.Routes {
			say("a route of table", x.ID, r.Doubt)
			if r.Target == model.Other {
				say("a route of table", x.ID, fmt.Sprintf("the twin has no word for the target %q", r.Target))
			}
		}
	}
	if n := len(nodes(net)); n > mostNodes {
		say("the network", "", fmt.Sprintf("%d nodes of load balancers keep their clients' addresses, and the twin has numbers for %d", n, mostNodes))
	}
	return append(out, joints(net)...)
}

// missing lists what a subnet or an interface needs and the network does not have.
func missing(net *model.Network) (out []string) {
	for _, s := range net.Subnets {
		v := slices.IndexFunc(net.VPCs, func(x model.VPC) bool { return x.ID == s.VPC })
		if v < 0 {
			out = append(out, fmt.Sprintf("subnet %s: its VPC is not known", s.ID))
			continue
		}
		acl, table := cmp.Or(s.ACL, net.VPCs[v].DefaultACL), cmp.Or(s.Table, net.VPCs[v].MainTable)
		if !slices.ContainsFunc(net.ACLs, func(x model.ACL) bool { return x.ID == acl }) {
			out = append(out, fmt.Sprintf("subnet %s: its ACL is not known", s.ID))
		}
		if !slices.ContainsFunc(net.Tables, func(x model.Table) bool { return x.ID == table }) {
			out = append(out, fmt.Sprintf("subnet %s: its route table is not known", s.ID))
		}
	}
	for _, f := range net.Interfaces {
		if slices.Contains(f.Subnets, "") || slices.Contains(f.Groups, "") {
			out = append(out, fmt.Sprintf("interface %s: its subnet or a group of it is not known", f.ID))
		}
	}
	return out
}

// joints lists what keeps gateways, peerings and lists from being made.
func joints(net *model.Network) []string {
	var out []string
	say := func(kind, id, why string) {
		if why != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", kind, id, why))
		}
	}
	for _, x := range net.Gateways {
		say("gateway", x.ID, x.Doubt)
	}
	for _, x := range net.NATs {
		say("NAT gateway", x.ID, x.Doubt)
		if !x.Private && !x.Public.IsValid() {
			say("NAT gateway", x.ID, "its public address is not known")
		}
		if !slices.ContainsFunc(net.Subnets, func(s model.Subnet) bool { return s.ID == x.Subnet && slices.ContainsFunc(s.CIDRs, isIPv4) }) {
			say("NAT gateway", x.ID, "no subnet of it with an IPv4 range is in the network")
		}
		if !slices.ContainsFunc(net.VPCs, func(v model.VPC) bool { return v.ID == x.VPC }) {
			say("NAT gateway", x.ID, "its VPC is not known")
		}
	}
	for _, x := range net.Peerings {
		say("peering", x.ID, x.Doubt)
	}
	for _, x := range net.Lists {
		say("prefix list", x.ID, x.Doubt)
	}
	return out
}

func doubtful(f *model.Interface) string {
	switch {
	case f.Doubt != "":
		return f.Doubt
	case f.Forwards:
		return "it forwards for others, and the twin does not know whither"
	case len(f.Subnets) != 1:
		return "it may be in one of several subnets"
	}
	for _, a := range f.Addresses {
		if !a.IP.IsValid() || a.HasPublic == model.Maybe || a.HasPublic == model.Yes && !a.Public.IsValid() {
			return "an address of it is not known"
		}
	}
	return ""
}

// unbalanced says what the proxies of the twin cannot do.
func unbalanced(l *model.LoadBalancer) string {
	if l.Doubt != "" {
		return l.Doubt
	}
	for _, x := range l.Listeners {
		for _, g := range x.Targets {
			handed := g.Clients && l.Network
			switch {
			case g.Doubt != "":
				return g.Doubt
			case handed != (hands(&x) && l.Network):
				return fmt.Sprintf("some targets of its port %d see the clients' addresses and others do not", x.Port)
			case slices.ContainsFunc(g.Members, func(m model.Member) bool { return m.Port == model.Any }):
				return "it forwards to ports that are not known"
			case !handed && (x.Protocol != 6 || slices.ContainsFunc(g.Members, func(m model.Member) bool { return m.Protocol != 6 })):
				return "it forwards other packets than those of TCP as a proxy"
			}
		}
	}
	return ""
}
