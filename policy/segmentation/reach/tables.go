// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
)

// hop is what a route table says of a stretch of addresses: the routes one of which is taken.
type hop struct {
	lo, hi netip.Addr
	routes []*model.Route
}

type tableFilter struct {
	hops     []hop
	services map[string][]*model.Route
	open     bool
}

var noRoute = &model.Route{Target: model.Blackhole, Doubt: "there is no route"}

type prefixRoute struct {
	prefix netip.Prefix
	route  *model.Route
}

// precedence orders routes: the longest prefix, then static before prefix list before propagated.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html.
func precedence(a, b prefixRoute) int {
	rank := func(r prefixRoute) int {
		switch {
		case r.route.Propagated:
			return 2
		case r.route.List != "":
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(b.prefix.Bits(), a.prefix.Bits()), cmp.Compare(rank(a), rank(b)))
}

func (n *index) tableFilter(t *model.Table, vpc *model.VPC) *tableFilter {
	f := &tableFilter{open: t.Doubt != "", services: map[string][]*model.Route{}}
	var all []prefixRoute
	for _, c := range vpc.CIDRs {
		if !slices.ContainsFunc(t.Routes, func(r model.Route) bool { return r.CIDR == c }) {
			all = append(all, prefixRoute{c, &model.Route{CIDR: c, Target: model.Local}})
		}
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		l := n.lists[r.List]
		switch {
		case r.CIDR.IsValid():
			all = append(all, prefixRoute{r.CIDR.Masked(), r})
		case l != nil && l.Service:
			f.services[r.List] = append(f.services[r.List], r)
		case l != nil && l.Doubt == "":
			for _, p := range l.Entries {
				all = append(all, prefixRoute{p.Masked(), r})
			}
		default:
			f.open = true
		}
	}
	slices.SortStableFunc(all, precedence)
	cuts := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, r := range all {
		lo, hi := flow.Ends(r.prefix)
		if cuts = append(cuts, lo); hi.Next().IsValid() {
			cuts = append(cuts, hi.Next())
		}
	}
	slices.SortFunc(cuts, netip.Addr.Compare)
	cuts = slices.Compact(cuts)
	for i, lo := range cuts {
		hi := flow.Anywhere[0].Hi
		switch {
		case i+1 == len(cuts):
			hi = flow.Anywhere[1].Hi
		case cuts[i+1] != netip.IPv6Unspecified():
			hi = cuts[i+1].Prev()
		}
		f.hops = append(f.hops, hop{lo, hi, candidates(all, lo)})
	}
	return f
}

// candidates are the routes one of which serves an address: those that no certain route comes before.
func candidates(all []prefixRoute, at netip.Addr) []*model.Route {
	var out []*model.Route
	var certain *prefixRoute
	for i, r := range all {
		if certain != nil && precedence(*certain, r) != 0 {
			break
		}
		if r.prefix.Contains(at) {
			out = append(out, r.route)
			if r.route.Doubt == "" {
				certain = &all[i]
			}
		}
	}
	if certain == nil {
		out = append(out, noRoute)
	}
	return out
}

// lead are the addresses that the table sends where want says; at Open also those that it sends where nobody knows.
func (f *tableFilter) lead(b Bound, want func(*model.Route) bool, service string) flow.Addrs {
	if f.open {
		if b == Open {
			return flow.Anywhere
		}
		if b == Must {
			return nil
		}
	}
	fits := func(routes []*model.Route) bool {
		match := func(r *model.Route) bool { return want(r) || b == Open && r.Target == model.Other }
		if b == Must {
			return !slices.ContainsFunc(routes, func(r *model.Route) bool { return !match(r) })
		}
		return slices.ContainsFunc(routes, match)
	}
	if own := f.services[service]; len(own) > 0 {
		if fits(own) {
			return flow.Anywhere
		}
		if !slices.ContainsFunc(own, func(r *model.Route) bool { return r.Doubt == "" }) && b > Must {
			return f.addresses(fits)
		}
		return nil
	}
	return f.addresses(fits)
}

func (f *tableFilter) addresses(fits func([]*model.Route) bool) flow.Addrs {
	var out flow.Addrs
	for _, h := range f.hops {
		if fits(h.routes) {
			out = out.Or(flow.Addrs{{Lo: h.lo, Hi: h.hi, V: true}})
		}
	}
	return out
}
