// SPDX-License-Identifier: Apache-2.0

package vpc

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/route"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

func routing() []*pack.Control {
	return []*pack.Control{
		{
			ID: "route-private-tier", Title: "Private tiers have no route to the internet gateway", Severity: pack.Critical,
			Types: []string{aws.Subnet}, Joins: route.Types, Stack: true,
			Why: "A route to an internet gateway is what makes a subnet public, whatever it is called.",
			Fix: "Route 0.0.0.0/0 of private subnets to a NAT gateway, or nowhere.",
			Settings: []pack.Setting{want.Words("privateWords",
				"Words in a subnet's name or Name tag that mark it as private; app, data, db and database do where other subnets are named public.",
				"private", "data", "app", "database", "db", "internal", "isolated")},
			Maps: standard.Meets(standard.Segments), Check: privateTier,
		},
		{
			ID: "route-peering-narrow", Title: "Peering routes are narrow", Severity: pack.Medium,
			Types: append([]string{aws.Route}, aws.RouteTables...),
			Why:   "A route for a wide range sends traffic for other networks into the peer's.",
			Fix:   "Route only the peer's subnets.", Maps: standard.Meets("CIS:5.6", standard.Segments), Check: func(k *pack.Case) {
				wide := func(v pack.Value) pack.Fact {
					return v.Matches(func(s string) bool { return strings.HasSuffix(s, "/0") || tooWide(s) })
				}
				k.Forbid(k.Get("vpcPeeringConnectionId").IsSet().And(wide(k.Get("destinationCidrBlock")).Or(wide(k.Get("destinationIpv6CidrBlock")))),
					"the route to the peer is for %s", k.Get("destinationCidrBlock"))
				for v := range k.Get("routes").Items() {
					k.Forbid(v.Get("vpcPeeringConnectionId").IsSet().And(wide(v.Get("cidrBlock")).Or(wide(v.Get("ipv6CidrBlock")))), "%s is wide",
						v.Path())
				}
			},
		},
		{
			ID: "nacl-default-closed", Title: "The default network ACL lets nothing in", Severity: pack.Medium,
			Types: []string{aws.DefaultNetworkACL},
			Why:   "A subnet that nobody gave an ACL gets the default one.", Fix: "Manage the DefaultNetworkAcl without ingress and egress entries.",
			Maps: standard.Meets(standard.Segments), Check: func(k *pack.Case) { k.Forbid(k.Get("ingress").IsSet()) },
		},
		{
			ID: "route-default-table-empty", Title: "The default route table has no routes", Severity: pack.Medium,
			Types: []string{aws.DefaultRouteTable},
			Why:   "A subnet that nobody gave a route table gets the default one.",
			Fix:   "Manage the DefaultRouteTable with an empty list of routes.",
			Maps:  standard.Meets(standard.Segments), Check: func(k *pack.Case) { k.Forbid(k.Get("routes").IsSet()) },
		},
		{
			ID: "nat-per-zone-public", Title: "NAT gateways stand in public subnets", Severity: pack.Medium, Concern: pack.Operations,
			Types: []string{aws.NATGateway}, Joins: route.Types, Stack: true,
			Why:  "A NAT gateway in a private subnet has no way out, and everything behind it is cut off.",
			Fix:  "Put it into a subnet with a route to the internet gateway.",
			Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) {
				if k.Get("connectivityType").Str() == "private" {
					k.Skip("the NAT gateway is private")
					return
				}
				subnet, found := k.Stack.Target(k.Resource, "subnetId", k.Get("subnetId"), aws.Subnet)
				switch {
				case subnet != nil:
					answer := route.ToInternet(k.Stack, subnet).Or(want.Unknown(k.Get("connectivityType")))
					k.Require(answer, "subnet %q has no route to an internet gateway", subnet.Name)
				case found.Is == pack.Deferred:
					k.Defer(k.Get("subnetId"))
				}
			},
		},
	}
}

// tooWide reports whether a range is shorter than a /8.
func tooWide(cidr string) bool {
	_, bits, ok := strings.Cut(cidr, "/")
	n := want.Int(bits)
	return ok && n >= 0 && n < 8 && !strings.Contains(cidr, ":")
}

func privateTier(k *pack.Case) {
	name := k.Get("tags.Name")
	parts := nameParts(k.Resource)
	marked := slices.ContainsFunc(k.Words("privateWords"), func(w string) bool {
		w = strings.ToLower(w)
		return slices.Contains(parts, w) && (!tierWords[w] || namesTiers(k.Stack, w))
	})
	switch {
	case marked && !slices.Contains(parts, "public"):
		k.Forbid(route.ToInternet(k.Stack, k.Resource), "the subnet is named as private but has a route to an internet gateway")
	case name.IsUnknown():
		k.Defer(name)
	default:
		k.Skip("the subnet is not named as private")
	}
}

// tierWords are also names of teams and applications. They mark a private tier where other subnets are named public
// and have not the word themselves: then the names are those of tiers.
var tierWords = map[string]bool{"app": true, "data": true, "db": true, "database": true}

func namesTiers(s *pack.Stack, word string) bool {
	return slices.ContainsFunc(s.Of(aws.Subnet), func(r *pack.Resource) bool {
		parts := nameParts(r)
		return slices.Contains(parts, "public") && !slices.Contains(parts, word)
	})
}

// nameParts are the words in the name and the Name tag of a resource.
func nameParts(r *pack.Resource) []string {
	text := r.Name + " " + r.Get("tags.Name").Str()
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}
