// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// naming are the families that name security groups and have no interface of their own, or whose interfaces are read elsewhere.
var naming = []string{
	"ec2/securityGroup", "ec2/defaultSecurityGroup", "ec2/securityGroupRule", "vpc/securityGroupIngressRule", "vpc/securityGroupEgressRule",
	"vpc/securityGroupVpcAssociation", "ec2/launchTemplate", "ec2/launchConfiguration", "autoscaling/group", "ec2/instance", "ec2/spotInstanceRequest", "ec2/vpcEndpoint",
	"rds/cluster", "docdb/cluster", "neptune/cluster", "elb/loadBalancer",
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

// strangers gives an interface to every resource of a type that this package does not know and that names security groups, such as a
// type of a newer provider: it stands wherever it says, or anywhere in the VPC of its groups. What it may have is counted; nobody is
// left out.
func (b *builder) strangers() {
	for _, r := range b.all {
		f := family(r.Type)
		_, known := placed[f]
		if known || !strings.HasPrefix(r.Type, "aws") || attaching[f] != "" || slices.Contains(naming, f) {
			continue
		}
		x := model.Interface{ID: r.URN, Name: r.name(), Owner: r.URN, Many: true, Addresses: []model.Address{{HasPublic: model.Maybe}}}
		at := r.before.Inputs()
		found := false
		named(at, "securitygroup", func(root string, v pack.Value) {
			groups := b.groupIDs(r, root, v)
			found = found || len(groups.ids) > 0 || groups.doubt != ""
			x.Groups, x.Doubt = append(x.Groups, groups.ids...), cmp.Or(x.Doubt, groups.doubt)
		})
		if !found {
			continue
		}
		named(at, "subnet", func(root string, v pack.Value) {
			for _, id := range b.placesOf(r, root, v, subnetFamilies...).ids {
				if b.subnet(id) != nil {
					x.Subnets = append(x.Subnets, id)
				}
			}
		})
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

// named finds what is below keys with a word in them, but for what is only a source of packets, each with the property that it is in.
func named(at pack.Value, word string, do func(root string, v pack.Value)) {
	var walk func(root string, v pack.Value)
	walk = func(root string, v pack.Value) {
		for key, below := range v.Fields() {
			root, name := cmp.Or(root, key), strings.ToLower(key)
			if strings.Contains(name, word) && !strings.Contains(name, "source") && below.Kind() != pack.Map {
				do(root, below)
				continue
			}
			walk(root, below)
		}
		if v.Kind() == pack.List {
			for item := range v.Items() {
				walk(root, item)
			}
		}
	}
	walk("", at)
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
