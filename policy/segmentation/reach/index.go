// SPDX-License-Identifier: Apache-2.0

// Package reach decides exactly which packets can get from where to where in a modelled network. For every ordered
// pair of ends it gives three sets of flows, each within the next: those that must pass, those that may, and those that
// are open because something on the way is not modelled. What is in none of them cannot pass.
//
// The unit is the class: interfaces that no rule, route or ACL entry can tell apart. A pair of classes has a handful of
// ways, such as inside one VPC, by a peering, or out by one gateway and in by another. A way is a list of steps, and a
// packet takes it if every step lets it pass. The same list gives the sets, the witness and the blocked path.
package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// index finds the parts of a network by id, and keeps what is compiled from them.
type index struct {
	*model.Network
	vpcs      map[string]*model.VPC
	subnets   map[string]*model.Subnet
	lists     map[string]*model.PrefixList
	nats      map[string]*model.NAT
	balancers map[string]*model.LoadBalancer
	groups    map[string]*group
	acls      map[string]*aclFilter
	tables    map[string]*tableFilter
	gateways  map[string][]*model.Gateway // by VPC
	natsOf    map[string][]*model.NAT     // by VPC
	peerings  map[string][]*model.Peering // by VPC
	forwards  map[string][]string         // by VPC: what is not modelled
	// forwarders are the interfaces without a source/destination check, by VPC.
	forwarders map[string][]string
	targets    map[string][]string   // the entries of target groups, by the interface or the owner that they name
	relayed    map[[2]string][]relay // by VPC and route table
	cuts       []netip.Addr          // where a rule, entry or route begins or ends
	public     flow.Addrs            // what a public address that is not known yet may be
}

type group struct {
	*model.Group
	ingress, egress *groupFilter
}

func newIndex(net *model.Network) *index {
	n := &index{
		Network: net, vpcs: by(net.VPCs, func(v *model.VPC) string { return v.ID }), subnets: by(net.Subnets, func(s *model.Subnet) string { return s.ID }),
		lists: by(net.Lists, func(l *model.PrefixList) string { return l.ID }), nats: by(net.NATs, func(x *model.NAT) string { return x.ID }),
		balancers: by(net.LoadBalancers, func(l *model.LoadBalancer) string { return l.ID }),
		groups:    map[string]*group{}, acls: map[string]*aclFilter{}, tables: map[string]*tableFilter{},
		gateways: map[string][]*model.Gateway{}, natsOf: map[string][]*model.NAT{}, peerings: map[string][]*model.Peering{}, forwards: map[string][]string{}, relayed: map[[2]string][]relay{},
		targets: targets(net.LoadBalancers), public: publicV4.Minus(flow.PrefixAddrs(net.Elsewhere...)),
	}
	for i := range net.Groups {
		g := &net.Groups[i]
		n.groups[g.ID] = &group{g, n.groupFilter(g.Ingress, g.Doubt), n.groupFilter(g.Egress, g.Doubt)}
	}
	for i := range net.ACLs {
		n.acls[net.ACLs[i].ID] = newACLFilter(&net.ACLs[i])
	}
	for i := range net.Tables {
		if t := &net.Tables[i]; n.vpcs[t.VPC] != nil {
			n.tables[t.ID] = n.tableFilter(t, n.vpcs[t.VPC])
		}
	}
	for i := range net.Gateways {
		n.gateways[net.Gateways[i].VPC] = append(n.gateways[net.Gateways[i].VPC], &net.Gateways[i])
	}
	for i := range net.NATs {
		n.natsOf[net.NATs[i].VPC] = append(n.natsOf[net.NATs[i].VPC], &net.NATs[i])
	}
	for i := range net.Peerings {
		p := &net.Peerings[i]
		n.peerings[p.A] = append(n.peerings[p.A], p)
		n.peerings[p.B] = append(n.peerings[p.B], p)
	}
	for _, u := range net.Unmodelled {
		n.forwards[u.VPC] = append(n.forwards[u.VPC], fmt.Sprintf("%s (%s)", u.ID, u.What))
	}
	n.forwarders = map[string][]string{}
	for _, f := range net.Interfaces {
		for _, id := range f.Subnets {
			if s := n.subnets[id]; s != nil && f.Forwards && !slices.Contains(n.forwarders[s.VPC], f.ID) {
				n.forwarders[s.VPC] = append(n.forwarders[s.VPC], f.ID)
			}
		}
	}
	n.cut()
	return n
}

// targets are the entries of target groups by the interface or the owner that they name.
func targets(balancers []model.LoadBalancer) map[string][]string {
	out := map[string][]string{}
	for i, l := range balancers {
		for j, x := range l.Listeners {
			for k, g := range x.Targets {
				for _, m := range g.Members {
					out[m.Target] = append(out[m.Target], fmt.Sprint("|", i, " ", j, " ", k, " ", m.Protocol, " ", m.Port))
				}
			}
		}
	}
	return out
}

func by[T any](list []T, key func(*T) string) map[string]*T {
	out := make(map[string]*T, len(list))
	for i := range list {
		if id := key(&list[i]); id != "" {
			out[id] = &list[i]
		}
	}
	return out
}

// cut collects where any prefix begins or ends, so that interfaces between two cuts are alike.
func (n *index) cut() {
	seen := map[netip.Prefix]bool{}
	for _, g := range n.Groups {
		for _, rules := range [][]model.Rule{g.Ingress, g.Egress} {
			for _, r := range rules {
				seen[r.CIDR] = true
			}
		}
	}
	for _, a := range n.ACLs {
		for _, entries := range [][]model.Entry{a.Ingress, a.Egress} {
			for _, e := range entries {
				seen[e.CIDR] = true
			}
		}
	}
	for _, t := range n.Tables {
		for _, r := range t.Routes {
			seen[r.CIDR] = true
		}
	}
	for _, l := range n.Lists {
		for _, p := range l.Entries {
			seen[p] = true
		}
	}
	for p := range seen {
		if p.IsValid() {
			lo, hi := flow.Ends(p)
			n.cuts = append(n.cuts, lo, hi.Next())
		}
	}
	slices.SortFunc(n.cuts, netip.Addr.Compare)
	n.cuts = slices.Compact(n.cuts)
}

// stretch is the number of the stretch between two cuts in which an address lies.
func (n *index) stretch(a netip.Addr) int {
	return sort.Search(len(n.cuts), func(i int) bool { return n.cuts[i].Compare(a) > 0 })
}

// end is one side of a pair: a class of interfaces, or addresses outside every VPC.
type end struct {
	iface   *model.Interface // of a class, the first member
	members []*model.Interface
	groups  []string
	doubt   string
	in, out *filter
	// outside are the addresses of an end outside; service the prefix list that names them, if one does.
	outside flow.Addrs
	service string
	places  []place
	// Once asked for: all addresses, and whether packets may go ways that the model cannot follow.
	all   flow.Addrs
	murky *bool
}

// place is where an end may be: a subnet, and one of the addresses there.
type place struct {
	*end
	subnet *model.Subnet
	vpc    *model.VPC
	// choice numbers the addresses of one interface: it has all of them, whereas it is in one of its subnets.
	choice int
	v6     bool
	ip     flow.Addrs // where IP is not known, any of these
	public flow.Addrs // empty: none
	has    model.Certainty
}

// private are the ranges that an internet gateway drops, and routed all others.
var private, routed = flow.Local, flow.Anywhere.Minus(flow.Local)

// Internet are the addresses that packets on the internet may bear.
var Internet = flow.Internet

var publicV4 = Internet.Within(flow.Addrs{flow.Anywhere[0]})

// classes merges the interfaces that nothing can tell apart. The places of the first stand for all: no filter cuts between
// the addresses of the others.
func (n *index) classes() []*end {
	byKey := map[string]*end{}
	var out []*end
	for i := range n.Interfaces {
		f := &n.Interfaces[i]
		if f.Kind == model.NATInterface {
			continue
		}
		key := n.classKey(f)
		e := byKey[key]
		if e == nil {
			e = &end{iface: f, groups: f.Groups, doubt: f.Doubt, in: n.filter(f, true), out: n.filter(f, false)}
			e.places = n.places(e, f)
			byKey[key] = e
			out = append(out, e)
		}
		e.members = append(e.members, f)
	}
	return out
}

func (n *index) classKey(f *model.Interface) string {
	groups := slices.Sorted(slices.Values(f.Groups))
	var b strings.Builder
	fmt.Fprint(&b, f.Kind, f.Subnets, groups, f.Forwards, f.Doubt)
	if f.Kind == model.Balancer {
		fmt.Fprint(&b, f.Owner)
	}
	for _, a := range f.Addresses {
		fmt.Fprint(&b, "|", a.Is6(), a.IP.IsValid(), n.stretch(a.IP), a.Prefix, a.HasPublic, a.Public.IsValid(), n.stretch(a.Public))
	}
	to := slices.Clone(n.targets[f.ID])
	if f.Owner != "" && f.Owner != f.ID {
		to = append(to, n.targets[f.Owner]...)
	}
	slices.Sort(to)
	for _, entry := range slices.Compact(to) {
		b.WriteString(entry)
	}
	return b.String()
}

func (n *index) places(e *end, f *model.Interface) []place {
	var out []place
	subnets := f.Subnets
	if len(subnets) == 0 {
		subnets = []string{""}
	}
	for _, id := range subnets {
		s := n.subnets[id]
		if s == nil {
			s = &model.Subnet{ID: id, Doubt: "the subnet is not in the model"}
		}
		vpc := n.vpcs[s.VPC]
		if vpc == nil {
			vpc = &model.VPC{ID: s.VPC, Doubt: "the VPC is not in the model"}
		}
		for i, a := range f.Addresses {
			p := place{end: e, subnet: s, vpc: vpc, choice: i, v6: a.Is6(), has: a.HasPublic}
			switch {
			case a.IP.IsValid():
				p.ip = flow.Addr(a.IP)
			case a.Prefix.IsValid():
				p.ip = flow.PrefixAddrs(a.Prefix)
			default:
				p.ip = usable(s, p.v6)
			}
			if a.HasPublic != model.No {
				p.public = n.public
				if a.Public.IsValid() {
					p.public = flow.Addr(a.Public)
				}
			}
			out = append(out, p)
		}
	}
	return out
}

// usable are the addresses of a subnet that AWS gives to interfaces: not the first four, nor the last.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html.
func usable(s *model.Subnet, v6 bool) flow.Addrs {
	var out flow.Addrs
	for _, c := range s.CIDRs {
		if c.Addr().Is6() != v6 {
			continue
		}
		lo, hi := flow.Ends(c)
		for range 4 {
			lo = lo.Next()
		}
		out = out.Or(flow.Span(lo, hi.Prev(), flow.Bit(true)))
	}
	if out.Empty() { // not known: any
		family := flow.Anywhere[0]
		if v6 {
			family = flow.Anywhere[1]
		}
		return flow.Addrs{family}
	}
	return out
}

func (n *index) acl(p place) (*aclFilter, string) {
	id := cmp.Or(p.subnet.ACL, p.vpc.DefaultACL)
	if f := n.acls[id]; f != nil && p.subnet.Doubt == "" {
		return f, id
	}
	return openACL, id
}

func (n *index) table(p place) (*tableFilter, string) {
	id := cmp.Or(p.subnet.Table, p.vpc.MainTable)
	if f := n.tables[id]; f != nil && p.subnet.Doubt == "" {
		return f, id
	}
	return &tableFilter{open: true}, id
}

// openACL is what the engine takes for an ACL that is not in the model.
var openACL = newACLFilter(&model.ACL{Doubt: "the ACL is not in the model"})
