// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// nat64 are the IPv6 addresses that stand for those of IPv4 behind a NAT gateway:
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html.
var nat64 = flow.PrefixAddrs(netip.MustParsePrefix("64:ff9b::/96"))

// relay is a NAT gateway that carries packets of a subnet elsewhere than to the internet, as a private one does between networks, or from IPv6 to
// IPv4. Its own address is their source from there on, and where they go by then is not followed.
type relay struct {
	nat *model.NAT
	// inside are the addresses that the subnet's table leads to the gateway and the gateway's on into the VPC or to a peer; outside those that it
	// leads to what is not modelled.
	inside, outside flow.Addrs
	// four are those of IPv4 that it leads anywhere, if packets of IPv6 get to it.
	four flow.Addrs
}

// inward are the routes by which a NAT gateway leads to its VPC and to peers.
func inward(r *model.Route) bool { return r.Target == model.Local || r.Target == model.PeeringLink }

// relays are those of a place's table.
func (n *index) relays(p place) []relay {
	table, id := n.table(p)
	key := [2]string{p.vpc.ID, id}
	if known, done := n.relayed[key]; done || table.open {
		return known
	}
	var out []relay
	for _, x := range n.natsOf[p.vpc.ID] {
		led := table.lead(May, to(model.NATGateway, x.ID), "")
		if x.Down || led.Empty() {
			continue
		}
		own, ok := n.subnets[x.Subnet]
		if !ok {
			own = &model.Subnet{ID: x.Subnet, Doubt: "the subnet is not in the model"}
		}
		its, _ := n.table(place{subnet: own, vpc: p.vpc})
		four := led.Within(flow.Anywhere[:1])
		r := relay{nat: x, inside: four.And(its.lead(Open, inward, "")), outside: four.And(its.lead(Open, unfollowed, ""))}
		if !led.And(nat64).Empty() {
			r.four = its.lead(Open, func(r *model.Route) bool { return r.Target != model.Blackhole }, "").Within(flow.Anywhere[:1])
		}
		if !r.inside.Empty() || !r.four.Empty() { // what is not modelled counts as inside, too
			out = append(out, r)
		}
	}
	n.relayed[key] = out
	return out
}

// relaying are the ways by relays, which count at Open only. No group is known to see what address there, so that groups stop packets that let
// them pass for nobody.
func (n *index) relaying(a, b place) []way {
	var out []way
	dst := b.outside
	if b.iface != nil {
		dst = b.ip.Or(b.public)
	}
	for _, r := range n.relays(a) {
		to := r.inside
		switch {
		case r.nat.Subnet == a.subnet.ID:
			continue
		case a.v6:
			to = r.four
		case b.iface == nil:
			to = r.outside
		}
		if !dst.And(to).Empty() {
			out = append(out, n.open(a, b, "on by NAT gateway "+r.nat.ID, some(a.end, false)))
		}
	}
	return out
}
