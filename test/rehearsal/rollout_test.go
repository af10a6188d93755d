// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// rollOutAPort gives the shop of the example another port, and the orders another script, which is another launch template.
func rollOutAPort(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	before, seen := resources(t, e), len(e.Calls(t))
	edit(t, box, "8443", "8444")
	edit(t, box, "app.Args{Port: 9443}", `app.Args{Port: 9443, UserData: pulumi.String("#!/bin/sh")}`)
	box.Rehearse(t, "up", "staging").Succeed(t)
	after, calls := resources(t, e), timeline(e.Calls(t)[seen:])

	requireInOrder(t, calls,
		call{"CreateTargetGroup", after["shop-shop-targets"].name},
		call{"ModifyRule", before["shop-edge-shop-held"].id},
		call{"CreateAutoScalingGroup", after["shop-shop-group"].id},
		call{"DescribeTargetHealth", after["shop-shop-targets"].id},
		call{"ModifyRule", before["shop-edge-shop"].id},
		call{"DeleteAutoScalingGroup", before["shop-shop-group"].id},
		call{"DeleteTargetGroup", before["shop-shop-targets"].id},
	)
	made := calls.last(call{"CreateAutoScalingGroup", after["shop-shop-group"].id})
	gone := calls.last(call{"DeleteAutoScalingGroup", before["shop-shop-group"].id})
	for action, happens := range map[string]func(at int) bool{
		"AuthorizeSecurityGroupIngress": func(at int) bool { return at < made },
		"AuthorizeSecurityGroupEgress":  func(at int) bool { return at < made },
		"CreateNetworkAclEntry":         func(at int) bool { return at < made },
		"RevokeSecurityGroupIngress":    func(at int) bool { return at > gone },
		"RevokeSecurityGroupEgress":     func(at int) bool { return at > gone },
		"DeleteNetworkAclEntry":         func(at int) bool { return at > gone },
	} {
		places := calls.places(func(c call) bool { return c.action == action })
		require.NotEmpty(t, places, action)
		for _, at := range places {
			require.True(t, happens(at), "%s at %d: the group of the new port is made at %d, that of the old one goes at %d", action, at, made, gone)
		}
	}

	requireInOrder(t, calls,
		call{"CreateAutoScalingGroup", after["shop-orders-group"].id},
		call{"DescribeTargetHealth", before["shop-orders-targets"].id},
		call{"DeleteAutoScalingGroup", before["shop-orders-group"].id},
	)
	require.Equal(t, before["shop-orders-targets"], after["shop-orders-targets"], "the port of the orders is the same")
	require.Empty(t, calls.places(func(c call) bool {
		return c.action == "ModifyRule" && (c.resource == before["shop-edge-orders"].id || c.resource == before["shop-edge-orders-held"].id)
	}))
}

// failToRollOut deploys another port while nobody learns that the new instances are healthy, and then tries again.
func failToRollOut(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	before, seen := resources(t, e), len(e.Calls(t))
	info, err := emulator.Find(t.Context(), box.Dir)
	require.NoError(t, err)
	require.NoError(t, info.Client().SetFaults(t.Context(), emulator.Rule{Action: "DescribeTargetHealth", Kind: "refuse"}))
	edit(t, box, "8444", "8445")
	result := box.Rehearse(t, "up", "staging")
	require.Equal(t, 1, result.Code, result.Err)
	result.Says(t, "elbv2:DescribeTargetHealth")
	calls := timeline(e.Calls(t)[seen:])
	failed := calls.only(t, "CreateAutoScalingGroup")
	require.Negative(t, calls.last(call{"ModifyRule", before["shop-edge-shop"].id}))
	require.Empty(t, calls.places(func(c call) bool {
		return strings.HasPrefix(c.action, "Delete") || strings.HasPrefix(c.action, "Revoke")
	}))
	require.Equal(t, before["shop-shop-targets"].id, forwarded(t, e, before["shop-edge-shop"].id))
	require.ElementsMatch(t, []string{before["shop-shop-group"].id, before["shop-orders-group"].id, failed}, groups(t, e))

	seen = len(e.Calls(t))
	require.NoError(t, info.Client().SetFaults(t.Context()))
	box.Rehearse(t, "up", "staging").Succeed(t)
	after, calls := resources(t, e), timeline(e.Calls(t)[seen:])
	require.NotEqual(t, failed, after["shop-shop-group"].id, "the group that did not become healthy is taken for one that did")
	requireInOrder(t, calls,
		call{"CreateAutoScalingGroup", after["shop-shop-group"].id},
		call{"DescribeTargetHealth", after["shop-shop-targets"].id},
		call{"ModifyRule", before["shop-edge-shop"].id},
		call{"DeleteAutoScalingGroup", before["shop-shop-group"].id},
		call{"DeleteTargetGroup", before["shop-shop-targets"].id},
	)
	require.Equal(t, after["shop-shop-targets"].id, forwarded(t, e, before["shop-edge-shop"].id))
	require.ElementsMatch(t, []string{after["shop-shop-group"].id, after["shop-orders-group"].id}, groups(t, e))
}

// edit replaces a text of the program wherever it stands.
func edit(t *testing.T, box *sandbox.Sandbox, old, replacement string) {
	t.Helper()
	file := box.Path("infra", "main.go")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), old, replacement)), 0o600))
}

// identity is what AWS knows a resource by.
type identity struct{ id, name string }

// resources are those of the stack by their logical names, where types do not share one.
func resources(t *testing.T, e *sandbox.Environment) map[string]identity {
	t.Helper()
	found := map[string]identity{}
	for _, r := range e.State(t).Resources {
		require.False(t, r.Delete, "%s should be gone", r.URN)
		name, _ := r.Outputs["name"].(string)
		found[r.URN.Name()] = identity{string(r.ID), name}
	}
	return found
}

// call is what a call does to which resource.
type call struct{ action, resource string }

type calls []call

// timeline is the calls that succeeded, in their order.
func timeline(records []emulator.Record) calls {
	var all calls
	for _, r := range records {
		if r.Status == 200 {
			all = append(all, call{r.Action, r.Resource})
		}
	}
	return all
}

// places are where in the timeline calls are.
func (all calls) places(is func(call) bool) []int {
	var found []int
	for i, c := range all {
		if is(c) {
			found = append(found, i)
		}
	}
	return found
}

// last is where a call is for the last time, -1 if nowhere.
func (all calls) last(wanted call) int {
	places := all.places(func(c call) bool { return c == wanted })
	if len(places) == 0 {
		return -1
	}
	return places[len(places)-1]
}

// only is the resource of the only call of an action.
func (all calls) only(t *testing.T, action string) string {
	t.Helper()
	places := all.places(func(c call) bool { return c.action == action })
	require.Len(t, places, 1, action)
	return all[places[0]].resource
}

// requireInOrder finds calls one after the other, each for the last time before the last one. A rehearsal ends with a look at
// everything, which is no part of the deployment.
func requireInOrder(t *testing.T, all calls, wanted ...call) {
	t.Helper()
	all = all[:all.last(wanted[len(wanted)-1])+1]
	var places []int
	for _, c := range wanted {
		places = append(places, all.last(c))
		require.NotEqual(t, -1, all.last(c), "%s %s is not called", c.action, c.resource)
	}
	require.True(t, slices.IsSorted(places), "%v happen at %v", wanted, places)
}

// forwarded is the target group that a rule forwards to.
func forwarded(t *testing.T, e *sandbox.Environment, rule string) string {
	t.Helper()
	found, err := elb.NewFromConfig(e.Config(t)).DescribeRules(t.Context(), &elb.DescribeRulesInput{RuleArns: []string{rule}})
	require.NoError(t, err)
	require.Len(t, found.Rules, 1)
	require.Len(t, found.Rules[0].Actions, 1)
	return aws.ToString(found.Rules[0].Actions[0].TargetGroupArn)
}

// groups are the auto-scaling groups of the account.
func groups(t *testing.T, e *sandbox.Environment) []string {
	t.Helper()
	found, err := autoscaling.NewFromConfig(e.Config(t)).DescribeAutoScalingGroups(t.Context(), nil)
	require.NoError(t, err)
	var names []string
	for _, group := range found.AutoScalingGroups {
		names = append(names, aws.ToString(group.AutoScalingGroupName))
	}
	return names
}
