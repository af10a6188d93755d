// SPDX-License-Identifier: Apache-2.0

// Package twin turns a network of the model into Linux network namespaces, so that real packets can be compared with
// what the proof says of it. Each interface has a namespace with its security groups, each subnet a router with its
// route table and ACL; routers for the VPC's local routes, its gateways, NAT gateways and peerings join those.
//
// It shares nothing with the engine but the model: the kernel chooses routes, follows rules and translates addresses.
package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Internet is the name of the namespace of everybody outside.
const Internet = "internet"

// Space is a namespace: what `ip` and `nft` are told to make of it.
type Space struct {
	Name string
	// Routes: it forwards packets. An interface does not.
	Routes bool
	// IP are lines for `ip -batch`.
	IP []string
	// Filter is a ruleset for `nft -f`.
	Filter string
}

// link is a pair of devices that joins two spaces. The device has the other space's name, unless it is given.
type link struct{ a, deviceA, b, deviceB string }

// Plan is a network as namespaces.
type Plan struct {
	Spaces []*Space
	links  []link
	net    *model.Network
	of     map[string]*Space
	// ends are the names of the spaces of interfaces by id.
	ends map[string]string
	// before is the id that an interface had before it was placed, which members of target groups name.
	before func(*model.Interface) string
	nodes  []*model.Interface
}

// Compile plans the namespaces of a network. Outside are addresses of the internet that answer. The twin is exact or
// there is none: a network with anything in it that is doubtful, or that the twin has no word for, is an error.
func Compile(net *model.Network, outside []netip.Addr) (*Plan, error) {
	return (&Placed{Network: net}).Compile(outside)
}

// Compile plans the namespaces of a network whose interfaces are placed.
func (net *Placed) Compile(outside []netip.Addr) (*Plan, error) {
	p := &Plan{net: net.Network, of: map[string]*Space{}, ends: map[string]string{}, before: net.before, nodes: nodes(net.Network)}
	if problems := unable(net.Network); len(problems) > 0 {
		return nil, fmt.Errorf("%w of this network:\n  %s", ErrUnable, strings.Join(problems, "\n  "))
	}
	p.space(Internet, true)
	for _, a := range outside {
		p.tell(Internet, "address add %s dev lo", netip.PrefixFrom(a, a.BitLen()))
	}
	for i := range net.VPCs {
		p.vpc(i)
	}
	for i := range net.Peerings {
		p.peering(i)
	}
	for i, id := range p.endpoints() {
		p.endpoint(i, id)
	}
	for i := range net.NATs {
		p.nat(i)
	}
	for i := range net.Interfaces {
		p.iface(i)
	}
	for i := range net.Subnets {
		p.table(i)
		p.of[subnetSpace(i)].Filter = p.acl(i)
		p.steer(subnetSpace(i), net.Subnets[i].VPC, i)
	}
	for i := range net.VPCs {
		p.steer(coreSpace(i), net.VPCs[i].ID, -1)
	}
	return p, nil
}

// End is the namespace of an interface.
func (p *Plan) End(id string) string { return p.ends[id] }

func (p *Plan) space(name string, routes bool) {
	s := &Space{Name: name, Routes: routes, IP: []string{"link set lo up"}}
	p.Spaces, p.of[name] = append(p.Spaces, s), s
}

func (p *Plan) tell(space, format string, args ...any) {
	s := p.of[space]
	s.IP = append(s.IP, fmt.Sprintf(format, args...))
}

// join puts a link between two spaces. Both devices have one hardware address and do not ask for the other's, so that
// a route needs no next hop: a packet that leaves by the one is for the other.
func (p *Plan) join(a, deviceA, b, deviceB string) {
	p.links = append(p.links, link{a, deviceA, b, deviceB})
	p.tell(a, "link set %s up arp off", deviceA)
	p.tell(b, "link set %s up arp off", deviceB)
}

func coreSpace(vpc int) string      { return fmt.Sprint("vpc", vpc) }
func edgeSpace(vpc int) string      { return fmt.Sprint("edge", vpc) }
func subnetSpace(subnet int) string { return fmt.Sprint("subnet", subnet) }
func peerSpace(peering int) string  { return fmt.Sprint("pcx", peering) }
func natSpace(nat int) string       { return fmt.Sprint("nat", nat) }
func endpointSpace(i int) string    { return fmt.Sprint("gwe", i) }
func ifaceSpace(iface int) string   { return fmt.Sprint("eni", iface) }

// The devices of the edge and of a subnet by which packets go to gateways.
const (
	upDevice     = "outer"
	egressDevice = "egress"
	ownDevice    = "eth0"
)

func (p *Plan) inVPC(id string) []int {
	var out []int
	for i, s := range p.net.Subnets {
		if s.VPC == id {
			out = append(out, i)
		}
	}
	return out
}

func (p *Plan) subnet(id string) int {
	return slices.IndexFunc(p.net.Subnets, func(s model.Subnet) bool { return s.ID == id })
}

// vpc plans the router of local routes, the edge with the gateways, and the subnets' routers.
func (p *Plan) vpc(v int) {
	vpc := p.net.VPCs[v]
	core, edge := coreSpace(v), edgeSpace(v)
	p.space(core, true)
	p.space(edge, true)
	p.join(edge, upDevice, Internet, edge)
	p.tell(edge, "route add default dev %s", upDevice)
	p.tell(edge, "route add ::/0 dev %s", upDevice)
	for _, c := range vpc.CIDRs {
		if c.Addr().Is6() {
			p.tell(Internet, "route add %s dev %s", c, edge)
		}
	}
	for _, s := range p.inVPC(vpc.ID) {
		name := subnetSpace(s)
		p.space(name, true)
		p.join(name, core, core, name)
		p.join(name, edge, edge, name)
		p.join(name, egressDevice, edge, egressDevice+fmt.Sprint(s))
	}
	p.of[edge].Filter = p.edge(v)
}

func (p *Plan) peering(i int) {
	x := p.net.Peerings[i]
	name := peerSpace(i)
	p.space(name, true)
	var sides [2][]string
	for side, vpc := range []string{x.A, x.B} {
		for _, s := range p.inVPC(vpc) {
			p.join(subnetSpace(s), name, name, subnetSpace(s))
			sides[side] = append(sides[side], subnetSpace(s))
		}
	}
	f := newFilter()
	if x.Active {
		f.add("iifname %s oifname %s accept", names(sides[0]), names(sides[1]))
		f.add("iifname %s oifname %s accept", names(sides[1]), names(sides[0]))
	}
	p.of[name].Filter = f.String()
}

// attach connects an address to its subnet's router, and tells the routers of the VPC about it.
func (p *Plan) attach(space string, subnet int, a netip.Addr) {
	own, vpc := subnetSpace(subnet), p.net.Subnets[subnet].VPC
	v := slices.IndexFunc(p.net.VPCs, func(x model.VPC) bool { return x.ID == vpc })
	host := netip.PrefixFrom(a, a.BitLen())
	nodad := ""
	if a.Is6() {
		nodad = " nodad"
	}
	p.tell(space, "address add %s dev %s%s", host, ownDevice, nodad)
	p.tell(own, "route add %s dev %s", host, space)
	p.tell(coreSpace(v), "route add %s dev %s", host, own)
	p.tell(edgeSpace(v), "route add %s dev %s", host, own)
	for i, x := range p.net.Peerings {
		if x.A == vpc || x.B == vpc {
			p.tell(peerSpace(i), "route add %s dev %s", host, own)
		}
	}
	for i, id := range p.endpoints() {
		if slices.Contains(p.led(id), subnet) {
			p.tell(endpointSpace(i), "route add %s dev %s", host, own)
		}
	}
}

// public tells the internet about a public address.
func (p *Plan) public(a netip.Addr, vpc string) {
	v := slices.IndexFunc(p.net.VPCs, func(x model.VPC) bool { return x.ID == vpc })
	p.tell(Internet, "route add %s/32 dev %s", a, edgeSpace(v))
}

func (p *Plan) iface(i int) {
	f := p.net.Interfaces[i]
	name, subnet := ifaceSpace(i), p.subnet(f.Subnets[0])
	p.ends[f.ID] = name
	p.space(name, p.number(&f) > 0)
	p.join(name, ownDevice, subnetSpace(subnet), name)
	for _, a := range f.Addresses {
		p.attach(name, subnet, a.IP)
		if a.HasPublic == model.Yes {
			p.public(a.Public, p.net.Subnets[subnet].VPC)
		}
	}
	p.tell(name, "route add default dev %s", ownDevice)
	p.tell(name, "route add ::/0 dev %s", ownDevice)
	p.of[name].Filter = p.groups(&f, p.net.Subnets[subnet].VPC)
}

// natAddress is the private address of a NAT gateway: the last usable one of its subnet; none where that has no range of IPv4.
func (p *Plan) natAddress(i int) netip.Addr {
	ranges := p.net.Subnets[p.subnet(p.net.NATs[i].Subnet)].CIDRs
	four := slices.IndexFunc(ranges, isIPv4)
	if four < 0 {
		return netip.Addr{}
	}
	a := ranges[four]
	raw := a.Masked().Addr().As4()
	for bit := a.Bits(); bit < 32; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(raw).Prev().Prev().Prev().Prev()
}

func isIPv4(c netip.Prefix) bool { return c.Addr().Is4() }

func (p *Plan) nat(i int) {
	x := p.net.NATs[i]
	name, subnet := natSpace(i), p.subnet(x.Subnet)
	p.space(name, true)
	p.join(name, ownDevice, subnetSpace(subnet), name)
	p.attach(name, subnet, p.natAddress(i))
	if !x.Private {
		p.public(x.Public, x.VPC)
	}
	p.tell(name, "route add default dev %s", ownDevice)
	p.of[name].Filter = p.translate(i)
	// What comes by the table of another subnet goes to the NAT gateway whatever its address is.
	own := subnetSpace(subnet)
	p.tell(own, "route add default dev %s table %d", name, 100+i)
	for _, s := range p.inVPC(x.VPC) {
		if s != subnet {
			from := fmt.Sprintf("%sby%d", name, s)
			p.join(subnetSpace(s), name, own, from)
			p.tell(own, "rule add iif %s lookup %d priority 10", from, 100+i)
		}
	}
}

// table plans a subnet's routes: of each prefix the one that wins, https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html.
func (p *Plan) table(s int) {
	subnet := p.net.Subnets[s]
	v := slices.IndexFunc(p.net.VPCs, func(x model.VPC) bool { return x.ID == subnet.VPC })
	rank, way := map[netip.Prefix]int{}, map[netip.Prefix]string{}
	var order []netip.Prefix
	consider := func(c netip.Prefix, r int, device string) {
		if old, ok := rank[c]; !ok {
			order = append(order, c)
		} else if old <= r {
			return
		}
		rank[c], way[c] = r, device
	}
	for _, r := range p.routes(s) {
		device := p.device(s, v, r)
		switch {
		case r.CIDR.IsValid() && r.Propagated:
			consider(r.CIDR.Masked(), 2, device)
		case r.CIDR.IsValid():
			consider(r.CIDR.Masked(), 0, device)
		default:
			for _, c := range p.list(r.List) {
				consider(c.Masked(), 1, device)
			}
		}
	}
	for _, c := range p.net.VPCs[v].CIDRs {
		consider(c.Masked(), 0, coreSpace(v))
	}
	for _, c := range order {
		if way[c] == "" {
			p.tell(subnetSpace(s), "route add blackhole %s", c)
		} else {
			p.tell(subnetSpace(s), "route add %s dev %s", c, way[c])
		}
	}
}

// routes are those of the table of a subnet.
func (p *Plan) routes(s int) []model.Route {
	id := p.net.Subnets[s].Table
	if id == "" {
		id = p.net.VPCs[slices.IndexFunc(p.net.VPCs, func(x model.VPC) bool { return x.ID == p.net.Subnets[s].VPC })].MainTable
	}
	t := slices.IndexFunc(p.net.Tables, func(x model.Table) bool { return x.ID == id })
	if t < 0 {
		return nil
	}
	return p.net.Tables[t].Routes
}

// device is the one by which a route leads out of a subnet; empty where it leads nowhere.
func (p *Plan) device(s, v int, r model.Route) string {
	subnet := p.net.Subnets[s]
	named := func(i int, name func(int) string) string {
		if i < 0 {
			return ""
		}
		return name(i)
	}
	gateway := slices.ContainsFunc(p.net.Gateways, func(g model.Gateway) bool {
		return g.ID == r.To && g.VPC == subnet.VPC && g.EgressOnly == (r.Target == model.EgressOnly)
	})
	switch {
	case r.Target == model.Local:
		return coreSpace(v)
	case r.Target == model.InternetGateway && gateway:
		return edgeSpace(v)
	case r.Target == model.EgressOnly && gateway:
		return egressDevice
	case r.Target == model.NATGateway:
		return named(slices.IndexFunc(p.net.NATs, func(x model.NAT) bool { return x.ID == r.To && serves(x, subnet) }), natSpace)
	case r.Target == model.GatewayEndpoint:
		return named(slices.Index(p.endpoints(), r.To), endpointSpace)
	case r.Target == model.PeeringLink:
		return named(slices.IndexFunc(p.net.Peerings, func(x model.Peering) bool {
			return x.ID == r.To && (x.A == subnet.VPC || x.B == subnet.VPC)
		}), peerSpace)
	}
	return ""
}

// serves reports whether a NAT gateway takes packets from a subnet: one of its VPC that is not its own.
func serves(x model.NAT, s model.Subnet) bool {
	return x.VPC == s.VPC && x.Subnet != s.ID && !x.Down && !x.Private
}

func (p *Plan) list(id string) []netip.Prefix {
	for _, l := range p.net.Lists {
		if l.ID == id {
			return l.Entries
		}
	}
	return nil
}
