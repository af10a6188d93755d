// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// naming are the families that name security groups, subnets or launch templates and have no interface of their own, or whose interfaces
// are read elsewhere.
var naming = []string{
	"ec2/securityGroup", "ec2/defaultSecurityGroup", "ec2/securityGroupRule", "vpc/securityGroupIngressRule", "vpc/securityGroupEgressRule",
	"vpc/securityGroupVpcAssociation", "ec2/launchTemplate", "ec2/launchConfiguration", "autoscaling/group", "ec2/instance", "ec2/spotInstanceRequest", "ec2/vpcEndpoint",
	"elb/loadBalancer", "ec2/subnet", "ec2/defaultSubnet", "ec2/networkAcl", "ec2/defaultNetworkAcl", "ec2/networkAclAssociation",
	"ec2/routeTable", "ec2/defaultRouteTable", "ec2/routeTableAssociation", "ec2/natGateway", "ec2/flowLog", "ec2/subnetCidrReservation", "ec2/vpcEndpointSubnetAssociation",
	"vpc/blockPublicAccessExclusion", "ec2/vpcBlockPublicAccessExclusion", "ec2transitgateway/multicastDomainAssociation", "ec2transitgateway/vpcAttachment", "networkmanager/vpcAttachment",
	"networkmanager/connectPeer", "imagebuilder/distributionConfiguration", "ram/resourceAssociation",
}

// besides are the resources whose service gives their interfaces groups of its own, or their groups rules of its own, with why that is:
// https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html,
// https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces-security-groups.html,
// https://docs.aws.amazon.com/sagemaker/latest/dg/studio-notebooks-and-internet-access.html.
var besides = map[string]string{
	"emr/cluster": "EMR adds rules to its groups", "workspaces/directory": "WorkSpaces have a group of the directory, too", "sagemaker/domain": "SageMaker makes groups for its volume",
}

// attaching are the resources that give an interface one group more, with the property that names the interface.
var attaching = map[string]string{ //nolint:gosec // no credentials
	"ec2/networkInterfaceSecurityGroupAttachment": "networkInterfaceId", "ec2/securityGroupAssociation": "vpcEndpointId",
}

// parents are what a part of a cluster takes its groups and subnets from, with the property that names it.
var parents = map[string][2]string{
	"rds/clusterInstance": {"clusterIdentifier", "rds/cluster"}, "docdb/clusterInstance": {"clusterIdentifier", "docdb/cluster"},
	"neptune/clusterInstance": {"clusterIdentifier", "neptune/cluster"}, "elasticache/cluster": {"replicationGroupId", "elasticache/replicationGroup"},
}

// parent is the cluster of a part, or the resource itself where it has none.
func (b *builder) parent(r *resource) (of *resource, doubt string) {
	p, part := parents[family(r.Type)]
	if !part || !r.get(p[0]).Exists() {
		return r, ""
	}
	if of = b.byURN[b.ref(r, p[0], p[1]).one()]; of == nil {
		return r, "its cluster is not in the stack"
	}
	return of, ""
}

// strangers gives an interface to every resource of a type that this package does not know and that names security groups, subnets or a
// launch template, such as a type of a newer provider, and to what makes interfaces in words that the proof does not read: it stands
// wherever it says, or anywhere in the VPC of its groups. What it may have is counted; nobody is left out.
func (b *builder) strangers() {
	for _, r := range b.all {
		f := family(r.Type)
		_, known := placed[f]
		if known || !strings.HasPrefix(r.Type, "aws") || attaching[f] != "" || slices.Contains(naming, f) || slices.Contains(subnetGroups, f) {
			continue
		}
		x, found := b.stranger(r)
		if !found || len(x.Groups) == 0 && begins(r, carrying) {
			continue
		}
		if len(x.Subnets) == 0 {
			x.Subnets = b.around(x.Groups)
		}
		if len(x.Subnets) == 0 {
			x.Doubt = cmp.Or(x.Doubt, "its subnets are not known")
		}
		if b.inIPv6(x.Subnets, true) {
			x.Addresses = append(x.Addresses, model.Address{V6: true})
		}
		b.net.Notes = append(b.net.Notes, r.URN+" is of a type that the proof does not know; it counts as hosts that have its groups")
		b.net.Interfaces = append(b.net.Interfaces, x)
	}
}

// stranger is what a resource of an unknown type says of its interfaces, and whether it has any.
func (b *builder) stranger(r *resource) (x model.Interface, found bool) {
	x = model.Interface{ID: r.URN, Name: r.name(), Owner: r.URN, Many: true, Addresses: []model.Address{{HasPublic: model.Maybe}}}
	at := r.before.Inputs()
	found = begins(r, making)
	named(at, "securitygroup", false, func(root string, v pack.Value) {
		groups := b.groupIDs(r, root, v)
		found = found || len(groups.ids) > 0 || groups.doubt != ""
		x.Groups, x.Doubt = append(x.Groups, groups.ids...), cmp.Or(x.Doubt, groups.doubt)
	})
	named(at, "subnet", false, func(root string, v pack.Value) {
		places := b.placesOf(r, root, v, append(slices.Clone(subnetFamilies), subnetGroups...)...)
		found = found || len(places.ids) > 0 || places.doubt != ""
		places = b.within(places)
		x.Doubt = cmp.Or(x.Doubt, places.doubt)
		for _, id := range places.ids {
			if b.subnet(id) == nil {
				x.Doubt = cmp.Or(x.Doubt, "a subnet of it is not in the stack")
				continue
			}
			x.Subnets = append(x.Subnets, id)
		}
	})
	if len(x.Groups) == 0 {
		x.Doubt = cmp.Or(x.Doubt, "the groups that it has are not known")
	}
	found = beside(&x, r, at) || found
	named(at, "launchtemplate", true, func(root string, v pack.Value) {
		found = found || v.IsUnknown() || v.Str() != ""
		x.Doubt = cmp.Or(x.Doubt, "it starts hosts from a launch template")
		for _, id := range b.refer(r, root, v, "ec2/launchTemplate").ids {
			if from := b.byURN[id]; from != nil {
				var t model.Interface
				b.launched(&t, from, from.before.Inputs(), "vpcSecurityGroupIds")
				x.Groups, x.Subnets = append(x.Groups, t.Groups...), append(x.Subnets, t.Subnets...)
			}
		}
	})
	return x, found
}

// beside adds what a service does besides what a resource names, and is whether that has interfaces.
func beside(x *model.Interface, r *resource, at pack.Value) (found bool) {
	x.Doubt = cmp.Or(x.Doubt, besides[family(r.Type)])
	for item := range at.Get("launchSpecifications").Items() { // of a fleet of spot instances
		if !item.Get("vpcSecurityGroupIds").Exists() {
			x.Doubt = cmp.Or(x.Doubt, "some of it has the default group of a VPC")
		}
	}
	for item := range at.Get("sourceAccessConfigurations").Items() { // of a function's events, as "subnet:subnet-1"
		if kind := item.Get("type"); kind.IsUnknown() || strings.HasPrefix(kind.Str(), "VPC_") {
			found = true
		}
	}
	return found
}

// within are subnets among places, and those of the subnet groups among them.
func (b *builder) within(places found) found {
	out := found{doubt: places.doubt, short: places.short}
	for _, id := range places.ids {
		g := b.byURN[id]
		if g == nil || !slices.Contains(subnetGroups, family(g.Type)) {
			out.ids = append(out.ids, id)
			continue
		}
		out = out.and(b.placesOf(g, "subnetIds", g.get("subnetIds"), subnetFamilies...))
	}
	return out
}

// named finds what is below keys with a word in them, but for what is only a source of packets, each with the property that it is in: what
// is there itself, or, where it is deep, all that is in it.
func named(at pack.Value, word string, deep bool, do func(root string, v pack.Value)) {
	var walk func(root string, here bool, v pack.Value)
	walk = func(root string, here bool, v pack.Value) {
		if here && v.Exists() && v.Kind() != pack.Map {
			do(root, v)
		}
		for item := range v.Items() {
			for key, below := range item.Fields() {
				name := strings.ToLower(key)
				walk(cmp.Or(root, key), deep && here || strings.Contains(name, word) && !strings.Contains(name, "source"), below)
			}
		}
	}
	walk("", false, at)
}

// around are the subnets of the VPCs of groups.
func (b *builder) around(groups []string) (out []string) {
	for _, g := range b.net.Groups {
		for _, s := range b.net.Subnets {
			if slices.Contains(groups, g.ID) && s.VPC == g.VPC && !slices.Contains(out, s.ID) {
				out = append(out, s.ID)
			}
		}
	}
	return out
}

// attach gives interfaces the groups that resources of their own attach.
func (b *builder) attach() {
	for kind, property := range attaching {
		for _, r := range b.of(kind) {
			to := b.ref(r, property, "ec2/networkInterface", "ec2/instance", "ec2/vpcEndpoint")
			groups := b.groupIDs(r, "securityGroupId", r.get("securityGroupId"))
			for i := range b.net.Interfaces {
				f := &b.net.Interfaces[i]
				if len(to.ids) == 0 && to.doubt != "" {
					f.Doubt = cmp.Or(f.Doubt, to.doubt)
				}
				if slices.Contains(to.ids, f.ID) {
					f.Groups, f.Doubt = append(f.Groups, groups.ids...), cmp.Or(f.Doubt, to.doubt, groups.doubt)
				}
			}
		}
	}
}
