// SPDX-License-Identifier: Apache-2.0

// Package certificate checks a claim that no packet can get from one end to another, without trusting the engine that
// made it and without any of its code. A certificate lists the ways that there are between the two, and for each way
// boxes of packets with the condition that stops them. The checker lists the ways itself, sees that the boxes leave no
// packet out, and that no rule, entry or route of the model lets a packet of a box pass.
package certificate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// End is an interface by its id, or addresses outside; Service is the prefix list that names them, if one does.
type End struct {
	Interface string  `json:"interface,omitempty"`
	Ranges    []Addrs `json:"ranges,omitempty"`
	Service   string  `json:"service,omitempty"`
}

// Certificate claims that nothing of Question gets from From to To.
type Certificate struct {
	From     End   `json:"from"`
	To       End   `json:"to"`
	Question []Box `json:"question"` // the addresses are ignored
	Ways     []Way `json:"ways"`
}

// Way is one manner of getting there, between two subnets.
type Way struct {
	Name       string `json:"name"`
	FromSubnet string `json:"fromSubnet,omitempty"`
	ToSubnet   string `json:"toSubnet,omitempty"`
	V6         bool   `json:"v6,omitempty"`
	Cuts       []Cut  `json:"cuts"`
}

// Cut says what stops the packets of a box.
type Cut struct {
	Box   Box    `json:"box"`
	Kind  string `json:"kind"`
	On    string `json:"on,omitempty"`
	Reply bool   `json:"reply,omitempty"`
	NAT   bool   `json:"nat,omitempty"`
	Code  string `json:"code"`
}

// Verify returns why the certificate proves nothing, or nil if it proves its claim.
func Verify(net *model.Network, c *Certificate) error {
	v := &verifier{net: net.Settled(), c: c}
	a, err := v.side(c.From)
	if err != nil {
		return err
	}
	b, err := v.side(c.To)
	if err != nil {
		return err
	}
	for _, x := range a {
		for _, y := range b {
			for _, name := range v.ways(x, y) {
				if err := v.way(name, x, y); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return nil
}

type verifier struct {
	net *model.Network
	c   *Certificate
}

// side is one end in one place.
type side struct {
	iface  *model.Interface
	end    End
	subnet *model.Subnet
	vpc    *model.VPC
	v6     bool
	addrs  []Addrs // that it bears itself
	public []Addrs
}

func find[T any](list []T, is func(*T) bool) *T {
	for i := range list {
		if is(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

func (v *verifier) side(e End) ([]side, error) {
	if e.Interface == "" {
		return outside(e), nil
	}
	f := find(v.net.Interfaces, func(i *model.Interface) bool { return i.ID == e.Interface })
	if f == nil || len(f.Subnets) == 0 {
		return nil, fmt.Errorf("the model has no interface %q with a subnet", e.Interface)
	}
	var out []side
	for _, id := range f.Subnets {
		s := find(v.net.Subnets, func(s *model.Subnet) bool { return s.ID == id })
		if s == nil {
			return nil, fmt.Errorf("the model has no subnet %q", id)
		}
		vpc := find(v.net.VPCs, func(x *model.VPC) bool { return x.ID == s.VPC })
		if vpc == nil || vpc.Doubt != "" || s.Doubt != "" {
			return nil, fmt.Errorf("the model does not know the VPC of subnet %q", id)
		}
		for _, a := range f.Addresses {
			x := side{iface: f, end: e, subnet: s, vpc: vpc, v6: a.Is6()}
			if x.bear(a); len(x.addrs) == 0 {
				return nil, fmt.Errorf("the model does not know the addresses of subnet %q", id)
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// outside are the sides of addresses outside, one for each family.
func outside(e End) []side {
	var out []side
	for _, six := range []bool{false, true} {
		s := side{end: e, v6: six}
		for _, r := range e.Ranges {
			if r.Lo.Is6() == six {
				s.addrs = append(s.addrs, r)
			}
		}
		if len(s.addrs) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// bear gives a side the addresses that it may bear.
func (s *side) bear(a model.Address) {
	switch {
	case a.IP.IsValid():
		s.addrs = []Addrs{{a.IP, a.IP}}
	case a.Prefix.IsValid():
		s.addrs = []Addrs{span(a.Prefix)}
	default:
		for _, c := range s.subnet.CIDRs {
			if c.Addr().Is6() == s.v6 {
				s.addrs = append(s.addrs, span(c))
			}
		}
	}
	switch {
	case a.HasPublic == model.No:
	case a.Public.IsValid():
		s.public = []Addrs{{a.Public, a.Public}}
	default:
		s.public = []Addrs{span(netip.MustParsePrefix("0.0.0.0/0"))}
	}
}

func span(p netip.Prefix) Addrs {
	lo := p.Masked().Addr()
	raw := lo.AsSlice()
	for i := range raw {
		if keep := p.Bits() - 8*i; keep < 8 {
			raw[i] |= byte(0xff >> max(keep, 0))
		}
	}
	hi, _ := netip.AddrFromSlice(raw)
	return Addrs{lo, hi}
}

const back = " and back in"

// ways are the names of all manners of getting from one side to the other.
func (v *verifier) ways(a, b side) []string {
	switch {
	case a.iface == nil && b.iface == nil:
		return nil
	case a.v6 != b.v6:
		if v.relays(a, b) {
			return []string{"beyond"}
		}
		return nil
	}
	out := v.followed(a, b)
	if v.reflects(a, b) {
		out = append(out, v.exits(a, back)...)
	}
	if v.unfollowed(a) || v.unfollowed(b) || v.relays(a, b) {
		out = append(out, "beyond")
	}
	return out
}

// followed are the names of those that the model follows from end to end.
func (v *verifier) followed(a, b side) []string {
	switch {
	case a.iface == nil:
		return []string{"from the internet"}
	case b.iface == nil:
		return v.exits(a, "")
	case a.subnet.ID == b.subnet.ID:
		return []string{"inside one subnet"}
	case a.vpc.ID == b.vpc.ID:
		return []string{"inside the VPC"}
	}
	var out []string
	for _, p := range v.peerings(a, b) {
		out = append(out, "by peering "+p.ID)
	}
	return out
}

// reflects reports whether a packet may leave a's VPC and come back in for b.
func (v *verifier) reflects(a, b side) bool {
	switch {
	case a.iface == nil || b.iface == nil:
		return false
	case !a.v6:
		return len(b.public) > 0
	case a.vpc.ID != b.vpc.ID:
		return true
	}
	t := v.table(a)
	if t == nil || slices.ContainsFunc(t.Routes, func(r model.Route) bool { return !v.readable(r) }) {
		return false
	}
	return slices.ContainsFunc(b.addrs, func(at Addrs) bool {
		return v.leads(t, a.vpc, at, model.InternetGateway) != nil || v.leads(t, a.vpc, at, model.EgressOnly) != nil
	})
}

func (v *verifier) peerings(a, b side) []model.Peering {
	var out []model.Peering
	for _, p := range v.net.Peerings {
		if p.A == a.vpc.ID && p.B == b.vpc.ID || p.A == b.vpc.ID && p.B == a.vpc.ID {
			out = append(out, p)
		}
	}
	return out
}

func (v *verifier) exits(a side, suffix string) []string {
	out := []string{"by the internet gateway" + suffix}
	for _, g := range v.net.Gateways {
		if a.v6 && g.EgressOnly && g.VPC == a.vpc.ID {
			out = append(out, "by the egress-only internet gateway "+g.ID+suffix)
		}
	}
	for _, x := range v.net.NATs {
		if !a.v6 && x.VPC == a.vpc.ID {
			out = append(out, "by NAT gateway "+x.ID+suffix)
		}
	}
	if suffix == "" && v.c.To.Service != "" {
		out = append(out, "by a gateway endpoint")
	}
	return out
}

// unfollowed reports whether anything at a side could carry packets in ways that the model does not know.
func (v *verifier) unfollowed(s side) bool {
	if s.iface == nil {
		return false
	}
	t := v.table(s)
	return s.iface.Forwards || t == nil || t.Doubt != "" || slices.ContainsFunc(t.Routes, func(r model.Route) bool { return r.Target == model.Other || !v.readable(r) }) ||
		slices.ContainsFunc(v.net.Unmodelled, func(u model.Unmodelled) bool { return u.VPC == "" || u.VPC == s.vpc.ID })
}

// relays reports whether a NAT gateway may take packets from one side to the other without the internet in between, or from IPv6 to IPv4.
func (v *verifier) relays(a, b side) bool {
	if a.iface == nil || b.v6 {
		return false
	}
	t := v.table(a)
	return t != nil && slices.ContainsFunc(v.net.NATs, func(x model.NAT) bool {
		its := v.table(side{vpc: a.vpc, subnet: find(v.net.Subnets, func(s *model.Subnet) bool { return s.ID == x.Subnet })})
		if x.VPC != a.vpc.ID || x.Down || x.Subnet == a.subnet.ID {
			return false
		}
		return slices.ContainsFunc(b.addrs, func(at Addrs) bool {
			if a.v6 {
				return v.leads(t, a.vpc, span(netip.MustParsePrefix("64:ff9b::/96")), model.NATGateway) != nil
			}
			return v.leads(t, a.vpc, at, model.NATGateway) != nil && b.iface != nil && (its == nil || v.leads(its, a.vpc, at, model.Local) != nil || v.leads(its, a.vpc, at, model.PeeringLink) != nil)
		})
	})
}

func (v *verifier) readable(r model.Route) bool {
	l := v.list(r.List)
	return r.CIDR.IsValid() || l != nil && (l.Doubt == "" || l.Service)
}

func (v *verifier) list(id string) *model.PrefixList {
	return find(v.net.Lists, func(l *model.PrefixList) bool { return l.ID == id })
}

func (v *verifier) table(s side) *model.Table {
	if s.subnet == nil {
		return nil
	}
	return find(v.net.Tables, func(t *model.Table) bool { return t.ID == cmp.Or(s.subnet.Table, s.vpc.MainTable) })
}

// way checks that the certificate's cuts of one way stop everything that could take it.
func (v *verifier) way(name string, a, b side) error {
	w := find(v.c.Ways, func(w *Way) bool {
		return w.Name == name && w.V6 == a.v6 && (a.subnet == nil || w.FromSubnet == a.subnet.ID) && (b.subnet == nil || w.ToSubnet == b.subnet.ID)
	})
	if w == nil {
		return fmt.Errorf("the certificate says nothing of it")
	}
	var claimed []Box
	for _, c := range w.Cuts {
		if err := v.cut(c, name, a, b); err != nil {
			return fmt.Errorf("%s by %s of %s: %w", c.Box, c.Kind, c.On, err)
		}
		claimed = append(claimed, c.Box)
	}
	dst := b.addrs
	if (name == "from the internet" || strings.HasSuffix(name, back)) && !b.v6 && len(b.public) > 0 {
		dst = b.public
	}
	return v.whole(a.addrs, dst, claimed)
}

// whole checks that the boxes leave out nothing of the question.
func (v *verifier) whole(from, to []Addrs, claimed []Box) error {
	for _, q := range v.c.Question {
		for _, s := range from {
			for _, d := range to {
				q.Source, q.Destination = s, d
				if left := without([]Box{q}, claimed...); len(left) > 0 {
					return fmt.Errorf("nothing is said of %s", left[0])
				}
			}
		}
	}
	return nil
}
