// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// The ids of what a VPC has by itself.
func defaultGroup(vpc string) string { return vpc + "#default-security-group" }
func defaultACL(vpc string) string   { return vpc + "#default-network-acl" }
func mainTable(vpc string) string    { return vpc + "#main-route-table" }

func (b *builder) vpcs() {
	for _, r := range b.of(vpcFamilies...) {
		mode := b.blocked(r)
		v := model.VPC{ID: r.URN, Name: r.name(), MainTable: mainTable(r.URN), DefaultACL: defaultACL(r.URN), Block: mode}
		if x := b.excluded("vpcId", r); x != "" && mode != model.BlockOff {
			v.Block = x
		}
		cidrs, doubt := prefixes(r.get("cidrBlock"))
		six, doubt6 := prefixes(r.get("ipv6CidrBlock"))
		if len(cidrs) == 0 {
			doubt = cmp.Or(doubt, "cidrBlock is "+later)
		}
		v.CIDRs, v.Doubt = append(cidrs, six...), doubt+doubt6
		if yes, _ := r.get("assignGeneratedIpv6CidrBlock").Bool(); !yes && len(six) == 0 && !r.before.Inputs().Get("ipv6CidrBlock").Exists() {
			v.Doubt = doubt // a VPC that asks for no IPv6 range has none
		}
		for key, id := range map[string]string{"defaultSecurityGroupId": defaultGroup(r.URN), "defaultNetworkAclId": v.DefaultACL, "mainRouteTableId": v.MainTable, "defaultRouteTableId": v.MainTable} {
			if s, ok := r.get(key).Text(); ok && s != "" {
				b.call(" "+s, id)
			}
		}
		b.net.VPCs = append(b.net.VPCs, v)
	}
	b.ranges()
}

// ranges are those that VPCs have besides their first.
func (b *builder) ranges() {
	for _, r := range b.of("ec2/vpcIpv4CidrBlockAssociation", "ec2/vpcIpv6CidrBlockAssociation") {
		for i := range b.net.VPCs {
			v := &b.net.VPCs[i]
			to := b.ref(r, "vpcId", vpcFamilies...)
			if !slices.Contains(to.ids, v.ID) && !to.short {
				continue
			}
			four, doubt := prefixes(r.get("cidrBlock"))
			six, doubt6 := prefixes(r.get("ipv6CidrBlock"))
			if v.Doubt = cmp.Or(v.Doubt, to.doubt, doubt, doubt6); len(four)+len(six) == 0 {
				v.Doubt = cmp.Or(v.Doubt, "a range of it is "+later)
			}
			if !to.short {
				v.CIDRs = slices.Concat(v.CIDRs, four, six)
			}
		}
	}
}

// blocked is what Block Public Access stops in a VPC. An account has it for each of its regions.
func (b *builder) blocked(vpc *resource) model.Block {
	region := func(r *resource) string { return cmp.Or(r.get("region").Str(), r.Provider().Get("region").Str()) }
	mode := model.BlockOff
	for _, r := range b.of("vpc/blockPublicAccessOptions", "ec2/vpcBlockPublicAccessOptions") {
		switch is := model.Mode(r.get("internetGatewayBlockMode").Str()); {
		case r.ProviderURN == vpc.ProviderURN && region(r) == region(vpc):
			return is
		case region(r) == region(vpc) && is != mode: // perhaps of another account
			mode = model.BlockUnknown
		}
	}
	return mode
}

// excluded is what a VPC or subnet is let off of Block Public Access, if it is.
func (b *builder) excluded(key string, of *resource) model.Block {
	for _, r := range b.of("vpc/blockPublicAccessExclusion", "ec2/vpcBlockPublicAccessExclusion") {
		to := b.ref(r, key, family(of.Type))
		if !slices.Contains(to.ids, of.URN) && (len(to.ids) > 0 || to.doubt == "") {
			continue
		}
		mode := model.Block(r.get("internetGatewayExclusionMode").Str())
		if len(to.ids) != 1 || to.doubt != "" || mode != model.AllowEgress && mode != model.AllowBidirectional {
			return model.BlockUnknown
		}
		return mode
	}
	return ""
}

func (b *builder) subnets() {
	for _, r := range b.of(subnetFamilies...) {
		s := model.Subnet{ID: r.URN, Name: r.name(), VPC: b.vpcOf(r)}
		cidrs, doubt := prefixes(r.get("cidrBlock"))
		six, doubt6 := prefixes(r.before.Inputs().Get("ipv6CidrBlock"))
		s.CIDRs, s.Doubt = append(cidrs, six...), doubt+doubt6
		s.Exclusion = b.excluded("subnetId", r)
		b.net.Subnets = append(b.net.Subnets, s)
	}
	b.associations()
	for i := range b.net.Subnets {
		if s := &b.net.Subnets[i]; s.Table == "" || s.ACL == "" {
			s.Doubt = cmp.Or(s.Doubt, b.elsewhere(s.ID, "its route table or its network ACL"))
		}
	}
}

// elsewhere says what of a VPC or subnet may be elsewhere, where the program has not made it: it only reads it, or takes over AWS's own.
func (b *builder) elsewhere(urn, what string) string {
	if r := b.byURN[urn]; r != nil && (r.read || strings.HasPrefix(family(r.Type), "ec2/defaultVpc") || family(r.Type) == "ec2/defaultSubnet") {
		return what + " may be set outside the stack"
	}
	return ""
}

// associations give subnets the tables and ACLs that they are associated with.
func (b *builder) associations() {
	b.associate([]string{"ec2/routeTableAssociation"}, "routeTableId", tableFamilies, func(s *model.Subnet, id string) { s.Table = id })
	b.associate([]string{"ec2/networkAclAssociation"}, "networkAclId", aclFamilies, func(s *model.Subnet, id string) { s.ACL = id })
	for _, r := range b.of(aclFamilies...) {
		subnets := b.ref(r, "subnetIds", subnetFamilies...)
		for i := range b.net.Subnets {
			switch s := &b.net.Subnets[i]; {
			case subnets.doubt != "" && (len(subnets.ids) == 0 || slices.Contains(subnets.ids, s.ID)):
				s.Doubt = fmt.Sprintf("%s may concern it: %s", r.Name, later)
			case slices.Contains(subnets.ids, s.ID):
				s.ACL = b.aclID(r)
			}
		}
	}
}

func (b *builder) subnet(id string) *model.Subnet {
	i := slices.IndexFunc(b.net.Subnets, func(s model.Subnet) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &b.net.Subnets[i]
}

// associate gives subnets what association resources say; where it is not certain which, the subnet is doubtful.
func (b *builder) associate(associations []string, property string, families []string, set func(*model.Subnet, string)) {
	for _, r := range b.of(associations...) {
		subnets, to := b.ref(r, "subnetId", subnetFamilies...), b.ref(r, property, families...)
		if len(subnets.ids) == 0 && subnets.doubt != "" { // of any subnet
			for _, s := range b.net.Subnets {
				subnets.ids = append(subnets.ids, s.ID)
			}
		}
		for _, id := range subnets.ids {
			s := b.subnet(id)
			if s == nil {
				continue
			}
			if len(subnets.ids) > 1 || subnets.doubt != "" || len(to.ids) != 1 {
				s.Doubt = fmt.Sprintf("%s may concern it: %s", r.Name, later)
				continue
			}
			set(s, b.adopted(to.ids[0]))
		}
	}
}

// adopted is the id of a VPC's own table or ACL where a resource adopts it.
func (b *builder) adopted(urn string) string {
	r := b.byURN[urn]
	switch {
	case r == nil:
		return urn
	case family(r.Type) == "ec2/defaultRouteTable":
		return b.tableID(r)
	case family(r.Type) == "ec2/defaultNetworkAcl":
		return b.aclID(r)
	}
	return urn
}

// owned is what a VPC has by itself that a resource adopts by a property of the VPC.
func (b *builder) owned(r *resource, property string, of func(string) string) string {
	switch id := b.ref(r, property, vpcFamilies...).one(); {
	case id == "":
		return r.URN
	case b.byURN[id] != nil && strings.HasPrefix(family(b.byURN[id].Type), "ec2/vpc"):
		return of(id)
	case strings.Contains(id, "#"):
		return id
	}
	return r.URN
}

func (b *builder) aclID(r *resource) string {
	if family(r.Type) == "ec2/defaultNetworkAcl" {
		return b.owned(r, "defaultNetworkAclId", defaultACL)
	}
	return r.URN
}

func (b *builder) tableID(r *resource) string {
	if family(r.Type) == "ec2/defaultRouteTable" {
		return b.owned(r, "defaultRouteTableId", mainTable)
	}
	return r.URN
}
