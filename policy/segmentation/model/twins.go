// SPDX-License-Identifier: Apache-2.0

package model

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"
)

// twice is the doubt about what a source tells twice and not alike: nobody knows which holds.
const twice = "its source has it twice, and not alike"

// untwinned are the elements of a list by their ids, each once. Elements with one id that differ are joined, so that what either lets pass
// counts as possible and nothing as certain.
func untwinned[T any](list []T, id func(*T) *string, join func(a, b *T)) []T {
	at := make(map[string]int, len(list))
	for i := range list {
		at[*id(&list[i])] = i
	}
	if len(at) == len(list) {
		return list
	}
	clear(at)
	out := make([]T, 0, len(list))
	for i := range list {
		x := list[i]
		j, known := at[*id(&x)]
		switch {
		case !known || *id(&x) == "":
			at[*id(&x)] = len(out)
			out = append(out, x)
		case !alike(out[j], x):
			join(&out[j], &x)
		}
	}
	return out
}

// alike reports whether two elements differ in their names at most: who shares a VPC does not see its owner's tags.
func alike[T any](a, b T) bool {
	for _, x := range []*T{&a, &b} {
		reflect.ValueOf(x).Elem().FieldByName("Name").SetString("")
	}
	return reflect.DeepEqual(a, b)
}

// both are the elements of two lists, each once.
func both[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// either is what two elements agree on, or what an unknown one has.
func either[T comparable](a *T, b, unknown T) {
	if *a != b {
		*a = unknown
	}
}

// untwin joins what has one id.
func (n *Network) untwin() {
	n.VPCs = untwinned(n.VPCs, func(v *VPC) *string { return &v.ID }, func(a, b *VPC) {
		a.CIDRs, a.Doubt = both(a.CIDRs, b.CIDRs), twice
		either(&a.MainTable, b.MainTable, "")
		either(&a.DefaultACL, b.DefaultACL, "")
		either(&a.Block, b.Block, BlockUnknown)
	})
	n.Subnets = untwinned(n.Subnets, func(s *Subnet) *string { return &s.ID }, func(a, b *Subnet) {
		a.CIDRs, a.Doubt = both(a.CIDRs, b.CIDRs), twice
		either(&a.VPC, b.VPC, "")
		either(&a.Exclusion, b.Exclusion, BlockUnknown)
	})
	n.Interfaces = untwinned(n.Interfaces, func(f *Interface) *string { return &f.ID }, joinInterfaces)
	n.Groups = untwinned(n.Groups, func(g *Group) *string { return &g.ID }, func(a, b *Group) {
		a.Ingress, a.Egress = doubtfulRules(a.Ingress, b.Ingress), doubtfulRules(a.Egress, b.Egress)
	})
	n.ACLs = untwinned(n.ACLs, func(x *ACL) *string { return &x.ID }, func(a, _ *ACL) { a.Ingress, a.Egress, a.Doubt = nil, nil, twice })
	n.Tables = untwinned(n.Tables, func(t *Table) *string { return &t.ID }, func(a, _ *Table) { a.Doubt = twice })
	n.Gateways = untwinnedGateways(n.Gateways)
	n.NATs = untwinned(n.NATs, func(x *NAT) *string { return &x.ID }, func(a, b *NAT) { a.Down, a.Doubt, a.Public = a.Down && b.Down, twice, netip.Addr{} })
	n.Peerings = untwinned(n.Peerings, func(p *Peering) *string { return &p.ID }, func(a, b *Peering) {
		a.Active, a.References, a.Doubt = a.Active || b.Active, a.References || b.References, twice
	})
	n.Lists = untwinned(n.Lists, func(l *PrefixList) *string { return &l.ID }, func(a, b *PrefixList) { a.Entries, a.Doubt = both(a.Entries, b.Entries), twice })
	n.LoadBalancers = untwinned(n.LoadBalancers, func(l *LoadBalancer) *string { return &l.ID }, func(a, b *LoadBalancer) {
		a.Listeners, a.Doubt = slices.Concat(a.Listeners, b.Listeners), twice
	})
}

// untwinnedGateways are gateways of which those in several VPCs may be in each.
func untwinnedGateways(list []Gateway) []Gateway {
	first := make(map[string]int, len(list))
	out := slices.Clone(list)
	for i := range out {
		j, known := first[out[i].ID]
		if !known {
			first[out[i].ID] = i
		} else if !alike(list[i], list[j]) {
			out[i].Doubt, out[j].Doubt = twice, twice
		}
	}
	return out
}

func joinInterfaces(a, b *Interface) {
	a.Subnets, a.Groups, a.Doubt = both(a.Subnets, b.Subnets), both(a.Groups, b.Groups), twice
	a.Forwards, a.Many = a.Forwards || b.Forwards, a.Many || b.Many
	either(&a.Kind, b.Kind, Host)
	a.Owner = cmp.Or(a.Owner, b.Owner)
	a.Addresses = both(a.Addresses, b.Addresses)
}

// doubtfulRules are those of both lists, with a doubt.
func doubtfulRules(a, b []Rule) []Rule {
	out := both(a, b)
	for i := range out {
		out[i].Doubt = twice
	}
	return out
}
