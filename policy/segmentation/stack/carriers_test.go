// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

type set = map[string]any

// hosts are two private instances, of which b takes tcp 443 from all and a may ask anything, and more.
func hosts(more map[string]set) map[string]set {
	rule := func(protocol string, port int) []any {
		return []any{set{"protocol": protocol, "fromPort": port, "toPort": port, "cidrBlocks": []any{"0.0.0.0/0"}}}
	}
	all := map[string]set{
		"web": {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "egress": rule("-1", 0)},
		"db":  {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "ingress": rule("tcp", 443)},
		"a":   {"": "aws:ec2/instance:Instance", "subnetId": "one-id", "vpcSecurityGroupIds": []any{"web-id"}},
		"b":   {"": "aws:ec2/instance:Instance", "subnetId": "two-id", "vpcSecurityGroupIds": []any{"db-id"}},
	}
	maps.Copy(all, more)
	return all
}

// asks is what passes from one of a network's interfaces, or from the internet, to another, at a port of tcp or udp, and by load balancers.
func asks(t *testing.T, net *model.Network, from, to string, udp bool, port int) (direct reach.Result, mediated reach.Verdict) {
	t.Helper()
	e := reach.New(net)
	ends := map[string]*reach.End{"internet": e.InternetEnd()}
	for _, i := range net.Interfaces {
		ends[i.ID[strings.LastIndex(i.ID, ":")+1:]] = e.Interface(i.ID)
	}
	require.NotNil(t, ends[from], from)
	require.NotNil(t, ends[to], to)
	mediated = reach.Cannot
	for _, m := range e.Mediated(ends[from], ends[to]) {
		if mediated != reach.MustPass {
			mediated = m.Verdict
		}
	}
	at := selected(udp, port)
	r := e.Between(ends[from], ends[to])
	return reach.Result{Must: r.Must.And(at), May: r.May.And(at), Open: r.Open.And(at)}, mediated
}

// What may carry packets to what has no public address, or change the network in words that nobody reads, leaves nothing certain.
func TestWhatIsNotReadLeavesNothingCertain(t *testing.T) {
	for name, more := range map[string]set{
		"accelerator":        {"": "aws:globalaccelerator/endpointGroup:EndpointGroup", "endpointConfigurations": []any{set{"endpointId": "b-id"}}},
		"custom accelerator": {"": "aws:globalaccelerator/customRoutingEndpointGroup:CustomRoutingEndpointGroup"},
		"origin":             {"": "aws:cloudfront/vpcOrigin:VpcOrigin"},
		"connect":            {"": "aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint", "subnetId": "one-id"},
		"resource":           {"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Resource", "vpcId": "vpc-id", "subnetIds": []any{"two-id"}},
		"eip":                {"": "aws-native:ec2:Eip", "instanceId": "b-id"},
		"template":           {"": "aws:cloudformation/stack:Stack", "templateBody": "{}"},
		"foreign gateway":    {"": "aws:ec2/vpnGatewayAttachment:VpnGatewayAttachment", "vpcId": "vpc-id", "vpnGatewayId": "vgw-1"},
		"target":             {"": "aws:vpclattice/targetGroupAttachment:TargetGroupAttachment", "target": set{"id": "b-id"}},
		"tasks":              {"": "aws:ecs/service:Service", "vpcLatticeConfigurations": []any{set{"portName": "web"}}},
		"link":               {"": "aws:apigateway/vpcLink:VpcLink", "targetArn": "arn"},
		"links":              {"": "aws:apigatewayv2/vpcLink:VpcLink", "subnetIds": []any{"one-id"}, "securityGroupIds": []any{"web-id"}},
		"database network":   {"": "aws:odb/networkPeeringConnection:NetworkPeeringConnection", "peerNetworkId": "vpc-id"},
		"verified access":    {"": "aws:verifiedaccess/endpoint:Endpoint", "securityGroupIds": []any{"web-id"}},
	} {
		r, _ := asks(t, whole(t, hosts(map[string]set{name: more})), "internet", "b", false, 443)
		require.False(t, r.Open.Empty(), name)
	}
	r, _ := asks(t, whole(t, hosts(map[string]set{"lambda": {"": "aws-native:lambda:Function"}, "service": {"": "kubernetes:core/v1:Service", "spec": set{"type": "ClusterIP"}}, "connect": {"": "aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint", "subnetId": "one-id", "preserveClientIp": false}})), "internet", "b", false, 443)
	require.True(t, r.Open.Empty())
	for name, more := range map[string]set{
		"rule":    {"": "aws-native:ec2:SecurityGroupIngress", "groupId": "db-id", "cidrIp": "0.0.0.0/0"},
		"acl":     {"": "aws-native:ec2:SubnetNetworkAclAssociation", "subnetId": "two-id", "networkAclId": "acl-1"},
		"cloud":   {"": "aws:cloudcontrol/resource:Resource", "typeName": "AWS::EC2::SecurityGroupIngress", "desiredState": "{}"},
		"stack":   {"": "aws:cloudformation/stack:Stack", "templateBody": "{}"},
		"product": {"": "aws:servicecatalog/provisionedProduct:ProvisionedProduct"},
		"module":  {"": "network:tf:aws_security_group_rule"},
		"bridged": {"": "aws:index/securityGroupRule:SecurityGroupRule"},
		"service": {"": "kubernetes:core/v1:Service", "spec": set{"type": "LoadBalancer"}},
		"ingress": {"": "kubernetes:networking.k8s.io/v1:Ingress"},
		"chart":   {"": "kubernetes:helm.sh/v3:Release"},
	} {
		net := whole(t, hosts(map[string]set{name: more}))
		r, _ := asks(t, net, "a", "b", false, 22)
		require.False(t, r.Open.Empty(), "%s may open a port", name)
		r, _ = asks(t, net, "a", "b", false, 443)
		require.True(t, r.Must.Empty(), "%s may close a port", name)
	}
	net := whole(t, map[string]set{"table": {"": "aws:ec2/routeTable:RouteTable", "vpcId": "vpc-id"}, "routes": {"": "aws:vpc/routeServerPropagation:RouteServerPropagation", "routeTableId": "table-id"}})
	require.Equal(t, "routes propagates routes to it", net.Tables[len(net.Tables)-1].Doubt)
}

// What has interfaces and names a subnet or a launch template, but no group, is an interface with a doubt; what only names subnets is none.
func TestNoInterfaceIsLeftOutForWantOfGroups(t *testing.T) {
	got := with(t, map[string]set{
		"template": {"": "aws:ec2/launchTemplate:LaunchTemplate", "vpcSecurityGroupIds": []any{"web-id"}},
		"places":   {"": "aws:rds/subnetGroup:SubnetGroup", "subnetIds": []any{"one-id", "two-id"}},
		"none":     {"": "aws:ec2/flowLog:FlowLog", "subnetId": "one-id"},
		"aurora":   {"": "aws:rds/cluster:Cluster", "vpcSecurityGroupIds": []any{"db-id"}, "dbSubnetGroupName": "places-id"},
		"writer":   {"": "aws:rds/clusterInstance:ClusterInstance", "clusterIdentifier": "aurora-id"},
		"gateway":  {"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Gateway"},
		"firewall": {"": "aws:networkfirewall/firewall:Firewall", "subnetMappings": []any{set{"subnetId": "one-id"}}},

		"nodes":     {"": "aws:eks/nodeGroup:NodeGroup", "subnetIds": []any{"one-id"}},
		"fleet":     {"": "aws:ec2/fleet:Fleet", "launchTemplateConfigs": []any{set{"launchTemplateSpecification": set{"launchTemplateId": "template-id"}, "overrides": []any{set{"subnetId": "one-id"}}}}},
		"proxy":     {"": "aws:rds/proxy:Proxy", "vpcSubnetIds": []any{"two-id"}},
		"multi":     {"": "aws:rds/cluster:Cluster", "vpcSecurityGroupIds": []any{"db-id"}, "dbSubnetGroupName": "places-id", "dbClusterInstanceClass": "db.m6gd.large"},
		"resource":  {"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Resource", "subnetConfigurations": []any{set{"subnetId": "two-id"}}, "securityGroupIds": []any{"db-id"}},
		"services":  {"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "ServiceNetwork", "subnetIds": []any{"two-id"}, "securityGroupIds": []any{"db-id"}},
		"place":     {"": "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", "vpcEndpointId": "services-id", "subnetId": "one-id"},
		"broker":    {"": "aws:mq/broker:Broker", "securityGroups": []any{"db-id"}},
		"cluster":   {"": "aws:eks/cluster:Cluster", "vpcConfig": set{"subnetIds": []any{"one-id"}}},
		"grouped":   {"": "aws:eks/cluster:Cluster", "vpcConfig": set{"subnetIds": []any{"one-id"}, "securityGroupIds": []any{"web-id"}}},
		"beanstalk": {"": "aws:elasticbeanstalk/environment:Environment", "name": "web"},
		"documents": {"": "aws:docdb/cluster:Cluster", "vpcSecurityGroupIds": []any{"db-id"}, "dbSubnetGroupName": "places-id"},
		"graph":     {"": "aws:neptune/cluster:Cluster", "vpcSecurityGroupIds": []any{"db-id"}, "neptuneSubnetGroupName": "places-id"},
		"copies":    {"": "aws:dms/replicationInstance:ReplicationInstance", "vpcSecurityGroupIds": []any{"db-id"}},
		"hadoop":    {"": "aws:emr/cluster:Cluster", "ec2Attributes": set{"subnetId": "one-id", "emrManagedMasterSecurityGroup": "web-id"}},
		"queue":     {"": "aws:lambda/eventSourceMapping:EventSourceMapping", "sourceAccessConfigurations": []any{set{"type": "VPC_SUBNET", "uri": "subnet:one-id"}}},
		"spots":     {"": "aws:ec2/spotFleetRequest:SpotFleetRequest", "launchSpecifications": []any{set{"subnetId": "one-id", "vpcSecurityGroupIds": []any{"web-id"}}, set{"subnetId": "one-id"}}},
		"events":    {"": "aws:lambda/eventSourceMapping:EventSourceMapping", "eventSourceArn": "arn"},
	})
	require.Len(t, got, 17)
	for _, name := range []string{"nodes", "fleet", "proxy", "broker", "cluster", "grouped", "beanstalk", "copies", "hadoop", "queue", "spots"} {
		require.NotEmpty(t, got[name].Doubt, name)
	}
	require.Equal(t, []string{"web"}, got["fleet"].Groups)
	require.Equal(t, []string{"one"}, got["fleet"].Subnets)
	require.Empty(t, got["cluster"].Groups, "not the default one")
	require.Equal(t, []string{"web"}, got["grouped"].Groups)
	require.Equal(t, []string{"db"}, got["multi"].Groups)
	require.Equal(t, []string{"one", "two"}, got["multi"].Subnets)
	require.Equal(t, []string{"two"}, got["resource"].Subnets)
	require.Equal(t, []string{"db"}, got["writer"].Groups)
	for _, name := range []string{"documents", "graph"} {
		require.Equal(t, []string{"one", "two"}, got[name].Subnets, name)
		require.Equal(t, []string{"db"}, got[name].Groups, name)
	}
	require.Equal(t, []string{"one", "two"}, got["services"].Subnets)
}

// A place that is not known is a doubt, unless the program's other resources are all that it may be.
func TestAPlaceThatIsNotKnownIsADoubt(t *testing.T) {
	endpoint := func(more set) set {
		maps.Copy(more, set{"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Interface", "vpcId": "vpc-id", "securityGroupIds": []any{"db-id"}})
		return more
	}
	both := map[string][]string{"subnetIds": {"one", "two"}}
	for name, c := range map[string]struct {
		endpoint set
		place    any
		doubt    bool
	}{
		"known":            {endpoint(set{"subnetIds": []any{"one-id"}}), "two-id", false},
		"both":             {endpoint(set{"subnetIds": []any{unknown, unknown}, depends: both}), "two-id", false},
		"of both":          {endpoint(set{"subnetIds": []any{unknown}, depends: both}), "two-id", false},
		"read back":        {endpoint(set{"$out": set{"subnetIds": unknown, "subnetConfigurations": unknown}}), "two-id", false},
		"another":          {endpoint(set{"subnetIds": []any{"one-id", unknown}}), "two-id", true},
		"another place":    {endpoint(set{"subnetIds": []any{"one-id"}, "subnetConfigurations": []any{set{"subnetId": unknown}}}), "two-id", true},
		"another endpoint": {endpoint(set{"subnetIds": []any{"one-id"}}), unknown, true},
	} {
		got := with(t, hosts(map[string]set{"x": c.endpoint, "place": {"": "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", "vpcEndpointId": "x-id", "subnetId": c.place}}))
		require.Equal(t, c.doubt, got["x"].Doubt != "", "%s: %s", name, got["x"].Doubt)
	}
	of := set{"": "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation", "vpcEndpointId": unknown, "subnetId": "two-id"}
	require.NotEmpty(t, with(t, hosts(map[string]set{"x": endpoint(set{"subnetIds": []any{"one-id"}}), "place": of}))["x"].Doubt)
}
