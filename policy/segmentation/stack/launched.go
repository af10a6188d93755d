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
			f.Doubt = cmp.Or(f.Doubt, subnets.doubt, otherVersion(r, template, "launchTemplate.version"))
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

// otherVersion says why what a launch template is now may not be the version that hosts start from. A template's default version stays the
// first one unless it is told otherwise: https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html.
func otherVersion(r, template *resource, path string) string {
	version, latest, standard := r.told(path), template.get("latestVersion"), template.get("defaultVersion")
	var follows bool
	switch asked := version.Str(); {
	case asked == "$Latest", family(template.Type) != "ec2/launchTemplate":
		follows = true
	case version.IsUnknown():
		root, _, _ := strings.Cut(path, ".")
		follows = slices.Contains(r.PropertyDependencies[root], template.URN)
	case asked == "", asked == "$Default":
		renewed, _ := template.get("updateDefaultVersion").Bool()
		follows = renewed || standard.IsUnknown() || standard.Str() == latest.Str() && !latest.IsUnknown()
	default:
		follows = asked == latest.Str()
	}
	if follows {
		return ""
	}
	return "it may start from another version of its launch template"
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
			f.Doubt = cmp.Or(f.Doubt, otherVersion(r, from, path+".version"))
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
