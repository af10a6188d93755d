// SPDX-License-Identifier: Apache-2.0

package awsfiles

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// interfaces are those of NetworkInterfaces.json, and those of instances that it does not have.
func (b *builder) interfaces() {
	names := map[string]string{}
	list := b.NetworkInterfaces
	seen := map[string]bool{}
	b.devices, b.elastic, b.dropped = map[string][]device{}, map[string][]address{}, map[netip.Addr][]string{}
	for _, i := range list {
		seen[i.NetworkInterfaceID] = true
		b.attached(i)
	}
	addresses := b.Addresses
	for _, r := range b.Reservations {
		for _, i := range r.Instances {
			names[i.InstanceID] = i.Tags.name()
			if i.State.Name == "terminated" {
				continue
			}
			for _, f := range i.interfaces(len(b.devices[i.InstanceID]) > 0) {
				b.attached(f)
				if !seen[f.NetworkInterfaceID] {
					list = append(list, f)
				}
			}
			if i.PublicIPAddress != "" {
				addresses = append(addresses, address{PublicIP: i.PublicIPAddress, InstanceID: i.InstanceID, PrivateIPAddress: i.PrivateIPAddress})
			}
		}
	}
	for _, e := range addresses {
		key := e.NetworkInterfaceID
		if key == "" && e.InstanceID != "" {
			key, _ = b.primary(e.InstanceID)
		}
		b.elastic[key] = append(b.elastic[key], e)
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

// interfaces are those of an instance, with what only the instance itself says of its single one.
func (i *instance) interfaces(known bool) []networkInterface {
	list := slices.Clone(i.NetworkInterfaces)
	if len(list) == 0 && !known {
		list = append(list, networkInterface{NetworkInterfaceID: i.InstanceID})
	}
	for n := range list {
		f, at := &list[n], attachment{}
		if f.Attachment != nil {
			at = *f.Attachment
		}
		at.InstanceID = cmp.Or(at.InstanceID, i.InstanceID)
		f.Attachment = &at
		if len(list) > 1 {
			continue
		}
		f.SubnetID, f.VpcID, f.PrivateIPAddress = cmp.Or(f.SubnetID, i.SubnetID), cmp.Or(f.VpcID, i.VpcID), cmp.Or(f.PrivateIPAddress, i.PrivateIPAddress)
		f.SourceDestCheck = cmp.Or(f.SourceDestCheck, i.SourceDestCheck)
		if len(f.Groups) == 0 {
			f.Groups = i.SecurityGroups
		}
		if len(f.Ipv6Addresses) == 0 && i.Ipv6Address != "" {
			f.Ipv6Addresses = append(f.Ipv6Addresses, struct{ Ipv6Address string }{i.Ipv6Address})
		}
	}
	return list
}

// device is an interface of an instance; unsure is whether it may be its primary one.
type device struct {
	id              string
	primary, unsure bool
}

// attached notes an instance's interface. Both files that list it may say what device it is.
func (b *builder) attached(f networkInterface) {
	at := f.Attachment
	if at == nil || at.InstanceID == "" {
		return
	}
	d := device{id: f.NetworkInterfaceID, unsure: at.DeviceIndex == nil}
	d.primary = !d.unsure && *at.DeviceIndex == 0 && at.NetworkCardIndex == 0
	list := b.devices[at.InstanceID]
	switch i := slices.IndexFunc(list, func(o device) bool { return o.id == d.id }); {
	case i < 0:
		list = append(list, d)
	case list[i].unsure:
		list[i] = d
	}
	b.devices[at.InstanceID] = list
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
	m.Forwards = m.Forwards && m.Kind == model.Host // AWS's own interfaces forward nothing of ours
	m.Addresses = b.addressesOf(f)
	if of := b.listed(&m); len(of) > 0 {
		for _, a := range m.Addresses {
			b.dropped[a.IP] = append(b.dropped[a.IP], of...)
		}
		return m, false
	}
	if len(m.Addresses) == 0 {
		m.Addresses = []model.Address{{}}
	}
	b.ungrouped(&m, f.InterfaceType == "network_load_balancer")
	return m, true
}

// ungrouped tells of an interface without groups, which only those of network load balancers and of gateways may be: the answers leave them out.
func (b *builder) ungrouped(m *model.Interface, network bool) {
	if slices.Contains(m.Groups, "") {
		m.Doubt = "a group of it has no id"
	}
	if len(m.Groups) == 0 && !network && m.Kind != model.NATInterface && (m.Kind != model.Balancer || !strings.Contains("/"+m.Owner, "/net/")) {
		m.Doubt = cmp.Or(m.Doubt, "its groups are not among the answers")
	}
}

// listed are the databases among the answers that may have an interface: in one of their subnets, with their groups and kinds of address.
func (b *builder) listed(m *model.Interface) (names []string) {
	if m.Kind != model.Database {
		return nil
	}
	public := slices.ContainsFunc(m.Addresses, func(a model.Address) bool { return a.HasPublic != model.No })
	six := slices.ContainsFunc(m.Addresses, model.Address.Is6)
	for i, d := range b.DbInstances {
		if of := &b.databases[i]; slices.Contains(of.Subnets, m.Subnets[0]) && same(of.Groups, m.Groups) && public == d.PubliclyAccessible && (!six || dual(d.NetworkType)) {
			names = append(names, of.ID)
		}
	}
	return names
}

// same reports whether two lists of ids have the same elements.
func same(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(x string) bool { return !slices.Contains(b, x) })
	}
	return within(a, b) && within(b, a)
}

// describedBy reports whether a service of AWS wrote the description of an interface. That of others is free text, and no interface of a
// service is one of an instance.
func describedBy(f networkInterface, service string) bool {
	switch {
	case f.Attachment != nil && f.Attachment.InstanceID != "":
		return false
	case f.RequesterManaged != nil:
		return *f.RequesterManaged
	}
	return f.RequesterID == "" || f.RequesterID == service
}

// kindOf says what an interface belongs to, by its type and by how AWS describes it.
func (b *builder) kindOf(f networkInterface, m *model.Interface) {
	switch {
	case f.InterfaceType == "nat_gateway" || b.isNAT(f.NetworkInterfaceID):
		m.Kind = model.NATInterface
	case slices.Contains([]string{"transit_gateway", "gateway_load_balancer", "gateway_load_balancer_endpoint", "global_accelerator_managed"}, f.InterfaceType):
		b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: f.NetworkInterfaceID, What: f.InterfaceType, VPC: f.VpcID})
		m.Kind = model.NATInterface
	case f.InterfaceType == "vpc_endpoint":
		m.Kind = model.VPCEndpoint
	case f.InterfaceType == "lambda":
		m.Kind = model.Function
	case f.InterfaceType == "api_gateway_managed": // requests of the internet come by it
		b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: f.NetworkInterfaceID, What: f.InterfaceType, VPC: f.VpcID})
	case f.InterfaceType == "network_load_balancer", strings.HasPrefix(f.Description, "ELB ") && describedBy(f, "amazon-elb"):
		m.Kind, m.Owner = model.Balancer, cmp.Or(strings.TrimPrefix(f.Description, "ELB "), f.NetworkInterfaceID)
		for _, l := range b.LoadBalancers {
			if strings.HasSuffix(l.LoadBalancerArn, ":loadbalancer/"+m.Owner) {
				m.Owner, m.Name = l.LoadBalancerArn, l.LoadBalancerName
			}
		}
	case strings.HasPrefix(f.Description, "RDSNetworkInterface") && describedBy(f, "amazon-rds"):
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

// public is the public address of a private one, which may be an interface's first.
func (b *builder) public(id, private string, first bool, told *association) (text string) {
	if told != nil {
		text = told.PublicIP
	}
	for _, e := range b.elastic[id] {
		if e.PrivateIPAddress == private || e.PrivateIPAddress == "" && first {
			text = e.PublicIP
		}
	}
	return text
}

func (b *builder) addressesOf(f networkInterface) []model.Address {
	var out []model.Address
	add := func(private string, public *association) {
		ip, err := netip.ParseAddr(private)
		if err != nil || slices.ContainsFunc(out, func(a model.Address) bool { return a.IP == ip }) {
			return
		}
		a := model.Address{IP: ip}
		if text := b.public(f.NetworkInterfaceID, private, len(out) == 0, public); text != "" {
			a.HasPublic = model.Yes
			a.Public, _ = netip.ParseAddr(text)
		} else if public != nil {
			a.HasPublic = model.Maybe
		}
		out = append(out, a)
	}
	for _, p := range f.PrivateIPAddresses {
		if p.Association == nil && p.PrivateIPAddress == f.PrivateIPAddress {
			p.Association = f.Association
		}
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
	for i, d := range b.DbInstances {
		b.place(b.databases[i], d.NetworkType)
	}
	for _, l := range b.LoadBalancers {
		id := only(l.LoadBalancerName, l.LoadBalancerArn, b.LoadBalancers, func(o *loadBalancer) (string, string) { return o.LoadBalancerName, o.LoadBalancerArn })
		m := model.Interface{ID: id, Name: l.LoadBalancerName, Owner: l.LoadBalancerArn, Kind: model.Balancer, Groups: l.SecurityGroups, Addresses: []model.Address{{}}, Many: true}
		for _, z := range l.AvailabilityZones {
			m.Subnets = append(m.Subnets, z.SubnetID)
		}
		if l.Scheme != "internal" && l.IPAddressType != "dualstack-without-public-ipv4" { // internet-facing is the default
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

// database is an instance's interface, wherever it is.
func (b *builder) database(d dbInstance) model.Interface {
	id := only(d.DBInstanceIdentifier, d.DBInstanceArn, b.DbInstances, func(o *dbInstance) (string, string) { return o.DBInstanceIdentifier, o.DBInstanceArn })
	m := model.Interface{ID: id, Name: d.DBInstanceIdentifier, Kind: model.Database, Addresses: []model.Address{{}}}
	for _, s := range d.DBSubnetGroup.Subnets {
		m.Subnets = append(m.Subnets, s.SubnetIdentifier)
	}
	for _, g := range d.VpcSecurityGroups {
		m.Groups = append(m.Groups, g.VpcSecurityGroupID)
	}
	if d.PubliclyAccessible {
		m.Addresses[0].HasPublic = model.Yes
	}
	return m
}

// links are the VPCs between which an endpoint may carry packets: to a service that somebody offers by a network load balancer, if there is
// one among the answers, and to resources. An endpoint answers peered VPCs, and a load balancer asks them.
func (b *builder) links() {
	var offering []string
	for _, f := range b.net.Interfaces {
		if f.Kind != model.Balancer || !strings.Contains("/"+f.Owner, "/net/") {
			continue
		}
		for _, id := range f.Subnets {
			i := slices.IndexFunc(b.Subnets, func(s subnet) bool { return s.SubnetID == id })
			if i < 0 {
				offering = append(offering, "") // any
				continue
			}
			offering = append(offering, b.Subnets[i].VpcID)
		}
	}
	for _, e := range b.VpcEndpoints {
		ends := []string{e.VpcID}
		switch e.VpcEndpointType {
		case "Interface":
			if !offered(e.ServiceName) || len(offering) == 0 {
				continue
			}
			ends = append(ends, offering...)
		case "Resource", "ServiceNetwork":
		default:
			continue
		}
		all := slices.Clone(ends)
		for _, p := range b.VpcPeeringConnections {
			if x, y := p.RequesterVpcInfo.VpcID, p.AccepterVpcInfo.VpcID; slices.Contains(ends, x) || slices.Contains(ends, y) {
				all = append(all, x, y)
			}
		}
		slices.Sort(all)
		for _, id := range slices.Compact(all) {
			b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: e.VpcEndpointID, What: "an endpoint of " + cmp.Or(e.ServiceName, e.VpcEndpointType), VPC: id})
		}
	}
}

// offered reports whether a service is one that a user of AWS offers, and not AWS:
// https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html.
func offered(name string) bool {
	return strings.HasPrefix(name, "com.amazonaws.vpce.") || name != "" && !service(name) && !strings.HasPrefix(name, "aws.") && !strings.HasPrefix(name, "cn.com.amazonaws.")
}

// functions adds those in a VPC that have no interface among the answers. Functions with the same subnets and groups share theirs
// (Lambda developer guide, "Understanding Hyperplane Elastic Network Interfaces"), which names none of them.
func (b *builder) functions() {
	for _, l := range b.Functions {
		groups := l.VpcConfig.SecurityGroupIDs
		if !slices.ContainsFunc(l.VpcConfig.SubnetIDs, func(id string) bool { // without one
			return !slices.ContainsFunc(b.net.Interfaces, func(f model.Interface) bool {
				return f.Kind == model.Function && f.Owner == "" && slices.Contains(f.Subnets, id) && same(f.Groups, groups)
			})
		}) {
			continue
		}
		id := only(l.FunctionName, l.FunctionArn, b.Functions, func(o *lambdaFunction) (string, string) { return o.FunctionName, o.FunctionArn })
		m := model.Interface{ID: id, Name: l.FunctionName, Owner: l.FunctionArn, Kind: model.Function, Subnets: l.VpcConfig.SubnetIDs, Groups: groups, Addresses: []model.Address{{}}, Many: true}
		b.addOwner(m, map[bool]string{true: "dualstack"}[l.VpcConfig.Ipv6AllowedForDualStack])
	}
}

// addOwner places an interface unless its owner has some already.
func (b *builder) addOwner(m model.Interface, network string) {
	if m.Owner != "" && slices.ContainsFunc(b.net.Interfaces, func(f model.Interface) bool { return f.Owner == m.Owner }) {
		return
	}
	b.place(m, network)
}

// dual reports whether a kind of network, in the words of its service, has both families or IPv6 alone.
func dual(network string) bool {
	network = strings.ToLower(network)
	return strings.Contains(network, "dual") || strings.Contains(network, "ipv6")
}

// place adds an interface, with an IPv6 address if its kind of network has one.
func (b *builder) place(m model.Interface, network string) {
	if len(m.Subnets) == 0 {
		m.Doubt = "its subnets are not known"
	}
	b.ungrouped(&m, false)
	if dual(network) {
		m.Addresses = append(m.Addresses, model.Address{V6: true})
	}
	b.net.Interfaces = append(b.net.Interfaces, m)
}
