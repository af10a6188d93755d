// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	routeType       = "aws:ec2/route:Route"
	routeTable      = "aws:ec2/routeTable:RouteTable"
	routeDefault    = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	tableAssociated = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	mainAssociated  = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
	gatewayType     = "aws:ec2/internetGateway:InternetGateway"
)

var routeTypes = []string{vpcType, subnetType, routeType, routeTable, routeDefault, tableAssociated, mainAssociated, gatewayType}

// internetRoute is the fact that a route resource or an inline route leads everything to an internet gateway.
func internetRoute(s *pack.Stack, r *pack.Resource, property string, gateway pack.Value, destinations ...pack.Value) pack.Fact {
	wide := pack.No(gateway)
	for _, d := range destinations {
		wide = wide.Or(d.Matches(func(c string) bool { w, _ := address.Wide(c); return w }))
	}
	if gateway.IsUnknown() {
		_, leads := s.Target(r, property, gateway, gatewayType)
		if leads.Is == pack.Deferred && dependsOnlyOn(s, r, property) {
			leads = pack.No(gateway)
		}
		return wide.And(leads)
	}
	return wide.And(gateway.Matches(func(id string) bool {
		if strings.HasPrefix(id, "igw-") {
			return true
		}
		_, found := s.Target(r, property, gateway, gatewayType)
		return found.Is == pack.True
	}))
}

// dependsOnlyOn reports whether the property is computed from resources of the stack, none of which is an
// internet gateway.
func dependsOnlyOn(s *pack.Stack, r *pack.Resource, property string) bool {
	urns := r.PropertyDependencies[property]
	for _, urn := range urns {
		if target := s.Find(urn); target == nil || target.Type == gatewayType || !strings.HasPrefix(target.Type, "aws:ec2") {
			return false
		}
	}
	return len(urns) > 0
}

// tableReachesInternet is the fact that a route table has a route to an internet gateway.
func tableReachesInternet(s *pack.Stack, table *pack.Resource) pack.Fact {
	answer := pack.No(pack.Value{})
	for v := range table.Get("routes").Items() {
		answer = answer.Or(internetRoute(s, table, "routes", v.Get("gatewayId"), v.Get("cidrBlock"), v.Get("ipv6CidrBlock")))
	}
	sure, maybe := s.Pointing(table, "routeTableId", routeType)
	for _, r := range sure {
		answer = answer.Or(internetRoute(s, r, "gatewayId", r.Get("gatewayId"), r.Get("destinationCidrBlock"), r.Get("destinationIpv6CidrBlock")))
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}

// subnetReachesInternet is the fact that a subnet's route table has a route to an internet gateway.
func subnetReachesInternet(s *pack.Stack, subnet *pack.Resource) pack.Fact {
	answer := pack.No(pack.Value{})
	sure, maybe := s.Pointing(subnet, "subnetId", tableAssociated)
	for _, a := range sure {
		table, found := s.Target(a, "routeTableId", a.Get("routeTableId"), routeTable)
		switch {
		case table != nil:
			answer = answer.Or(tableReachesInternet(s, table))
		case found.Is == pack.Deferred:
			answer = answer.Or(found)
		}
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	if len(sure) == 0 {
		main := mainReachesInternet(s, subnet)
		if len(maybe) > 0 {
			main = main.And(pack.Wait(maybe[0]))
		}
		answer = answer.Or(main)
	}
	return answer
}

// mainReachesInternet is the fact that the main route table of the subnet's VPC has a route to an internet
// gateway. A subnet without an association of its own uses that table.
func mainReachesInternet(s *pack.Stack, subnet *pack.Resource) pack.Fact {
	vpc, found := s.Target(subnet, "vpcId", subnet.Get("vpcId"), vpcType)
	if vpc == nil {
		return found
	}
	answer := pack.No(subnet.Get("vpcId"))
	sure, maybe := s.Pointing(vpc, "vpcId", mainAssociated)
	for _, m := range sure {
		table, leads := s.Target(m, "routeTableId", m.Get("routeTableId"), routeTable)
		if table != nil {
			leads = tableReachesInternet(s, table)
		}
		answer = answer.Or(leads)
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	for _, d := range s.Of(routeDefault) {
		own := leadsTo(s, d, "defaultRouteTableId", d.Get("defaultRouteTableId"), vpc, "defaultRouteTableId")
		answer = answer.Or(own.And(tableReachesInternet(s, d)))
	}
	return answer
}

// forEachSubnet calls use for every subnet of the stack that a list property points at, and defers for those
// that cannot be told yet.
func forEachSubnet(k *pack.Case, property string, use func(*pack.Resource)) {
	list := k.Get(property)
	if list.IsUnknown() || hasUnknownItem(list) {
		urns := k.PropertyDependencies[property]
		for _, urn := range urns {
			if r := k.Stack.Find(urn); r != nil && r.Type == subnetType {
				use(r)
			}
		}
		if len(urns) == 0 {
			k.Defer(list)
		}
		return
	}
	for item := range list.Items() {
		if r, _ := k.Stack.Target(k.Resource, property, item, subnetType); r != nil {
			use(r)
		}
	}
}

func hasUnknownItem(v pack.Value) bool {
	_, unknown := v.Strings()
	return unknown.IsUnknown()
}

func routing() []*pack.Control {
	return []*pack.Control{
		{
			ID: "route-private-tier", Title: "Private tiers have no route to the internet gateway", Severity: pack.Critical, Types: []string{subnetType}, Joins: routeTypes, Stack: true,
			Why:      "A route to an internet gateway is what makes a subnet public, whatever it is called.",
			Fix:      "Route 0.0.0.0/0 of private subnets to a NAT gateway, or nowhere.",
			Settings: []pack.Setting{words("privateWords", "Words in a subnet's name or Name tag that mark it as private; app, data, db and database do where other subnets are named public.", "private", "data", "app", "database", "db", "internal", "isolated")},
			Maps:     meets(segments), Check: privateTier,
		},
		{
			ID: "rds-subnets-private", Title: "Databases live in subnets without a route to the internet gateway", Severity: pack.Critical, Types: []string{"aws:rds/subnetGroup:SubnetGroup"},
			Joins: routeTypes, Stack: true, Why: "A database in a public subnet is one setting away from the internet.",
			Fix: "List only private subnets in subnetIds.", Maps: meets("FSBP:RDS.46", segments), Check: subnetsPrivate("subnetIds"),
		},
		{
			ID: "asg-subnets-private", Title: "Auto Scaling groups run in subnets without a route to the internet gateway", Severity: pack.High, Types: []string{asgType},
			Joins: routeTypes, Stack: true, Why: "Application servers are reached through the load balancer; nothing needs them to be in a public subnet.",
			Fix: "List private subnets in vpcZoneIdentifiers.", Maps: meets(segments),
			Settings: []pack.Setting{words("allowed", "Names of groups that may run in public subnets, such as \"*-bastion-group\"; \"*\" stands for any text.")},
			Check: func(k *pack.Case) {
				if !named(k) {
					subnetsPrivate("vpcZoneIdentifiers")(k)
				}
			},
		},
		{
			ID: "route-peering-narrow", Title: "Peering routes are narrow", Severity: pack.Medium, Types: []string{routeType, routeTable}, Why: "A route for a wide range sends traffic for other networks into the peer's.",
			Fix: "Route only the peer's subnets.", Maps: meets("CIS:5.6", segments), Check: func(k *pack.Case) {
				wide := func(v pack.Value) pack.Fact {
					return v.Matches(func(s string) bool { return strings.HasSuffix(s, "/0") || tooWide(s) })
				}
				k.Forbid(k.Get("vpcPeeringConnectionId").IsSet().And(wide(k.Get("destinationCidrBlock")).Or(wide(k.Get("destinationIpv6CidrBlock")))),
					"the route to the peer is for %s", k.Get("destinationCidrBlock"))
				for v := range k.Get("routes").Items() {
					k.Forbid(v.Get("vpcPeeringConnectionId").IsSet().And(wide(v.Get("cidrBlock")).Or(wide(v.Get("ipv6CidrBlock")))), "%s is wide", v.Path())
				}
			},
		},
		{
			ID: "nacl-default-closed", Title: "The default network ACL lets nothing in", Severity: pack.Medium, Types: []string{naclDefault},
			Why: "A subnet that nobody gave an ACL gets the default one.", Fix: "Manage the DefaultNetworkAcl without ingress and egress entries.",
			Maps: meets(segments), Check: func(k *pack.Case) { k.Forbid(k.Get("ingress").IsSet()) },
		},
		{
			ID: "route-default-table-empty", Title: "The default route table has no routes", Severity: pack.Medium, Types: []string{routeDefault},
			Why: "A subnet that nobody gave a route table gets the default one.", Fix: "Manage the DefaultRouteTable with an empty list of routes.",
			Maps: meets(segments), Check: func(k *pack.Case) { k.Forbid(k.Get("routes").IsSet()) },
		},
		{
			ID: "nat-per-zone-public", Title: "NAT gateways stand in public subnets", Severity: pack.Medium, Concern: pack.Operations, Types: []string{natType}, Joins: routeTypes, Stack: true,
			Why: "A NAT gateway in a private subnet has no way out, and everything behind it is cut off.", Fix: "Put it into a subnet with a route to the internet gateway.",
			Maps: meets(hygiene), Check: func(k *pack.Case) {
				if k.Get("connectivityType").Str() == "private" {
					k.Skip("the NAT gateway is private")
					return
				}
				subnet, found := k.Stack.Target(k.Resource, "subnetId", k.Get("subnetId"), subnetType)
				switch {
				case subnet != nil:
					answer := subnetReachesInternet(k.Stack, subnet).Or(waitFor(k.Get("connectivityType")))
					k.Require(answer, "subnet %q has no route to an internet gateway", subnet.Name)
				case found.Is == pack.Deferred:
					k.Defer(k.Get("subnetId"))
				}
			},
		},
	}
}

// waitFor is deferred while the value is unknown, and false otherwise.
func waitFor(v pack.Value) pack.Fact {
	if v.IsUnknown() {
		return pack.Wait(v)
	}
	return pack.No(v)
}

// tooWide reports whether a range is shorter than a /8.
func tooWide(cidr string) bool {
	_, bits, ok := strings.Cut(cidr, "/")
	n := number(bits)
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
		k.Forbid(subnetReachesInternet(k.Stack, k.Resource), "the subnet is named as private but has a route to an internet gateway")
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
	return slices.ContainsFunc(s.Of(subnetType), func(r *pack.Resource) bool {
		parts := nameParts(r)
		return slices.Contains(parts, "public") && !slices.Contains(parts, word)
	})
}

// nameParts are the words in the name and the Name tag of a resource.
func nameParts(r *pack.Resource) []string {
	text := r.Name + " " + r.Get("tags.Name").Str()
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}

func subnetsPrivate(property string) func(*pack.Case) {
	return func(k *pack.Case) {
		forEachSubnet(k, property, func(subnet *pack.Resource) {
			k.Forbid(subnetReachesInternet(k.Stack, subnet), "subnet %q has a route to an internet gateway", subnet.Name)
		})
	}
}
