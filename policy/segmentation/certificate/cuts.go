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
	outside := other.iface == nil || strings.HasSuffix(name, back) && !s.v6 || s.vpc.ID != other.vpc.ID && !slices.ContainsFunc(v.net.Peerings, func(p model.Peering) bool {
		return p.References && (p.A == s.vpc.ID && p.B == other.vpc.ID || p.B == s.vpc.ID && p.A == other.vpc.ID) && (p.Active || name == "by peering "+p.ID)
	})
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
			if meets(protocols, box.Protocols, compareInts) && meets(ports, box.Ports, compareInts) && v.admits(r, remotes, other, name == "beyond", outside) {
				return fmt.Errorf("rule %s of %s may admit it", r.ID, id)
			}
		}
	}
	return nil
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

func (v *verifier) admits(r model.Rule, remotes []Addrs, other side, anybody, outside bool) bool {
	touches := func(p netip.Prefix) bool {
		return slices.ContainsFunc(remotes, func(a Addrs) bool { return meets(span(p), a, netip.Addr.Compare) })
	}
	switch l := v.list(r.List); {
	case anybody:
		return true
	case r.CIDR.IsValid():
		return touches(r.CIDR)
	case r.Group != "":
		return !outside && (other.iface.Doubt != "" || slices.Contains(other.iface.Groups, r.Group))
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

// leads checks that no route of the table that may serve an address of the range has the wanted target.
func (v *verifier) leads(t *model.Table, vpc *model.VPC, at Addrs, want model.Target) error {
	type choice struct {
		span Addrs
		bits int
		*model.Route
	}
	var routes []choice
	for _, c := range vpc.CIDRs {
		if !slices.ContainsFunc(t.Routes, func(r model.Route) bool { return r.CIDR == c }) {
			routes = append(routes, choice{span(c), c.Bits(), &model.Route{CIDR: c, Target: model.Local}})
		}
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		if l := v.list(r.List); l != nil && !r.CIDR.IsValid() {
			if l.Service && r.Target == want {
				return errors.New("the route serves a service")
			}
			for _, e := range l.Entries {
				routes = append(routes, choice{span(e), e.Bits(), r})
			}
			continue
		}
		routes = append(routes, choice{span(r.CIDR), r.CIDR.Bits(), r})
	}
	for _, r := range routes {
		if r.Target != want {
			continue
		}
		left := []Box{{Source: at, Destination: at, Protocols: all, Ports: all, Clients: all}}
		for _, longer := range routes {
			if longer.bits > r.bits && longer.Doubt == "" && longer.Target != want && (longer.CIDR.IsValid() || !longer.Propagated) {
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

var private = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10")}

func inside(r Addrs) bool {
	return slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(r.Lo) && p.Contains(r.Hi) })
}

// gate checks the facts that need no packet.
func (v *verifier) gate(c Cut, name string, a, b side, nat *model.NAT) error {
	out := strings.HasPrefix(name, "by the") || nat != nil
	in := name == "from the internet" || strings.HasSuffix(name, back)
	entered := func(s side, inbound bool) bool {
		return s.vpc != nil && s.vpc.ID == c.On && (inbound && in || !inbound && out)
	}
	attached := func(vpc string) bool {
		return slices.ContainsFunc(v.net.Gateways, func(g model.Gateway) bool { return !g.EgressOnly && (g.VPC == vpc || g.Doubt != "") })
	}
	holds := false
	switch c.Code {
	case "COMPONENT_INITIATES_NOTHING":
		holds = a.iface != nil && a.iface.Kind == model.VPCEndpoint
	case "COMPONENT_ACCEPTS_NOTHING":
		holds = b.iface != nil && b.iface.Kind == model.Function
	case "ELB_LISTENERS_MISMATCH":
		holds = v.deaf(b, c.Box)
	case "IGW_NOT_ATTACHED_TO_VPC":
		holds = (entered(b, true) || entered(a, false)) && !strings.HasPrefix(name, "by the egress-only") && !attached(c.On)
	case "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS":
		holds = in && !b.v6 && (len(b.public) == 0 || b.iface.Kind == model.Function)
	case "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS":
		holds = strings.HasPrefix(name, "by the internet gateway") && !a.v6 && (len(a.public) == 0 || a.iface.Kind == model.Function)
	case "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS":
		holds = name == "from the internet" && inside(c.Box.Source)
	case "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS":
		holds = out && inside(c.Box.Destination)
	case "VPC_BLOCK_PUBLIC_ACCESS_ENABLED":
		holds = entered(b, true) && shut(b, true, false) || entered(a, false) && nat == nil && shut(a, false, strings.HasPrefix(name, "by the egress-only")) ||
			entered(a, false) && nat != nil && shut(side{vpc: a.vpc, subnet: find(v.net.Subnets, func(s *model.Subnet) bool { return s.ID == nat.Subnet })}, false, true)
	case "BAD_STATE_NAT_GATEWAY":
		holds = nat != nil && nat.Down && nat.Doubt == ""
	case "NGW_CONNECTIVITY_TYPE_PRIVATE":
		holds = nat != nil && nat.Private
	case "NGW_REQUIRES_SOURCE_IN_OTHER_SUBNET":
		holds = nat != nil && nat.Subnet == a.subnet.ID
	case "NGW_PROTOCOL_RESTRICTION":
		holds = nat != nil && slices.IndexFunc([]int{1, 6, 17}, func(p int) bool { return c.Box.Protocols.Lo <= p && p <= c.Box.Protocols.Hi }) < 0
	case "BAD_STATE_VPC_PEERING_CONNECTION":
		holds = slices.ContainsFunc(v.net.Peerings, func(p model.Peering) bool { return name == "by peering "+p.ID && !p.Active && p.Doubt == "" })
	case "VPCE_GATEWAY_PROTOCOL_RESTRICTION":
		p := c.Box.Protocols
		holds = name == "by a gateway endpoint" && (p.Lo > 6 || p.Hi < 1 || p.Lo > 1 && p.Hi < 6 || p == Numbers{1, 1} && (c.Box.Ports.Lo > 8<<8 || c.Box.Ports.Hi < 8<<8))
	}
	if !holds {
		return fmt.Errorf("%s does not hold of %s", c.Code, c.On)
	}
	return nil
}

// deaf reports whether a load balancer has no listener for anything in the box.
func (v *verifier) deaf(s side, box Box) bool {
	if s.iface == nil || s.iface.Kind != model.Balancer {
		return false
	}
	l := find(v.net.LoadBalancers, func(l *model.LoadBalancer) bool { return l.ID == s.iface.Owner })
	return l != nil && l.Doubt == "" && !slices.ContainsFunc(l.Listeners, func(x model.Listener) bool {
		protocols, _ := selects(x.Protocol, x.Port, x.Port)
		return meets(protocols, box.Protocols, compareInts) && meets(Numbers{x.Port, x.Port}, box.Ports, compareInts)
	})
}

// shut reports whether Block Public Access stops what begins outside or inside.
func shut(s side, inbound, one bool) bool {
	if s.subnet == nil {
		return false
	}
	for _, x := range []model.Block{s.vpc.Block, s.subnet.Exclusion} {
		if x == model.AllowBidirectional || x == model.AllowEgress && !inbound {
			return false
		}
	}
	return s.vpc.Block == model.BlockBidirectional || s.vpc.Block == model.BlockIngress && (inbound || !one)
}
