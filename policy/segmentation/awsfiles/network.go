// SPDX-License-Identifier: Apache-2.0

package awsfiles

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// builder turns answers into a network.
type builder struct {
	*answers
	net       model.Network
	excluded  map[string]model.Block    // subnets and VPCs from Block Public Access
	changing  map[string][]netip.Prefix // CIDRs of VPCs that come or go
	devices   map[string][]device       // of instances
	elastic   map[string][]address      // public addresses, by interface and by instance
	dropped   map[netip.Addr][]string   // databases that may be behind an address of an interface that is left out
	databases []model.Interface         // of DbInstances, in order
}

func (a *answers) network() *model.Network {
	b := &builder{answers: a}
	b.vpcs()
	b.subnets()
	b.groups()
	b.acls()
	b.lists()
	b.gateways()
	b.nats()
	b.tables()
	for _, d := range b.DbInstances {
		b.databases = append(b.databases, b.database(d))
	}
	b.interfaces()
	b.planned()
	b.links()
	b.functions()
	b.scaling()
	b.balancers()
	for _, x := range a.other {
		if x.any {
			x.vpcs = []string{""}
		}
		for _, id := range x.vpcs {
			b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: x.name, What: "a file of AWS's answers that is not modelled", VPC: id})
		}
	}
	return &b.net
}

func (b *builder) note(format string, args ...any) {
	b.net.Notes = append(b.net.Notes, fmt.Sprintf(format, args...))
}

// prefixes are those that can be read; others are noted and reported.
func (b *builder) prefixes(what string, texts ...string) (out []netip.Prefix, whole bool) {
	whole = true
	for _, t := range texts {
		if t == "" {
			continue
		}
		p, err := netip.ParsePrefix(t)
		if err != nil {
			whole = false
			b.note("%s: %q is no CIDR", what, t)
			continue
		}
		if p = p.Masked(); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, whole
}

// blocks are the CIDRs of a VPC or subnet, and those of them that come or go.
func blocks(sets ...[]cidrBlock) (all, changing []string) {
	for _, set := range sets {
		for _, c := range set {
			switch c.CidrBlockState.State + c.Ipv6CidrBlockState.State {
			case "disassociated", "failed":
				continue
			case "", "associated":
			default:
				changing = append(changing, c.CidrBlock, c.Ipv6CidrBlock)
			}
			all = append(all, c.CidrBlock, c.Ipv6CidrBlock)
		}
	}
	return all, changing
}

func (b *builder) vpcs() {
	b.excluded, b.changing = map[string]model.Block{}, map[string][]netip.Prefix{}
	for _, x := range b.VpcBlockPublicAccess {
		for _, e := range x.VpcBlockPublicAccessExclusions {
			id := e.ResourceArn[strings.LastIndexByte(e.ResourceArn, '/')+1:]
			switch e.State {
			case "create-complete", "update-complete", "":
				b.excluded[id] = model.Block(e.InternetGatewayExclusionMode)
			case "create-failed", "delete-complete", "disable-complete":
			default:
				b.excluded[id] = model.BlockUnknown
			}
		}
	}
	for _, v := range b.Vpcs {
		all, changing := blocks(v.CidrBlockAssociationSet, v.Ipv6CidrBlockAssociationSet)
		cidrs, whole := b.prefixes("VPC "+v.VpcID, append([]string{v.CidrBlock}, all...)...)
		b.changing[v.VpcID], _ = b.prefixes("VPC "+v.VpcID, changing...)
		m := model.VPC{ID: v.VpcID, Name: v.Tags.name(), CIDRs: cidrs, Block: b.mode(v)}
		if !whole {
			m.Doubt = "a CIDR of it cannot be read"
		}
		if len(b.changing[v.VpcID]) > 0 {
			m.Doubt = "a CIDR of it comes or goes"
		}
		if x := b.excluded[v.VpcID]; x != "" && m.Block != model.BlockOff {
			m.Block = x
		}
		b.defaults(&m)
		b.net.VPCs = append(b.net.VPCs, m)
	}
}

// mode is that of Block Public Access, which each account has once in a Region, for the VPCs that it owns: the answers in the folder of the
// VPC's own. Where those are another account's, or stand in a folder without a VPC, so that nobody knows whose they are, it is unknown.
func (b *builder) mode(v vpc) model.Block {
	var modes []model.Block
	elsewhere := model.BlockOff
	for _, x := range b.VpcBlockPublicAccess {
		mode := model.Mode(x.InternetGatewayBlockMode)
		switch {
		case x.State == "update-in-progress":
			mode = model.BlockUnknown
		case x.InternetGatewayBlockMode == "":
			continue
		}
		has := func(id string) bool {
			return slices.ContainsFunc(b.Vpcs, func(o vpc) bool { return o.folder == x.folder && (id == "" || o.VpcID == id) })
		}
		foreign := x.AwsAccountID != "" && v.OwnerID != "" && x.AwsAccountID != v.OwnerID
		switch own := has(v.VpcID); {
		case own && !foreign:
			modes = append(modes, mode)
		case own || !foreign && !has(""):
			elsewhere = model.BlockUnknown
		}
	}
	switch modes = slices.Compact(modes); len(modes) {
	case 0:
		return elsewhere
	case 1:
		return modes[0]
	}
	return model.BlockUnknown
}

// associates reports whether an association of a route table counts, and why another table may serve instead.
func associates(state string) (bool, string) {
	switch state {
	case "disassociated", "failed":
		return false, ""
	case "", "associated":
		return true, ""
	}
	return true, "its route table is " + state
}

// defaults are what serves the subnets of a VPC that have no table or ACL of their own.
func (b *builder) defaults(v *model.VPC) {
	for _, t := range b.RouteTables {
		for _, s := range t.Associations {
			if counts, doubt := associates(s.AssociationState.State); counts && s.Main && t.VpcID == v.ID {
				v.Doubt = cmp.Or(v.Doubt, doubt, two("main route tables", v.MainTable, t.RouteTableID))
				v.MainTable = t.RouteTableID
			}
		}
	}
	for _, x := range b.NetworkAcls {
		if x.IsDefault && x.VpcID == v.ID {
			v.DefaultACL = x.NetworkACLID
		}
	}
}

func (b *builder) subnets() {
	for _, s := range b.Subnets {
		all, changing := blocks(s.Ipv6CidrBlockAssociationSet)
		cidrs, whole := b.prefixes("subnet "+s.SubnetID, append([]string{s.CidrBlock}, all...)...)
		m := model.Subnet{ID: s.SubnetID, Name: s.Tags.name(), VPC: s.VpcID, CIDRs: cidrs, Exclusion: b.excluded[s.SubnetID]}
		if !whole {
			m.Doubt = "a CIDR of it cannot be read"
		}
		if len(changing) > 0 || slices.ContainsFunc(b.changing[s.VpcID], func(c netip.Prefix) bool { return slices.ContainsFunc(cidrs, c.Overlaps) }) {
			m.Doubt = "a CIDR of it comes or goes"
		}
		for _, t := range b.RouteTables {
			for _, x := range t.Associations {
				if counts, doubt := associates(x.AssociationState.State); counts && x.SubnetID == s.SubnetID {
					m.Doubt = cmp.Or(m.Doubt, doubt, two("route tables", m.Table, t.RouteTableID))
					m.Table = t.RouteTableID
				}
			}
		}
		for _, a := range b.NetworkAcls {
			for _, x := range a.Associations {
				if x.SubnetID == s.SubnetID {
					m.Doubt = cmp.Or(m.Doubt, two("ACLs", m.ACL, a.NetworkACLID))
					m.ACL = a.NetworkACLID
				}
			}
		}
		b.net.Subnets = append(b.net.Subnets, m)
	}
}

// two says that the answers name two of what AWS has one.
func two(what, before, now string) string {
	if before == "" || before == now {
		return ""
	}
	return fmt.Sprintf("the answers give it two %s, %s and %s", what, before, now)
}

func number(p *int) int {
	if p == nil {
		return model.Any
	}
	return *p
}

// vpcOrigins is the name of the group that CloudFront makes in a VPC in which it reaches private origins from the internet:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html.
const vpcOrigins = "CloudFront-VPCOrigins-Service-SG"

func (b *builder) groups() {
	for _, g := range b.SecurityGroups {
		m := model.Group{ID: g.GroupID, Name: cmp.Or(g.Tags.name(), g.GroupName), VPC: g.VpcID}
		if g.GroupName == vpcOrigins {
			b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: g.GroupID, What: "the group of CloudFront's VPC origins", VPC: g.VpcID})
		}
		m.Ingress, m.Egress = b.rules(g.GroupID, g.IPPermissions), b.rules(g.GroupID, g.IPPermissionsEgress)
		b.net.Groups = append(b.net.Groups, m)
	}
}

func (b *builder) rules(group string, permissions []ipPermission) []model.Rule {
	var out []model.Rule
	for _, p := range permissions {
		protocol, err := flow.Protocol(p.IPProtocol)
		base := model.Rule{Protocol: protocol, From: number(p.FromPort), To: number(p.ToPort)}
		if err != nil {
			base.Protocol, base.Doubt = model.Any, err.Error()
		}
		add := func(description string, set func(*model.Rule)) {
			r := base
			r.Description = description
			set(&r)
			out = append(out, r)
		}
		cidr := func(text, description string) {
			add(description, func(r *model.Rule) {
				if cidrs, _ := b.prefixes("group "+group, text); len(cidrs) == 1 {
					r.CIDR = cidrs[0]
				} else {
					r.Doubt = fmt.Sprintf("its CIDR %q cannot be read", text)
				}
			})
		}
		for _, x := range p.IPRanges {
			cidr(x.CidrIP, x.Description)
		}
		for _, x := range p.Ipv6Ranges {
			cidr(x.CidrIpv6, x.Description)
		}
		for _, x := range p.PrefixListIDs {
			add(x.Description, func(r *model.Rule) { r.List = x.PrefixListID })
		}
		for _, x := range p.UserIDGroupPairs {
			add(x.Description, func(r *model.Rule) {
				if r.Group = x.GroupID; r.Group == "" {
					r.Doubt = "the group that it names has no id"
				}
			})
		}
		if len(p.IPRanges)+len(p.Ipv6Ranges)+len(p.PrefixListIDs)+len(p.UserIDGroupPairs) == 0 {
			add("", func(r *model.Rule) { r.Doubt = "whom it names is not among the answers" })
		}
	}
	return out
}

func (b *builder) acls() {
	for _, a := range b.NetworkAcls {
		m := model.ACL{ID: a.NetworkACLID, Name: a.Tags.name(), VPC: a.VpcID}
		if a.Entries == nil {
			m.Doubt = "its entries are not among the answers"
		}
		for _, e := range a.Entries {
			if e.RuleNumber == nil || e.Egress == nil {
				m.Doubt = "an entry of it has no number or direction"
				continue
			}
			x := model.Entry{Number: *e.RuleNumber, Allow: e.RuleAction == "allow", From: model.Any, To: model.Any}
			var err error
			if x.Protocol, err = flow.Protocol(e.Protocol); err != nil {
				x.Protocol, x.Doubt = model.Any, err.Error()
			}
			switch {
			case e.IcmpTypeCode != nil && (x.Protocol == 1 || x.Protocol == 58):
				x.From, x.To = e.IcmpTypeCode.Type, e.IcmpTypeCode.Code
			case e.PortRange != nil:
				x.From, x.To = e.PortRange.From, e.PortRange.To
			}
			if cidrs, _ := b.prefixes("ACL "+a.NetworkACLID, e.CidrBlock, e.Ipv6CidrBlock); len(cidrs) == 1 {
				x.CIDR = cidrs[0]
			} else {
				x.Doubt = "its CIDR cannot be read"
			}
			both := []model.Entry{x}
			if e.RuleAction != "allow" && e.RuleAction != "deny" { // of two entries of one number the engine knows not which
				x.Allow = true
				both = append(both, x)
			}
			if *e.Egress {
				m.Egress = append(m.Egress, both...)
			} else {
				m.Ingress = append(m.Ingress, both...)
			}
		}
		b.net.ACLs = append(b.net.ACLs, m)
	}
}

// service reports whether AWS keeps a list of the addresses of one of its services.
func service(name string) bool { return strings.HasPrefix(name, "com.amazonaws.") }

func (b *builder) lists() {
	for _, l := range b.PrefixLists {
		texts := l.Cidrs
		for _, e := range l.Entries {
			texts = append(texts, e.Cidr)
		}
		entries, whole := b.prefixes("prefix list "+l.PrefixListID, texts...)
		m := model.PrefixList{ID: l.PrefixListID, Name: l.PrefixListName, Entries: entries, Service: service(l.PrefixListName)}
		if !whole || len(entries) == 0 {
			m.Doubt = "its entries are not known"
		}
		// The two calls that list prefix lists know different halves of them.
		if i := slices.IndexFunc(b.net.Lists, func(x model.PrefixList) bool { return x.ID == m.ID }); i >= 0 {
			if len(m.Entries) > 0 {
				b.net.Lists[i] = m
			}
			continue
		}
		b.net.Lists = append(b.net.Lists, m)
	}
}
