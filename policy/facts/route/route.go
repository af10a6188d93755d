// SPDX-License-Identifier: Apache-2.0

// Package route follows the routes of subnets, as far as a stack tells them.
package route

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/address"
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Types are the types that say where the routes of a subnet lead.
var Types = []string{aws.VPC, aws.Subnet, aws.Route, aws.RouteTable, aws.DefaultRouteTable, aws.RouteTableAssociation,
	aws.MainRouteTableAssociation, aws.InternetGateway}

// internetRoute is the fact that a route resource or an inline route leads everything to an internet gateway.
func internetRoute(s *pack.Stack, r *pack.Resource, property string, gateway pack.Value, destinations ...pack.Value) pack.Fact {
	wide := pack.No(gateway)
	for _, d := range destinations {
		wide = wide.Or(d.Matches(func(c string) bool { w, _ := address.Wide(c); return w }))
	}
	if gateway.IsUnknown() {
		_, leads := s.Target(r, property, gateway, aws.InternetGateway)
		if leads.Is == pack.Deferred && dependsOnlyOn(s, r, property) {
			leads = pack.No(gateway)
		}
		return wide.And(leads)
	}
	return wide.And(gateway.Matches(func(id string) bool {
		if strings.HasPrefix(id, "igw-") {
			return true
		}
		_, found := s.Target(r, property, gateway, aws.InternetGateway)
		return found.Is == pack.True
	}))
}

// dependsOnlyOn reports whether the property is computed from resources of the stack, none of which is an
// internet gateway.
func dependsOnlyOn(s *pack.Stack, r *pack.Resource, property string) bool {
	urns := r.PropertyDependencies[property]
	for _, urn := range urns {
		if target := s.Find(urn); target == nil || target.Type == aws.InternetGateway || !strings.HasPrefix(target.Type, "aws:ec2") {
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
	sure, maybe := s.Pointing(table, "routeTableId", aws.Route)
	for _, r := range sure {
		answer = answer.Or(internetRoute(s, r, "gatewayId", r.Get("gatewayId"), r.Get("destinationCidrBlock"), r.Get("destinationIpv6CidrBlock")))
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	return answer
}

// ToInternet is the fact that a subnet's route table has a route to an internet gateway.
func ToInternet(s *pack.Stack, subnet *pack.Resource) pack.Fact {
	answer := pack.No(pack.Value{})
	sure, maybe := s.Pointing(subnet, "subnetId", aws.RouteTableAssociation)
	for _, a := range sure {
		table, found := s.Target(a, "routeTableId", a.Get("routeTableId"), aws.RouteTables...)
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
	vpc, found := s.Target(subnet, "vpcId", subnet.Get("vpcId"), aws.VPC)
	if vpc == nil {
		return found
	}
	answer := pack.No(subnet.Get("vpcId"))
	sure, maybe := s.Pointing(vpc, "vpcId", aws.MainRouteTableAssociation)
	for _, m := range sure {
		table, leads := s.Target(m, "routeTableId", m.Get("routeTableId"), aws.RouteTables...)
		if table != nil {
			leads = tableReachesInternet(s, table)
		}
		answer = answer.Or(leads)
	}
	for _, v := range maybe {
		answer = answer.Or(pack.Wait(v))
	}
	for _, d := range s.Of(aws.DefaultRouteTable) {
		own := want.LeadsTo(s, d, "defaultRouteTableId", d.Get("defaultRouteTableId"), vpc, "defaultRouteTableId")
		answer = answer.Or(own.And(tableReachesInternet(s, d)))
	}
	return answer
}

// EachSubnet calls use for every subnet of the stack that a list property points at, and defers for those
// that cannot be told yet.
func EachSubnet(k *pack.Case, property string, use func(*pack.Resource)) {
	list := k.Get(property)
	if list.IsUnknown() || want.UnknownItem(list) {
		urns := k.PropertyDependencies[property]
		for _, urn := range urns {
			if r := k.Stack.Find(urn); r != nil && r.Type == aws.Subnet {
				use(r)
			}
		}
		if len(urns) == 0 {
			k.Defer(list)
		}
		return
	}
	for item := range list.Items() {
		if r, _ := k.Stack.Target(k.Resource, property, item, aws.Subnet); r != nil {
			use(r)
		}
	}
}

// SubnetsPrivate is the check that no subnet which the property names has a route to an internet gateway.
func SubnetsPrivate(property string) func(*pack.Case) {
	return func(k *pack.Case) {
		EachSubnet(k, property, func(subnet *pack.Resource) {
			k.Forbid(ToInternet(k.Stack, subnet), "subnet %q has a route to an internet gateway", subnet.Name)
		})
	}
}
