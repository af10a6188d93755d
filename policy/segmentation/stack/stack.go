// SPDX-License-Identifier: Apache-2.0

// Package stack reads the resources of a Pulumi deployment as a network: those that a policy pack sees in a preview, a
// stack export, or the JSON of a preview. Resources are known by their URNs, before and after their ids exist. What a
// preview does not know yet becomes a doubt; what could carry packets and has no place in the model becomes unmodelled.
package stack

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// resource is one resource by its inputs and by its state.
type resource struct {
	*pack.Resource // state, and dependencies
	before         *pack.Resource
	read           bool // the program only reads it: what belongs to it may be elsewhere
}

// set reports whether there is a value: a provider writes an empty text into the state where nothing is set.
func set(v pack.Value) bool {
	s, known := v.Text()
	return v.Exists() && (!known || s != "")
}

// get is a property: the input if it is known, else the state's.
func (r *resource) get(path string) pack.Value {
	in, out := r.before.Inputs().Get(path), r.Outputs().Get(path)
	if !set(out) {
		return in
	}
	switch {
	case in.Exists() && !in.IsUnknown():
		return in
	case out.Exists() && !out.IsUnknown():
		return out
	case in.IsUnknown():
		return in
	}
	return out
}

// told is a property, and nothing where the program leaves it out and a preview does not know what the provider will read back there.
func (r *resource) told(path string) pack.Value {
	at, in := r.get(path), r.before.Inputs().Get(path)
	if at.IsUnknown() && !in.Exists() {
		return in
	}
	return at
}

// blank says of what a program only reads that a preview could not read it yet.
func (r *resource) blank() string {
	if r.read && bare(r.Outputs()) {
		return r.Name + " is " + later
	}
	return ""
}

// name is what a reader calls the resource.
func (r *resource) name() string {
	if s, ok := r.get("tags.Name").Text(); ok {
		return s
	}
	return r.Name
}

type builder struct {
	net    model.Network
	all    []*resource
	byURN  map[string]*resource
	byType map[string][]*resource
	// ids are the URNs of what AWS's ids, ARNs and names mean, by family and by id, as in "ec2/vpc vpc-1". What a VPC
	// has by itself has no family. Names may mean several: they are unique in a region only.
	ids map[string][]string
}

// Of is the network of an export or a preview; services is that of [Network].
func Of(d *export.Deployment, services map[string]string) *model.Network {
	return Network(d.Inputs, d.Stack, services)
}

// Network is that of resources by their inputs and by their state, which the same list may hold. Services names the
// services of AWS's prefix lists whose ids a program looked up, such as "com.amazonaws.eu-central-1.s3" by "pl-6ea54007":
// a preview does not tell.
func Network(before, after []*pack.Resource, services map[string]string) *model.Network {
	b := &builder{byURN: map[string]*resource{}, byType: map[string][]*resource{}, ids: map[string][]string{}}
	inputs := map[string]*pack.Resource{}
	for _, r := range before {
		inputs[r.URN] = r
	}
	for _, r := range after {
		x := &resource{Resource: r, before: inputs[r.URN]}
		x.read = x.before == nil || x.before == r && !r.Declared()
		if x.before == nil || bare(x.before.Inputs()) { // what a program only reads has no inputs
			x.before = r
		}
		b.all = append(b.all, x)
		b.byURN[r.URN] = x
		b.byType[family(r.Type)] = append(b.byType[family(r.Type)], x)
		for _, key := range []string{"id", "arn", "name", "identifier"} {
			if s, ok := x.get(key).Text(); ok && s != "" {
				b.call(family(r.Type)+" "+s, r.URN)
			}
		}
		if s := x.Outputs().Get("primaryNetworkInterfaceId").Str(); s != "" {
			b.call(interfaceFamily+" "+s, r.URN)
		}
	}
	b.services(services)
	b.vpcs()
	b.subnets()
	b.groups()
	b.acls()
	b.tables()
	b.gateways()
	b.interfaces()
	b.balancers()
	b.carriers()
	b.foreign()
	return &b.net
}

// partly reports whether a list, or an element of it, is not known.
func partly(at pack.Value) bool {
	if at.IsUnknown() {
		return true
	}
	for item := range at.Items() {
		if item.IsUnknown() {
			return true
		}
	}
	return false
}

// bare reports whether there are no properties.
func bare(v pack.Value) bool {
	for range v.Fields() {
		return false
	}
	return true
}

// family is the part of a token that says what a resource is, such as "ec2/vpc"; load balancers have two modules.
func family(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 || parts[0] != "aws" {
		return token
	}
	f := strings.Replace(parts[1], "alb/", "lb/", 1)
	return strings.Replace(f, "applicationloadbalancing/", "lb/", 1)
}

// of are the resources of families, in the order of the deployment.
func (b *builder) of(families ...string) []*resource {
	var out []*resource
	for _, f := range families {
		out = append(out, b.byType[f]...)
	}
	return out
}

// found are the resources that a property points at, and why that may be wrong.
type found struct {
	ids   []string
	doubt string
	short bool // there may be others
}

// one is the only id, or the empty one.
func (f found) one() string {
	if len(f.ids) == 1 {
		return f.ids[0]
	}
	return ""
}

// and is both.
func (f found) and(g found) found {
	return found{append(f.ids, g.ids...), cmp.Or(f.doubt, g.doubt), f.short || g.short}
}

const later = "known after the deployment"

// refer finds what a property points at. Ids that are known are those of the stack's resources or of strangers. For
// those that are not, the engine tells of what the property is computed: as many resources of the right kinds as there
// are unknown ids are the ones, in whatever order; otherwise each may be, which is a doubt.
func (b *builder) refer(r *resource, path string, at pack.Value, families ...string) found {
	return b.referAll(r, path, slices.Collect(at.Items()), families...)
}

// referAll is refer of several values of one property.
func (b *builder) referAll(r *resource, path string, items []pack.Value, families ...string) found {
	var out found
	unknown := 0
	for _, item := range items {
		switch s, ok := item.Text(); {
		case item.IsUnknown():
			unknown++
		case ok && s != "":
			meant := b.meant(r, s, families)
			if out.ids = append(out.ids, meant...); len(meant) > 1 {
				out.doubt = "several are called " + s
			}
		}
	}
	if unknown == 0 {
		return out
	}
	root, _, _ := strings.Cut(path, ".")
	candidates := b.computedFrom(r.PropertyDependencies[root], out.ids, families)
	if out.ids = append(out.ids, candidates...); len(candidates) != unknown {
		out.doubt, out.short = path+" is "+later, len(candidates) < unknown
	}
	return out
}

// call says what an id means.
func (b *builder) call(id, urn string) {
	if !slices.Contains(b.ids[id], urn) {
		b.ids[id] = append(b.ids[id], urn)
	}
}

// meant are the URNs of what an id of one of the families means to a resource, or the id of a stranger. Of several, it means those of its
// own provider and region.
func (b *builder) meant(r *resource, id string, families []string) []string {
	for _, f := range append(slices.Clone(families), "") {
		urns := b.ids[f+" "+id]
		if len(urns) > 1 {
			urns = slices.DeleteFunc(slices.Clone(urns), func(urn string) bool {
				x := b.byURN[urn]
				return x != nil && (x.ProviderURN != r.ProviderURN || x.get("region").Str() != r.get("region").Str())
			})
		}
		if len(urns) > 0 {
			return urns
		}
	}
	return []string{id}
}

// computedFrom are the resources of some families among URNs, but for those that are known by their ids.
func (b *builder) computedFrom(urns, known, families []string) []string {
	var out []string
	for _, urn := range urns {
		x := b.byURN[urn]
		if x == nil || !slices.Contains(families, family(x.Type)) || slices.Contains(known, urn) || slices.Contains(out, urn) {
			continue
		}
		out = append(out, urn)
	}
	return out
}

// placesOf are the subnets that a property may mean. An interface is in one of them, so more than one is no doubt, if that is all.
func (b *builder) placesOf(r *resource, path string, at pack.Value, families ...string) found {
	f := b.refer(r, path, at, families...)
	if !f.short {
		f.doubt = ""
	}
	return f
}

// ref is refer of a whole property. One that the program leaves out and a preview does not know names nothing: the provider will read back
// there what other resources say.
func (b *builder) ref(r *resource, path string, families ...string) found {
	return b.refer(r, path, r.told(path), families...)
}

// prefixes are the CIDRs of a value, and whether there are others that are not known.
func prefixes(at pack.Value) (out []netip.Prefix, doubt string) {
	for item := range at.Items() {
		s, ok := item.Text()
		if !ok {
			doubt = item.Path() + " is " + later
			continue
		}
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			doubt = fmt.Sprintf("%s: %q is no CIDR", item.Path(), s)
			continue
		}
		out = append(out, p.Masked())
	}
	return out, doubt
}

// certain is whether a value is true, where it may be unknown.
func certain(at pack.Value, absent model.Certainty) model.Certainty {
	if at.IsUnknown() {
		return model.Maybe
	}
	if !at.Exists() {
		return absent
	}
	if yes, _ := at.Bool(); yes {
		return model.Yes
	}
	return model.No
}

// The ids of what a VPC has by itself.
func defaultGroup(vpc string) string { return vpc + "#default-security-group" }
func defaultACL(vpc string) string   { return vpc + "#default-network-acl" }
func mainTable(vpc string) string    { return vpc + "#main-route-table" }

func (b *builder) vpcs() {
	mode := model.BlockOff
	for _, r := range b.of("vpc/blockPublicAccessOptions", "ec2/vpcBlockPublicAccessOptions") {
		mode = model.Mode(r.get("internetGatewayBlockMode").Str())
	}
	for _, r := range b.of("ec2/vpc", "ec2/defaultVpc") {
		v := model.VPC{ID: r.URN, Name: r.name(), MainTable: mainTable(r.URN), DefaultACL: defaultACL(r.URN), Block: mode}
		if x := b.excluded("vpcId", r); x != "" && mode != model.BlockOff {
			v.Block = x
		}
		cidrs, doubt := prefixes(r.get("cidrBlock"))
		six, doubt6 := prefixes(r.get("ipv6CidrBlock"))
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
	for _, r := range b.of("ec2/vpcIpv4CidrBlockAssociation", "ec2/vpcIpv6CidrBlockAssociation") {
		for i := range b.net.VPCs {
			v := &b.net.VPCs[i]
			if !slices.Contains(b.ref(r, "vpcId", "ec2/vpc", "ec2/defaultVpc").ids, v.ID) {
				continue
			}
			for _, key := range []string{"cidrBlock", "ipv6CidrBlock"} {
				cidrs, doubt := prefixes(r.get(key))
				v.CIDRs, v.Doubt = append(v.CIDRs, cidrs...), v.Doubt+doubt
			}
		}
	}
}

// vpcOf is the VPC that a resource names.
func (b *builder) vpcOf(r *resource) string {
	return b.ref(r, "vpcId", "ec2/vpc", "ec2/defaultVpc").one()
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
	for _, r := range b.of("ec2/subnet", "ec2/defaultSubnet") {
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
	b.associate([]string{"ec2/routeTableAssociation"}, "routeTableId", []string{"ec2/routeTable", "ec2/defaultRouteTable"}, func(s *model.Subnet, id string) { s.Table = id })
	b.associate([]string{"ec2/networkAclAssociation"}, "networkAclId", []string{"ec2/networkAcl", "ec2/defaultNetworkAcl"}, func(s *model.Subnet, id string) { s.ACL = id })
	for _, r := range b.of("ec2/networkAcl", "ec2/defaultNetworkAcl") {
		subnets := b.ref(r, "subnetIds", "ec2/subnet", "ec2/defaultSubnet")
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
		subnets, to := b.ref(r, "subnetId", "ec2/subnet", "ec2/defaultSubnet"), b.ref(r, property, families...)
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
	switch id := b.ref(r, property, "ec2/vpc", "ec2/defaultVpc").one(); {
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

// protocolOf reads a protocol; one that is not known may be any.
func protocolOf(at pack.Value) (int, string) {
	s, ok := at.Text()
	if !ok {
		return model.Any, at.Path() + " is " + later
	}
	n, err := flow.Protocol(s)
	if err != nil {
		return model.Any, err.Error()
	}
	return n, ""
}

// numbers are a rule's ports or ICMP type and code; absent ones are any.
func numbers(at pack.Value, names ...string) (out [2]int, doubt string) {
	for i, name := range names {
		v := at.Get(name)
		n, ok := v.Number()
		switch {
		case ok:
			out[i] = int(n)
		case v.IsUnknown():
			return [2]int{model.Any, model.Any}, name + " is " + later
		default:
			out[i] = model.Any
		}
	}
	return out, ""
}
