// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

type parts = map[string]map[string]any

func tcp(port int, more string, peers ...any) map[string]any {
	return map[string]any{"protocol": "tcp", "fromPort": port, "toPort": port, more: peers}
}

// pair is an instance a with the group web that asks b, which has the group db, at port 443.
func pair() parts {
	all := []any{map[string]any{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": []any{"0.0.0.0/0"}}}
	return parts{
		"web": {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "egress": all},
		"db":  {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "egress": all, "ingress": []any{tcp(443, "securityGroups", "web-id")}},
		"a":   {"": "aws:ec2/instance:Instance", "subnetId": "one-id", "vpcSecurityGroupIds": []any{"web-id"}},
		"b":   {"": "aws:ec2/instance:Instance", "subnetId": "two-id", "vpcSecurityGroupIds": []any{"db-id"}},
	}
}

// door opens port 443 of b for everybody, and gives the subnets a way to the internet.
func door(p parts) {
	p["db"]["ingress"] = []any{tcp(443, "cidrBlocks", "0.0.0.0/0")}
	p["igw"] = map[string]any{"": "aws:ec2/internetGateway:InternetGateway", "vpcId": "vpc-id"}
	p["rt"] = map[string]any{"": "aws:ec2/routeTable:RouteTable", "vpcId": "vpc-id", "routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-id"}}}
	for _, s := range []string{"one", "two"} {
		p["of "+s] = map[string]any{"": "aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId": s + "-id", "routeTableId": "rt-id"}
	}
}

func public(p parts) { door(p); p["b"]["associatePublicIpAddress"] = true }

func template(p parts, key string, more map[string]any) {
	p["template"] = map[string]any{"": "aws:ec2/launchTemplate:LaunchTemplate", "name": "lt", key: []any{"web-id"}}
	delete(p["a"], "vpcSecurityGroupIds")
	p["a"]["launchTemplate"] = more
}

func translated(p parts, nat map[string]any) {
	public(p)
	nat[""] = "aws:ec2/natGateway:NatGateway"
	p["nat"] = nat
	p["own"] = map[string]any{"": "aws:ec2/routeTable:RouteTable", "vpcId": "vpc-id", "routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-id"}}}
	p["of one"]["routeTableId"] = "own-id"
}

func peered(p parts, more map[string]any) {
	p["other"] = map[string]any{"": "aws:ec2/vpc:Vpc", "cidrBlock": "10.1.0.0/16", "$out": map[string]any{"arn": "arn:aws:ec2:eu-central-1:123456789012:vpc/other-id"}}
	p["c"] = map[string]any{"": "aws:ec2/subnet:Subnet", "vpcId": "other-id", "cidrBlock": "10.1.1.0/24"}
	p["web"]["vpcId"], p["a"]["subnetId"] = "other-id", "c-id"
	p["pcx"] = map[string]any{"": "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "vpcId": "other-id", "peerVpcId": "vpc-id", "autoAccept": true}
	for key, v := range more {
		p["pcx"][key] = v
	}
	for vpc, x := range map[string][2]string{"vpc": {"two-id", "10.1.0.0/16"}, "other": {"c-id", "10.0.0.0/16"}} {
		p["rt "+vpc] = map[string]any{"": "aws:ec2/routeTable:RouteTable", "vpcId": vpc + "-id", "routes": []any{map[string]any{"cidrBlock": x[1], "vpcPeeringConnectionId": "pcx-id"}}}
		p["to "+vpc] = map[string]any{"": "aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId": x[0], "routeTableId": "rt " + vpc + "-id"}
	}
}

// verdict asks a network of these parts, with the VPC and subnets of whole.
func verdict(t *testing.T, p parts, from, to, what string) string {
	t.Helper()
	net := whole(t, p)
	e := reach.New(net)
	end := func(name string) *reach.End {
		if name == "internet" {
			return e.InternetEnd()
		}
		for _, f := range net.Interfaces {
			if strings.HasSuffix(f.ID, "::"+name) {
				return e.Interface(f.ID)
			}
		}
		require.Fail(t, "no end "+name)
		return nil
	}
	q, err := flow.Parse(what)
	require.NoError(t, err)
	x := end(from)
	r := e.Between(x, end(to))
	return string(r.Ask(q, x.Clients()))
}

// What a program reads, leaves to the deployment, or says by something beside is counted where it may open a way, and not where it must.
func TestWhatIsNotKnownIsNeitherClosedNorSurelyOpen(t *testing.T) {
	const eip, association = "aws:ec2/eip:Eip", "aws:ec2/eipAssociation:EipAssociation"
	sealed := map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
	interfaceB := func(p parts) {
		door(p)
		p["b"] = map[string]any{"": "aws:ec2/networkInterface:NetworkInterface", "subnetId": "two-id", "securityGroups": []any{"db-id"}}
	}
	for name, c := range map[string]struct {
		change         func(parts)
		from, to, asks string
		want           string
	}{
		"as it is":          {func(parts) {}, "a", "b", "tcp/443", "must"},
		"a rule of a list":  {func(p parts) { p["db"]["ingress"] = []any{unknown} }, "a", "b", "tcp/22", "unknown"},
		"a sealed rule":     {func(p parts) { p["db"]["ingress"] = []any{sealed} }, "a", "b", "tcp/22", "unknown"},
		"a route of a list": {func(p parts) { public(p); p["rt"]["routes"] = []any{unknown} }, "internet", "b", "tcp/443", "unknown"},
		"a group that is read": {func(p parts) {
			p["db"] = map[string]any{"": "aws:ec2/securityGroup:SecurityGroup", "$out": map[string]any{"vpcId": "vpc-id", "ingress": []any{tcp(443, "cidrBlocks", "10.0.0.0/8")}, "egress": []any{}}}
		}, "a", "b", "tcp/443", "must"},
		"an instance that is read": {func(p parts) {
			p["a"] = map[string]any{"": "aws:ec2/instance:Instance", "$out": map[string]any{"subnetId": "one-id", "vpcSecurityGroupIds": []any{"web-id"}}}
		}, "a", "b", "tcp/443", "must"},
		"a table that is read": {func(p parts) {
			public(p)
			p["rt"] = map[string]any{"": "aws:ec2/routeTable:RouteTable", "$out": map[string]any{"vpcId": "vpc-id", "routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-id"}}}}
		}, "internet", "b", "tcp/443", "must"},
		"an address of an instance": {func(p parts) { door(p); p["ip"] = map[string]any{"": eip, "instance": "b-id"} }, "internet", "b", "tcp/443", "must"},
		"an address of its interface": {func(p parts) {
			door(p)
			p["b"]["$out"] = map[string]any{"primaryNetworkInterfaceId": "eni-b"}
			p["ip"] = map[string]any{"": association, "networkInterfaceId": "eni-b"}
		}, "internet", "b", "tcp/443", "must"},
		"an address of an interface":      {func(p parts) { interfaceB(p); p["ip"] = map[string]any{"": eip, "networkInterface": "b-id"} }, "internet", "b", "tcp/443", "must"},
		"an address of nobody knows what": {func(p parts) { door(p); p["ip"] = map[string]any{"": eip, "instance": unknown} }, "internet", "b", "tcp/443", "may"},
		"an address of one of two": {func(p parts) {
			door(p)
			p["ip"] = map[string]any{"": eip, "instance": unknown, depends: map[string][]string{"instance": {"a", "b"}}}
		}, "internet", "b", "tcp/443", "may"},
		"a template by name":          {func(p parts) { template(p, "vpcSecurityGroupIds", map[string]any{"name": "lt"}) }, "a", "b", "tcp/443", "must"},
		"a template of somebody else": {func(p parts) { template(p, "vpcSecurityGroupIds", map[string]any{"id": "lt-1"}) }, "a", "b", "tcp/443", "unknown"},
		"groups by names":             {func(p parts) { template(p, "securityGroupNames", map[string]any{"id": "template-id"}) }, "a", "b", "tcp/443", "must"},
		"names of nobody": {func(p parts) {
			template(p, "securityGroupNames", map[string]any{"id": "template-id"})
			p["template"]["securityGroupNames"] = []any{"w"}
		}, "a", "b", "tcp/443", "unknown"},
		"a template of an override": {func(p parts) {
			p["a"] = map[string]any{"": "aws:autoscaling/group:Group", "vpcZoneIdentifiers": []any{"one-id"}, "mixedInstancesPolicy": map[string]any{"launchTemplate": map[string]any{
				"launchTemplateSpecification": map[string]any{"launchTemplateId": "plain-id"}, "overrides": []any{map[string]any{"launchTemplateSpecification": map[string]any{"launchTemplateId": "lt-1"}}}}}}
			p["plain"] = map[string]any{"": "aws:ec2/launchTemplate:LaunchTemplate", "vpcSecurityGroupIds": []any{"db-id"}}
		}, "a", "b", "tcp/443", "unknown"},
		"an interface that forwards": {func(p parts) {
			interfaceB(p)
			p["b"]["sourceDestCheck"] = false
			p["web"]["ingress"] = []any{tcp(22, "cidrBlocks", "192.168.0.0/16")}
		}, "b", "a", "tcp/22", "unknown"},
		"a group of another account": {func(p parts) { p["db"]["ingress"] = []any{tcp(443, "securityGroups", "123456789012/web-id")} }, "a", "b", "tcp/443", "must"},
		"a group joined by an interface": {func(p parts) {
			p["a"]["vpcSecurityGroupIds"], p["a"]["$out"] = []any{"db-id"}, map[string]any{"primaryNetworkInterfaceId": "eni-a"}
			p["joins"] = map[string]any{"": "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment", "networkInterfaceId": "eni-a", "securityGroupId": "web-id"}
		}, "a", "b", "tcp/443", "must"},
		"a group or that of the VPC": {func(p parts) {
			p["a"]["vpcSecurityGroupIds"], p["a"][depends] = []any{unknown}, map[string][]string{"vpcSecurityGroupIds": {"web", "vpc"}}
		}, "a", "b", "tcp/443", "may"},
		"a NAT gateway of a region":         {func(p parts) { translated(p, map[string]any{"vpcId": "vpc-id", "availabilityMode": "regional"}) }, "a", "internet", "tcp/443", "unknown"},
		"a NAT gateway in a foreign subnet": {func(p parts) { translated(p, map[string]any{"subnetId": "subnet-1"}) }, "a", "internet", "tcp/443", "unknown"},
		"a NAT gateway that may be private": {func(p parts) { translated(p, map[string]any{"subnetId": "two-id", "connectivityType": unknown}) }, "a", "internet", "tcp/443", "may"},
		"a peering in one region":           {func(p parts) { peered(p, map[string]any{"peerRegion": "eu-central-1"}) }, "a", "b", "tcp/443", "must"},
		"a peering between regions":         {func(p parts) { peered(p, map[string]any{"peerRegion": "eu-west-1"}) }, "a", "b", "tcp/443", "cannot"},
		"a peering of unknown regions":      {func(p parts) { peered(p, map[string]any{"peerRegion": unknown}) }, "a", "b", "tcp/443", "may"},
		"a gateway of an unknown VPC":       {func(p parts) { public(p); p["igw"]["vpcId"] = unknown }, "internet", "b", "tcp/443", "may"},
		"an attachment of any gateway": {func(p parts) {
			public(p)
			delete(p["igw"], "vpcId")
			p["at"] = map[string]any{"": "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment", "internetGatewayId": unknown, "vpcId": "vpc-id"}
		}, "internet", "b", "tcp/443", "may"},
		"a main table of an unknown VPC": {func(p parts) {
			public(p)
			delete(p, "of two")
			p["main"] = map[string]any{"": "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation", "vpcId": unknown, "routeTableId": "rt-id"}
		}, "internet", "b", "tcp/443", "unknown"},
		"a table of an unknown subnet": {func(p parts) { public(p); p["of two"]["subnetId"] = unknown }, "internet", "b", "tcp/443", "unknown"},
		"an ACL of unknown subnets": {func(p parts) {
			p["acl"] = map[string]any{"": "aws:ec2/networkAcl:NetworkAcl", "vpcId": "vpc-id", "subnetIds": unknown}
		}, "a", "b", "tcp/443", "unknown"},
		"an adopted ACL of an unknown VPC": {func(p parts) {
			p["acl"] = map[string]any{"": "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", "defaultNetworkAclId": unknown}
		}, "a", "b", "tcp/443", "may"},
		"an exclusion of an unknown subnet": {func(p parts) {
			public(p)
			p["block"] = map[string]any{"": "aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions", "internetGatewayBlockMode": "block-bidirectional"}
			p["not"] = map[string]any{"": "aws:ec2/vpcBlockPublicAccessExclusion:VpcBlockPublicAccessExclusion", "subnetId": unknown, "internetGatewayExclusionMode": "allow-bidirectional"}
		}, "internet", "b", "tcp/443", "may"},
		"an entry of an unknown list": {func(p parts) {
			p["list"] = map[string]any{"": "aws:ec2/managedPrefixList:ManagedPrefixList"}
			p["entry"] = map[string]any{"": "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry", "prefixListId": unknown, "cidr": "10.0.0.0/8"}
			p["db"]["ingress"] = []any{tcp(443, "prefixListIds", "list-id")}
		}, "a", "b", "tcp/443", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pair()
			c.change(p)
			require.Equal(t, c.want, verdict(t, p, c.from, c.to, c.asks))
		})
	}
}

// What belongs to something that the program only reads, or that AWS has made before it, may be elsewhere; what the program makes is all.
func TestWhatIsOnlyReadMayHaveMoreElsewhere(t *testing.T) {
	read := func(names ...string) func(parts) {
		return func(p parts) {
			all := parts{
				"vpc": {"": "aws:ec2/vpc:Vpc", "cidrBlock": "10.0.0.0/16"}, "two": {"": "aws:ec2/subnet:Subnet", "vpcId": "vpc-id", "cidrBlock": "10.0.2.0/24"},
				"db": p["db"], "acl": {"": "aws:ec2/networkAcl:NetworkAcl", "vpcId": "vpc-id", "subnetIds": []any{"two-id"}},
			}
			for _, name := range names {
				all[name]["$external"] = true
				p[name] = all[name]
			}
		}
	}
	open := func(p parts) {
		p["db"]["ingress"] = []any{tcp(443, "cidrBlocks", "0.0.0.0/0")}
		p["b"]["associatePublicIpAddress"] = true
	}
	own := func(p parts) {
		all := []any{map[string]any{"action": "allow", "ruleNo": 1, "protocol": "-1", "cidrBlock": "0.0.0.0/0", "fromPort": 0, "toPort": 0}}
		p["rt"] = map[string]any{"": "aws:ec2/routeTable:RouteTable", "vpcId": "vpc-id"}
		p["own"] = map[string]any{"": "aws:ec2/networkAcl:NetworkAcl", "vpcId": "vpc-id", "subnetIds": []any{"one-id", "two-id"}, "ingress": all, "egress": all}
		for _, s := range []string{"one", "two"} {
			p["of "+s] = map[string]any{"": "aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId": s + "-id", "routeTableId": "rt-id"}
		}
	}
	for name, c := range map[string]struct {
		change   []func(parts)
		from, is string
	}{
		"made":                   {nil, "a", "must"},
		"made, from outside":     {[]func(parts){open}, "internet", "cannot"},
		"VPC":                    {[]func(parts){read("vpc")}, "a", "may"},
		"VPC, from outside":      {[]func(parts){open, read("vpc")}, "internet", "unknown"},
		"subnet":                 {[]func(parts){read("two")}, "a", "unknown"},
		"subnet, from outside":   {[]func(parts){open, read("two")}, "internet", "unknown"},
		"VPC with all its own":   {[]func(parts){read("vpc"), own}, "a", "must"},
		"VPC, shut with its own": {[]func(parts){open, read("vpc"), own}, "internet", "cannot"},
		"default group":          {[]func(parts){read("vpc"), func(p parts) { delete(p["b"], "vpcSecurityGroupIds") }}, "a", "unknown"},
		"default VPC": {[]func(parts){open, func(p parts) {
			p["vpc"] = map[string]any{"": "aws:ec2/defaultVpc:DefaultVpc", "$out": map[string]any{"cidrBlock": "10.0.0.0/16"}}
		}}, "internet", "unknown"},
		"default subnet": {[]func(parts){func(p parts) {
			p["two"] = map[string]any{"": "aws:ec2/defaultSubnet:DefaultSubnet", "vpcId": "vpc-id", "$out": map[string]any{"cidrBlock": "10.0.2.0/24"}}
		}}, "a", "unknown"},
		"group": {[]func(parts){read("db")}, "a", "must"},
		"ACL":   {[]func(parts){read("acl")}, "a", "cannot"},
	} {
		p := pair()
		for _, change := range c.change {
			change(p)
		}
		require.Equal(t, c.is, verdict(t, p, c.from, "b", "tcp/443"), name)
	}
}

// A name is unique in a region: of several resources that have it, those of the same provider are meant.
func TestANameMayMeanSeveral(t *testing.T) {
	group := func(subnet, region string) map[string]any {
		return map[string]any{"": "aws:rds/subnetGroup:SubnetGroup", "name": "main", "subnetIds": []any{subnet}, "region": region}
	}
	database := func(region string) map[string]any {
		return map[string]any{"": "aws:rds/instance:Instance", "dbSubnetGroupName": "main", "vpcSecurityGroupIds": []any{"db-id"}, "region": region}
	}
	got := with(t, parts{"near": group("one-id", "eu-central-1"), "far": group("two-id", "eu-west-1"), "x": database("eu-west-1"), "y": database("eu-central-1")})
	require.Equal(t, []string{"two"}, got["x"].Subnets)
	require.Equal(t, []string{"one"}, got["y"].Subnets)
	got = with(t, parts{"near": group("one-id", "eu-west-1"), "far": group("two-id", "eu-west-1"), "x": database("eu-west-1")})
	require.ElementsMatch(t, []string{"one", "two"}, got["x"].Subnets)
	template := func(g string) map[string]any {
		return map[string]any{"": "aws:ec2/launchTemplate:LaunchTemplate", "name": "lt", "vpcSecurityGroupIds": []any{g}}
	}
	got = with(t, parts{"one lt": template("web-id"), "two lt": template("db-id"), "x": {"": "aws:autoscaling/group:Group", "vpcZoneIdentifiers": []any{"one-id"}, "launchTemplate": map[string]any{"name": "lt"}}})
	require.NotEmpty(t, got["x"].Doubt)
}

// Brokers of MSK are public where they are asked to be.
func TestBrokersMayBePublic(t *testing.T) {
	for kind, want := range map[any]model.Certainty{"DISABLED": model.No, "SERVICE_PROVIDED_EIPS": model.Yes, unknown: model.Maybe, nil: model.No} {
		of := map[string]any{"clientSubnets": []any{"one-id"}, "securityGroups": []any{"db-id"}}
		if kind != nil {
			of["connectivityInfo"] = map[string]any{"publicAccess": map[string]any{"type": kind}}
		}
		got := with(t, parts{"x": {"": "aws:msk/cluster:Cluster", "brokerNodeGroupInfo": of}})
		require.Equal(t, want, got["x"].Addresses[0].HasPublic, kind)
	}
}

// Interfaces that are attached to an instance answer to its name.
func TestInterfacesHaveTheNameOfTheirInstance(t *testing.T) {
	for name, change := range map[string]func(parts){
		"attachment": func(p parts) {
			p["at"] = map[string]any{"": "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment", "instanceId": "x-id", "networkInterfaceId": "e-id"}
		},
		"attachments": func(p parts) { p["e"]["attachments"] = []any{map[string]any{"instance": "x-id", "deviceIndex": 1}} },
		"interfaces":  func(p parts) { p["x"]["networkInterfaces"] = []any{map[string]any{"networkInterfaceId": "e-id"}} },
		"primary":     func(p parts) { p["x"]["primaryNetworkInterface"] = map[string]any{"networkInterfaceId": "e-id"} },
	} {
		p := parts{
			"x": {"": "aws:ec2/instance:Instance", "subnetId": "one-id", "vpcSecurityGroupIds": []any{"web-id"}, "tags": map[string]any{"Name": "web"}},
			"e": {"": "aws:ec2/networkInterface:NetworkInterface", "subnetId": "two-id", "securityGroups": []any{"db-id"}},
		}
		change(p)
		got := with(t, p)["e"]
		require.Equal(t, [2]string{"web", "x"}, [2]string{got.Name, got.Owner}, name)
	}
}
