// SPDX-License-Identifier: Apache-2.0

package twin

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// lent is the range from which a twin takes the public addresses that the network does not tell: one of Amazon's.
var lent = netip.MustParsePrefix("3.120.0.0/14")

// Placed is a network in which every interface has one subnet and addresses that are known, as a twin needs it.
type Placed struct {
	*model.Network
	// Of are the ids that interfaces had before.
	Of map[string]string
	// Assumed is what was chosen, for the reader.
	Assumed []string
	taken   func(netip.Addr) bool
	used    map[netip.Addr]bool
}

// Place chooses what a network leaves to AWS: an interface that may be in one of several subnets is in each of them, twice in the
// first if there may be many of it, and gets free addresses. Public addresses are none of those that taken reports.
func Place(net *model.Network, taken func(netip.Addr) bool) (*Placed, error) {
	out := *net
	out.Interfaces, out.NATs = nil, slices.Clone(net.NATs)
	p := &Placed{Network: &out, Of: map[string]string{}, taken: taken, used: map[netip.Addr]bool{}}
	for _, f := range net.Interfaces {
		for _, a := range f.Addresses {
			p.used[a.IP], p.used[a.Public], p.used[a.Prefix.Addr()] = true, true, true
		}
	}
	plan := &Plan{net: net}
	for i := range out.NATs {
		if plan.subnet(out.NATs[i].Subnet) >= 0 {
			p.used[plan.natAddress(i)] = true
		}
		if x := &out.NATs[i]; !x.Private {
			x.Public = p.lend(x.ID, x.Public)
		}
	}
	for i := range net.Interfaces {
		if f := &net.Interfaces[i]; f.Kind != model.NATInterface { // a NAT gateway has a space of its own
			if err := p.place(f); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// before is the id that an interface had before.
func (p *Placed) before(f *model.Interface) string {
	return cmp.Or(p.Of[f.ID], f.ID)
}

// place adds the copies of an interface.
func (p *Placed) place(f *model.Interface) error {
	subnets := f.Subnets
	if f.Many && len(subnets) > 0 {
		subnets = append(slices.Clone(subnets), subnets[0])
	}
	if len(f.Subnets) > 1 {
		p.Assumed = append(p.Assumed, fmt.Sprintf("%s is in each of the %d subnets that it may be in", cmp.Or(f.Name, f.ID), len(f.Subnets)))
	}
	for n, id := range subnets {
		s := slices.IndexFunc(p.Subnets, func(s model.Subnet) bool { return s.ID == id })
		if s < 0 {
			return fmt.Errorf("interface %s is in the subnet %q, which is not in the network", f.ID, id)
		}
		c := *f
		c.Subnets, c.Addresses = []string{id}, nil
		if len(subnets) > 1 {
			c.ID = fmt.Sprintf("%s#%d", f.ID, n+1)
		}
		for _, a := range f.Addresses {
			if err := p.address(&c, &p.Subnets[s], a, n == 0); err != nil {
				return err
			}
		}
		if len(c.Addresses) > 0 {
			p.Of[c.ID] = f.ID
			p.Interfaces = append(p.Interfaces, c)
		}
	}
	return nil
}

// address adds an address to a copy, if it can have it in that subnet; the first copy has what is told.
func (p *Placed) address(f *model.Interface, s *model.Subnet, a model.Address, first bool) error {
	if a.Prefix.IsValid() { // its first address stands for it
		a.IP, a.Prefix = a.Prefix.Addr(), netip.Prefix{}
	}
	if a.IP.IsValid() && !slices.ContainsFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Contains(a.IP) }) {
		return nil
	}
	if !a.IP.IsValid() || !first {
		at := slices.IndexFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Addr().Is6() == a.Is6() })
		if at < 0 {
			return nil
		}
		ip, err := p.free(s.CIDRs[at])
		if err != nil {
			return fmt.Errorf("subnet %s: %w", s.ID, err)
		}
		a.IP = ip
		if a.HasPublic == model.Yes {
			a.Public = netip.Addr{}
		}
	}
	if a.HasPublic == model.Maybe {
		a.HasPublic = model.No
		p.Assumed = append(p.Assumed, f.ID+" may have a public address, and has none")
	}
	if a.HasPublic == model.Yes {
		a.Public = p.lend(f.ID, a.Public)
	}
	f.Addresses = append(f.Addresses, a)
	return nil
}

// free is an address of a subnet that nobody has; AWS keeps the first four for itself:
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html.
func (p *Placed) free(c netip.Prefix) (netip.Addr, error) {
	a := c.Masked().Addr()
	for n := 0; c.Contains(a.Next()); n++ {
		if n >= 4 && !p.used[a] {
			p.used[a] = true
			return a, nil
		}
		a = a.Next()
	}
	return a, fmt.Errorf("%s has no free address", c)
}

// lend is the public address that the network tells, or another one where it tells none that a packet on the internet can bear:
// an emulator gives addresses of the loopback.
func (p *Placed) lend(id string, told netip.Addr) netip.Addr {
	if told.IsValid() && !told.IsLoopback() {
		return told
	}
	a := lent.Addr().Next()
	for p.used[a] || p.taken(a) {
		a = a.Next()
	}
	p.used[a] = true
	if told.IsValid() {
		p.Assumed = append(p.Assumed, fmt.Sprintf("%s has the public address %s instead of %s", id, a, told))
	}
	return a
}
