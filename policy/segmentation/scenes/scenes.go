// SPDX-License-Identifier: Apache-2.0

// Package scenes makes networks to try the proof on: one that is small and open, for a test to close or break a single
// thing in, and random ones.
package scenes

import (
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Prefix is a CIDR.
func Prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// IP is an address.
func IP(s string) netip.Addr { return netip.MustParseAddr(s) }

// Scene is a network whose parts a test finds by id.
type Scene struct{ *model.Network }

// Open is a VPC of three tiers in which no group or ACL closes anything: only routes and addresses do. The interfaces
// are web (public address, in the subnet public), app (in private, behind a NAT gateway and an egress-only gateway) and
// db (in data, without a route out), and beside each of web and app there is a second one in the same subnet.
func Open() Scene {
	all := []model.Rule{{ID: "all4", Protocol: model.Any, CIDR: Prefix("0.0.0.0/0")}, {ID: "all6", Protocol: model.Any, CIDR: Prefix("::/0")}}
	entries := []model.Entry{{Number: 100, Allow: true, Protocol: model.Any, CIDR: Prefix("0.0.0.0/0")}, {Number: 101, Allow: true, Protocol: model.Any, CIDR: Prefix("::/0")}}
	n := &model.Network{
		VPCs: []model.VPC{{ID: "vpc", CIDRs: []netip.Prefix{Prefix("10.0.0.0/16"), Prefix("2600:1f14:1:ff00::/56")}, MainTable: "rt-main", DefaultACL: "acl-default"}},
		Gateways: []model.Gateway{
			{ID: "igw", VPC: "vpc"}, {ID: "eigw", VPC: "vpc", EgressOnly: true},
		},
		NATs: []model.NAT{{ID: "nat", VPC: "vpc", Subnet: "public", Public: IP("52.1.0.99")}},
		Tables: []model.Table{
			{ID: "rt-main", VPC: "vpc"},
			{ID: "rt-public", VPC: "vpc", Routes: []model.Route{{CIDR: Prefix("0.0.0.0/0"), Target: model.InternetGateway, To: "igw"}, {CIDR: Prefix("::/0"), Target: model.InternetGateway, To: "igw"}}},
			{ID: "rt-private", VPC: "vpc", Routes: []model.Route{{CIDR: Prefix("0.0.0.0/0"), Target: model.NATGateway, To: "nat"}, {CIDR: Prefix("::/0"), Target: model.EgressOnly, To: "eigw"}}},
		},
		ACLs: []model.ACL{{ID: "acl-default", VPC: "vpc", Ingress: entries, Egress: entries}},
	}
	for i, tier := range []string{"public", "private", "data"} {
		table := "rt-" + tier
		if tier == "data" {
			table = ""
		}
		n.Subnets = append(n.Subnets, model.Subnet{ID: tier, VPC: "vpc", Table: table, ACL: "acl-" + tier, CIDRs: []netip.Prefix{
			netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), 0}), 24), netip.MustParsePrefix("2600:1f14:1:ff0" + string(rune('0'+i)) + "::/64")}})
		n.ACLs = append(n.ACLs, model.ACL{ID: "acl-" + tier, VPC: "vpc", Ingress: clone(entries), Egress: clone(entries)})
	}
	for _, f := range []struct{ id, subnet, ip, public string }{
		{"web", "public", "10.0.0.10", "52.1.0.10"}, {"web2", "public", "10.0.0.11", "52.1.0.11"},
		{"app", "private", "10.0.1.10", ""}, {"app2", "private", "10.0.1.11", ""}, {"db", "data", "10.0.2.10", ""},
	} {
		a := model.Address{IP: IP(f.ip)}
		if f.public != "" {
			a.HasPublic, a.Public = model.Yes, IP(f.public)
		}
		n.Interfaces = append(n.Interfaces, model.Interface{ID: f.id, Kind: model.Host, Subnets: []string{f.subnet}, Addresses: []model.Address{a}, Groups: []string{"sg-" + f.id}})
		n.Groups = append(n.Groups, model.Group{ID: "sg-" + f.id, VPC: "vpc", Ingress: clone(all), Egress: clone(all)})
	}
	return Scene{n}
}

func clone[T any](list []T) []T { return append([]T(nil), list...) }

// find is the element with an id; a scene that has none is a mistake of the test.
func find[T any](list []T, id string, of func(*T) string) *T {
	for i := range list {
		if of(&list[i]) == id {
			return &list[i]
		}
	}
	panic("the scene has no " + id)
}

// Group is a group of the scene.
func (s Scene) Group(id string) *model.Group {
	return find(s.Groups, id, func(g *model.Group) string { return g.ID })
}

// ACL is an ACL of the scene.
func (s Scene) ACL(id string) *model.ACL {
	return find(s.ACLs, id, func(a *model.ACL) string { return a.ID })
}

// Table is a route table of the scene.
func (s Scene) Table(id string) *model.Table {
	return find(s.Tables, id, func(t *model.Table) string { return t.ID })
}

// Interface is an interface of the scene.
func (s Scene) Interface(id string) *model.Interface {
	return find(s.Interfaces, id, func(i *model.Interface) string { return i.ID })
}

// Subnet is a subnet of the scene.
func (s Scene) Subnet(id string) *model.Subnet {
	return find(s.Subnets, id, func(x *model.Subnet) string { return x.ID })
}

// TCP is a rule for a TCP port.
func TCP(port int, peer string) model.Rule {
	r := model.Rule{Protocol: 6, From: port, To: port, ID: peer}
	if p, err := netip.ParsePrefix(peer); err == nil {
		r.CIDR = p
	} else {
		r.Group = peer
	}
	return r
}

// Allow is an entry of an ACL for a protocol and ports.
func Allow(number, protocol, from, to int, cidr string) model.Entry {
	return model.Entry{Number: number, Allow: true, Protocol: protocol, From: from, To: to, CIDR: Prefix(cidr)}
}

// Deny is the same for what is not allowed.
func Deny(number, protocol, from, to int, cidr string) model.Entry {
	e := Allow(number, protocol, from, to, cidr)
	e.Allow = false
	return e
}
