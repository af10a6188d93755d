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

var groupFamilies = []string{"ec2/securityGroup", "ec2/defaultSecurityGroup"}

// giving are the families of resources that come with a group.
var giving = []string{"ec2/vpc", "ec2/defaultVpc", "eks/cluster", "eks/nodeGroup", "elb/loadBalancer", "directoryservice/directory", "cloudhsmv2/cluster"}

// groupID is the id of a security group; one that adopts a VPC's default has that one's.
func (b *builder) groupID(r *resource) string {
	if family(r.Type) == "ec2/defaultSecurityGroup" {
		if vpc := b.vpcOf(r); vpc != "" {
			return defaultGroup(vpc)
		}
	}
	return r.URN
}

// groupIDs are the groups that a property names; doubt says whether there may be others.
func (b *builder) groupIDs(r *resource, path string, at pack.Value) found {
	f := b.refer(r, path, at, groupFamilies...)
	root, _, _ := strings.Cut(path, ".")
	if partly(at) && len(b.computedFrom(r.PropertyDependencies[root], nil, giving)) > 0 {
		f.doubt = cmp.Or(f.doubt, path+" may have a group that no resource is: "+later)
	}
	for i, id := range f.ids {
		if _, group, foreign := strings.Cut(id, "/"); foreign && !strings.Contains(id, ":") { // "123456789012/sg-1", of another account or this
			id = b.meant(r, group, groupFamilies)[0]
			f.ids[i] = id
		}
		if x := b.byURN[id]; x != nil {
			f.ids[i] = b.groupID(x)
		}
	}
	return f
}

// groups are the security groups and the rules that stand by themselves. A provider takes away the rule for all egress
// that AWS gives a new group, and all rules of a default group that a resource adopts.
// https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/.
func (b *builder) groups() {
	for _, v := range b.net.VPCs {
		id := defaultGroup(v.ID)
		b.net.Groups = append(b.net.Groups, model.Group{ID: id, Name: "the default group of " + v.Name, VPC: v.ID,
			Doubt:   b.elsewhere(v.ID, "the rules of its default group"),
			Ingress: []model.Rule{{ID: "by default", Protocol: model.Any, Group: id}},
			Egress:  []model.Rule{{ID: "by default", Protocol: model.Any, CIDR: netip.MustParsePrefix("0.0.0.0/0")}, {ID: "by default", Protocol: model.Any, CIDR: netip.MustParsePrefix("::/0")}}})
	}
	for _, r := range b.of(groupFamilies...) {
		g := model.Group{ID: b.groupID(r), Name: r.name(), VPC: b.vpcOf(r)}
		g.Ingress, g.Egress = b.inline(r, "ingress", g.ID), b.inline(r, "egress", g.ID)
		for _, key := range []string{"ingress", "egress"} {
			if partly(r.before.Inputs().Get(key)) {
				g.Doubt = key + " is " + later
			}
		}
		g.Doubt = cmp.Or(g.Doubt, r.blank())
		for i := range b.net.Groups {
			if x := &b.net.Groups[i]; g.ID == r.URN && family(r.Type) == "ec2/defaultSecurityGroup" && strings.Contains(x.ID, "#") {
				x.Ingress, x.Egress = doubtful(x.Ingress, r.Name+" may adopt it"), doubtful(x.Egress, r.Name+" may adopt it")
			}
		}
		if i := slices.IndexFunc(b.net.Groups, func(x model.Group) bool { return x.ID == g.ID }); i >= 0 {
			b.net.Groups[i] = g
		} else {
			b.net.Groups = append(b.net.Groups, g)
		}
	}
	for _, r := range b.of("vpc/securityGroupIngressRule") {
		b.place(r, true, b.peers(r, "", r.get, "ipProtocol", "cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"))
	}
	for _, r := range b.of("vpc/securityGroupEgressRule") {
		b.place(r, false, b.peers(r, "", r.get, "ipProtocol", "cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"))
	}
	for _, r := range b.of("ec2/securityGroupRule") {
		rules := b.peers(r, "", r.get, "protocol", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "sourceSecurityGroupId")
		self := b.groupIDs(r, "securityGroupId", r.get("securityGroupId")).one()
		rules = b.self(rules, r.get, self)
		switch r.get("type").Str() {
		case "ingress":
			b.place(r, true, rules)
		case "egress":
			b.place(r, false, rules)
		default:
			b.place(r, true, doubtful(rules, "its direction is "+later))
			b.place(r, false, doubtful(rules, "its direction is "+later))
		}
	}
}

func doubtful(rules []model.Rule, doubt string) []model.Rule {
	out := slices.Clone(rules)
	for i := range out {
		out[i].Doubt = cmp.Or(out[i].Doubt, doubt)
	}
	return out
}

// inline are the rules inside a group's own resource. State repeats rules that stand by themselves, so inputs decide.
func (b *builder) inline(r *resource, key, self string) []model.Rule {
	var out []model.Rule
	for item := range r.before.Inputs().Get(key).Items() {
		if item.IsUnknown() {
			continue
		}
		rules := b.peers(r, key+".", item.Get, "protocol", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups")
		out = append(out, b.self(rules, item.Get, self)...)
	}
	return out
}

// self adds the rule for the group's own members, where it is asked for.
func (b *builder) self(rules []model.Rule, get func(string) pack.Value, group string) []model.Rule {
	asked := certain(get("self"), model.No)
	if asked == model.No {
		return rules
	}
	r := shape(get, "protocol")
	r.Group = group
	if asked == model.Maybe {
		r.Doubt = cmp.Or(r.Doubt, "self is "+later)
	}
	return append(rules, r)
}

func shape(get func(string) pack.Value, protocol string) model.Rule {
	r := model.Rule{Description: get("description").Str()}
	r.Protocol, r.Doubt = protocolOf(get(protocol))
	for key, to := range map[string]*int{"fromPort": &r.From, "toPort": &r.To} {
		*to = model.Any
		if n, ok := get(key).Number(); ok {
			*to = int(n)
		} else if get(key).IsUnknown() {
			r.Doubt = cmp.Or(r.Doubt, key+" is "+later)
		}
	}
	if r.Doubt != "" {
		r.From, r.To = model.Any, model.Any
	}
	return r
}

// peers makes one rule for each peer that a block of rules names.
func (b *builder) peers(r *resource, prefix string, get func(string) pack.Value, protocol, four, six, lists, groups string) []model.Rule {
	base := shape(get, protocol)
	if prefix == "" {
		base.ID = r.Name
	}
	var out []model.Rule
	add := func(doubt string, set func(*model.Rule)) {
		x := base
		x.Doubt = cmp.Or(x.Doubt, doubt)
		set(&x)
		out = append(out, x)
	}
	for _, key := range []string{four, six} {
		cidrs, doubt := prefixes(get(key))
		for _, c := range cidrs {
			add("", func(x *model.Rule) { x.CIDR = c })
		}
		if doubt != "" {
			add(doubt, func(*model.Rule) {})
		}
	}
	named := b.refer(r, prefix+lists, get(lists), "ec2/managedPrefixList", "ec2/vpcEndpoint")
	for _, id := range named.ids {
		add(named.doubt, func(x *model.Rule) { x.List = b.listID(id) })
	}
	if named.doubt != "" && len(named.ids) == 0 {
		add(named.doubt, func(*model.Rule) {})
	}
	members := b.groupIDs(r, prefix+groups, get(groups))
	for _, id := range members.ids {
		add(members.doubt, func(x *model.Rule) { x.Group = id })
	}
	if members.doubt != "" && len(members.ids) == 0 {
		add(members.doubt, func(*model.Rule) {})
	}
	return out
}

// place gives rules to the group that a resource names, or to each that it may mean.
func (b *builder) place(r *resource, ingress bool, rules []model.Rule) {
	to := b.groupIDs(r, "securityGroupId", r.get("securityGroupId"))
	if len(to.ids) != 1 || to.doubt != "" {
		rules = doubtful(rules, "securityGroupId is "+later)
	}
	for i := range rules {
		rules[i].ID = r.Name
	}
	for i := range b.net.Groups {
		g := &b.net.Groups[i]
		if !slices.Contains(to.ids, g.ID) && len(to.ids) > 0 {
			continue
		}
		if ingress {
			g.Ingress = append(g.Ingress, rules...)
		} else {
			g.Egress = append(g.Egress, rules...)
		}
	}
}

var aclFamilies = []string{"ec2/networkAcl", "ec2/defaultNetworkAcl"}

// acls are the network ACLs. One that a VPC has by itself allows everything until a resource adopts it.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html.
func (b *builder) acls() {
	for _, v := range b.net.VPCs {
		all := []model.Entry{{Number: 100, Allow: true, Protocol: model.Any, CIDR: netip.MustParsePrefix("0.0.0.0/0")}, {Number: 101, Allow: true, Protocol: model.Any, CIDR: netip.MustParsePrefix("::/0")}}
		b.net.ACLs = append(b.net.ACLs, model.ACL{ID: v.DefaultACL, Name: "the default ACL of " + v.Name, VPC: v.ID, Ingress: all, Egress: all, Doubt: b.elsewhere(v.ID, "the entries of its default ACL")})
	}
	for _, r := range b.of(aclFamilies...) {
		a := model.ACL{ID: b.aclID(r), Name: r.name(), VPC: b.vpcOf(r), Doubt: r.blank()}
		for _, key := range []string{"ingress", "egress"} {
			at := r.before.Inputs().Get(key)
			if partly(at) {
				a.Doubt = key + " is " + later
				continue
			}
			for item := range at.Items() {
				addEntry(&a, entryOf(item, "action", "ruleNo"), key == "egress")
			}
		}
		for i := range b.net.ACLs {
			if x := &b.net.ACLs[i]; a.ID == r.URN && family(r.Type) == "ec2/defaultNetworkAcl" && strings.Contains(x.ID, "#") {
				x.Doubt = r.Name + " may adopt it"
			}
		}
		if i := slices.IndexFunc(b.net.ACLs, func(x model.ACL) bool { return x.ID == a.ID }); i >= 0 {
			b.net.ACLs[i] = a
		} else {
			b.net.ACLs = append(b.net.ACLs, a)
		}
	}
	for _, r := range b.of("ec2/networkAclRule") {
		b.entry(r)
	}
}

// entry gives an entry that stands by itself to its ACL.
func (b *builder) entry(r *resource) {
	to := b.ref(r, "networkAclId", aclFamilies...)
	e := entryOf(r.before.Inputs(), "ruleAction", "ruleNumber")
	for i := range b.net.ACLs {
		a := &b.net.ACLs[i]
		if len(to.ids) == 0 {
			a.Doubt = r.Name + " may belong to it"
			continue
		}
		if !slices.ContainsFunc(to.ids, func(id string) bool { return b.adopted(id) == a.ID }) {
			continue
		}
		if len(to.ids) > 1 {
			e.Doubt = "networkAclId is " + later
		}
		egress := r.get("egress")
		if egress.IsUnknown() {
			e.Doubt = "egress is " + later
			addEntry(a, e, true)
			addEntry(a, e, false)
			continue
		}
		out, _ := egress.Bool()
		addEntry(a, e, out)
	}
}

func addEntry(a *model.ACL, e model.Entry, egress bool) {
	if e.Number == unnumbered {
		a.Doubt = "the number or action of an entry is " + later
		return
	}
	if egress {
		a.Egress = append(a.Egress, e)
	} else {
		a.Ingress = append(a.Ingress, e)
	}
}

// entryOf reads an entry. One whose number or action is not known may come anywhere and do either, which makes the ACL
// doubtful.
func entryOf(at pack.Value, action, number string) model.Entry {
	var e model.Entry
	e.Protocol, e.Doubt = protocolOf(at.Get("protocol"))
	ports, doubt := numbers(at, "fromPort", "toPort")
	if e.Protocol == 1 || e.Protocol == 58 {
		ports, doubt = numbers(at, "icmpType", "icmpCode")
	}
	e.From, e.To, e.Doubt = ports[0], ports[1], cmp.Or(e.Doubt, doubt)
	n, ok := at.Get(number).Number()
	if e.Number = int(n); !ok || at.Get(action).IsUnknown() {
		e.Number = unnumbered
	}
	e.Allow = at.Get(action).Str() == "allow"
	for _, key := range []string{"cidrBlock", "ipv6CidrBlock"} {
		cidrs, doubt := prefixes(at.Get(key))
		switch {
		case len(cidrs) == 1:
			e.CIDR = cidrs[0]
		case at.Get(key).IsUnknown() && key == "ipv6CidrBlock" && !at.Get("cidrBlock").Exists():
			e.CIDR = netip.MustParsePrefix("::/0") // some range of it
		case at.Get(key).IsUnknown() && key == "cidrBlock" && !at.Get("ipv6CidrBlock").Exists():
			e.CIDR = netip.MustParsePrefix("0.0.0.0/0")
		}
		e.Doubt = cmp.Or(e.Doubt, doubt)
	}
	if !e.CIDR.IsValid() && e.Doubt == "" {
		e.Doubt = "it names no CIDR"
	}
	return e
}

// unnumbered marks an entry whose place among the others is not known.
const unnumbered = -1
