// SPDX-License-Identifier: Apache-2.0

package awsfiles

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// interfaces are those of NetworkInterfaces.json, and those of instances that it does not have.
func (b *builder) interfaces() {
	names := map[string]string{}
	list := b.NetworkInterfaces
	seen := map[string]bool{}
	for _, i := range list {
		seen[i.NetworkInterfaceID] = true
	}
	for _, r := range b.Reservations {
		for _, i := range r.Instances {
			names[i.InstanceID] = i.Tags.name()
			if i.State.Name == "terminated" {
				continue
			}
			for _, f := range i.NetworkInterfaces {
				if f.Attachment == nil || f.Attachment.InstanceID == "" {
					f.Attachment = &struct{ InstanceID string }{i.InstanceID}
				}
				if !seen[f.NetworkInterfaceID] {
					list = append(list, f)
				}
			}
		}
	}
	for _, f := range list {
		if m, ok := b.interfaceOf(f); ok {
			if m.Owner != "" && m.Name == "" {
				m.Name = names[m.Owner]
			}
			b.net.Interfaces = append(b.net.Interfaces, m)
		}
	}
}

// interfaceOf reads one interface; that of a database whose instance is known is left out, for it may move.
func (b *builder) interfaceOf(f networkInterface) (model.Interface, bool) {
	m := model.Interface{ID: f.NetworkInterfaceID, Name: f.TagSet.name(), Kind: model.Host, Subnets: []string{f.SubnetID}, Forwards: f.SourceDestCheck != nil && !*f.SourceDestCheck}
	for _, g := range f.Groups {
		m.Groups = append(m.Groups, g.GroupID)
	}
	if f.Attachment != nil {
		m.Owner = f.Attachment.InstanceID
	}
	b.kindOf(f, &m)
	if m.Kind == model.Database && len(b.DbInstances) > 0 {
		return m, false
	}
	m.Forwards = m.Forwards && m.Kind == model.Host // AWS's own interfaces forward nothing of ours
	m.Addresses = b.addressesOf(f)
	if len(m.Addresses) == 0 {
		m.Addresses = []model.Address{{}}
	}
	return m, true
}

// kindOf says what an interface belongs to, by its type and by how AWS describes it.
func (b *builder) kindOf(f networkInterface, m *model.Interface) {
	switch {
	case f.InterfaceType == "nat_gateway" || b.isNAT(f.NetworkInterfaceID):
		m.Kind = model.NATInterface
	case f.InterfaceType == "transit_gateway" || f.InterfaceType == "gateway_load_balancer" || f.InterfaceType == "gateway_load_balancer_endpoint":
		b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: f.NetworkInterfaceID, What: f.InterfaceType, VPC: f.VpcID})
		m.Kind = model.NATInterface
	case f.InterfaceType == "vpc_endpoint":
		m.Kind = model.VPCEndpoint
	case f.InterfaceType == "lambda":
		m.Kind = model.Function
	case strings.HasPrefix(f.Description, "ELB "):
		m.Kind, m.Owner = model.Balancer, strings.TrimPrefix(f.Description, "ELB ")
		for _, l := range b.LoadBalancers {
			if strings.HasSuffix(l.LoadBalancerArn, ":loadbalancer/"+m.Owner) {
				m.Owner, m.Name = l.LoadBalancerArn, l.LoadBalancerName
			}
		}
	case strings.HasPrefix(f.Description, "RDSNetworkInterface"):
		m.Kind = model.Database
	}
	i := slices.IndexFunc(b.VpcEndpoints, func(e vpcEndpoint) bool { return slices.Contains(e.NetworkInterfaceIDs, m.ID) })
	if i >= 0 {
		e := &b.VpcEndpoints[i]
		m.Kind, m.Owner, m.Service, m.Name = model.VPCEndpoint, e.VpcEndpointID, e.ServiceName, cmp.Or(m.Name, e.ServiceName)
	}
}

func (b *builder) isNAT(id string) bool {
	return slices.ContainsFunc(b.NatGateways, func(x natGateway) bool {
		return slices.ContainsFunc(x.NatGatewayAddresses, func(a struct{ PublicIP, NetworkInterfaceID string }) bool { return a.NetworkInterfaceID == id })
	})
}

func (b *builder) addressesOf(f networkInterface) []model.Address {
	var out []model.Address
	add := func(private string, public *association) {
		ip, err := netip.ParseAddr(private)
		if err != nil || slices.ContainsFunc(out, func(a model.Address) bool { return a.IP == ip }) {
			return
		}
		a := model.Address{IP: ip}
		text := ""
		if public != nil {
			text = public.PublicIP
		}
		for _, e := range b.Addresses {
			if e.NetworkInterfaceID == f.NetworkInterfaceID && (e.PrivateIPAddress == private || e.PrivateIPAddress == "") {
				text = e.PublicIP
			}
		}
		if text != "" {
			a.HasPublic = model.Yes
			a.Public, _ = netip.ParseAddr(text)
		}
		out = append(out, a)
	}
	for _, p := range f.PrivateIPAddresses {
		add(p.PrivateIPAddress, p.Association)
	}
	add(f.PrivateIPAddress, f.Association)
	for _, p := range f.Ipv6Addresses {
		add(p.Ipv6Address, nil)
	}
	var delegated []string
	for _, p := range f.Ipv4Prefixes {
		delegated = append(delegated, p.Ipv4Prefix)
	}
	for _, p := range f.Ipv6Prefixes {
		delegated = append(delegated, p.Ipv6Prefix)
	}
	cidrs, whole := b.prefixes("interface "+f.NetworkInterfaceID, delegated...)
	for _, c := range cidrs {
		out = append(out, model.Address{Prefix: c})
	}
	if !whole {
		out = append(out, model.Address{}, model.Address{V6: true})
	}
	return out
}

// planned adds what has no interface among the answers: databases, which may move within their subnet group, and load
// balancers, endpoints and functions where the interfaces are not listed.
func (b *builder) planned() {
	for _, d := range b.DbInstances {
		m := model.Interface{ID: d.DBInstanceIdentifier, Name: d.DBInstanceIdentifier, Kind: model.Database, Addresses: []model.Address{{}}}
		for _, s := range d.DBSubnetGroup.Subnets {
			m.Subnets = append(m.Subnets, s.SubnetIdentifier)
		}
		for _, g := range d.VpcSecurityGroups {
			m.Groups = append(m.Groups, g.VpcSecurityGroupID)
		}
		if d.PubliclyAccessible {
			m.Addresses[0].HasPublic = model.Yes
		}
		b.addOwner(m, d.NetworkType)
	}
	for _, l := range b.LoadBalancers {
		m := model.Interface{ID: l.LoadBalancerName, Name: l.LoadBalancerName, Owner: l.LoadBalancerArn, Kind: model.Balancer, Groups: l.SecurityGroups, Addresses: []model.Address{{}}, Many: true}
		for _, z := range l.AvailabilityZones {
			m.Subnets = append(m.Subnets, z.SubnetID)
		}
		if l.Scheme != "internal" { // internet-facing is the default
			m.Addresses[0].HasPublic = model.Yes
		}
		b.addOwner(m, l.IPAddressType)
	}
	for _, e := range b.VpcEndpoints {
		if e.VpcEndpointType != "Interface" {
			if e.VpcEndpointType == "GatewayLoadBalancer" {
				b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: e.VpcEndpointID, What: "a gateway load balancer endpoint", VPC: e.VpcID})
			}
			continue
		}
		m := model.Interface{ID: e.VpcEndpointID, Name: e.ServiceName, Service: e.ServiceName, Owner: e.VpcEndpointID, Kind: model.VPCEndpoint, Subnets: e.SubnetIDs, Addresses: []model.Address{{}}}
		for _, g := range e.Groups {
			m.Groups = append(m.Groups, g.GroupID)
		}
		b.addOwner(m, e.IPAddressType)
	}
}

// functions adds those in a VPC that have no interface among the answers. Functions with the same subnets and groups share theirs
// (Lambda developer guide, "Understanding Hyperplane Elastic Network Interfaces"), which names none of them.
func (b *builder) functions() {
	for _, l := range b.Functions {
		groups := l.VpcConfig.SecurityGroupIDs
		if len(l.VpcConfig.SubnetIDs) == 0 || slices.ContainsFunc(b.net.Interfaces, func(f model.Interface) bool {
			return f.Kind == model.Function && f.Owner == "" && len(f.Groups) == len(groups) && !slices.ContainsFunc(groups, func(g string) bool { return !slices.Contains(f.Groups, g) })
		}) {
			continue
		}
		m := model.Interface{ID: l.FunctionName, Name: l.FunctionName, Owner: l.FunctionArn, Kind: model.Function, Subnets: l.VpcConfig.SubnetIDs, Groups: groups, Addresses: []model.Address{{}}, Many: true}
		b.addOwner(m, map[bool]string{true: "dualstack"}[l.VpcConfig.Ipv6AllowedForDualStack])
	}
}

// addOwner adds an interface unless its owner has some already, with an IPv6 address if its kind of network, in the words of its
// service, has both families or IPv6 alone.
func (b *builder) addOwner(m model.Interface, network string) {
	if m.Owner != "" && slices.ContainsFunc(b.net.Interfaces, func(f model.Interface) bool { return f.Owner == m.Owner }) {
		return
	}
	if len(m.Subnets) == 0 {
		m.Doubt = "its subnets are not known"
	}
	if network = strings.ToLower(network); strings.Contains(network, "dual") || strings.Contains(network, "ipv6") {
		m.Addresses = append(m.Addresses, model.Address{V6: true})
	}
	b.net.Interfaces = append(b.net.Interfaces, m)
}

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
				m.Listeners = append(m.Listeners, model.Listener{ID: x.ListenerArn, Protocol: transport(x.Protocol), Port: x.Port, Targets: b.targets(l, x)})
			}
		}
		b.net.LoadBalancers = append(b.net.LoadBalancers, m)
	}
	for _, f := range b.net.Interfaces { // Classic Load Balancers, and those whose file is missing
		if f.Kind == model.Balancer && !slices.ContainsFunc(b.net.LoadBalancers, func(l model.LoadBalancer) bool { return l.ID == f.Owner }) {
			b.net.LoadBalancers = append(b.net.LoadBalancers, model.LoadBalancer{ID: f.Owner, Name: cmp.Or(f.Name, f.Owner), Doubt: "its listeners are not among the answers"})
		}
	}
}

// transport is the IP protocol of a listener's or target group's.
func transport(protocol string) int {
	switch protocol {
	case "UDP", "QUIC":
		return int(flow.UDP)
	case "TCP_UDP", "TCP_QUIC":
		return model.Any
	}
	return int(flow.TCP)
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
		wanted[a.TargetGroupArn] = true
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
			m.Members = append(m.Members, model.Member{Target: name, Protocol: transport(g.Protocol), Port: g.Port})
		}
		for _, h := range b.TargetHealth {
			if h.TargetGroupArn != g.TargetGroupArn {
				continue
			}
			for _, d := range h.TargetHealthDescriptions {
				p := d.Target.Port
				if p == 0 {
					p = g.Port
				}
				for _, id := range b.named(d.Target.ID) {
					if x := (model.Member{Target: id, Protocol: transport(g.Protocol), Port: p}); !slices.Contains(m.Members, x) {
						m.Members = append(m.Members, x)
					}
				}
			}
		}
		out = append(out, m)
	}
	return out
}

// preserves is the default of a target group's attribute: clients' addresses are kept but for IP targets over TCP or TLS.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation.
func preserves(g targetGroup) bool {
	if g.PreserveClientIP != nil {
		return *g.PreserveClientIP
	}
	return g.TargetType != "alb" && (g.TargetType != "ip" || g.Protocol != "TCP" && g.Protocol != "TLS")
}

// named are the ids of what a target's id means: an instance, a load balancer, or an address.
func (b *builder) named(id string) []string {
	ip, err := netip.ParseAddr(id)
	var out []string
	if err != nil {
		out = []string{id}
		for _, g := range b.AutoScalingGroups {
			if slices.ContainsFunc(g.Instances, func(i struct{ InstanceID string }) bool { return i.InstanceID == id }) {
				out = append(out, g.AutoScalingGroupName)
			}
		}
		return out
	}
	for _, f := range b.net.Interfaces {
		if slices.ContainsFunc(f.Addresses, func(a model.Address) bool { return a.Bears(ip) }) {
			out = append(out, f.ID)
		}
	}
	return out
}
