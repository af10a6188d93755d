// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

var all = Numbers{0, 65535}

// cut checks that nothing of a box passes the condition that it names, and that the condition is one of the way's.
func (v *verifier) cut(c Cut, name string, a, b side) error {
	if c.Reply && c.Box.Protocols != (Numbers{6, 6}) {
		return errors.New("only a TCP connection fails for want of an answer")
	}
	nat := find(v.net.NATs, func(x *model.NAT) bool { return strings.HasPrefix(name, "by NAT gateway "+x.ID) })
	switch c.Kind {
	case "security-group-egress":
		return v.groups(a, b, c.Box, false, name)
	case "security-group-ingress":
		return v.groups(b, a, c.Box, true, name)
	case "acl-egress", "acl-ingress":
		return v.acl(c, name, a, b, nat)
	case "route":
		return v.routes(c, name, a, b, nat)
	case "gate":
		return v.gate(c, name, a, b, nat)
	}
	return fmt.Errorf("%q stops nothing", c.Kind)
}

// selects are the protocols and ports of a rule, as widely as they may be meant.
func selects(protocol, from, to int) (Numbers, Numbers) {
	switch {
	case protocol == model.Any || protocol < 0 || protocol > 255:
		return Numbers{0, 255}, all
	case protocol == 6 || protocol == 17:
		if from < 0 || to > 65535 || from > to {
			return Numbers{protocol, protocol}, all
		}
		return Numbers{protocol, protocol}, Numbers{from, to}
	case (protocol == 1 || protocol == 58) && from >= 0 && from <= 255:
		if to < 0 || to > 255 {
			return Numbers{protocol, protocol}, Numbers{from << 8, from<<8 | 255}
		}
		return Numbers{protocol, protocol}, Numbers{from<<8 | to, from<<8 | to}
	}
	return Numbers{protocol, protocol}, all
}

func meets[T any](x, y Range[T], compare func(a, b T) int) bool {
	return compare(x.Lo, y.Hi) <= 0 && compare(y.Lo, x.Hi) <= 0
}

// groups checks that no rule of a side's groups can admit a packet of the box.
func (v *verifier) groups(s, other side, box Box, ingress bool, name string) error {
	if s.iface == nil || len(s.iface.Groups) == 0 || s.iface.Doubt != "" {
		return errors.New("no group filters it for certain")
	}
	remotes := []Addrs{box.Destination}
	if ingress {
		remotes = v.seen(name, other, box.Source)
	}
	stranger := v.stranger(s, other, name)
	for _, id := range s.iface.Groups {
		g := find(v.net.Groups, func(g *model.Group) bool { return g.ID == id })
		if g == nil || g.Doubt != "" {
			return fmt.Errorf("group %s may have more rules", id)
		}
		rules := g.Egress
		if ingress {
			rules = g.Ingress
		}
		for _, r := range rules {
			protocols, ports := selects(r.Protocol, r.From, r.To)
			if meets(protocols, box.Protocols, compareInts) && meets(ports, box.Ports, compareInts) && v.admits(r, remotes, other, name == "beyond", stranger) {
				return fmt.Errorf("rule %s of %s may admit it", r.ID, id)
			}
		}
	}
	return nil
}

// stranger reports whether the groups of one side know nothing of the other's groups.
func (v *verifier) stranger(s, other side, name string) bool {
	if other.iface == nil || strings.HasSuffix(name, back) && !s.v6 {
		return true
	}
	return s.vpc.ID != other.vpc.ID && !slices.ContainsFunc(v.peerings(s, other), func(p model.Peering) bool {
		return p.References && (p.Active || name == "by peering "+p.ID)
	})
}

// seen are the addresses that the receiver sees.
func (v *verifier) seen(name string, from side, own Addrs) []Addrs {
	if !strings.HasSuffix(name, back) || from.v6 {
		return []Addrs{own}
	}
	for _, x := range v.net.NATs {
		if strings.HasPrefix(name, "by NAT gateway "+x.ID) && x.Public.IsValid() {
			return []Addrs{{x.Public, x.Public}}
		}
	}
	if strings.HasPrefix(name, "by the internet gateway") && len(from.public) > 0 {
		return from.public
	}
	return []Addrs{{netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})}}
}

func (v *verifier) admits(r model.Rule, remotes []Addrs, other side, anybody, stranger bool) bool {
	touches := func(p netip.Prefix) bool {
		return slices.ContainsFunc(remotes, func(a Addrs) bool { return meets(span(p), a, netip.Addr.Compare) })
	}
	switch l := v.list(r.List); {
	case anybody:
		return true
	case r.CIDR.IsValid():
		return touches(r.CIDR)
	case r.Group != "":
		return !stranger && (other.iface.Doubt != "" || slices.Contains(other.iface.Groups, r.Group))
	case l != nil && l.Service:
		return other.end.Service == r.List
	case l != nil && l.Doubt == "":
		return slices.ContainsFunc(l.Entries, touches)
	}
	return true
}

// acl checks that an ACL denies all of a box on one of the legs that it judges. None judges anything inside a subnet.
func (v *verifier) acl(c Cut, name string, a, b side, nat *model.NAT) error {
	if name == "inside one subnet" || name == "beyond" {
		return errors.New("no ACL is on the way")
	}
	f := find(v.net.ACLs, func(x *model.ACL) bool { return x.ID == c.On })
	if f == nil || f.Doubt != "" {
		return errors.New("the ACL may have more entries")
	}
	entries := f.Egress
	if c.Kind == "acl-ingress" {
		entries = f.Ingress
	}
	err := errors.New("the ACL does not judge this leg")
	for _, l := range v.legs(c, name, a, b, nat) {
		if l.on != c.On {
			continue
		}
		err = nil
		for _, r := range l.remote {
			if err == nil {
				err = denies(entries, Box{Source: r, Destination: r, Protocols: c.Box.Protocols, Ports: l.ports, Clients: all})
			}
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// leg is one crossing of a subnet's border: whose ACL judges it, the remote addresses and ports that it sees.
type leg struct {
	on     string
	remote []Addrs
	ports  Numbers
}

// legs are the crossings of the kind that a cut speaks of. The receiver's ACL sees the source, the sender's the
// destination, and that of a NAT gateway's subnet both in turn.
func (v *verifier) legs(c Cut, name string, a, b side, nat *model.NAT) []leg {
	own, chosen := c.Box.Ports, c.Box.Ports
	if c.Reply {
		own, chosen = c.Box.Clients, Numbers{1024, 65535}
	}
	between := ""
	if nat != nil {
		between = aclOf(side{subnet: find(v.net.Subnets, func(s *model.Subnet) bool { return s.ID == nat.Subnet }), vpc: a.vpc})
	}
	if (c.Kind == "acl-ingress") == c.Reply {
		return []leg{{aclOf(a), []Addrs{c.Box.Destination}, own}, {between, []Addrs{c.Box.Destination}, chosen}}
	}
	atEnd := own
	if nat != nil {
		atEnd = chosen
	}
	return []leg{{aclOf(b), v.seen(name, a, c.Box.Source), atEnd}, {between, []Addrs{c.Box.Source}, own}}
}

func aclOf(s side) string {
	if s.subnet == nil {
		return ""
	}
	return cmp.Or(s.subnet.ACL, s.vpc.DefaultACL)
}

// denies checks that the entries let nothing of a box pass; its source is the remote address.
func denies(entries []model.Entry, box Box) error {
	left := []Box{box}
	for _, e := range slices.SortedStableFunc(slices.Values(entries), func(a, b model.Entry) int { return cmp.Compare(a.Number, b.Number) }) {
		protocols, ports := selects(e.Protocol, e.From, e.To)
		o := Box{Source: box.Source, Destination: box.Destination, Protocols: protocols, Ports: ports, Clients: all}
		if e.CIDR.IsValid() {
			o.Source = span(e.CIDR)
		}
		rest := without(left, o)
		if !e.Allow && e.Doubt == "" && e.CIDR.IsValid() {
			left = rest
			continue
		}
		for _, b := range left {
			if pieces := b.minus(o); e.Allow && (len(pieces) != 1 || pieces[0] != b) {
				return fmt.Errorf("entry %d may allow it", e.Number)
			}
		}
	}
	return nil
}

// turn is where a way needs a route: in whose table, for which addresses, to what.
type turn struct {
	in   side
	at   []Addrs
	want model.Target
}

// routes checks that a table on the way does not send the box's addresses where the way goes.
func (v *verifier) routes(c Cut, name string, a, b side, nat *model.NAT) error {
	err := errors.New("the table is not on the way")
	for _, x := range v.turns(c, name, a, b, nat) {
		if x.in.subnet == nil {
			continue
		}
		t := v.table(x.in)
		if t == nil || t.ID != c.On {
			continue
		}
		if err = nil; t.Doubt != "" {
			err = errors.New("the table may have more routes")
		}
		for _, at := range x.at {
			if err == nil {
				err = v.leads(t, x.in.vpc, at, x.want)
			}
		}
		if err == nil {
			return nil
		}
	}
	return err
}

func (v *verifier) turns(c Cut, name string, a, b side, nat *model.NAT) []turn {
	if name == "inside one subnet" || name == "beyond" {
		return nil
	}
	want := model.InternetGateway
	switch {
	case name == "inside the VPC":
		want = model.Local
	case strings.HasPrefix(name, "by peering"):
		want = model.PeeringLink
	case strings.HasPrefix(name, "by the egress-only") && !c.Reply:
		want = model.EgressOnly
	case strings.HasPrefix(name, "by a gateway endpoint"):
		want = model.GatewayEndpoint
	}
	between := side{vpc: a.vpc}
	if nat != nil {
		between.subnet = find(v.net.Subnets, func(s *model.Subnet) bool { return s.ID == nat.Subnet })
	}
	switch {
	case c.Reply:
		return []turn{{b, v.seen(name, a, c.Box.Source), want}, {between, []Addrs{c.Box.Source}, model.Local}}
	case nat != nil:
		return []turn{{a, []Addrs{c.Box.Destination}, model.NATGateway}, {between, []Addrs{c.Box.Destination}, want}}
	}
	return []turn{{a, []Addrs{c.Box.Destination}, want}}
}

// choice is a route for a span of addresses.
type choice struct {
	span Addrs
	bits int
	*model.Route
}

func (v *verifier) choices(t *model.Table, vpc *model.VPC, want model.Target) ([]choice, error) {
	var out []choice
	for _, c := range vpc.CIDRs {
		if !slices.ContainsFunc(t.Routes, func(r model.Route) bool { return r.CIDR == c }) {
			out = append(out, choice{span(c), c.Bits(), &model.Route{CIDR: c, Target: model.Local}})
		}
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		if r.CIDR.IsValid() {
			out = append(out, choice{span(r.CIDR), r.CIDR.Bits(), r})
			continue
		}
		l := v.list(r.List)
		if l == nil || l.Service && r.Target == want {
			return nil, errors.New("the route serves addresses that are not known")
		}
		for _, e := range l.Entries {
			out = append(out, choice{span(e), e.Bits(), r})
		}
	}
	return out, nil
}

// leads checks that no route of the table that may serve an address of the range has the wanted target.
func (v *verifier) leads(t *model.Table, vpc *model.VPC, at Addrs, want model.Target) error {
	routes, err := v.choices(t, vpc, want)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if r.Target != want {
			continue
		}
		left := []Box{{at, at, all, all, all}}
		for _, longer := range routes {
			if longer.bits > r.bits && longer.Doubt == "" && longer.Target != want {
				left = without(left, Box{longer.span, at, all, all, all})
			}
		}
		for _, b := range left {
			if meets(b.Source, r.span, netip.Addr.Compare) {
				return fmt.Errorf("%s %s may serve it", r.CIDR, r.List)
			}
		}
	}
	return nil
}
