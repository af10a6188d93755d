// SPDX-License-Identifier: Apache-2.0

package awsfiles

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// balancers are load balancers, each with its listeners and their targets.
func (b *builder) balancers() {
	var flat []listener
	for _, l := range b.Listeners {
		flat = append(flat, l)
		for _, x := range l.Listeners {
			if x.LoadBalancerArn == "" {
				x.LoadBalancerArn = l.LoadBalancerArn
			}
			flat = append(flat, x)
		}
	}
	for _, l := range b.LoadBalancers {
		m := model.LoadBalancer{ID: l.LoadBalancerArn, Name: l.LoadBalancerName, Network: l.Type == "network"}
		for _, x := range flat {
			if x.LoadBalancerArn == l.LoadBalancerArn && x.Protocol != "" {
				m.Listeners = append(m.Listeners, model.Listener{ID: x.ListenerArn, Protocol: model.Transport(x.Protocol), Port: x.Port, Targets: b.targets(l, x)})
			}
		}
		m.Doubt = b.halfTold(&m)
		b.net.LoadBalancers = append(b.net.LoadBalancers, m)
	}
	for _, f := range b.net.Interfaces { // Classic Load Balancers, and those whose file is missing
		if f.Kind == model.Balancer && !slices.ContainsFunc(b.net.LoadBalancers, func(l model.LoadBalancer) bool { return l.ID == f.Owner }) {
			b.net.LoadBalancers = append(b.net.LoadBalancers, model.LoadBalancer{ID: f.Owner, Name: cmp.Or(f.Name, f.Owner), Doubt: "its listeners are not among the answers"})
		}
	}
}

// halfTold is what the answers leave out about a load balancer's listeners.
func (b *builder) halfTold(m *model.LoadBalancer) string {
	if slices.ContainsFunc(m.Listeners, func(x model.Listener) bool { return x.Port == 0 }) {
		return "the port of a listener is not among the answers"
	}
	leads := func(group string) bool {
		return slices.ContainsFunc(m.Listeners, func(x model.Listener) bool {
			return slices.ContainsFunc(x.Targets, func(t model.TargetGroup) bool { return t.ID == group })
		})
	}
	if (m.Network || len(m.Listeners) == 0) && slices.ContainsFunc(b.TargetGroups, func(g targetGroup) bool { return slices.Contains(g.LoadBalancerArns, m.ID) && !leads(g.TargetGroupArn) }) {
		return "which listener leads to one of its target groups is not among the answers"
	}
	return ""
}

// wanted are the groups that a listener's default action and its rules name; told is whether its rules, of which every listener has one at
// least, are among the answers.
func (b *builder) wanted(x listener) (wanted map[string]bool, told bool) {
	wanted = map[string]bool{}
	actions := slices.Clone(x.DefaultActions)
	for _, r := range b.Rules {
		if r.ListenerArn == x.ListenerArn {
			actions, told = append(actions, r.Actions...), true
		}
	}
	for _, a := range actions {
		if a.TargetGroupArn != "" {
			wanted[a.TargetGroupArn] = true
		}
		if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				wanted[g.TargetGroupArn] = true
			}
		}
	}
	return wanted, told
}

// targets are the groups to which a listener may forward: all of the load balancer where its rules are not told.
func (b *builder) targets(l loadBalancer, x listener) []model.TargetGroup {
	wanted, told := b.wanted(x)
	var out []model.TargetGroup
	for _, g := range b.TargetGroups {
		ruled := l.Type != "network" && !told && slices.Contains(g.LoadBalancerArns, l.LoadBalancerArn)
		if !wanted[g.TargetGroupArn] && !ruled {
			continue
		}
		m := model.TargetGroup{ID: g.TargetGroupArn, Clients: l.Type == "network" && preserves(g)}
		for _, name := range b.scaled(g.TargetGroupArn) {
			m.Members = append(m.Members, model.Member{Target: name, Protocol: model.Transport(g.Protocol), Port: g.Port})
		}
		b.healthy(&m, g)
		delete(wanted, g.TargetGroupArn)
		out = append(out, m)
	}
	for _, arn := range slices.Sorted(maps.Keys(wanted)) {
		m := model.TargetGroup{ID: arn, Doubt: "it is not among the answers"}
		if out = append(out, m); l.Type == "network" {
			m.Clients = true
			out = append(out, m)
		}
	}
	return out
}

// healthy adds the targets of a group that its health tells.
func (b *builder) healthy(m *model.TargetGroup, g targetGroup) {
	for _, h := range b.TargetHealth {
		var targets []target
		for _, d := range h.TargetHealthDescriptions {
			targets = append(targets, d.Target)
		}
		if h.Target != nil {
			targets = append(targets, *h.Target)
		}
		if h.TargetGroupArn == "" && len(targets) > 0 && len(b.TargetGroups) > 1 {
			m.Doubt = "of which target group some targets are is not among the answers"
		}
		if h.TargetGroupArn != g.TargetGroupArn && (h.TargetGroupArn != "" || len(b.TargetGroups) > 1) {
			continue
		}
		for _, t := range targets {
			ids, told := b.named(t.ID, g.VpcID)
			if !told || t.ID == "" {
				m.Doubt = "which interface the target " + t.ID + " means is not among the answers"
			}
			for _, id := range ids {
				if x := (model.Member{Target: id, Protocol: model.Transport(g.Protocol), Port: cmp.Or(t.Port, g.Port)}); !slices.Contains(m.Members, x) {
					m.Members = append(m.Members, x)
				}
			}
		}
	}
}

// preserves is the default of a target group's attribute: clients' addresses are kept but for IP targets over TCP or TLS.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation.
func preserves(g targetGroup) bool {
	if g.PreserveClientIP != nil {
		return *g.PreserveClientIP
	}
	return g.TargetType != "alb" && (g.TargetType != "ip" || g.Protocol != "TCP" && g.Protocol != "TLS")
}

// named are the ids of what a target's id means: an instance, a load balancer, or an address in a VPC or, if none there has it, elsewhere;
// told is whether the answers tell.
func (b *builder) named(id, vpc string) (names []string, told bool) {
	ip, err := netip.ParseAddr(id)
	if err == nil {
		return b.bearer(ip, vpc)
	}
	name, told := b.primary(id)
	if told {
		names = []string{name}
	}
	for i := range b.AutoScalingGroups {
		g := &b.AutoScalingGroups[i]
		if slices.ContainsFunc(g.Instances, func(i struct{ InstanceID string }) bool { return i.InstanceID == id }) {
			names = append(names, b.groupID(g))
		}
	}
	return names, told
}

// bearer is what has an address.
func (b *builder) bearer(ip netip.Addr, vpc string) (names []string, told bool) {
	var here, all []string
	for _, f := range b.net.Interfaces {
		if slices.ContainsFunc(f.Addresses, func(a model.Address) bool { return a.Bears(ip) }) {
			all = append(all, f.ID)
			if slices.ContainsFunc(b.Subnets, func(s subnet) bool { return s.VpcID == vpc && slices.Contains(f.Subnets, s.SubnetID) }) {
				here = append(here, f.ID)
			}
		}
	}
	all = append(all, b.dropped[ip]...)
	switch {
	case len(here) == 1:
		return here, true
	case len(all) == 1:
		return all, true
	case len(all) > 1:
		return nil, false
	}
	// Nothing is known to have it, and something of AWS's whose addresses are not known may.
	return nil, !slices.ContainsFunc(b.net.Interfaces, func(f model.Interface) bool {
		return f.Kind != model.Host && !slices.ContainsFunc(f.Addresses, func(a model.Address) bool { return a.IP.IsValid() || a.Prefix.IsValid() }) &&
			slices.ContainsFunc(b.net.Subnets, func(s model.Subnet) bool {
				return slices.Contains(f.Subnets, s.ID) && slices.ContainsFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Contains(ip) })
			})
	})
}

// primary is the interface of an instance to which a load balancer sends, and whether the answers tell:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html.
func (b *builder) primary(instance string) (string, bool) {
	list := slices.DeleteFunc(slices.Clone(b.devices[instance]), func(d device) bool { return !d.primary && !d.unsure })
	if i := slices.IndexFunc(list, func(d device) bool { return d.primary }); i >= 0 {
		return list[i].id, true
	}
	switch len(list) {
	case 0:
		return instance, true
	case 1:
		return list[0].id, true
	}
	return "", false
}
