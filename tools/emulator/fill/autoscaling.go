// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// groupMetrics is what a group reports when metrics collection is enabled without a list
// (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html).
var groupMetrics = []string{
	"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
	"GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
	"GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
	"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
}

// scaling corrects groups and policies.
type scaling struct {
	groups, policies overlay
}

// autoScaling adds the members of groups and policies that moto forgets, and metrics collection as AWS does it.
func autoScaling(t *Table) {
	s := &scaling{
		groups: overlay{names: []string{"MaxInstanceLifetime", "DefaultInstanceWarmup", "InstanceMaintenancePolicy", "CapacityReservationSpecification",
			"DesiredCapacityType", "AvailabilityZoneDistribution", "AvailabilityZoneImpairmentPolicy", "Context", "DeletionProtection"}},
		policies: overlay{names: []string{"Enabled"}},
	}
	t.on("autoscaling", s.putGroup, "CreateAutoScalingGroup", "UpdateAutoScalingGroup")
	t.on("autoscaling", s.describeGroups, "DescribeAutoScalingGroups")
	t.on("autoscaling", s.deleteGroup, "DeleteAutoScalingGroup")
	t.on("autoscaling", s.changeMetrics, "EnableMetricsCollection", "DisableMetricsCollection")
	t.on("autoscaling", s.putPolicy, "PutScalingPolicy")
	t.on("autoscaling", s.describePolicies, "DescribePolicies")
}

func (s *scaling) putGroup(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if succeeded(reply, err) {
		s.groups.remember(x.place(), x.Call.Form.Get("AutoScalingGroupName"), x.Call.Form)
	}
	return reply, err
}

func (s *scaling) describeGroups(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, group := range root.Find("DescribeAutoScalingGroupsResult/AutoScalingGroups/member") {
			group.Set(wire.Parent("CapacityReservationSpecification", wire.Element("CapacityReservationPreference", "default")))
			s.groups.recall(x.place(), group.Get("AutoScalingGroupName"), group)
			cancelled(group)
		}
	})
}

// cancelled drops the members that a later update took back: a lifetime of 0, a warm-up of -1, a maintenance policy of -1 and -1.
func cancelled(group *wire.Node) {
	for name, gone := range map[string]string{"MaxInstanceLifetime": "0", "DefaultInstanceWarmup": "-1"} {
		if group.Get(name) == gone {
			group.Remove(name)
		}
	}
	if group.Get("InstanceMaintenancePolicy/MinHealthyPercentage") == "-1" {
		group.Remove("InstanceMaintenancePolicy")
	}
}

func (s *scaling) deleteGroup(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if succeeded(reply, err) {
		s.groups.remove(x.place(), x.Call.Form.Get("AutoScalingGroupName"))
	}
	return reply, err
}

// changeMetrics turns "add these" and "take these away" into the full list, the only thing that moto can set.
func (s *scaling) changeMetrics(x *Exchange) (*wire.Reply, error) {
	name := x.Call.Form.Get("AutoScalingGroupName")
	described, err := x.ask("DescribeAutoScalingGroups", map[string]string{"AutoScalingGroupNames.member.1": name})
	if err != nil {
		return nil, err
	}
	root, err := wire.ParseXML(described.Body)
	if err != nil || len(root.Find("DescribeAutoScalingGroupsResult/AutoScalingGroups/member")) == 0 {
		return noSuchGroup(x, name), nil
	}
	var now []string
	for _, metric := range root.Find("DescribeAutoScalingGroupsResult/AutoScalingGroups/member/EnabledMetrics/member/Metric") {
		now = append(now, metric.Text)
	}
	given := formList(x.Call.Form, "Metrics.member.")
	if len(given) == 0 {
		given = groupMetrics
	}
	form := map[string]string{"AutoScalingGroupName": name, "Granularity": "1Minute"}
	for i, metric := range metricsAfter(x.Call.Action, now, given) {
		form["Metrics.member."+strconv.Itoa(i+1)] = metric
	}
	reply, err := x.ask("EnableMetricsCollection", form)
	if err == nil && reply.Status == http.StatusOK {
		return queryReply(autoScalingNamespace, x.Call.Action), nil
	}
	return reply, err
}

func metricsAfter(action string, now, given []string) []string {
	var after []string
	for _, metric := range groupMetrics {
		listed := slices.Contains(given, metric)
		if listed && action == "EnableMetricsCollection" || !listed && slices.Contains(now, metric) {
			after = append(after, metric)
		}
	}
	return after
}

func (s *scaling) putPolicy(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	if succeeded(reply, err) {
		s.policies.remember(x.place(), policyKey(x.Call.Form.Get("AutoScalingGroupName"), x.Call.Form.Get("PolicyName")), x.Call.Form)
	}
	return reply, err
}

// describePolicies adds whether a policy is enabled, and drops the empty predictive configuration that moto gives every policy.
func (s *scaling) describePolicies(x *Exchange) (*wire.Reply, error) {
	reply, err := x.Pass()
	return editXML(reply, err, func(root *wire.Node) {
		for _, policy := range root.Find("DescribePoliciesResult/ScalingPolicies/member") {
			policy.Set(wire.Element("Enabled", "true"))
			s.policies.recall(x.place(), policyKey(policy.Get("AutoScalingGroupName"), policy.Get("PolicyName")), policy)
			if policy.Get("PolicyType") != "PredictiveScaling" {
				policy.Remove("PredictiveScalingConfiguration")
			}
		}
	})
}

func policyKey(group, policy string) string { return group + "\n" + policy }

// formList returns the values of a form's list, in order.
func formList(form map[string][]string, prefix string) []string {
	var keys []string
	for key := range form {
		if rest, found := strings.CutPrefix(key, prefix); found && !strings.Contains(rest, ".") {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = form[key][0]
	}
	return values
}
