// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
)

// some is a step of what a group lets pass for any peer, where nobody knows what address the packet bears by then.
func some(e *end, ingress bool) Step {
	s := Step{Kind: GroupOut, Component: e.iface.ID, Code: SecurityGroups, self: e}
	f := e.out
	if ingress {
		s.Kind, f = GroupIn, e.in
	}
	set := f.some()
	return fixed(s, [3]flow.Set{set, set, set})
}

// beyond are the ways through what is not modelled: routes to forwarders, senders of any address, and parts that may
// carry packets from or to a whole VPC. They count at Open only, and only the ends' own groups stop packets there.
func (n *index) beyond(a, b place) []way {
	var out []way
	if a.iface != nil {
		if t, id := n.table(a); t.unfollowed() && (b.iface == nil || a.subnet.ID != b.subnet.ID) {
			acl, aclID := n.acl(a)
			out = append(out, n.open(a, b, "through a forwarder that "+id+" leads to",
				groupStep(a.end, b.end, false, uncertain), aclStep(acl, aclID, false, false), routeStep(t, id, unfollowed, "what is not modelled", false, b.service)))
		}
		if a.iface.Forwards && b.iface != nil {
			out = append(out, n.open(a, b, "with a source of any kind from "+a.iface.ID, some(a.end, false)))
		}
	}
	if b.iface != nil && a.iface == nil {
		out = append(out, n.fromBeyond(a, b)...)
	}
	if a.iface != nil {
		out = append(out, n.relaying(a, b)...)
	}
	for _, p := range []place{a, b} {
		if p.iface == nil {
			continue
		}
		through := append(slices.Clone(n.forwards[p.vpc.ID]), n.forwards[""]...)
		if p.vpc.Doubt != "" {
			through = append(through, p.vpc.ID+": "+p.vpc.Doubt)
		}
		for _, what := range through {
			var steps []Step
			if a.iface != nil {
				steps = []Step{some(a.end, false)}
			}
			out = append(out, n.open(a, b, "through "+what, steps...))
		}
	}
	return out
}

// fromBeyond are the ways of packets that begin outside and come through a forwarder of the network.
func (n *index) fromBeyond(a, b place) []way {
	var out []way
	if t, id := n.table(b); t.unfollowed() {
		out = append(out, n.open(a, b, "through a forwarder that "+id+" answers by",
			groupStep(b.end, a.end, true, nil), routeStep(t, id, unfollowed, "what is not modelled", true, a.service)))
	}
	// Answers would not come back this way: what stands beyond a forwarder reaches others without a route to it by such packets only.
	if within := a.outside.And(private); !within.Empty() {
		for _, id := range n.forwarders[b.vpc.ID] {
			w := n.open(a, b, "from behind "+id, groupStep(b.end, a.end, true, nil), fixed(Step{Kind: Gate, Component: id, Code: NotModelled}, [3]flow.Set{nil, nil, flow.Everything.Minus(tcp)}))
			w.src = within
			out = append(out, w)
		}
	}
	return out
}

// open is a way through something that is not modelled, after the steps that are.
func (n *index) open(a, b place, name string, steps ...Step) way {
	w := way{name: name, steps: append(n.ends(a, b), steps...), src: a.outside, dst: b.outside, open: true}
	if a.iface != nil {
		w.src = a.ip
	}
	if b.iface != nil {
		w.dst = b.ip.Or(b.public)
		w.steps = append(w.steps, some(b.end, true))
	}
	w.steps = append(w.steps, Step{Kind: Unfollowed, Component: name, Code: NotModelled, bySource: true, pass: openPass})
	return w
}

// unfollowed reports whether the table may lead to what nobody can follow.
func (f *tableFilter) unfollowed() bool {
	return f.open || slices.ContainsFunc(f.hops, func(h hop) bool { return slices.ContainsFunc(h.routes, unfollowed) })
}

func openPass(_ Bound, at flow.Addrs) flow.Peers { return flow.To(at, flow.Everything) }
