// SPDX-License-Identifier: Apache-2.0

package stack_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

func selected(udp bool, port int) flow.Set {
	if udp {
		return flow.One(flow.UDP, flow.Number(port))
	}
	return flow.One(flow.TCP, flow.Number(port))
}

// balanced is a load balancer before b, with the inputs of its parts changed.
func balanced(changes map[string]set, more map[string]set) map[string]set {
	open := []any{set{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": []any{"0.0.0.0/0"}}}
	parts := map[string]set{
		"front":    {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "ingress": open, "egress": open},
		"db":       {"": "aws:ec2/securityGroup:SecurityGroup", "vpcId": "vpc-id", "ingress": []any{set{"protocol": "tcp", "fromPort": 8080, "toPort": 8080, "securityGroups": []any{"front-id"}}}},
		"lb":       {"": "aws:lb/loadBalancer:LoadBalancer", "internal": true, "subnets": []any{"one-id"}, "securityGroups": []any{"front-id"}, "loadBalancerType": "application"},
		"group":    {"": "aws:lb/targetGroup:TargetGroup", "port": 8080, "protocol": "HTTP", "targetType": "instance"},
		"listener": {"": "aws:lb/listener:Listener", "loadBalancerArn": "lb-id", "port": 80, "protocol": "HTTP", "defaultActions": []any{set{"type": "forward", "targetGroupArn": "group-id"}}},
		"attached": {"": "aws:lb/targetGroupAttachment:TargetGroupAttachment", "targetGroupArn": "group-id", "targetId": "b-id"},
	}
	for name, change := range changes {
		if change == nil {
			delete(parts, name)
			continue
		}
		maps.Copy(parts[name], change)
	}
	maps.Copy(parts, more)
	return hosts(parts)
}

// What a preview does not know of a load balancer's listeners, rules and targets makes unknown what it may hand on, and nothing certain.
func TestWhatIsNotKnownOfALoadBalancerClosesNothing(t *testing.T) {
	_, mediated := asks(t, whole(t, balanced(nil, nil)), "a", "b", false, 8080)
	require.Equal(t, reach.MustPass, mediated)
	network := func(group, listener set) map[string]set {
		maps.Copy(group, set{"protocol": "TCP"})
		return map[string]set{"lb": {"loadBalancerType": "network"}, "group": group, "listener": listener}
	}
	fixed := set{"defaultActions": []any{set{"type": "fixed-response"}}}
	forward := func(a set) []any { a["type"] = "forward"; return []any{a} }
	tasks := func(kind string, more set) map[string]set {
		out := set{"": kind, "networkConfiguration": set{"subnets": []any{"two-id"}, "securityGroups": []any{"db-id"}}, "loadBalancers": []any{set{"targetGroupArn": "group-id", "containerPort": 8080}}}
		maps.Copy(out, more)
		return map[string]set{"b": out}
	}
	scaled := func(more set) set {
		out := set{"": "aws:autoscaling/group:Group", "name": "b", "vpcZoneIdentifiers": []any{"two-id"}, "launchTemplate": set{"id": "template-id"}}
		maps.Copy(out, more)
		return out
	}
	template := set{"": "aws:ec2/launchTemplate:LaunchTemplate", "vpcSecurityGroupIds": []any{"db-id"}}
	second := set{"": "aws:lb/targetGroup:TargetGroup", "port": 8080, "protocol": "HTTP"}
	deployed := func(key string, groups any) set {
		return set{"": "aws:codedeploy/deploymentGroup:DeploymentGroup", "loadBalancerInfo": set{key: groups}}
	}
	readOnly := set{"$external": true}
	none := map[string]set{"attached": nil}
	for name, c := range map[string]struct {
		changes, more map[string]set
		want          reach.Verdict
	}{
		"rule":                   {map[string]set{"listener": fixed}, map[string]set{"rule": {"": "aws:lb/listenerRule:ListenerRule", "listenerArn": unknown, "actions": forward(set{"targetGroupArn": "group-id"})}}, reach.Unknown},
		"actions":                {map[string]set{"listener": {"defaultActions": unknown}}, nil, reach.Unknown},
		"action":                 {map[string]set{"listener": {"defaultActions": []any{unknown}}}, nil, reach.Unknown},
		"action of a group":      {map[string]set{"listener": {"defaultActions": unknown, depends: map[string][]string{"defaultActions": {"group"}}}}, nil, reach.Unknown},
		"group":                  {map[string]set{"listener": {"defaultActions": forward(set{"targetGroupArn": unknown})}}, nil, reach.Unknown},
		"weighted groups":        {map[string]set{"listener": {"defaultActions": forward(set{"forward": set{"targetGroups": unknown}})}}, nil, reach.Unknown},
		"both weighted groups":   {map[string]set{"listener": {"defaultActions": forward(set{"forward": set{"targetGroups": []any{set{"arn": unknown}, set{"arn": unknown}}}}), depends: map[string][]string{"defaultActions": {"group", "second"}}}}, map[string]set{"second": second}, reach.MustPass},
		"one of two groups":      {map[string]set{"listener": {"defaultActions": forward(set{"targetGroupArn": unknown}), depends: map[string][]string{"defaultActions": {"group", "second"}}}}, map[string]set{"second": second}, reach.Unknown},
		"group of a target":      {map[string]set{"attached": {"targetGroupArn": unknown}}, nil, reach.Unknown},
		"one of two of a target": {map[string]set{"attached": {"targetGroupArn": unknown, depends: map[string][]string{"targetGroupArn": {"group", "second"}}}}, map[string]set{"second": second}, reach.Unknown},
		"target":                 {map[string]set{"attached": {"targetId": unknown}}, nil, reach.Unknown},
		"foreign target":         {map[string]set{"attached": {"targetId": "10.0.2.10"}}, nil, reach.Unknown},
		"port":                   {map[string]set{"group": {"port": unknown}}, nil, reach.Unknown},
		"tasks":                  {none, tasks("aws:ecs/service:Service", set{}), reach.MustPass},
		"task set":               {none, tasks("aws:ecs/taskSet:TaskSet", set{}), reach.MustPass},
		"groups of tasks":        {none, tasks("aws:ecs/service:Service", set{"loadBalancers": unknown}), reach.Unknown},
		"port of tasks":          {none, tasks("aws:ecs/service:Service", set{"loadBalancers": []any{set{"targetGroupArn": "group-id", "containerPort": unknown}}}), reach.Unknown},
		"tasks on a host":        {none, map[string]set{"tasks": {"": "aws:ecs/service:Service", "loadBalancers": []any{set{"targetGroupArn": "group-id", "containerPort": 80}}}}, reach.Unknown},
		"other color":            {none, tasks("aws:ecs/service:Service", set{"loadBalancers": []any{set{"targetGroupArn": "x", "containerPort": 8080, "advancedConfiguration": set{"alternateTargetGroupArn": "group-id"}}}}), reach.Unknown},
		"groups of scaling":      {none, map[string]set{"template": template, "b": scaled(set{"targetGroupArns": []any{unknown}})}, reach.Unknown},
		"two groups of scaling":  {none, map[string]set{"template": template, "second": second, "b": scaled(set{"targetGroupArns": []any{unknown, unknown}, depends: map[string][]string{"targetGroupArns": {"group", "second"}}})}, reach.MustPass},
		"groups read back":       {map[string]set{}, map[string]set{"template": template, "scaled": scaled(set{"name": "scaled", "$out": set{"targetGroupArns": unknown, "trafficSources": unknown}})}, reach.MustPass},
		"traffic source":         {none, map[string]set{"template": template, "b": scaled(set{}), "source": {"": "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment", "autoscalingGroupName": "b", "trafficSource": set{"identifier": "group-id"}}}, reach.MustPass},
		"fleet":                  {none, map[string]set{"b": {"": "aws:ec2/spotFleetRequest:SpotFleetRequest", "launchSpecifications": []any{set{"subnetId": "two-id", "vpcSecurityGroupIds": []any{"db-id"}}}, "targetGroupArns": []any{"group-id"}}}, reach.MustPass},
		"deployments":            {map[string]set{"attached": nil, "group": {"name": "blue"}}, map[string]set{"deployments": deployed("targetGroupInfos", []any{set{"name": "blue"}})}, reach.Unknown},
		"blue and green":         {map[string]set{"attached": nil, "group": {"name": "blue"}}, map[string]set{"deployments": deployed("targetGroupPairInfo", set{"targetGroups": []any{set{"name": "green"}, set{"name": "blue"}}})}, reach.Unknown},
		"other listeners":        {map[string]set{"lb": readOnly, "listener": nil}, nil, reach.Unknown},
		"other rules":            {map[string]set{"listener": {"defaultActions": nil, "$external": true, "$out": fixed}}, nil, reach.Unknown},
		"other targets":          {map[string]set{"attached": nil, "group": readOnly}, nil, reach.Unknown},
		"clients":                {network(set{"preserveClientIp": true}, set{"protocol": "TCP"}), nil, reach.MustPass},
		"clients perhaps":        {network(set{"preserveClientIp": unknown}, set{"protocol": "TCP"}), nil, reach.Unknown},
		"clients read back":      {network(set{"$out": set{"preserveClientIp": unknown}}, set{"protocol": "TCP"}), nil, reach.MustPass},
		"listener":               {network(set{}, set{"protocol": unknown}), nil, reach.Unknown},
	} {
		_, mediated := asks(t, whole(t, balanced(c.changes, c.more)), "a", "b", false, 8080)
		require.Equal(t, c.want, mediated, name)
	}
}

// A listener takes what its protocol says, which for QUIC is UDP, and nothing certain where nobody knows which it is.
func TestListenersTakeWhatTheirProtocolSays(t *testing.T) {
	for protocol, want := range map[string][2]bool{"QUIC": {false, true}, "TCP_QUIC": {true, true}, "TCP": {true, false}, unknown: {false, false}} {
		net := whole(t, balanced(map[string]set{"lb": {"loadBalancerType": "network"}, "listener": {"protocol": protocol}}, nil))
		for i, udp := range []bool{false, true} {
			r, _ := asks(t, net, "a", "lb", udp, 80)
			require.Equal(t, want[i], !r.Must.Empty(), "%s, udp: %v", protocol, udp)
			require.Equal(t, want[i] || protocol == unknown, !r.Open.Empty(), "%s, udp: %v", protocol, udp)
		}
	}
	for _, kind := range []string{"gateway", unknown} {
		net := whole(t, balanced(map[string]set{"lb": {"loadBalancerType": kind, "securityGroups": nil}, "db": {"ingress": []any{set{"protocol": "udp", "fromPort": 6081, "toPort": 6081, "cidrBlocks": []any{"10.0.0.0/16"}}}}},
			map[string]set{"default": {"": "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId": "vpc-id"}}))
		r, _ := asks(t, net, "lb", "b", true, 6081)
		require.False(t, r.Open.Empty(), kind)
		require.True(t, r.Must.Empty(), kind)
		require.Len(t, net.Unmodelled, 1)
	}
}
