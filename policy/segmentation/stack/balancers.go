// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// facing: a load balancer has public addresses unless it is internal.
func facing(_ *builder, r *resource) model.Certainty {
	switch certain(r.get("internal"), model.No) {
	case model.Yes:
		return model.No
	case model.Maybe:
		return model.Maybe
	}
	return model.Yes
}

// ungrouped: Gateway Load Balancers have no groups, and network ones need none.
func ungrouped(r *resource) string {
	switch {
	case gatewayBalancer(r) == model.Yes:
		return "it hands packets to appliances"
	case gatewayBalancer(r) == model.Maybe && r.get("securityGroups").Len() == 0:
		return "loadBalancerType is " + later
	}
	return ""
}

// gatewayBalancer is whether a load balancer is a Gateway Load Balancer, which hands packets to appliances and has no groups.
func gatewayBalancer(r *resource) model.Certainty {
	switch kind := r.told("loadBalancerType"); {
	case kind.IsUnknown():
		return model.Maybe
	case kind.Str() == "gateway":
		return model.Yes
	}
	return model.No
}

// transport is model.Transport of a listener's or target group's protocol, which may be any where it is not told.
func transport(protocol string) int {
	if protocol == "" {
		return model.Any
	}
	return model.Transport(protocol)
}

func (b *builder) balancers() {
	protected := map[string]bool{}
	for _, r := range b.of("wafv2/webAclAssociation") {
		for _, id := range b.ref(r, "resourceArn", "lb/loadBalancer").ids {
			protected[id] = true
		}
	}
	for _, r := range b.of("lb/loadBalancer") {
		l := model.LoadBalancer{ID: r.URN, Name: r.name(), Network: r.get("loadBalancerType").Str() == "network", Protected: protected[r.URN]}
		switch {
		case gatewayBalancer(r) != model.No:
			l.Doubt = "it is, or may be, a Gateway Load Balancer"
		case r.read:
			l.Doubt = "it may have listeners outside the stack"
		}
		for _, x := range b.of("lb/listener") {
			to := b.ref(x, "loadBalancerArn", "lb/loadBalancer")
			if !slices.Contains(to.ids, r.URN) && len(to.ids) > 0 {
				continue
			}
			port, known := x.told("port").Number()
			if !known || len(to.ids) != 1 || to.doubt != "" || x.told("protocol").IsUnknown() {
				l.Doubt = x.Name + " is " + later
				continue
			}
			l.Listeners = append(l.Listeners, model.Listener{ID: x.URN, Protocol: transport(x.told("protocol").Str()), Port: int(port), Targets: b.forwards(x, l.Network)})
			if x.read {
				l.Doubt = cmp.Or(l.Doubt, x.Name+" may have rules outside the stack")
			}
		}
		b.net.LoadBalancers = append(b.net.LoadBalancers, l)
	}
}

// unsure are target groups of which nobody knows what they hold, whether they keep clients' addresses or not.
func unsure(id, doubt string, network bool) []model.TargetGroup {
	out := []model.TargetGroup{{ID: id, Doubt: doubt}}
	if network {
		out = append(out, model.TargetGroup{ID: id, Doubt: doubt, Clients: true})
	}
	return out
}

// forwards are the target groups of a listener's default actions and of its rules.
func (b *builder) forwards(x *resource, network bool) []model.TargetGroup {
	var sure []string
	var out []model.TargetGroup
	add := func(r *resource, path, doubt string) {
		for item := range r.told(path).Items() {
			f := b.refer(r, path, item.Get("targetGroupArn"), "lb/targetGroup")
			var weighted []pack.Value
			for group := range item.Get("forward.targetGroups").Items() {
				weighted = append(weighted, group.Get("arn"))
			}
			more := b.referAll(r, path, weighted, "lb/targetGroup")
			f.ids, f.doubt = append(f.ids, more.ids...), cmp.Or(doubt, f.doubt, more.doubt)
			if item.IsUnknown() {
				f.doubt = path + " is " + later
			}
			switch {
			case f.doubt == "":
				sure = append(sure, f.ids...)
			case len(f.ids) == 0 && (item.Get("targetGroupArn").Exists() || len(weighted) > 0):
				out = append(out, unsure("", f.doubt, network)...)
			}
			for _, id := range f.ids {
				if f.doubt != "" {
					out = append(out, unsure(id, f.doubt, network)...)
				}
			}
		}
	}
	add(x, "defaultActions", "")
	for _, r := range b.of("lb/listenerRule") {
		switch to := b.ref(r, "listenerArn", "lb/listener"); {
		case slices.Contains(to.ids, x.URN), to.short:
			for item := range r.told("conditions").Items() {
				if item.IsUnknown() || item.Get("sourceIp").Exists() {
					to.doubt = cmp.Or(to.doubt, r.Name+" is for some addresses only")
				}
			}
			add(r, "actions", to.doubt)
		}
	}
	return append(out, b.sure(slices.Compact(slices.Sorted(slices.Values(sure))), network)...)
}

// sure are the target groups of some URNs.
func (b *builder) sure(urns []string, network bool) (out []model.TargetGroup) {
	for _, id := range urns {
		if g := b.byURN[id]; g != nil {
			out = append(out, b.targetGroup(g, network)...)
			continue
		}
		out = append(out, unsure(id, "it is not in the stack", network)...)
	}
	return out
}

// targetGroup is a target group, as each of what it may be.
func (b *builder) targetGroup(g *resource, network bool) []model.TargetGroup {
	kind, protocol := cmp.Or(g.told("targetType").Str(), "instance"), g.told("protocol").Str()
	m := model.TargetGroup{ID: g.URN, Clients: network && kind != "alb" && (kind != "ip" || protocol != "TCP" && protocol != "TLS")}
	if preserve := certain(g.told("preserveClientIp"), "absent"); network && preserve != "absent" {
		m.Clients = preserve == model.Yes
	}
	for _, key := range []string{"port", "preserveClientIp", "targetType", "protocol"} {
		if (network || key == "port") && g.told(key).IsUnknown() {
			return unsure(g.URN, key+" is "+later, network)
		}
	}
	port := model.Any
	if n, ok := g.told("port").Number(); ok {
		port = int(n)
	}
	if kind == "lambda" {
		return []model.TargetGroup{m} // a function is called, and takes no packets
	}
	if m.Members, m.Doubt = b.members(g, transport(protocol), port); g.read {
		m.Doubt = cmp.Or(m.Doubt, "it may have targets outside the stack")
	}
	return []model.TargetGroup{m}
}

// join is how resources of a family register targets: the property that names the group, and where it is in an element of that one; what
// the targets belong to (the resource itself where it is empty); and the property with a port of their own.
type join struct {
	family, path, item, owner, port string
}

// alternate is the other target group of a service whose deployments go from one to the other.
const alternate = "advancedConfiguration.alternateTargetGroupArn"

var joining = []join{
	{"autoscaling/group", "targetGroupArns", "", "", ""},
	{"autoscaling/group", "trafficSources", "identifier", "", ""},
	{"autoscaling/attachment", "lbTargetGroupArn", "", "autoscalingGroupName", ""},
	{"ec2/spotFleetRequest", "targetGroupArns", "", "", ""},
	{"autoscaling/trafficSourceAttachment", "trafficSource", "identifier", "autoscalingGroupName", ""},
	{"ecs/service", "loadBalancers", "targetGroupArn", "", "containerPort"},
	{"ecs/service", "loadBalancers", alternate, "", "containerPort"},
	{"ecs/taskSet", "loadBalancers", "targetGroupArn", "", "containerPort"},
	{"lb/targetGroupAttachment", "targetGroupArn", "", "targetId", "port"},
}

// members are the targets of a group, and why it may have others.
func (b *builder) members(g *resource, protocol, port int) (out []model.Member, doubt string) {
	for _, j := range joining {
		for _, r := range b.of(j.family) {
			for item := range r.told(j.path).Items() {
				own, belongs, why := b.joins(j, r, item, g)
				if doubt = cmp.Or(doubt, why); !belongs || why != "" {
					continue
				}
				m := model.Member{Target: r.URN, Protocol: protocol, Port: cmp.Or(own, port)}
				if j.owner != "" {
					owner := b.ref(r, j.owner, "autoscaling/group", "ec2/instance", "lb/loadBalancer", interfaceFamily)
					if m.Target = owner.one(); b.byURN[m.Target] == nil || owner.doubt != "" {
						doubt = cmp.Or(doubt, "a target of it is not in the stack or "+later)
						continue
					}
				}
				out = append(out, m)
			}
		}
	}
	for _, r := range b.of("codedeploy/deploymentGroup") {
		named(r.told("loadBalancerInfo"), "name", false, func(_ string, at pack.Value) {
			if f := b.refer(r, "loadBalancerInfo", at, "lb/targetGroup"); f.short || slices.Contains(f.ids, g.URN) {
				doubt = cmp.Or(doubt, "what "+r.Name+" gives it, its last deployment decided")
			}
		})
	}
	return out, doubt
}

// joins is whether an element registers targets with a group, at a port of their own if it is not 0, and why that is not certain.
func (b *builder) joins(j join, r *resource, item pack.Value, g *resource) (port int, belongs bool, doubt string) {
	at, from := item, r.before.Inputs()
	if j.item != "" {
		at, from = item.Get(j.item), item
	}
	f := b.refer(r, j.path, at, "lb/targetGroup")
	if j.item == "" && b.ref(r, j.path, "lb/targetGroup").doubt == "" {
		f.doubt = "" // of several that are not known yet each is one
	}
	if belongs = slices.Contains(f.ids, g.URN); !belongs && (f.doubt == "" || len(f.ids) > 0) {
		return 0, false, ""
	}
	if j.port != "" {
		n, _ := from.Get(j.port).Number()
		if port = int(n); from.Get(j.port).IsUnknown() {
			f.doubt = cmp.Or(f.doubt, j.port+" is "+later)
		}
	}
	switch {
	case f.doubt != "":
		return port, belongs, r.Name + " may belong to it: " + f.doubt
	case j.item == alternate:
		return port, belongs, "what " + r.Name + " gives it, its last deployment decided"
	case strings.HasPrefix(j.family, "ecs/") && !r.get("networkConfiguration").Exists():
		return port, belongs, "the targets are the hosts on which " + r.Name + " runs"
	}
	return port, belongs, ""
}
