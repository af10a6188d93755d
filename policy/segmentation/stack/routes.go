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

// targets are the properties of a route that say where it leads, the families that they name, and what that is.
var targets = []struct {
	key      string
	families []string
	target   model.Target
}{
	{"natGatewayId", []string{"ec2/natGateway"}, model.NATGateway},
	{"egressOnlyGatewayId", []string{"ec2/egressOnlyInternetGateway"}, model.EgressOnly},
	{"vpcPeeringConnectionId", []string{"ec2/vpcPeeringConnection", "ec2/vpcPeeringConnectionAccepter"}, model.PeeringLink},
	{"gatewayId", []string{"ec2/internetGateway"}, model.InternetGateway},
}

var tableFamilies = []string{"ec2/routeTable", "ec2/defaultRouteTable"}

func (b *builder) tables() {
	for _, v := range b.net.VPCs {
		b.net.Tables = append(b.net.Tables, model.Table{ID: v.MainTable, Name: "the main table of " + v.Name, VPC: v.ID, Doubt: b.elsewhere(v.ID, "the routes of its main table")})
	}
	for _, r := range b.of(tableFamilies...) {
		t := model.Table{ID: b.tableID(r), Name: r.name(), VPC: b.vpcOf(r), Doubt: r.blank()}
		if vpc, _, own := strings.Cut(t.ID, "#"); own {
			t.VPC = vpc
		}
		at := r.before.Inputs().Get("routes")
		if partly(at) {
			t.Doubt = "routes is " + later
		}
		for item := range at.Items() {
			if !item.IsUnknown() {
				b.route(&t, r, "routes.", item.Get, "cidrBlock", "ipv6CidrBlock")
			}
		}
		if r.before.Inputs().Get("propagatingVgws").Len() > 0 {
			t.Doubt = "a virtual private gateway propagates routes to it"
		}
		for i := range b.net.Tables {
			if x := &b.net.Tables[i]; t.ID == r.URN && family(r.Type) == "ec2/defaultRouteTable" && strings.Contains(x.ID, "#") {
				x.Doubt = r.Name + " may adopt it"
			}
		}
		if i := slices.IndexFunc(b.net.Tables, func(x model.Table) bool { return x.ID == t.ID }); i >= 0 {
			b.net.Tables[i] = t
		} else {
			b.net.Tables = append(b.net.Tables, t)
		}
	}
	b.separate()
	b.endpointRoutes()
}

// separate adds what resources beside the tables say: routes, propagation, and which table is a VPC's main one.
func (b *builder) separate() {
	for _, r := range b.of("ec2/route") {
		b.inTables(r, func(t *model.Table) { b.route(t, r, "", r.get, "destinationCidrBlock", "destinationIpv6CidrBlock") })
	}
	for _, r := range b.of("ec2/vpnGatewayRoutePropagation", "vpc/routeServerPropagation") {
		b.inTables(r, func(t *model.Table) { t.Doubt = r.Name + " propagates routes to it" })
	}
	for _, r := range b.of("ec2/mainRouteTableAssociation") {
		to, vpc := b.ref(r, "routeTableId", "ec2/routeTable").one(), b.vpcOf(r)
		for i := range b.net.VPCs {
			switch v := &b.net.VPCs[i]; vpc {
			case v.ID:
				v.MainTable = to
			case "":
				v.MainTable = "" // it may be any
			}
		}
	}
	for _, r := range b.of("ec2/routeTableAssociation") {
		if set(r.get("gatewayId")) {
			b.net.Unmodelled = append(b.net.Unmodelled, model.Unmodelled{ID: r.URN, What: "a route table of a gateway"})
		}
	}
}

// inTables does something to the tables that a resource's routeTableId means.
func (b *builder) inTables(r *resource, do func(*model.Table)) {
	to := b.ref(r, "routeTableId", tableFamilies...)
	for i := range b.net.Tables {
		t := &b.net.Tables[i]
		switch named := slices.ContainsFunc(to.ids, func(id string) bool { return b.adopted(id) == t.ID }); {
		case len(to.ids) == 0 || named && len(to.ids) > 1:
			t.Doubt = r.Name + " may belong to it"
		case named:
			do(t)
		}
	}
}

// route adds a route to a table.
func (b *builder) route(t *model.Table, r *resource, prefix string, get func(string) pack.Value, four, six string) {
	x := model.Route{Target: model.Other}
	for _, key := range []string{four, six} {
		cidrs, doubt := prefixes(get(key))
		if len(cidrs) == 1 {
			x.CIDR = cidrs[0]
		}
		if doubt != "" {
			t.Doubt = cmp.Or(t.Doubt, doubt)
		}
	}
	list := "destinationPrefixListId"
	if get(list).Exists() {
		if x.List = b.refer(r, prefix+list, get(list), "ec2/managedPrefixList").one(); x.List == "" {
			t.Doubt = cmp.Or(t.Doubt, list+" is "+later)
		}
	}
	for _, kind := range targets {
		at := get(kind.key)
		if !set(at) {
			continue
		}
		if at.Str() == "local" {
			x.Target = model.Local
			break
		}
		f := b.refer(r, prefix+kind.key, at, kind.families...)
		if id := f.one(); id != "" && b.byURN[id] != nil && slices.Contains(kind.families, family(b.byURN[id].Type)) {
			x.Target, x.To = kind.target, id
		} else if at.Str() != "" {
			x.To = at.Str()
		}
		break
	}
	if x.CIDR.IsValid() || x.List != "" {
		t.Routes = append(t.Routes, x)
	}
}

// listID is the id of a prefix list: that of AWS's list for a gateway endpoint is the endpoint's service.
func (b *builder) listID(id string) string {
	if r := b.byURN[id]; r != nil && family(r.Type) == "ec2/vpcEndpoint" {
		return cmp.Or(r.get("serviceName").Str(), id)
	}
	return id
}

// services makes the lists of AWS known by their ids: as the caller names them, and as gateway endpoints do.
func (b *builder) services(named map[string]string) {
	for id, name := range named {
		b.call(" "+id, name)
		b.service(name)
	}
	for _, r := range b.of("ec2/vpcEndpoint") {
		if s, ok := r.get("prefixListId").Text(); ok && s != "" {
			b.call(" "+s, b.listID(r.URN))
		}
	}
}

func (b *builder) service(name string) {
	if !slices.ContainsFunc(b.net.Lists, func(l model.PrefixList) bool { return l.ID == name }) {
		b.net.Lists = append(b.net.Lists, model.PrefixList{ID: name, Name: name, Service: true, Doubt: "its entries are not known"})
	}
}

// endpointRoutes are the routes that gateway endpoints put into tables.
func (b *builder) endpointRoutes() {
	gateways := map[string]*resource{}
	for _, r := range b.of("ec2/vpcEndpoint") {
		if kind := r.get("vpcEndpointType").Str(); kind != "Gateway" && kind != "" {
			continue
		}
		gateways[r.URN] = r
		service := b.listID(r.URN)
		b.service(service)
		b.routed(r, b.ref(r, "routeTableIds", tableFamilies...), service)
	}
	for _, r := range b.of("ec2/vpcEndpointRouteTableAssociation") {
		e := b.ref(r, "vpcEndpointId", "ec2/vpcEndpoint")
		if id := e.one(); gateways[id] != nil && e.doubt == "" {
			b.routed(gateways[id], b.ref(r, "routeTableId", tableFamilies...), b.listID(id))
			continue
		}
		b.inTables(r, func(t *model.Table) { t.Doubt = r.Name + " has a route in it" })
	}
}

func (b *builder) routed(e *resource, tables found, service string) {
	for i := range b.net.Tables {
		t := &b.net.Tables[i]
		switch named := slices.ContainsFunc(tables.ids, func(id string) bool { return b.adopted(id) == t.ID }); {
		case tables.short, named && tables.doubt != "":
			t.Doubt = cmp.Or(t.Doubt, e.Name+" may have a route in it: "+tables.doubt)
		case named:
			t.Routes = append(t.Routes, model.Route{List: service, Target: model.GatewayEndpoint, To: e.URN})
		}
	}
}

var vpcFamilies = []string{"ec2/vpc", "ec2/defaultVpc"}

func (b *builder) gateways() {
	for _, r := range b.of("ec2/internetGateway", "ec2/egressOnlyInternetGateway") {
		vpc := b.attachedTo(r)
		for _, id := range append(vpc.ids, "")[:max(1, len(vpc.ids))] {
			g := model.Gateway{ID: r.URN, Name: r.name(), VPC: id, EgressOnly: family(r.Type) == "ec2/egressOnlyInternetGateway", Doubt: vpc.doubt}
			if len(vpc.ids) > 1 {
				g.Doubt = "vpcId is " + later
			}
			b.net.Gateways = append(b.net.Gateways, g)
		}
	}
	b.nats()
	b.peerings()
}

// attachedTo are the VPCs that an internet gateway is attached to, or may be.
func (b *builder) attachedTo(r *resource) found {
	vpc := b.ref(r, "vpcId", vpcFamilies...)
	for _, a := range b.of("ec2/internetGatewayAttachment") {
		switch to := b.ref(a, "internetGatewayId", "ec2/internetGateway"); {
		case slices.Contains(to.ids, r.URN):
			vpc = b.ref(a, "vpcId", vpcFamilies...)
		case len(to.ids) == 0 && to.doubt != "":
			vpc = b.ref(a, "vpcId", vpcFamilies...)
			vpc.doubt = cmp.Or(vpc.doubt, to.doubt)
		}
	}
	if len(vpc.ids) == 0 && vpc.doubt != "" { // of any VPC
		for _, v := range b.net.VPCs {
			vpc.ids = append(vpc.ids, v.ID)
		}
	}
	return vpc
}

func (b *builder) nats() {
	for _, r := range b.of("ec2/natGateway") {
		subnet := b.ref(r, "subnetId", subnetFamilies...)
		x := model.NAT{ID: r.URN, Name: r.name(), Subnet: subnet.one(), Private: r.get("connectivityType").Str() == "private", Doubt: subnet.doubt}
		if r.told("connectivityType").IsUnknown() {
			x.Doubt = cmp.Or(x.Doubt, "connectivityType is "+later)
		}
		if s := b.subnet(x.Subnet); s != nil {
			x.VPC = s.VPC
		} else {
			x.Subnet, x.Doubt = "", "its subnet is not known"
		}
		if x.VPC = cmp.Or(x.VPC, b.vpcOf(r)); x.VPC == "" {
			b.astray(r.URN)
			continue
		}
		for _, id := range append([]string{r.URN}, b.ref(r, "allocationId", "ec2/eip").ids...) {
			if e := b.byURN[id]; e != nil && !x.Public.IsValid() {
				x.Public, _ = netip.ParseAddr(e.get("publicIp").Str())
			}
		}
		b.net.NATs = append(b.net.NATs, x)
	}
}

func (b *builder) peerings() {
	for _, r := range b.of("ec2/vpcPeeringConnection") {
		p := model.Peering{ID: r.URN, Name: r.name(), A: b.vpcOf(r), B: b.ref(r, "peerVpcId", vpcFamilies...).one(), Active: true, References: true}
		if other := r.get("peerRegion"); set(other) {
			switch own := b.regionOf(p.A); {
			case own == "" || other.IsUnknown():
				p.Doubt = "its regions may differ"
			default:
				p.References = own == other.Str()
			}
		}
		accepted, _ := r.get("autoAccept").Bool()
		for _, x := range b.of("ec2/vpcPeeringConnectionAccepter") {
			yes, _ := x.get("autoAccept").Bool()
			accepted = accepted || yes && b.ref(x, "vpcPeeringConnectionId", "ec2/vpcPeeringConnection").one() == r.URN
		}
		if !accepted && r.get("acceptStatus").Str() != "active" {
			p.Doubt = cmp.Or(p.Doubt, "nothing in the stack accepts it")
		}
		b.net.Peerings = append(b.net.Peerings, p)
	}
}

// astray makes routes to what cannot be placed lead nobody knows where.
func (b *builder) astray(id string) {
	for i := range b.net.Tables {
		for j := range b.net.Tables[i].Routes {
			if r := &b.net.Tables[i].Routes[j]; r.To == id {
				r.Target = model.Other
			}
		}
	}
}

// regionOf is the region of a resource, if it is known.
func (b *builder) regionOf(urn string) string {
	r := b.byURN[urn]
	if r == nil {
		return ""
	}
	if parts := strings.Split(r.get("arn").Str(), ":"); len(parts) > 4 {
		return parts[3]
	}
	return r.get("region").Str()
}

// foreign adds the prefix lists of the stack.
func (b *builder) foreign() {
	for _, r := range b.of("ec2/managedPrefixList") {
		l := model.PrefixList{ID: r.URN, Name: r.name()}
		for item := range r.get("entries").Items() {
			cidrs, doubt := prefixes(item.Get("cidr"))
			l.Entries, l.Doubt = append(l.Entries, cidrs...), cmp.Or(l.Doubt, doubt)
		}
		for _, e := range b.of("ec2/managedPrefixListEntry") {
			switch to := b.ref(e, "prefixListId", "ec2/managedPrefixList"); {
			case len(to.ids) == 0 && to.doubt != "":
				l.Doubt = cmp.Or(l.Doubt, to.doubt)
			case slices.Contains(to.ids, r.URN):
				cidrs, doubt := prefixes(e.get("cidr"))
				l.Entries, l.Doubt = append(l.Entries, cidrs...), cmp.Or(l.Doubt, doubt, to.doubt)
			}
		}
		b.net.Lists = append(b.net.Lists, l)
	}
}
