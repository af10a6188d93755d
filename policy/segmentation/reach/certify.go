// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/certificate"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
)

// Certify is the proof that nothing of q gets from a to b, for package certificate to check. It is nil when something
// may, or is not known. Both ends are single interfaces or outside; of a class it speaks for the first member.
func (e *Engine) Certify(a, b *End, q flow.Set) *certificate.Certificate {
	r := e.Between(a, b)
	if r.Ask(q, a.Clients()) != Cannot {
		return nil
	}
	c := &certificate.Certificate{From: a.certified(), To: b.certified(), Question: boxes(flow.Flows{{V: flow.Peers{{V: q}}}})}
	for _, pa := range e.single(a) {
		for _, pb := range e.single(b) {
			for _, w := range e.index.ways(pa, pb) {
				name, v6 := w.name, pa.v6
				if pa.iface == nil {
					v6 = pb.v6
				}
				if w.open {
					name = "beyond"
				}
				c.Ways = append(c.Ways, certificate.Way{Name: name, FromSubnet: pa.subnet.ID, ToSubnet: pb.subnet.ID, V6: v6, Cuts: w.cuts(q)})
			}
		}
	}
	return c
}

// single are the places of an end's first member; an end outside has one place for each family.
func (e *Engine) single(x *End) []place {
	if x.iface != nil {
		return e.index.places(x.end, x.iface)
	}
	four, six := x.places[0], x.places[0]
	six.v6 = true
	if family(x.outside, false).Empty() {
		return []place{six}
	}
	return []place{four}
}

func (x *End) certified() certificate.End {
	if x.iface != nil {
		return certificate.End{Interface: x.iface.ID}
	}
	out := certificate.End{Service: x.service}
	for _, r := range x.outside {
		out.Ranges = append(out.Ranges, certificate.Addrs{Lo: r.Lo, Hi: r.Hi})
	}
	return out
}

// cuts say for every flow of q on the way which step stops it first.
func (w *way) cuts(q flow.Set) []certificate.Cut {
	left := flow.Flows{}
	for _, s := range w.src {
		left = append(left, flow.Entry[netip.Addr, flow.Peers]{Lo: s.Lo, Hi: s.Hi, V: flow.To(w.dst, q)})
	}
	var out []certificate.Cut
	for i := range w.steps {
		s := &w.steps[i]
		stopped := left.Minus(w.through(s))
		for _, b := range boxes(stopped) {
			out = append(out, certificate.Cut{Box: b, Kind: string(s.Kind), On: s.Component, Reply: s.Reply, NAT: s.NAT, Code: string(s.Code)})
		}
		if left = left.Minus(stopped); left.Empty() {
			break
		}
	}
	return out
}

// through are the flows that a step lets pass; for want of an answer only TCP fails.
func (w *way) through(s *Step) flow.Flows {
	at := w.dst
	if s.bySource {
		at = w.src
	}
	p := s.pass(Open, at)
	if s.Reply {
		p = p.Or(flow.To(at, flow.Everything.Minus(tcp)))
	}
	var out flow.Flows
	if s.bySource {
		for _, e := range p {
			out = append(out, flow.Entry[netip.Addr, flow.Peers]{Lo: e.Lo, Hi: e.Hi, V: flow.To(w.dst, e.V)})
		}
		return out
	}
	for _, e := range w.src {
		out = append(out, flow.Entry[netip.Addr, flow.Peers]{Lo: e.Lo, Hi: e.Hi, V: p})
	}
	return out
}

// boxes are the products that make up the flows.
func boxes(f flow.Flows) []certificate.Box {
	var out []certificate.Box
	for _, s := range f {
		for _, d := range s.V {
			for _, p := range d.V {
				for _, port := range p.V {
					for _, c := range port.V {
						out = append(out, certificate.Box{
							Source: certificate.Addrs{Lo: s.Lo, Hi: s.Hi}, Destination: certificate.Addrs{Lo: d.Lo, Hi: d.Hi},
							Protocols: certificate.Numbers{Lo: int(p.Lo), Hi: int(p.Hi)}, Ports: certificate.Numbers{Lo: int(port.Lo), Hi: int(port.Hi)}, Clients: certificate.Numbers{Lo: int(c.Lo), Hi: int(c.Hi)},
						})
					}
				}
			}
		}
	}
	return out
}
