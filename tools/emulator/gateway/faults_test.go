// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	wafv2types "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
)

// calls is a read of every protocol.
func calls(t *testing.T, account *emulatortest.Account, config aws.Config) map[string]func() error {
	t.Helper()
	ctx := t.Context()
	return map[string]func() error{
		"autoscaling": func() error {
			_, err := autoscaling.NewFromConfig(config).DescribeAutoScalingGroups(ctx, nil)
			return err
		},
		"cloudwatch":     func() error { _, err := cloudwatch.NewFromConfig(config).DescribeAlarms(ctx, nil); return err },
		"ec2":            func() error { _, err := ec2.NewFromConfig(config).DescribeVpcs(ctx, nil); return err },
		"iam":            func() error { _, err := iam.NewFromConfig(config).ListRoles(ctx, nil); return err },
		"kms":            func() error { _, err := kms.NewFromConfig(config).ListKeys(ctx, nil); return err },
		"rds":            func() error { _, err := rds.NewFromConfig(config).DescribeDBInstances(ctx, nil); return err },
		"route53":        func() error { _, err := route53.NewFromConfig(config).ListHostedZones(ctx, nil); return err },
		"s3":             func() error { _, err := s3.NewFromConfig(config).ListBuckets(ctx, nil); return err },
		"secretsmanager": func() error { _, err := secretsmanager.NewFromConfig(config).ListSecrets(ctx, nil); return err },
		"sns":            func() error { _, err := sns.NewFromConfig(config).ListTopics(ctx, nil); return err },
		"s3control": func() error {
			_, err := s3control.NewFromConfig(config).ListAccessPoints(ctx, &s3control.ListAccessPointsInput{AccountId: &account.ID})
			return err
		},
		"wafv2": func() error {
			_, err := wafv2.NewFromConfig(config).ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: wafv2types.ScopeRegional})
			return err
		},
	}
}

// rules puts fault rules for one account into force until the test ends. The rules of a gateway are one list, so these tests run one by one.
func rules(t *testing.T, account *emulatortest.Account, list ...gateway.Rule) {
	t.Helper()
	for i := range list {
		list[i].Account = account.ID
	}
	require.NoError(t, account.Gateway.SetFaults(list...))
	t.Cleanup(func() { require.NoError(t, account.Gateway.SetFaults()) })
}

func TestThrottleIsEachServicesOwnAndRetried(t *testing.T) {
	account := emulatortest.NewAccount(t)
	once, thrice := calls(t, account, account.Config), calls(t, account, account.Retrying(3))
	throttled := retry.IsErrorThrottles(retry.DefaultThrottles)
	for service := range once {
		rules(t, account, gateway.Rule{Service: service, Kind: gateway.Throttle})
		require.Equal(t, aws.TrueTernary, throttled.IsErrorThrottle(once[service]()), service)
		rules(t, account, gateway.Rule{Service: service, Kind: gateway.Throttle, To: 2})
		require.NoError(t, thrice[service](), service)
	}
}

func TestError500IsRetried(t *testing.T) {
	account := emulatortest.NewAccount(t)
	once, thrice := calls(t, account, account.Config), calls(t, account, account.Retrying(3))
	for service := range once {
		rules(t, account, gateway.Rule{Kind: gateway.Error500, Calls: []int{1}})
		require.ErrorContains(t, once[service](), "internal error", service)
		require.NoError(t, once[service](), service)
		rules(t, account, gateway.Rule{Kind: gateway.Error500, Calls: []int{1, 2}})
		require.NoError(t, thrice[service](), service)
	}
}

func TestRefusalIsNotRetried(t *testing.T) {
	account := emulatortest.NewAccount(t)
	for service, call := range calls(t, account, account.Retrying(3)) {
		rules(t, account, gateway.Rule{Kind: gateway.Refuse, Calls: []int{1}})
		require.ErrorContains(t, call(), "You are not authorized to perform "+service+":", service)
		require.NoError(t, call(), service)
	}
}

func TestResetAndDelay(t *testing.T) {
	account := emulatortest.NewAccount(t)
	client := ec2.NewFromConfig(account.Config)
	rules(t, account, gateway.Rule{Action: "DescribeVpcs", Kind: gateway.Reset, From: 1, To: 1})
	_, err := client.DescribeVpcs(t.Context(), nil)
	require.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
	_, err = client.DescribeVpcs(t.Context(), nil)
	require.NoError(t, err)

	rules(t, account, gateway.Rule{Service: "ec2", Kind: gateway.Delay, DelayMS: 300})
	began := time.Now()
	_, err = client.DescribeVpcs(t.Context(), nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 300*time.Millisecond)

	faults := map[string]int{}
	for _, call := range recorded(t, account) {
		faults[call.Fault]++
	}
	require.Equal(t, map[string]int{"reset": 1, "": 1, "delay": 1}, faults)
}

func TestWhatWasJustMadeIsNotSeenYet(t *testing.T) {
	account := emulatortest.NewAccount(t)
	network, people := ec2.NewFromConfig(account.Config), iam.NewFromConfig(account.Config)
	const wait = 500
	rules(t, account, gateway.Rule{Service: "ec2", Kind: gateway.Unseen, DelayMS: wait}, gateway.Rule{Service: "iam", Kind: gateway.Unseen, DelayMS: wait})
	vpc, err := network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	require.NoError(t, err)
	role, err := people.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("late"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	byID := func() error {
		_, err := network.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{*vpc.Vpc.VpcId}})
		return err
	}
	byName := func() error {
		_, err := people.GetRole(t.Context(), &iam.GetRoleInput{RoleName: role.Role.RoleName})
		return err
	}
	require.ErrorContains(t, byID(), "InvalidVpcID.NotFound")
	require.ErrorContains(t, byName(), "NoSuchEntity")
	_, err = network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String("10.0.1.0/24")})
	require.NoError(t, err, "calls that change something see it")
	for _, see := range []func() error{byID, byName} {
		require.Eventually(t, func() bool { return see() == nil }, time.Minute, 50*time.Millisecond)
	}
}

func TestAnErrorByItsCode(t *testing.T) {
	account := emulatortest.NewAccount(t)
	client := ec2.NewFromConfig(account.Config)
	rules(t, account, gateway.Rule{Action: "DescribeVpcs", Kind: gateway.Error, Code: "DependencyViolation", To: 1})
	_, err := client.DescribeVpcs(t.Context(), nil)
	require.ErrorContains(t, err, "DependencyViolation")
	_, err = client.DescribeVpcs(t.Context(), nil)
	require.NoError(t, err)
}

func TestFaultAfterTheCallWasCarriedOut(t *testing.T) {
	account := emulatortest.NewAccount(t)
	client := sns.NewFromConfig(account.Config)
	rules(t, account, gateway.Rule{Action: "CreateTopic", Kind: gateway.Reset, After: true})
	_, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alarms")})
	require.Error(t, err)
	topics, err := client.ListTopics(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, topics.Topics, 1)
}

func TestProbabilityIsDeterministic(t *testing.T) {
	account := emulatortest.NewAccount(t)
	client := sns.NewFromConfig(account.Config)
	pattern := func(seed uint64) (failed []int) {
		rules(t, account, gateway.Rule{Kind: gateway.Error500, Probability: 0.3, Seed: seed})
		for i := range 60 {
			if _, err := client.ListTopics(t.Context(), nil); err != nil {
				failed = append(failed, i)
			}
		}
		return failed
	}
	first := pattern(1)
	require.Equal(t, first, pattern(1))
	require.NotEqual(t, first, pattern(2))
	require.InDelta(t, 18, len(first), 10)
}

func TestRulesAreChecked(t *testing.T) {
	account := emulatortest.NewAccount(t)
	for _, wrong := range []gateway.Rule{
		{}, {Kind: "earthquake"}, {Kind: gateway.Delay}, {Kind: gateway.Reset, DelayMS: 1}, {Kind: gateway.Reset, Probability: 1.5},
		{Kind: gateway.Reset, From: 3, To: 2}, {Kind: gateway.Reset, Calls: []int{0}}, {Kind: gateway.Reset, Action: "[", Service: "ec2"},
		{Kind: gateway.Delay, DelayMS: 5, After: true}, {Kind: gateway.Error}, {Kind: gateway.Unseen}, {Kind: gateway.Reset, Code: "Gone"},
	} {
		require.Error(t, account.Gateway.SetFaults(wrong), "%+v", wrong)
	}
}
