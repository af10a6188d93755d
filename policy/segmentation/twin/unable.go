// SPDX-License-Identifier: Apache-2.0

package twin

import (
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
	out := net.Check()
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
