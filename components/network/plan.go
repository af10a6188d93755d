// SPDX-License-Identifier: Apache-2.0

package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

const (
	// zoneBits is how many bits a zone slot takes from the range of a tier.
	zoneBits = 2
)

// share is the part of the VPC that a tier takes: Eighth is where it starts, in eighths of the VPC, and Bits is how
// much longer than the VPC's its prefix is.
type share struct {
	Eighth uint32
	Bits   int
}

// shares is the address plan of the built-in tiers. Changing a value moves subnets, and a subnet cannot be moved without being
// replaced.
var shares = map[segment.Tier]share{
	segment.App:    {Eighth: 0, Bits: 2},
	segment.Public: {Eighth: 4, Bits: 3},
	segment.Data:   {Eighth: 6, Bits: 3},
}

// freeEighths are the parts that the built-in tiers leave, for a tier of one's own by its Place.
var freeEighths = [segment.Places]uint32{2, 3, 5, 7}

// shareOf is the part of a tier that Table.Check has accepted.
func shareOf(t segment.Tier) share {
	if s, builtIn := shares[t]; builtIn {
		return s
	}
	return share{Eighth: freeEighths[t.Place-1], Bits: 3}
}

// Plan is the address plan of one VPC. Each tier is one prefix, so that a network ACL needs one rule for it however
// many zones there are, and each zone owns a fixed quarter of every tier: a to d, and e to h again from the start. The
// place of a subnet therefore depends on nothing but the VPC's prefix, its tier and its zone's letter, and adding,
// removing or reordering zones never moves another subnet.
//
// For 10.0.0.0/16: app 10.0.0.0/18 (4 x /20), public 10.0.128.0/19 (4 x /21), data 10.0.192.0/19 (4 x /21); a tier of one's
// own takes 10.0.64.0/19, 10.0.96.0/19, 10.0.160.0/19 or 10.0.224.0/19, by its place 1 to 4.
type Plan struct {
	vpc netip.Prefix
	// An existing VPC has what its owner has given it: further ranges, and those of the subnets, IPv4 first.
	further []netip.Prefix
	ranges  map[place][]netip.Prefix
}

// NewPlan lays out a VPC. The range must pass cidr.CheckVPC: canonical, private (RFC 1918), from /16 to /20. In anything
// smaller, a load balancer subnet could not grow to the 128 addresses planned for it.
func NewPlan(vpc string) (Plan, error) {
	if err := cidr.CheckVPC(vpc); err != nil {
		return Plan{}, err
	}
	return Plan{vpc: netip.MustParsePrefix(vpc)}, nil
}

// VPC returns the prefix of the whole VPC.
func (p Plan) VPC() netip.Prefix {
	return p.vpc
}

// whole are the ranges of the whole VPC that are known, those of IPv6 only for an existing one.
func (p Plan) whole() []netip.Prefix { return append([]netip.Prefix{p.vpc}, p.further...) }

// holds reports whether a range touches the VPC.
func (p Plan) holds(r netip.Prefix) bool { return slices.ContainsFunc(p.whole(), r.Overlaps) }

// peers are the ranges of a tier as ACL rules name them, those of IPv4 first: of a planned VPC one for the tier in each address
// family, of an existing one those of its subnets.
func (p Plan) peers(t segment.Tier, six bool) []peer {
	if p.ranges == nil {
		all := []peer{{Label: t.Name, CIDR: p.Tier(t)}}
		if six {
			all = append(all, peer{Label: t.Name + "-ipv6", Six: true, Tier: t})
		}
		return all
	}
	var all []peer
	for at, ranges := range p.ranges {
		for _, r := range ranges {
			if at.tier == t && (six || r.Addr().Is4()) {
				all = append(all, peer{Label: t.Name + "-" + r.String(), CIDR: r, Six: r.Addr().Is6()})
			}
		}
	}
	slices.SortFunc(all, func(a, b peer) int { return a.CIDR.Addr().Compare(b.CIDR.Addr()) })
	return all
}

// vpcPeers are the ranges of the whole VPC as ACL rules name them, in one address family.
func (p Plan) vpcPeers(six bool) []peer {
	if p.ranges == nil && six {
		return []peer{{Label: "vpc-ipv6", Six: true}}
	}
	all := []peer{}
	for _, r := range p.whole() {
		switch {
		case r.Addr().Is6() != six:
		case r == p.vpc:
			all = append(all, peer{Label: "vpc", CIDR: r})
		default:
			all = append(all, peer{Label: "vpc-" + r.String(), CIDR: r, Six: six})
		}
	}
	return all
}

// Tier returns the range that holds every subnet of a tier, those of zones not yet in use included.
func (p Plan) Tier(t segment.Tier) netip.Prefix {
	s := shareOf(t)
	return p.at(p.vpc.Addr(), s.Eighth<<(32-p.vpc.Bits()-3), p.vpc.Bits()+s.Bits)
}

// Subnet returns the range of a tier in a zone. The zone is a full name such as "eu-central-1a".
func (p Plan) Subnet(t segment.Tier, zone string) netip.Prefix {
	if own, existing := p.ranges[place{t, zone}]; existing {
		return own[0]
	}
	tier := p.Tier(t)
	bits := tier.Bits() + zoneBits
	return p.at(tier.Addr(), slot(zone)<<(32-bits), bits)
}

// at returns the prefix of the given length that starts offset addresses after base.
func (Plan) at(base netip.Addr, offset uint32, bits int) netip.Prefix {
	from := base.As4()
	var to [4]byte
	binary.BigEndian.PutUint32(to[:], binary.BigEndian.Uint32(from[:])+offset)
	return netip.PrefixFrom(netip.AddrFrom4(to), bits)
}

// tierIPv6 returns the range of a tier in the VPC's IPv6 range, a /56: the /59 of the eighth where its IPv4 range starts.
func tierIPv6(vpc string, t segment.Tier) (netip.Prefix, error) {
	whole, err := netip.ParsePrefix(vpc)
	if err != nil || !whole.Addr().Is6() || whole.Bits() != 56 {
		return netip.Prefix{}, fmt.Errorf("the VPC has the IPv6 range %q; a /56 was expected (VPC user guide, \"VPC CIDR blocks\")", vpc)
	}
	address := whole.Addr().As16()
	address[7] |= byte(shareOf(t).Eighth << 5) //nolint:gosec // an eighth is 0 to 7
	return netip.PrefixFrom(netip.AddrFrom16(address), 59), nil
}

// subnetIPv6 returns the range of a subnet, which is a /64.
func subnetIPv6(vpc string, t segment.Tier, zone string) (string, error) {
	tier, err := tierIPv6(vpc, t)
	if err != nil {
		return "", err
	}
	address := tier.Addr().As16()
	address[7] |= byte(slot(zone)) //nolint:gosec // a slot is 0 to 3
	return netip.PrefixFrom(netip.AddrFrom16(address), 64).String(), nil
}

// slot returns the place of a zone in every tier: its letter, modulo the four slots.
func slot(zone string) uint32 {
	return uint32(form.ZoneSlot(zone)) //nolint:gosec // 0 to 3
}

// zoneProblems checks the zones of a network: two to four, distinct, ordinary zones of the region (not local or
// wavelength zones, which have no NAT gateways or interface endpoints), no two of them with the same slot.
func zoneProblems(region string, zones []string) []error {
	problems := form.CheckZones(region, zones)
	for i, err := range problems {
		problems[i] = form.In("Zones", err)
	}
	return problems
}
