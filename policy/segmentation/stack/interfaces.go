// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

const interfaceFamily = "ec2/networkInterface"

var subnetFamilies = []string{"ec2/subnet", "ec2/defaultSubnet"}

// shapeOf is where a resource says what its interfaces are like.
type shapeOf struct {
	kind            model.Kind
	subnets, groups string // paths
	many            bool
	public          func(*builder, *resource) model.Certainty
	// has is whether a resource has interfaces; nil where it has them if it names subnets.
	has func(*builder, *resource) bool
	// more says why an interface may have groups that nothing names, and empty that it has none where nothing names any.
	more func(*resource) string
}

// placed are the resources whose interfaces AWS places in subnets that they name.
var placed = map[string]shapeOf{
	"lb/loadBalancer":              {kind: model.Balancer, subnets: "subnets", groups: "securityGroups", many: true, public: facing, more: ungrouped},
	"lambda/function":              {kind: model.Function, subnets: "vpcConfig.subnetIds", groups: "vpcConfig.securityGroupIds", many: true},
	"ecs/service":                  {subnets: "networkConfiguration.subnets", groups: "networkConfiguration.securityGroups", many: true, public: flagged("networkConfiguration.assignPublicIp")},
	"eks/cluster":                  {subnets: "vpcConfig.subnetIds", groups: "vpcConfig.securityGroupIds", many: true, more: clusterGroup},
	"efs/mountTarget":              {subnets: "subnetId", groups: "securityGroups"},
	"mq/broker":                    {subnets: "subnetIds", groups: "securityGroups", many: true, public: flagged("publiclyAccessible"), has: always},
	"msk/cluster":                  {subnets: "brokerNodeGroupInfo.clientSubnets", groups: "brokerNodeGroupInfo.securityGroups", many: true, public: brokers},
	"msk/serverlessCluster":        {subnets: "vpcConfigs.subnetIds", groups: "vpcConfigs.securityGroupIds", many: true},
	"opensearch/domain":            {subnets: "vpcOptions.subnetIds", groups: "vpcOptions.securityGroupIds", many: true},
	"ec2/networkInterface":         {subnets: "subnetId", groups: "securityGroups"},
	"dms/replicationInstance":      {subnets: "replicationSubnetGroupId", groups: "vpcSecurityGroupIds", public: flagged("publiclyAccessible"), has: always},
	"elasticache/cluster":          {kind: model.Database, subnets: "subnetGroupName", groups: "securityGroupIds", many: true},
	"elasticache/replicationGroup": {kind: model.Database, subnets: "subnetGroupName", groups: "securityGroupIds", many: true},
	"rds/instance":                 {kind: model.Database, subnets: "dbSubnetGroupName", groups: "vpcSecurityGroupIds", public: flagged("publiclyAccessible")},
	"rds/cluster":                  {kind: model.Database, subnets: "dbSubnetGroupName", groups: "vpcSecurityGroupIds", many: true, public: perhaps, has: alone},
	"docdb/cluster":                {kind: model.Database, subnets: "dbSubnetGroupName", groups: "vpcSecurityGroupIds", many: true, has: alone},
	"neptune/cluster":              {kind: model.Database, subnets: "neptuneSubnetGroupName", groups: "vpcSecurityGroupIds", many: true, public: perhaps, has: alone},
	"rds/clusterInstance":          {kind: model.Database, subnets: "dbSubnetGroupName", groups: "vpcSecurityGroupIds", public: flagged("publiclyAccessible")},
	"redshift/cluster":             {kind: model.Database, subnets: "clusterSubnetGroupName", groups: "vpcSecurityGroupIds", many: true, public: flagged("publiclyAccessible")},
	"docdb/clusterInstance":        {kind: model.Database, subnets: "dbSubnetGroupName", groups: "vpcSecurityGroupIds"},
	"neptune/clusterInstance":      {kind: model.Database, subnets: "neptuneSubnetGroupName", groups: "vpcSecurityGroupIds", public: flagged("publiclyAccessible")},
	"sagemaker/notebookInstance":   {subnets: "subnetId", groups: "securityGroups"},
}

// subnetGroups are the resources that name subnets for others.
var subnetGroups = []string{
	"rds/subnetGroup", "elasticache/subnetGroup", "redshift/subnetGroup", "docdb/subnetGroup", "neptune/subnetGroup", "memorydb/subnetGroup", "dax/subnetGroup",
	"dms/replicationSubnetGroup",
}

// always: without subnets it is in some of the default VPC.
func always(*builder, *resource) bool { return true }

// alone: the instances of Multi-AZ, serverless and sharded clusters are no resources. Others are the interfaces of theirs.
func alone(b *builder, r *resource) bool {
	if r.told("dbClusterInstanceClass").Exists() {
		return true
	}
	return !slices.ContainsFunc(b.all, func(x *resource) bool {
		p := parents[family(x.Type)]
		return p[1] == family(r.Type) && slices.Contains(b.ref(x, p[0], p[1]).ids, r.URN)
	})
}

// brokers: those of MSK have public addresses where they are asked for.
func brokers(_ *builder, r *resource) model.Certainty {
	switch kind := r.told("brokerNodeGroupInfo.connectivityInfo.publicAccess.type"); {
	case kind.IsUnknown():
		return model.Maybe
	case kind.Str() == "", kind.Str() == "DISABLED":
		return model.No
	}
	return model.Yes
}

func perhaps(*builder, *resource) model.Certainty { return model.Maybe }

// clusterGroup: EKS gives the interfaces of a cluster a group of its own making too, which lets everything out:
// https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html.
func clusterGroup(*resource) string { return "it also has the group that EKS makes for the cluster" }

func flagged(path string) func(*builder, *resource) model.Certainty {
	return func(_ *builder, r *resource) model.Certainty { return certain(r.get(path), model.No) }
}

func (b *builder) interfaces() {
	for _, r := range b.all {
		s, ok := placed[family(r.Type)]
		inVPC := r.get(strings.Split(s.subnets, ".")[0]).Exists() || s.kind == model.Database || s.kind == model.Balancer
		if s.has != nil {
			inVPC = s.has(b, r)
		}
		if !ok || !inVPC {
			continue
		}
		f := model.Interface{ID: r.URN, Name: r.name(), Kind: s.kind, Owner: r.URN, Many: s.many}
		f.Forwards = family(r.Type) == interfaceFamily && certain(r.get("sourceDestCheck"), model.Yes) != model.Yes
		b.settle(&f, r, s)
		if s.more != nil && s.more(r) != "" {
			if f.Doubt = cmp.Or(f.Doubt, s.more(r)); r.get(s.groups).Len() == 0 {
				f.Groups = nil // and not the default one of the VPC
			}
		}
		b.net.Interfaces = append(b.net.Interfaces, f)
	}
	b.instances()
	b.elastic()
	b.scaling()
	b.endpoints()
	b.strangers()
	b.attach()
	b.second()
	for i := range b.net.Interfaces {
		f := &b.net.Interfaces[i]
		if f.Kind == "" {
			f.Kind = model.Host
		}
		f.Forwards = f.Forwards && f.Kind == model.Host
	}
}

// settle gives an interface its subnets, groups and addresses.
func (b *builder) settle(f *model.Interface, r *resource, s shapeOf) {
	own := r
	r, f.Doubt = b.parent(r)
	subnets := b.within(b.placesOf(r, s.subnets, r.get(s.subnets), append(slices.Clone(subnetFamilies), subnetGroups...)...))
	f.Subnets = subnets.ids
	if s.kind == model.Balancer {
		for item := range r.told("subnetMappings").Items() {
			more := b.placesOf(r, "subnetMappings", item.Get("subnetId"), subnetFamilies...)
			f.Subnets, f.Doubt = append(f.Subnets, more.ids...), cmp.Or(f.Doubt, more.doubt)
		}
	}
	groups := b.groupIDs(r, s.groups, r.get(s.groups))
	f.Groups, f.Doubt = groups.ids, cmp.Or(f.Doubt, subnets.doubt, groups.doubt)
	r = own
	if len(f.Subnets) == 0 {
		f.Doubt = cmp.Or(f.Doubt, "its subnets are not known")
	}
	network := s.kind == model.Balancer && r.get("loadBalancerType").Str() == "network"
	if len(f.Groups) == 0 && f.Doubt == "" && !network {
		b.byDefault(f)
	}
	public := model.No
	if s.public != nil {
		public = s.public(b, r)
	}
	f.Addresses = []model.Address{{HasPublic: public}}
	if dual(r) || s.kind == "" && b.inIPv6(f.Subnets, s.many) {
		f.Addresses = append(f.Addresses, model.Address{V6: true})
	}
}

// dual reports whether a resource asks for IPv6 addresses, in the words of its service. What is not known yet counts.
func dual(r *resource) bool {
	for _, path := range []string{"ipAddressType", "networkType", "kubernetesNetworkConfig.ipFamily"} {
		v := r.get(path)
		text := strings.ToLower(v.Str())
		if v.IsUnknown() || strings.Contains(text, "dual") || strings.Contains(text, "ipv6") {
			return true
		}
	}
	return certain(r.get("vpcConfig.ipv6AllowedForDualStack"), model.No) != model.No || hasIPv6(r.before.Inputs())
}

// inIPv6 reports whether interfaces in some of the subnets have IPv6 addresses though they do not ask: where the subnet gives them, and
// where the service gives them to all that it starts there, if a subnet has a range of them.
func (b *builder) inIPv6(subnets []string, service bool) bool {
	return slices.ContainsFunc(subnets, func(id string) bool {
		r, s := b.byURN[id], b.subnet(id)
		if r != nil && certain(r.get("assignIpv6AddressOnCreation"), model.No) != model.No {
			return true
		}
		return service && s != nil && slices.ContainsFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Addr().Is6() })
	})
}

// byDefault gives an interface that names no group the default one of its VPC.
func (b *builder) byDefault(f *model.Interface) {
	if s := b.subnet(f.Subnets[0]); s != nil && s.VPC != "" {
		f.Groups = []string{defaultGroup(s.VPC)}
		return
	}
	f.Doubt = "it has the default group of a VPC that is not known"
}

// mapped is whether the subnets give public addresses by themselves.
func (b *builder) mapped(subnets []string) model.Certainty {
	out := model.No
	for i, id := range subnets {
		r := b.byURN[id]
		c := model.Maybe
		if r != nil {
			c = certain(r.get("mapPublicIpOnLaunch"), model.No)
		}
		if i > 0 && c != out {
			return model.Maybe
		}
		out = c
	}
	return out
}

// launched reads what an instance or a launch template says of its first interface.
func (b *builder) launched(f *model.Interface, r *resource, at pack.Value, groups ...string) {
	associate, six := at.Get("associatePublicIpAddress"), hasIPv6(at)
	for item := range at.Get("networkInterfaces").Items() {
		if item.IsUnknown() {
			f.Doubt = "networkInterfaces is " + later
			associate = item
			continue
		}
		if six = six || hasIPv6(item); !set(associate) { // the first interface is the one that has it
			associate = item.Get("associatePublicIpAddress")
		}
		g := b.groupIDs(r, "networkInterfaces.securityGroups", item.Get("securityGroups"))
		f.Groups, f.Doubt = append(f.Groups, g.ids...), cmp.Or(f.Doubt, g.doubt)
		s := b.refer(r, "networkInterfaces.subnetId", item.Get("subnetId"), subnetFamilies...)
		f.Subnets = append(f.Subnets, s.ids...)
	}
	for _, key := range groups {
		g := b.groupIDs(r, key, at.Get(key))
		f.Groups, f.Doubt = append(f.Groups, g.ids...), cmp.Or(f.Doubt, g.doubt)
		if key == "securityGroupNames" && slices.ContainsFunc(g.ids, func(id string) bool { return b.byURN[id] == nil }) {
			f.Doubt = cmp.Or(f.Doubt, "the stack has no group of a name among its "+key)
		}
	}
	f.Addresses = []model.Address{{HasPublic: certain(associate, "absent")}}
	if six {
		f.Addresses = append(f.Addresses, model.Address{V6: true})
	}
}

// hasIPv6 reports whether an instance, or an interface of a launch template, asks for IPv6 addresses. What is not known yet counts.
func hasIPv6(at pack.Value) bool {
	asks := at.Get("ipv6AddressCount").AtLeast(1).Or(at.Get("ipv6PrefixCount").AtLeast(1)).Or(at.Get("ipv6Addresses").IsSet()).Or(at.Get("ipv6Prefixes").IsSet())
	return asks.Is != pack.False
}

// finish decides what depends on the subnets: the public address and the default group.
func (b *builder) finish(f *model.Interface) {
	if f.Addresses[0].HasPublic == "absent" {
		f.Addresses[0].HasPublic = b.mapped(f.Subnets)
	}
	if len(f.Subnets) == 0 {
		f.Doubt = cmp.Or(f.Doubt, "its subnets are not known")
	}
	if len(f.Groups) == 0 && f.Doubt == "" {
		b.byDefault(f)
	}
	if len(f.Addresses) == 1 && f.Kind != model.VPCEndpoint && b.inIPv6(f.Subnets, false) {
		f.Addresses = append(f.Addresses, model.Address{V6: true})
	}
}

func (b *builder) instances() {
	for _, r := range b.of("ec2/instance", "ec2/spotInstanceRequest") {
		f := model.Interface{ID: r.URN, Name: r.name(), Kind: model.Host, Owner: r.URN}
		subnets := b.placesOf(r, "subnetId", r.get("subnetId"), subnetFamilies...)
		f.Subnets, f.Doubt = subnets.ids, subnets.doubt
		b.launched(&f, r, r.before.Inputs(), "vpcSecurityGroupIds", "securityGroups")
		f.Forwards = certain(r.get("sourceDestCheck"), model.Yes) != model.Yes
		template := b.byURN[cmp.Or(b.ref(r, "launchTemplate.id", "ec2/launchTemplate").one(), b.ref(r, "launchTemplate.name", "ec2/launchTemplate").one())]
		switch {
		case template != nil && len(f.Groups) == 0:
			b.launched(&f, template, template.before.Inputs(), "vpcSecurityGroupIds", "securityGroupNames")
			f.Doubt = cmp.Or(f.Doubt, subnets.doubt)
		case template == nil && r.before.Inputs().Get("launchTemplate").Exists():
			f.Doubt = cmp.Or(f.Doubt, "its launch template is not in the stack")
			if f.Addresses[0].HasPublic == "absent" {
				f.Addresses[0].HasPublic = model.Maybe
			}
		}
		if ip, err := netip.ParseAddr(r.get("privateIp").Str()); err == nil {
			f.Addresses[0].IP = ip
		}
		if ip, err := netip.ParseAddr(r.get("publicIp").Str()); err == nil {
			f.Addresses[0].HasPublic, f.Addresses[0].Public = model.Yes, ip
		}
		for item := range r.get("secondaryPrivateIps").Items() {
			if ip, err := netip.ParseAddr(item.Str()); err == nil {
				f.Addresses = append(f.Addresses, model.Address{IP: ip})
			}
		}
		b.finish(&f)
		b.net.Interfaces = append(b.net.Interfaces, f)
	}
}

// elastic gives instances and interfaces the elastic addresses that are associated with them, or may be.
func (b *builder) elastic() {
	for _, e := range b.of("ec2/eip", "ec2/eipAssociation") {
		var to found
		for _, key := range []string{"instance", "instanceId", "networkInterface", "networkInterfaceId"} {
			x := b.ref(e, key, "ec2/instance", interfaceFamily)
			to.ids, to.doubt = append(to.ids, x.ids...), cmp.Or(to.doubt, x.doubt)
		}
		for i := range b.net.Interfaces {
			f := &b.net.Interfaces[i]
			r := b.byURN[f.ID]
			if r == nil || !slices.Contains([]string{"ec2/instance", interfaceFamily}, family(r.Type)) || f.Addresses[0].HasPublic == model.Yes {
				continue
			}
			switch named := slices.Contains(to.ids, f.ID); {
			case named && to.doubt == "":
				f.Addresses[0].HasPublic = model.Yes
			case named, len(to.ids) == 0 && to.doubt != "":
				f.Addresses[0].HasPublic = model.Maybe
			}
		}
	}
}

func (b *builder) scaling() {
	for _, r := range b.of("autoscaling/group") {
		f := model.Interface{ID: r.URN, Name: r.name(), Kind: model.Host, Owner: r.URN, Many: true}
		for item := range r.get("tags").Items() {
			if item.Get("key").Str() == "Name" {
				f.Name = item.Get("value").Str()
			}
		}
		subnets := b.placesOf(r, "vpcZoneIdentifiers", r.get("vpcZoneIdentifiers"), subnetFamilies...)
		f.Subnets, f.Doubt = subnets.ids, subnets.doubt
		path := "launchTemplate"
		if !r.get(path).Exists() {
			path = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification"
		}
		from := b.byURN[cmp.Or(b.ref(r, path+".id", "ec2/launchTemplate").one(), b.ref(r, path+".launchTemplateId", "ec2/launchTemplate").one(), b.ref(r, path+".name", "ec2/launchTemplate").one(), b.ref(r, "launchConfiguration", "ec2/launchConfiguration").one())]
		if from == nil {
			f.Addresses, f.Doubt = []model.Address{{HasPublic: model.Maybe}}, "its launch template is not in the stack"
		} else {
			b.launched(&f, from, from.before.Inputs(), "vpcSecurityGroupIds", "securityGroups", "securityGroupNames")
		}
		for item := range r.before.Inputs().Get("mixedInstancesPolicy.launchTemplate.overrides").Items() {
			if item.IsUnknown() || item.Get("launchTemplateSpecification").Exists() {
				f.Doubt, f.Addresses[0].HasPublic = cmp.Or(f.Doubt, "some of it starts from another launch template"), model.Maybe
			}
		}
		b.finish(&f)
		b.net.Interfaces = append(b.net.Interfaces, f)
	}
}

func (b *builder) endpoints() {
	for _, r := range b.of("ec2/vpcEndpoint") {
		if kind := r.get("vpcEndpointType"); !kind.IsUnknown() && slices.Contains([]string{"", "Gateway", "GatewayLoadBalancer"}, kind.Str()) {
			continue
		}
		f := model.Interface{ID: r.URN, Name: r.name(), Kind: model.VPCEndpoint, Owner: r.URN, Service: r.get("serviceName").Str(), Addresses: []model.Address{{}}}
		subnets := b.placesOf(r, "subnetIds", r.told("subnetIds"), subnetFamilies...)
		for item := range r.told("subnetConfigurations").Items() {
			subnets = subnets.and(b.placesOf(r, "subnetConfigurations", item.Get("subnetId"), subnetFamilies...))
		}
		for _, x := range b.of("ec2/vpcEndpointSubnetAssociation") {
			switch to := b.ref(x, "vpcEndpointId", "ec2/vpcEndpoint"); {
			case slices.Contains(to.ids, r.URN):
				subnets = subnets.and(b.placesOf(x, "subnetId", x.get("subnetId"), subnetFamilies...))
			case to.short:
				subnets.doubt = cmp.Or(subnets.doubt, to.doubt)
			}
		}
		groups := b.groupIDs(r, "securityGroupIds", r.get("securityGroupIds"))
		slices.Sort(subnets.ids)
		f.Subnets, f.Groups, f.Doubt = slices.Compact(subnets.ids), groups.ids, cmp.Or(subnets.doubt, groups.doubt)
		if dual(r) {
			f.Addresses = append(f.Addresses, model.Address{V6: true})
		}
		b.finish(&f)
		b.net.Interfaces = append(b.net.Interfaces, f)
	}
}

// second gives the interfaces that are attached to instances, or that these start with, the instances' names.
func (b *builder) second() {
	belong := func(interfaces, instances found) {
		for i := range b.net.Interfaces {
			f := &b.net.Interfaces[i]
			for _, id := range instances.ids {
				if r, of := b.byURN[f.ID], b.byURN[id]; of != nil && r.Type != of.Type && slices.Contains(interfaces.ids, f.ID) {
					f.Name, f.Owner = cmp.Or(r.get("tags.Name").Str(), of.name()), of.Name
				}
			}
		}
	}
	for _, r := range b.of("ec2/instance", "ec2/spotInstanceRequest") {
		for _, path := range []string{"networkInterfaces", "primaryNetworkInterface"} {
			for item := range r.before.Inputs().Get(path).Items() {
				belong(b.refer(r, path, item.Get("networkInterfaceId"), interfaceFamily), found{ids: []string{r.URN}})
			}
		}
	}
	for _, r := range b.of("ec2/networkInterfaceAttachment") {
		belong(b.ref(r, "networkInterfaceId", interfaceFamily), b.ref(r, "instanceId", "ec2/instance"))
	}
	for _, r := range b.of(interfaceFamily) {
		for item := range r.before.Inputs().Get("attachments").Items() {
			belong(found{ids: []string{r.URN}}, b.refer(r, "attachments", item.Get("instance"), "ec2/instance"))
		}
	}
}
