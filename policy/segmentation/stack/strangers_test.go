// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

// depends is the key of the names of the resources that properties of another are computed from.
const depends = "$depends"

// whole is a network of a VPC with two subnets and two groups, and some other resources by their names: each a type and its inputs. Its
// URNs are the names. What "$out" has is in the state, and what the program only reads has nothing else, or, marked as "$external", has what it has in the state only.
func whole(t *testing.T, others map[string]map[string]any) *model.Network {
	t.Helper()
	all := map[string]map[string]any{
		"vpc": {"": "aws:ec2/vpc:Vpc", "cidrBlock": "10.0.0.0/16"},
		"one": {"": "aws:ec2/subnet:Subnet", "vpcId": "vpc-id", "cidrBlock": "10.0.1.0/24"},
		"two": {"": "aws:ec2/subnet:Subnet", "vpcId": "vpc-id", "cidrBlock": "10.0.2.0/24"},
		"web": {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id"},
		"db":  {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id"},
	}
	for name, r := range others {
		all[name] = r
	}
	var resources []map[string]any
	for name, in := range all {
		urn := func(name string) string { return "urn:pulumi:s::p::" + all[name][""].(string) + "::" + name }
		inputs, of := maps.Clone(in), map[string][]string{}
		maps.DeleteFunc(inputs, func(key string, _ any) bool { return key == "" || key[0] == '$' })
		outputs := map[string]any{"id": name + "-id", "defaultSecurityGroupId": name + "-group", "defaultNetworkAclId": name + "-acl", "defaultRouteTableId": name + "-table"}
		if in["$external"] == true {
			maps.Copy(outputs, inputs)
		}
		if out, ok := in["$out"].(map[string]any); ok {
			maps.Copy(outputs, out)
		}
		computed, _ := in[depends].(map[string][]string)
		for key, names := range computed {
			for _, n := range names {
				of[key] = append(of[key], urn(n))
			}
		}
		resources = append(resources, map[string]any{"urn": urn(name), "type": in[""], "id": name + "-id", "custom": true, "external": in["$external"], "inputs": inputs, "outputs": outputs, "propertyDependencies": of})
	}
	text, err := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": resources}})
	require.NoError(t, err)
	d, err := export.Read(strings.NewReader(string(text)))
	require.NoError(t, err)
	return stack.Of(d, nil)
}

// with are the interfaces of such a network, by name.
func with(t *testing.T, others map[string]map[string]any) map[string]model.Interface {
	t.Helper()
	out := map[string]model.Interface{}
	for _, f := range whole(t, others).Interfaces {
		for _, list := range []*[]string{&f.Groups, &f.Subnets} {
			for i, urn := range *list {
				(*list)[i] = urn[strings.LastIndex(urn, ":")+1:]
			}
			slices.Sort(*list)
		}
		out[f.ID[strings.LastIndex(f.ID, ":")+1:]] = f
	}
	return out
}

// A type that nobody has told the proof of stands where its inputs say, and with the groups that they name: it is never left out.
func TestATypeOfANewerProviderIsNoHole(t *testing.T) {
	got := with(t, map[string]map[string]any{
		"memory": {"": "aws:memorydb/cluster:Cluster", "securityGroupIds": []any{"db-id"}, "subnetGroupName": "elsewhere"},
		"quantum": {"": "aws-native:quantum:Computer", "network": map[string]any{"interfaces": []any{
			map[string]any{"VpcSecurityGroups": []any{"web-id"}, "subnetIds": []any{"two-id"}},
		}}},
		"node":    {"": "aws:eks/nodeGroup:NodeGroup", "remoteAccess": map[string]any{"sourceSecurityGroupIds": []any{"web-id"}}},
		"topic":   {"": "aws:sns/topic:Topic", "name": "t"},
		"foreign": {"": "kubernetes:core/v1:Pod", "securityGroupIds": []any{"web-id"}},
		"later":   {"": "aws:batch/computeEnvironment:ComputeEnvironment", "computeResources": map[string]any{"securityGroupIds": unknown, "subnets": []any{"one-id"}}},
	})
	require.Len(t, got, 3)
	require.Equal(t, []string{"db"}, got["memory"].Groups)
	require.Equal(t, []string{"one", "two"}, got["memory"].Subnets, "anywhere in the VPC of its group")
	require.Equal(t, []string{"web"}, got["quantum"].Groups)
	require.Equal(t, []string{"two"}, got["quantum"].Subnets)
	require.NotEmpty(t, got["later"].Doubt)
	for _, f := range got {
		require.True(t, f.Many)
		require.Equal(t, model.Maybe, f.Addresses[0].HasPublic)
	}
}

// What belongs to a cluster has the groups of the cluster, and not the default one of the VPC.
func TestAnInstanceOfAClusterHasTheGroupsOfTheCluster(t *testing.T) {
	cluster := map[string]any{"": "aws:rds/cluster:Cluster", "vpcSecurityGroupIds": []any{"db-id"}, "dbSubnetGroupName": "places-id"}
	places := map[string]any{"": "aws:rds/subnetGroup:SubnetGroup", "subnetIds": []any{"one-id", "two-id"}}
	instance := map[string]any{"": "aws:rds/clusterInstance:ClusterInstance", "clusterIdentifier": "aurora-id"}
	got := with(t, map[string]map[string]any{"aurora": cluster, "places": places, "writer": instance})
	require.Equal(t, []string{"db"}, got["writer"].Groups)
	require.Equal(t, []string{"one", "two"}, got["writer"].Subnets)
	require.Empty(t, got["writer"].Doubt)
	got = with(t, map[string]map[string]any{"places": places, "writer": instance})
	require.Equal(t, "its cluster is not in the stack", got["writer"].Doubt)
}

func TestAGroupThatIsAttachedByAResourceOfItsOwnCounts(t *testing.T) {
	got := with(t, map[string]map[string]any{
		"host":     {"": "aws:ec2/instance:Instance", "subnetId": "one-id", "vpcSecurityGroupIds": []any{"web-id"}},
		"attached": {"": "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment", "networkInterfaceId": "host-id", "securityGroupId": "db-id"},
		"endpoint": {"": "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-central-1.ssm", "subnetIds": []any{"one-id"}, "securityGroupIds": []any{"web-id"}},
		"joined":   {"": "aws:ec2/securityGroupAssociation:SecurityGroupAssociation", "vpcEndpointId": "endpoint-id", "securityGroupId": "db-id"},
	})
	require.Equal(t, []string{"db", "web"}, got["host"].Groups)
	require.Equal(t, []string{"db", "web"}, got["endpoint"].Groups)
}

// What asks for both families, and what a service starts in a subnet with a range of IPv6, has an IPv6 address.
func TestServicesOfBothFamiliesHaveIPv6Addresses(t *testing.T) {
	in := func(kind string, more map[string]any) map[string]any {
		out := map[string]any{"": kind, "subnetId": "one-id", "subnets": []any{"one-id"}, "subnetIds": []any{"one-id"}, "dbSubnetGroupName": "places-id", "subnetGroupName": "places-id",
			"vpcConfig": map[string]any{"subnetIds": []any{"one-id"}}, "networkConfiguration": map[string]any{"subnets": []any{"one-id"}}, "vpcEndpointType": "Interface"}
		maps.Copy(out, more)
		return out
	}
	got := with(t, map[string]map[string]any{
		"places":      {"": "aws:rds/subnetGroup:SubnetGroup", "subnetIds": []any{"one-id"}},
		"six":         {"": "aws:ec2/subnet:Subnet", "vpcId": "vpc-id", "cidrBlock": "10.0.3.0/24", "ipv6CidrBlock": "2a05:d014::/64"},
		"giving":      {"": "aws:ec2/subnet:Subnet", "vpcId": "vpc-id", "cidrBlock": "10.0.4.0/24", "ipv6CidrBlock": "2a05:d014:0:1::/64", "assignIpv6AddressOnCreation": true},
		"database":    in("aws:rds/instance:Instance", nil),
		"database+":   in("aws:rds/instance:Instance", map[string]any{"networkType": "DUAL"}),
		"cache+":      in("aws:elasticache/replicationGroup:ReplicationGroup", map[string]any{"networkType": "ipv6"}),
		"later+":      in("aws:elasticache/replicationGroup:ReplicationGroup", map[string]any{"networkType": unknown}),
		"balancer+":   in("aws:lb/loadBalancer:LoadBalancer", map[string]any{"ipAddressType": "dualstack-without-public-ipv4"}),
		"balancer":    in("aws:lb/loadBalancer:LoadBalancer", map[string]any{"ipAddressType": "ipv4"}),
		"cluster+":    in("aws:eks/cluster:Cluster", map[string]any{"kubernetesNetworkConfig": map[string]any{"ipFamily": "ipv6"}}),
		"function":    in("aws:lambda/function:Function", nil),
		"function+":   in("aws:lambda/function:Function", map[string]any{"vpcConfig": map[string]any{"subnetIds": []any{"one-id"}, "ipv6AllowedForDualStack": true}}),
		"endpoint":    in("aws:ec2/vpcEndpoint:VpcEndpoint", map[string]any{"subnetIds": []any{"giving-id"}}),
		"endpoint+":   in("aws:ec2/vpcEndpoint:VpcEndpoint", map[string]any{"ipAddressType": "dualstack"}),
		"interface":   in("aws:ec2/networkInterface:NetworkInterface", map[string]any{"subnetId": "six-id"}),
		"interface+":  in("aws:ec2/networkInterface:NetworkInterface", map[string]any{"ipv6Prefixes": []any{"2a05:d014:0:0:1::/80"}}),
		"given+":      in("aws:ec2/networkInterface:NetworkInterface", map[string]any{"subnetId": "giving-id"}),
		"tasks+":      in("aws:ecs/service:Service", map[string]any{"networkConfiguration": map[string]any{"subnets": []any{"six-id"}}}),
		"tasks":       in("aws:ecs/service:Service", nil),
		"newer+":      {"": "aws:quantum/computer:Computer", "securityGroupIds": []any{"web-id"}, "subnetIds": []any{"six-id"}},
		"several ips": in("aws:ec2/instance:Instance", map[string]any{"privateIp": "10.0.1.9", "secondaryPrivateIps": []any{"10.0.1.10"}}),
	})
	require.Len(t, got, 18)
	for name, f := range got {
		require.Equal(t, strings.HasSuffix(name, "+"), slices.ContainsFunc(f.Addresses, model.Address.Is6), name)
	}
	require.Len(t, got["several ips"].Addresses, 2)
}

func TestExclusionsFromBlockPublicAccessCount(t *testing.T) {
	net := whole(t, map[string]map[string]any{
		"block": {"": "aws:vpc/blockPublicAccessOptions:BlockPublicAccessOptions", "internetGatewayBlockMode": "block-bidirectional"},
		"out":   {"": "aws:vpc/blockPublicAccessExclusion:BlockPublicAccessExclusion", "subnetId": "one-id", "internetGatewayExclusionMode": "allow-egress"},
		"later": {"": "aws:vpc/blockPublicAccessExclusion:BlockPublicAccessExclusion", "subnetId": "two-id", "internetGatewayExclusionMode": unknown},
	})
	require.Equal(t, model.BlockBidirectional, net.VPCs[0].Block)
	for _, s := range net.Subnets {
		require.Equal(t, map[string]model.Block{"10.0.1.0/24": model.AllowEgress, "10.0.2.0/24": model.BlockUnknown}[s.CIDRs[0].String()], s.Exclusion)
	}
	net = whole(t, map[string]map[string]any{
		"block": {"": "aws:vpc/blockPublicAccessOptions:BlockPublicAccessOptions", "internetGatewayBlockMode": unknown},
		"all":   {"": "aws:vpc/blockPublicAccessExclusion:BlockPublicAccessExclusion", "vpcId": "vpc-id", "internetGatewayExclusionMode": "allow-bidirectional"},
	})
	require.Equal(t, model.AllowBidirectional, net.VPCs[0].Block)
}
