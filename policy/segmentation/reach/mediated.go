// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Mediation is reach through a load balancer: one connection from the client to a listener, and one from the load
// balancer to a target, which sees the client's address only where Group.Clients says so.
type Mediation struct {
	Balancer *model.LoadBalancer
	Listener model.Listener
	Group    model.TargetGroup
	Port     int // of the target
	// Front is what passes from the client to the listener, Back from the load balancer to the target.
	Front, Back Result
	Verdict     Verdict
}

// Mediated are all manners in which a reaches b through a load balancer, or through one behind another, those that
// cannot work left out.
func (e *Engine) Mediated(a, b *End) []Mediation { return e.mediated(a, b, 1) }

func (e *Engine) mediated(a, b *End, behind int) []Mediation {
	var out []Mediation
	if b.iface == nil {
		return nil
	}
	for i := range e.index.LoadBalancers {
		l := &e.index.LoadBalancers[i]
		if a.iface != nil && a.iface.Kind == model.Balancer && a.iface.Owner == l.ID {
			continue // it asks its targets and not itself
		}
		nodes := e.nodes(l)
		for _, listener := range l.Listeners {
			for _, g := range listener.Targets {
				for _, m := range members(g, b) {
					if x, ok := e.mediation(a, b, nodes, behind, Mediation{Balancer: l, Listener: listener, Group: g, Port: m.Port}, m); ok {
						out = append(out, x)
					}
				}
			}
		}
		if l.Doubt != "" {
			m := model.Member{Protocol: model.Any, Port: model.Any}
			if x, ok := e.mediation(a, b, nodes, behind, Mediation{Balancer: l, Listener: model.Listener{Protocol: model.Any, Port: model.Any}, Port: model.Any}, m); ok {
				x.Verdict = Unknown
				out = append(out, x)
			}
		}
	}
	return out
}

// nodes are the classes of a load balancer's interfaces.
func (e *Engine) nodes(l *model.LoadBalancer) []*End {
	var out []*End
	for i, c := range e.ends {
		if c.iface.Kind == model.Balancer && c.iface.Owner == l.ID {
			out = append(out, &End{end: c, Class: i})
		}
	}
	return out
}

// members are the entries of a target group that name b; one of any port where the group may have more.
func members(g model.TargetGroup, b *End) []model.Member {
	var out []model.Member
	for _, m := range g.Members {
		if slices.ContainsFunc(b.members, func(f *model.Interface) bool { return m.Target == f.ID || m.Target == f.Owner && f.Owner != "" }) {
			out = append(out, m)
		}
	}
	if len(out) == 0 && g.Doubt != "" {
		out = append(out, model.Member{Protocol: model.Any, Port: model.Any})
	}
	return out
}

func (e *Engine) mediation(a, b *End, nodes []*End, behind int, x Mediation, m model.Member) (Mediation, bool) {
	front, back := accepts(x.Listener.Protocol, x.Listener.Port), accepts(m.Protocol, m.Port)
	x.Verdict = Cannot
	backs, reached := e.handedOn(a, b, nodes, &x, back)
	if !reached { // whoever asks
		return x, false
	}
	for i, node := range nodes {
		f, t := e.Between(a, node).within(front), backs[i]
		ahead := f.Ask(front, a.Clients())
		if behind > 0 && ahead != MustPass {
			for _, y := range e.mediated(a, node, behind-1) {
				if y.Port == model.Any || y.Port == x.Listener.Port {
					ahead = stronger(ahead, y.Verdict)
				}
			}
		}
		both := weaker(ahead, t.Ask(back, clientsOf(x, a)))
		if x.Group.Doubt != "" && len(members(model.TargetGroup{Members: x.Group.Members}, b)) == 0 && both != Cannot {
			both = Unknown
		}
		if i == 0 {
			x.Front, x.Back, x.Verdict = f, t, both
			continue
		}
		x.Front, x.Back = x.Front.also(f), x.Back.also(t)
		if both != x.Verdict { // by some nodes and not by others
			if x.Verdict = stronger(x.Verdict, both); x.Verdict == MustPass {
				x.Verdict = MayPass
			}
		}
	}
	return x, x.Verdict != Cannot
}

// handedOn is what passes from each node to b, and whether any may.
func (e *Engine) handedOn(a, b *End, nodes []*End, x *Mediation, back flow.Set) (backs []Result, reached bool) {
	for _, node := range nodes {
		var t Result
		if x.Group.Clients && x.Balancer.Network {
			t = e.preserved(a, node, b)
		} else {
			t = e.Between(node, b)
		}
		t = t.within(back)
		backs, reached = append(backs, t), reached || !t.Open.Empty()
	}
	return backs, reached
}

func clientsOf(x Mediation, a *End) flow.Ports {
	if x.Group.Clients && x.Balancer.Network {
		return a.Clients()
	}
	return clientPorts
}

var strength = []Verdict{Cannot, Unknown, MayPass, MustPass}

func weaker(a, b Verdict) Verdict {
	return strength[min(slices.Index(strength, a), slices.Index(strength, b))]
}

func stronger(a, b Verdict) Verdict {
	return strength[max(slices.Index(strength, a), slices.Index(strength, b))]
}

func (r Result) within(s flow.Set) Result {
	return Result{r.Must.And(s), r.May.And(s), r.Open.And(s), r.OneWay.And(s)}
}

// also is what passes by one of two nodes, and must by both.
func (r Result) also(o Result) Result {
	return Result{r.Must.And(o.Must), r.May.Or(o.May), r.Open.Or(o.Open), r.OneWay.Or(o.OneWay)}
}

// preserved judges packets that a network load balancer hands to b with the address of a. The target's groups may name
// those of the load balancer: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html.
func (e *Engine) preserved(a, node, b *End) Result {
	var r Result
	must, first := flow.Set(nil), true
	for _, n := range node.places {
		for _, p := range b.places {
			if n.v6 != p.v6 {
				continue
			}
			var sure flow.Flows
			var src flow.Addrs
			for _, q := range a.places {
				from := q.ip.Or(q.public)
				if a.iface == nil {
					from = family(a.outside, p.v6)
				}
				w := e.index.handed(from, n, p)
				r.May = r.May.Or(union(w.flows(May, true))).Or(union(w.flows(May, false)).Minus(tcp))
				r.Open = r.Open.Or(union(w.flows(Open, true))).Or(union(w.flows(Open, false)).Minus(tcp))
				sure, src = sure.Or(w.flows(Must, true)), src.Or(from)
			}
			here := every(sure, src, p.ip)
			if must = must.And(here); first {
				must, first = here, false
			}
		}
	}
	r.Must = must
	return r
}

// handed is the way from a load balancer's node to a target, of packets that bear the client's address.
func (n *index) handed(client flow.Addrs, node, b place) way {
	peer := &end{groups: node.groups, doubt: node.doubt}
	steps := []Step{groupStep(node.end, b.end, false, always), groupStep(b.end, peer, true, always)}
	if node.subnet.ID != b.subnet.ID {
		nodeACL, nodeID := n.acl(node)
		bACL, bID := n.acl(b)
		table, tableID := n.table(node)
		steps = append(steps, aclStep(nodeACL, nodeID, false, false), routeStep(table, tableID, to(model.Local, ""), "local", false, ""), aclStep(bACL, bID, true, false),
			aclStep(bACL, bID, false, true), aclStep(nodeACL, nodeID, true, true))
	}
	return way{name: "handed on by a load balancer", steps: steps, src: client, dst: b.ip}
}

// Lateral is what follows if a class falls: every class that it may reach, and those that these may reach, and how far
// away they are. Kind and mediation count as they do for a first step. Edges that are only unknown are left out where
// known is set.
func (e *Engine) Lateral(from *End, known bool) map[int]int {
	classes := e.Classes()
	far := map[int]int{from.Class: 0}
	for queue := []*End{from}; len(queue) > 0; queue = queue[1:] {
		for _, c := range classes {
			if _, seen := far[c.Class]; seen || !e.touches(queue[0], c, known) {
				continue
			}
			far[c.Class] = far[queue[0].Class] + 1
			queue = append(queue, c)
		}
	}
	return far
}

func (e *Engine) touches(a, b *End, known bool) bool {
	r := e.Between(a, b)
	if !r.May.Empty() || !known && !r.Open.Empty() {
		return true
	}
	return slices.ContainsFunc(e.Mediated(a, b), func(m Mediation) bool { return !known || m.Verdict != Unknown })
}
