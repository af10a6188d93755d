// SPDX-License-Identifier: Apache-2.0

package scenes

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Source of choices: a random generator, or the bytes of a fuzzer.
type Source interface{ IntN(n int) int }

// Bytes are choices taken from a fuzzer's input; at its end every choice is the first.
type Bytes struct{ Data []byte }

// IntN is a choice from 0 to n-1.
func (b *Bytes) IntN(n int) int {
	if len(b.Data) == 0 {
		return 0
	}
	v := int(b.Data[0])
	if b.Data = b.Data[1:]; n > 256 && len(b.Data) > 0 {
		v, b.Data = v<<8|int(b.Data[0]), b.Data[1:]
	}
	return v % n
}

// NewSource is a random source that gives the same choices for the same seed.
func NewSource(seed uint64) Source { return rand.New(rand.NewPCG(seed, 8)) } //nolint:gosec // tests, not secrets

type maker struct {
	Source
	net *model.Network
	v6  bool
	// vpcs is how many there will be.
	vpcs int
}

func one[T any](m *maker, list ...T) T { return list[m.IntN(len(list))] }

// Ports are those at which random rules begin and end; questions are asked about these and their neighbours.
var Ports = []int{0, 22, 443, 1023, 1024, 5432, 32768, 49152, 60999, 65535}

// Random is a network of one or two VPCs in which everything is known: routes of every kind, ordered ACLs, groups that
// name groups, addresses and lists, NAT, peering and Block Public Access.
func Random(s Source) *model.Network {
	m := &maker{s, &model.Network{}, s.IntN(2) == 0, 1 + s.IntN(2)}
	m.net.Lists = []model.PrefixList{{ID: "list", Entries: []netip.Prefix{m.cidr(), m.cidr()}}}
	for v := range m.vpcs {
		m.vpc(v)
	}
	if m.vpcs == 2 {
		m.net.Peerings = []model.Peering{{ID: "pcx", A: "vpc0", B: "vpc1", Active: m.IntN(8) > 0, References: m.IntN(2) == 0}}
	}
	return m.net
}

// cidr is one that cuts the random networks somewhere.
func (m *maker) cidr() netip.Prefix {
	if m.v6 && m.IntN(4) == 0 {
		return Prefix(one(m, "::/0", "2600:1f14:0:ff00::/56", "2600:1f14:0:ff00::/64", "2600:1f14:1:ff01::/64", "2001:db8::/32", "2600:1f14:0:ff00::10/128"))
	}
	return Prefix(one(m, "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/16", "10.1.0.0/24", "10.0.0.10/32", "10.0.1.10/31", "52.0.0.0/8", "52.0.0.10/32", "52.0.9.0/24", "203.0.113.0/24"))
}

func (m *maker) match() (protocol, from, to int) {
	switch m.IntN(8) {
	case 0, 1:
		return model.Any, 0, 0
	case 2:
		return 1, one(m, model.Any, 8, 0, 3), model.Any
	case 3:
		return one(m, 58, 50), model.Any, model.Any
	}
	from, to = one(m, Ports...), one(m, Ports...)
	if m.IntN(3) == 0 {
		to = from
	}
	return one(m, 6, 6, 17), min(from, to), max(from, to)
}

func (m *maker) entries() []model.Entry {
	if m.IntN(3) == 0 {
		return []model.Entry{Allow(1, model.Any, -1, -1, "0.0.0.0/0"), Allow(2, model.Any, -1, -1, "::/0")}
	}
	var out []model.Entry
	for i := range 1 + m.IntN(4) {
		e := model.Entry{Number: (i*7+3)%11*10 + 1, Allow: m.IntN(4) > 0, CIDR: m.cidr()}
		e.Protocol, e.From, e.To = m.match()
		out = append(out, e)
	}
	return append(out, Allow(30000, one(m, model.Any, 6), 0, 65535, one(m, "0.0.0.0/0", "10.0.0.0/8", "::/0")))
}

func (m *maker) rules(groups int) []model.Rule {
	var out []model.Rule
	if m.IntN(4) == 0 {
		out = append(out, model.Rule{ID: "all", Protocol: model.Any, CIDR: Prefix("0.0.0.0/0")}, model.Rule{ID: "all6", Protocol: model.Any, CIDR: Prefix("::/0")})
	}
	for i := range 1 + m.IntN(3) {
		r := model.Rule{ID: fmt.Sprint("rule", i)}
		switch m.IntN(5) {
		case 0, 1:
			r.Group = fmt.Sprint("sg", m.IntN(groups))
		case 2:
			r.List = "list"
		default:
			r.CIDR = m.cidr()
		}
		r.Protocol, r.From, r.To = m.match()
		out = append(out, r)
	}
	return out
}

func (m *maker) routes(vpc int) []model.Route {
	igw, nat := fmt.Sprint("igw", vpc), fmt.Sprint("nat", vpc)
	other := Prefix(fmt.Sprintf("10.%d.0.0/16", 1-vpc))
	var out []model.Route
	switch m.IntN(3) {
	case 0:
		out = append(out, model.Route{CIDR: Prefix("0.0.0.0/0"), Target: model.InternetGateway, To: igw}, model.Route{CIDR: Prefix("::/0"), Target: model.InternetGateway, To: igw})
	case 1:
		out = append(out, model.Route{CIDR: Prefix("0.0.0.0/0"), Target: model.NATGateway, To: nat}, model.Route{CIDR: Prefix("::/0"), Target: model.EgressOnly, To: fmt.Sprint("eigw", vpc)})
	}
	if m.IntN(2) == 0 && m.vpcs == 2 {
		out = append(out, model.Route{CIDR: other, Target: model.PeeringLink, To: "pcx"})
	}
	if m.IntN(4) == 0 {
		out = append(out, model.Route{CIDR: Prefix(one(m, "52.0.9.0/24", "203.0.113.0/25", "52.0.0.0/8")), Target: one(m, model.Blackhole, model.InternetGateway), To: igw})
	}
	return out
}

func (m *maker) vpc(v int) {
	id := func(kind string, n int) string { return fmt.Sprintf("%s%d", kind, v*4+n) }
	vpc := model.VPC{ID: fmt.Sprint("vpc", v), CIDRs: []netip.Prefix{Prefix(fmt.Sprintf("10.%d.0.0/16", v))}, MainTable: id("rt", 0), DefaultACL: id("acl", 0)}
	if m.v6 {
		vpc.CIDRs = append(vpc.CIDRs, Prefix(fmt.Sprintf("2600:1f14:%d:ff00::/56", v)))
	}
	if m.IntN(8) == 0 {
		vpc.Block = one(m, model.BlockBidirectional, model.BlockIngress)
	}
	m.net.VPCs = append(m.net.VPCs, vpc)
	igw := model.Gateway{ID: fmt.Sprint("igw", v)}
	if m.IntN(8) > 0 {
		igw.VPC = vpc.ID
	}
	m.net.Gateways = append(m.net.Gateways, igw)
	m.net.Gateways = append(m.net.Gateways, model.Gateway{ID: fmt.Sprint("eigw", v), VPC: vpc.ID, EgressOnly: true})
	m.net.NATs = append(m.net.NATs, model.NAT{ID: fmt.Sprint("nat", v), VPC: vpc.ID, Subnet: id("subnet", 0), Public: netip.AddrFrom4([4]byte{52, 0, 9, byte(v)})}) //nolint:gosec // 0 or 1
	for n := range 3 {
		m.net.Tables = append(m.net.Tables, model.Table{ID: id("rt", n), VPC: vpc.ID, Routes: m.routes(v)})
		m.net.ACLs = append(m.net.ACLs, model.ACL{ID: id("acl", n), VPC: vpc.ID, Ingress: m.entries(), Egress: m.entries()})
		m.net.Groups = append(m.net.Groups, model.Group{ID: id("sg", n), VPC: vpc.ID, Ingress: m.rules(4 * (v + 1)), Egress: m.rules(4 * (v + 1))})
	}
	exclusion := one(m, model.BlockOff, model.AllowBidirectional, model.AllowEgress)
	for n := range 2 + m.IntN(2) {
		s := model.Subnet{ID: id("subnet", n), VPC: vpc.ID, CIDRs: []netip.Prefix{Prefix(fmt.Sprintf("10.%d.%d.0/24", v, n))}, Table: one(m, "", id("rt", 1), id("rt", 2)), ACL: one(m, "", id("acl", 1), id("acl", 2))}
		if m.v6 {
			s.CIDRs = append(s.CIDRs, Prefix(fmt.Sprintf("2600:1f14:%d:ff%02x::/64", v, n)))
		}
		if vpc.Block != model.BlockOff {
			s.Exclusion = exclusion // of all subnets alike: AWS does not say what one that a NAT gateway serves needs
		}
		m.net.Subnets = append(m.net.Subnets, s)
		for i := range 1 + m.IntN(2) {
			m.iface(v, n, i, s.ID)
		}
	}
}

func (m *maker) iface(v, subnet, i int, in string) {
	f := model.Interface{ID: fmt.Sprintf("eni%d", v*16+subnet*4+i), Kind: model.Host, Subnets: []string{in}}
	a := model.Address{IP: netip.AddrFrom4([4]byte{10, byte(v), byte(subnet), byte(10 + i)})} //nolint:gosec // small
	if m.IntN(2) == 0 {
		a.HasPublic, a.Public = model.Yes, netip.AddrFrom4([4]byte{52, byte(v), byte(subnet), byte(10 + i)}) //nolint:gosec // small
	}
	if m.v6 && m.IntN(2) == 0 {
		a = model.Address{IP: IP(fmt.Sprintf("2600:1f14:%d:ff%02x::%x", v, subnet, 16+i))}
	}
	f.Addresses = []model.Address{a}
	for range m.IntN(3) {
		f.Groups = append(f.Groups, fmt.Sprint("sg", v*4+m.IntN(3)))
	}
	m.net.Interfaces = append(m.net.Interfaces, f)
}
