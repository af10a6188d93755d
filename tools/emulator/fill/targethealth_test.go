// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// AWS checks the health of targets only where a listener uses their target group, whether through a default action, a rule, or
// a share of a rule.
func TestTargetsAreUnusedUntilAListenerUsesTheirGroup(t *testing.T) {
	t.Parallel()
	config := emulatortest.NewAccount(t).Config
	network, client, ctx := ec2.NewFromConfig(config), elb.NewFromConfig(config), t.Context()
	vpc, err := network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	require.NoError(t, err)
	var subnets []string
	for zone, block := range map[string]string{"eu-central-1a": "10.0.0.0/24", "eu-central-1b": "10.0.1.0/24"} {
		subnet, err := network.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: &block, AvailabilityZone: &zone})
		require.NoError(t, err)
		subnets = append(subnets, *subnet.Subnet.SubnetId)
	}
	balancer, err := client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String("door"), Subnets: subnets})
	require.NoError(t, err)
	instances, err := network.RunInstances(ctx, &ec2.RunInstancesInput{ImageId: aws.String("ami-12c6146b"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	require.NoError(t, err)
	target := []types.TargetDescription{{Id: instances.Instances[0].InstanceId}}
	groups := map[string]*string{}
	for _, name := range []string{"first", "second"} {
		made, err := client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{Name: &name, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc.Vpc.VpcId})
		require.NoError(t, err)
		groups[name] = made.TargetGroups[0].TargetGroupArn
		_, err = client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: groups[name], Targets: target})
		require.NoError(t, err)
	}
	health := func(name string) types.TargetHealth {
		found, err := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: groups[name]})
		require.NoError(t, err)
		require.Len(t, found.TargetHealthDescriptions, 1)
		return *found.TargetHealthDescriptions[0].TargetHealth
	}
	require.Equal(t, types.TargetHealthStateEnumUnused, health("first").State)
	require.Equal(t, types.TargetHealthReasonEnumNotInUse, health("first").Reason)

	listener, err := client.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: balancer.LoadBalancers[0].LoadBalancerArn, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: groups["first"]}},
	})
	require.NoError(t, err)
	require.Equal(t, types.TargetHealthStateEnumHealthy, health("first").State)
	require.Equal(t, types.TargetHealthStateEnumUnused, health("second").State)

	rule, err := client.CreateRule(ctx, &elb.CreateRuleInput{
		ListenerArn: listener.Listeners[0].ListenerArn, Priority: aws.Int32(1),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/new"}}},
		Actions: []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{
			{TargetGroupArn: groups["first"], Weight: aws.Int32(1)}, {TargetGroupArn: groups["second"], Weight: aws.Int32(0)},
		}}}},
	})
	require.NoError(t, err)
	require.Equal(t, types.TargetHealthStateEnumHealthy, health("second").State)

	balancers := func(name string) []string {
		found, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{*groups[name]}})
		require.NoError(t, err)
		return found.TargetGroups[0].LoadBalancerArns
	}
	for _, to := range []string{"first", "second"} {
		_, err = client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: rule.Rules[0].RuleArn, Actions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: groups[to]}}})
		require.NoError(t, err)
		require.Equal(t, []string{*balancer.LoadBalancers[0].LoadBalancerArn}, balancers("first"), "by the default action")
		require.Equal(t, to == "second", len(balancers("second")) == 1, "the rule leads to the %s", to)
	}
}
