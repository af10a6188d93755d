// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

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
