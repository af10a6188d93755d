// SPDX-License-Identifier: Apache-2.0

package scenes

import (
	"fmt"
	"net/netip"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// Large is a network of VPCs alike, for measuring: each has three tiers of subnets, and services whose groups name the
// groups before them, as segmented networks do.
func Large(vpcs, endpoints, groups, rules int) *model.Network {
	n := &model.Network{}
	perVPC, groupsPerVPC := endpoints/vpcs, groups/vpcs
	perGroup := max(1, rules/groups/2)
	for v := range vpcs {
		id := func(kind string, i int) string { return fmt.Sprintf("%s-%d-%d", kind, v, i) }
		base := [4]byte{10, byte(v), 0, 0} //nolint:gosec // at most 200
		vpc := model.VPC{ID: id("vpc", 0), CIDRs: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4(base), 16)}, MainTable: id("rt", 2), DefaultACL: id("acl", 0)}
		n.VPCs = append(n.VPCs, vpc)
		n.Gateways = append(n.Gateways, model.Gateway{ID: id("igw", 0), VPC: vpc.ID})
		n.NATs = append(n.NATs, model.NAT{ID: id("nat", 0), VPC: vpc.ID, Subnet: id("subnet", 0), Public: netip.AddrFrom4([4]byte{52, 0, 0, byte(v)})}) //nolint:gosec // at most 200
		for t := range 3 {
			table := model.Table{ID: id("rt", t), VPC: vpc.ID}
			if t < 2 {
				table.Routes = []model.Route{{CIDR: Prefix("0.0.0.0/0"), Target: []model.Target{model.InternetGateway, model.NATGateway}[t], To: []string{id("igw", 0), id("nat", 0)}[t]}}
			}
			n.Tables = append(n.Tables, table)
			n.ACLs = append(n.ACLs, model.ACL{ID: id("acl", t), VPC: vpc.ID, Ingress: []model.Entry{Deny(1, 6, 23, 23, "0.0.0.0/0"), Allow(2, -1, 0, 0, "0.0.0.0/0")}, Egress: []model.Entry{Allow(1, -1, 0, 0, "0.0.0.0/0")}})
			cidr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(v), byte(t * 64), 0}), 18) //nolint:gosec // at most 200
			n.Subnets = append(n.Subnets, model.Subnet{ID: id("subnet", t), VPC: vpc.ID, CIDRs: []netip.Prefix{cidr}, Table: table.ID, ACL: id("acl", t)})
		}
		for g := range groupsPerVPC {
			x := model.Group{ID: id("sg", g), VPC: vpc.ID}
			for r := range perGroup {
				x.Ingress = append(x.Ingress, TCP(8000+r, id("sg", max(0, g-1-r))))
				x.Egress = append(x.Egress, TCP(8000+r, id("sg", min(groupsPerVPC-1, g+1+r))))
			}
			if g == 0 {
				x.Ingress = append(x.Ingress, TCP(443, "0.0.0.0/0"))
			}
			n.Groups = append(n.Groups, x)
		}
		for i := range perVPC {
			g := i % groupsPerVPC
			t := min(2, g*3/groupsPerVPC)
			a := model.Address{IP: netip.AddrFrom4([4]byte{10, byte(v), byte(t*64 + (i/250)%64), byte(i%250 + 4)})} //nolint:gosec // within the subnet
			if g == 0 {
				a.HasPublic = model.Yes
			}
			n.Interfaces = append(n.Interfaces, model.Interface{ID: id("eni", i), Kind: model.Host, Subnets: []string{id("subnet", t)}, Addresses: []model.Address{a}, Groups: []string{id("sg", g)}})
		}
	}
	return n
}
