// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// targetHealth says of the targets of a target group that no listener uses what AWS says: "unused", because it does not check
// their health (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html, "Target
// health status"). moto finds every registered target healthy.
func targetHealth(t *Table) {
	t.on("elbv2", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if !succeeded(reply, err) {
			return reply, err
		}
		balancers, err := balancersOf(x)
		if err != nil || len(balancers[x.Call.Form.Get("TargetGroupArn")]) > 0 {
			return reply, err
		}
		return editXML(reply, nil, func(root *wire.Node) {
			for _, health := range root.Find("DescribeTargetHealthResult/TargetHealthDescriptions/member/TargetHealth") {
				if health.Get("State") == "healthy" {
					health.Set(wire.Element("State", "unused"))
					health.Set(wire.Element("Reason", "Target.NotInUse"))
					health.Set(wire.Element("Description", "Target group is not configured to receive traffic from the load balancer"))
				}
			}
		})
	}, "DescribeTargetHealth")
}

// targetGroups says of each target group which load balancers have a rule that forwards to it. moto forgets rules that are changed.
func targetGroups(t *Table) {
	t.on("elbv2", func(x *Exchange) (*wire.Reply, error) {
		reply, err := x.Pass()
		if !succeeded(reply, err) {
			return reply, err
		}
		balancers, err := balancersOf(x)
		if err != nil {
			return nil, err
		}
		return editXML(reply, nil, func(root *wire.Node) {
			for _, group := range root.Find("DescribeTargetGroupsResult/TargetGroups/member") {
				group.Set(wire.Members("LoadBalancerArns", "member", balancers[group.Get("TargetGroupArn")]...))
			}
		})
	}, "DescribeTargetGroups")
}

// balancersOf are the load balancers by the target groups that a rule of theirs forwards to, their default rules among them.
func balancersOf(x *Exchange) (map[string][]string, error) {
	of := map[string][]string{}
	balancers, err := texts(x, "DescribeLoadBalancers", nil, "LoadBalancers/member/LoadBalancerArn")
	for _, balancer := range balancers {
		var listeners []string
		if listeners, err = texts(x, "DescribeListeners", map[string]string{"LoadBalancerArn": balancer}, "Listeners/member/ListenerArn"); err != nil {
			return nil, err
		}
		for _, listener := range listeners {
			groups, err := texts(x, "DescribeRules", map[string]string{"ListenerArn": listener},
				"Rules/member/Actions/member/TargetGroupArn", "Rules/member/Actions/member/ForwardConfig/TargetGroups/member/TargetGroupArn")
			if err != nil {
				return nil, err
			}
			for _, group := range groups {
				if !slices.Contains(of[group], balancer) {
					of[group] = append(of[group], balancer)
				}
			}
		}
	}
	return of, err
}

// texts asks moto and returns the texts at the paths of the answer.
func texts(x *Exchange, action string, form map[string]string, paths ...string) ([]string, error) {
	reply, err := x.ask(action, form)
	if err != nil {
		return nil, err
	}
	if reply.Status != http.StatusOK {
		return nil, fmt.Errorf("moto's answer to %s: status %d", action, reply.Status)
	}
	root, err := wire.ParseXML(reply.Body)
	if err != nil {
		return nil, fmt.Errorf("moto's answer to %s: %w", action, err)
	}
	var found []string
	for _, path := range paths {
		for _, node := range root.Find(action + "Result/" + path) {
			found = append(found, node.Text)
		}
	}
	return found, nil
}
