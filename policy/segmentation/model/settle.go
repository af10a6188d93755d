// SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"slices"
)

// Settled is the network with every route whose target is not in the model turned into one to a forwarder that is not
// known: what lies behind it may carry packets anywhere. What has one id is joined. The receiver stays as it is.
func (n *Network) Settled() *Network {
	out := *n
	out.untwin()
	n = &out
	out.Tables = slices.Clone(n.Tables)
	vpc := ids(n.VPCs, func(v VPC) string { return v.ID })
	known := map[Target]map[string]bool{
		InternetGateway: ids(n.Gateways, func(g Gateway) string { return g.ID }),
		EgressOnly:      ids(n.Gateways, func(g Gateway) string { return g.ID }),
		NATGateway:      ids(n.NATs, func(x NAT) string { return x.ID }),
		PeeringLink:     {},
	}
	natOf := map[string]string{}
	for _, x := range n.NATs {
		natOf[x.ID] = x.VPC
	}
	for _, p := range n.Peerings {
		known[PeeringLink][p.ID] = vpc[p.A] && vpc[p.B]
	}
	for i := range out.Tables {
		t := &out.Tables[i]
		t.Routes = slices.Clone(t.Routes)
		for j := range t.Routes {
			if r := &t.Routes[j]; known[r.Target] != nil && !known[r.Target][r.To] || r.Target == NATGateway && natOf[r.To] == "" {
				r.Target = Other
			}
		}
	}
	return &out
}

func ids[T any](list []T, id func(T) string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, x := range list {
		out[id(x)] = true
	}
	return out
}

// Check lists what is wrong or incomplete in the network. None of it makes the engine answer "cannot" wrongly; it says
// why an answer is not more certain.
func (n *Network) Check() []string {
	c := &checker{seen: map[string]bool{}}
	for _, x := range n.VPCs {
		c.one("VPC", x.ID)
	}
	for _, x := range n.Subnets {
		c.one("subnet", x.ID)
	}
	for _, x := range n.Groups {
		c.one("group", x.ID)
	}
	for _, x := range n.ACLs {
		c.one("ACL", x.ID)
	}
	for _, x := range n.Tables {
		c.one("route table", x.ID)
	}
	for _, x := range n.Lists {
		c.one("prefix list", x.ID)
	}
	for _, x := range n.Interfaces {
		c.one("interface", x.ID)
		c.need("interface "+x.ID, "subnet", x.Subnets...)
		c.need("interface "+x.ID, "group", x.Groups...)
	}
	for i, x := range n.Subnets {
		c.need("subnet "+x.ID, "VPC", x.VPC)
		c.need("subnet "+x.ID, "route table", x.Table)
		c.need("subnet "+x.ID, "ACL", x.ACL)
		c.apart(x, n.Subnets[:i])
	}
	for _, g := range n.Groups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			c.rule(g.ID, r)
		}
	}
	return c.out
}

type checker struct {
	seen map[string]bool
	out  []string
}

func (c *checker) say(format string, args ...any) {
	c.out = append(c.out, fmt.Sprintf(format, args...))
}

func (c *checker) one(kind, id string) {
	if c.seen[kind+id] {
		c.say("%s %q is there twice", kind, id)
	}
	c.seen[kind+id] = true
}

func (c *checker) need(by, kind string, names ...string) {
	for _, id := range names {
		if id != "" && !c.seen[kind+id] {
			c.say("%s names the %s %q, which is not in the model", by, kind, id)
		}
	}
}

func (c *checker) apart(x Subnet, before []Subnet) {
	for _, y := range before {
		for _, cidr := range x.CIDRs {
			if x.VPC == y.VPC && slices.ContainsFunc(y.CIDRs, cidr.Overlaps) {
				c.say("subnets %s and %s overlap", y.ID, x.ID)
			}
		}
	}
}

func (c *checker) rule(group string, r Rule) {
	c.need("a rule of group "+group, "prefix list", r.List)
	if (r.Protocol == 6 || r.Protocol == 17) && (r.From > r.To || r.To > 65535) {
		c.say("a rule of group %s has the ports %d-%d", group, r.From, r.To)
	}
}
