// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// Hosts start from what a launch template is now if they follow it; else they may have the groups of another version.
func TestHostsMayStartFromAnotherVersionOfTheirTemplate(t *testing.T) {
	type versions struct {
		version, latest, standard any
		renewed, computed, sure   bool
	}
	for name, c := range map[string]versions{
		"pinned":           {version: "1", latest: 3, standard: 1},
		"pinned to it":     {version: "3", latest: 3, standard: 1, sure: true},
		"latest":           {version: "$Latest", latest: 3, standard: 1, sure: true},
		"default":          {version: "$Default", latest: 3, standard: 1},
		"by default":       {latest: 3, standard: 1},
		"the first":        {latest: 1, standard: 1, sure: true},
		"renewed":          {latest: 3, standard: 1, renewed: true, sure: true},
		"changes":          {latest: unknown, standard: 1},
		"made":             {latest: unknown, standard: unknown, sure: true},
		"made, without":    {sure: true},
		"computed":         {version: unknown, latest: unknown, standard: 1, computed: true, sure: true},
		"computed of what": {version: unknown, latest: unknown, standard: 1},
	} {
		of := set{"id": "template-id"}
		if c.version != nil {
			of["version"] = c.version
		}
		template := set{"": "aws:ec2/launchTemplate:LaunchTemplate", "vpcSecurityGroupIds": []any{"web-id"}, "updateDefaultVersion": c.renewed, "$out": set{"latestVersion": c.latest, "defaultVersion": c.standard}}
		group := set{"": "aws:autoscaling/group:Group", "vpcZoneIdentifiers": []any{"one-id"}, "launchTemplate": of}
		host := set{"": "aws:ec2/instance:Instance", "subnetId": "one-id", "launchTemplate": of}
		if c.computed {
			group[depends] = map[string][]string{"launchTemplate": {"template"}}
			host[depends] = group[depends]
		}
		got := with(t, parts{"template": template, "x": group, "y": host})
		require.Equal(t, [2]bool{c.sure, c.sure}, [2]bool{got["x"].Doubt == "", got["y"].Doubt == ""}, "%s: %s", name, got["x"].Doubt)
	}
}

// Block Public Access is that of an account in a region.
func TestBlockPublicAccessIsOfARegion(t *testing.T) {
	for region, want := range map[string]model.Block{"eu-central-1": model.BlockBidirectional, "eu-west-1": model.BlockOff} {
		net := whole(t, parts{
			"vpc":     {"": "aws:ec2/vpc:Vpc", "cidrBlock": "10.0.0.0/16", "region": "eu-central-1"},
			"blocked": {"": "aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions", "internetGatewayBlockMode": "block-bidirectional", "region": region},
		})
		require.Equal(t, want, net.VPCs[0].Block, region)
	}
}

// Nothing that belongs to one of several, or to what is not known, is left out or taken for granted.
func TestWhatBelongsToOneOfSeveral(t *testing.T) {
	second := func(vpc any) func(parts) {
		return func(p parts) {
			p["two"] = set{"": "aws:ec2/subnet:Subnet", "vpcId": "vpc-id", "cidrBlock": "10.9.2.0/24"}
			p["range"] = set{"": "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", "vpcId": vpc, "cidrBlock": "10.9.0.0/16"}
		}
	}
	peering := func(accepter set) func(parts) {
		return func(p parts) {
			peered(p, map[string]any{"autoAccept": false})
			p["accepter"] = maps.Clone(accepter)
			p["accepter"][""] = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
		}
	}
	for name, c := range map[string]struct {
		change func(parts)
		is     string
	}{
		"range":                  {second("vpc-id"), "must"},
		"range of some VPC":      {second(unknown), "unknown"},
		"range of a pool":        {func(p parts) { second("vpc-id")(p); delete(p["range"], "cidrBlock") }, "unknown"},
		"accepted":               {peering(set{"vpcPeeringConnectionId": "pcx-id", "autoAccept": true}), "must"},
		"another is accepted":    {peering(set{"vpcPeeringConnectionId": "pcx-other", "autoAccept": true}), "may"},
		"accepter that does not": {peering(set{"vpcPeeringConnectionId": "pcx-id"}), "may"},
		"group of a cluster or web": {func(p parts) {
			p["cluster"] = set{"": "aws:eks/cluster:Cluster", "vpcConfig": set{"subnetIds": []any{"one-id"}}}
			p["a"]["vpcSecurityGroupIds"], p["a"][depends] = []any{unknown}, map[string][]string{"vpcSecurityGroupIds": {"web", "cluster"}}
		}, "may"},
	} {
		p := pair()
		c.change(p)
		require.Equal(t, c.is, verdict(t, p, "a", "b", "tcp/443"), name)
	}
}

// An internet gateway that is in one of two VPCs may be in either.
func TestAnInternetGatewayOfOneOfTwoVPCs(t *testing.T) {
	for _, of := range [][]string{{"vpc", "other"}, {"other", "vpc"}} {
		p := pair()
		public(p)
		p["other"] = set{"": "aws:ec2/vpc:Vpc", "cidrBlock": "10.9.0.0/16"}
		p["igw"]["vpcId"], p["igw"][depends] = unknown, map[string][]string{"vpcId": of}
		require.Equal(t, "may", verdict(t, p, "internet", "b", "tcp/443"), of)
	}
}

// A gateway endpoint may have a route in each table that it may be associated with.
func TestAGatewayEndpointMayHaveARouteInATable(t *testing.T) {
	const service = "com.amazonaws.eu-central-1.s3"
	for name, c := range map[string]struct {
		tables, table, endpoint any
		of                      []string
		doubt                   bool
	}{
		"named":            {tables: []any{"rt-id"}},
		"computed":         {tables: []any{unknown}, of: []string{"rt"}},
		"unknown":          {tables: unknown, doubt: true},
		"one of two":       {tables: []any{unknown}, of: []string{"rt", "other"}, doubt: true},
		"beside":           {table: "rt-id", endpoint: "s3-id"},
		"unknown table":    {table: unknown, endpoint: "s3-id", doubt: true},
		"unknown endpoint": {table: "rt-id", endpoint: unknown, doubt: true},
		"foreign endpoint": {table: "rt-id", endpoint: "vpce-1", doubt: true},
	} {
		p := pair()
		p["rt"], p["other"] = set{"": "aws:ec2/routeTable:RouteTable", "vpcId": "vpc-id"}, set{"": "aws:ec2/routeTable:RouteTable", "vpcId": "vpc-id"}
		p["s3"] = set{"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Gateway", "vpcId": "vpc-id", "serviceName": service, depends: map[string][]string{"routeTableIds": c.of}}
		if c.tables != nil {
			p["s3"]["routeTableIds"] = c.tables
		}
		if c.table != nil {
			p["beside"] = set{"": "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation", "routeTableId": c.table, "vpcEndpointId": c.endpoint}
		}
		for _, table := range whole(t, p).Tables {
			if table.Name == "rt" {
				require.Equal(t, c.doubt, table.Doubt != "", "%s: %s", name, table.Doubt)
				require.Equal(t, !c.doubt, len(table.Routes) == 1, name)
			}
		}
	}
}

// A rule of a listener for some addresses only hands on nothing for sure, and what calls a function hands on no packets.
func TestRulesForSomeAndFunctionsHandNothingOn(t *testing.T) {
	fixed := set{"defaultActions": []any{set{"type": "fixed-response"}}}
	rule := func(condition string) map[string]set {
		return map[string]set{"rule": {"": "aws:lb/listenerRule:ListenerRule", "listenerArn": "listener-id", "conditions": []any{set{condition: set{"values": []any{"x"}}}}, "actions": []any{set{"type": "forward", "targetGroupArn": "group-id"}}}}
	}
	for name, c := range map[string]struct {
		changes, more map[string]set
		want          reach.Verdict
	}{
		"path":     {map[string]set{"listener": fixed}, rule("pathPattern"), reach.MustPass},
		"address":  {map[string]set{"listener": fixed}, rule("sourceIp"), reach.Unknown},
		"function": {map[string]set{"group": {"targetType": "lambda"}, "attached": {"targetId": "called-id"}}, map[string]set{"called": {"": "aws:lambda/function:Function"}}, reach.Cannot},
	} {
		_, mediated := asks(t, whole(t, balanced(c.changes, c.more)), "a", "b", false, 8080)
		require.Equal(t, c.want, mediated, name)
	}
}
