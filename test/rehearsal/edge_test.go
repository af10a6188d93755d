// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"
)

// balancer returns the one load balancer.
func balancer(t *testing.T, a *account) elbtypes.LoadBalancer {
	t.Helper()
	found, err := a.elb.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{})
	require.NoError(t, err)
	require.Len(t, found.LoadBalancers, 1)
	return found.LoadBalancers[0]
}

func lookAtBalancer(t *testing.T, a *account) {
	t.Helper()
	seen := balancer(t, a)
	require.NotEqual(t, elbtypes.LoadBalancerSchemeEnumInternal, seen.Scheme)
	require.Equal(t, elbtypes.LoadBalancerTypeEnumApplication, seen.Type)
	require.Equal(t, a.Network.IPv6, seen.IpAddressType == elbtypes.IpAddressTypeDualstack)
	require.Equal(t, []string{a.groupID(t, "edge")}, seen.SecurityGroups)
	var subnets []string
	for _, zone := range seen.AvailabilityZones {
		subnets = append(subnets, aws.ToString(zone.SubnetId))
	}
	require.ElementsMatch(t, a.subnetIDs(t, "public"), subnets)

	answer, err := a.elb.DescribeLoadBalancerAttributes(t.Context(), &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: seen.LoadBalancerArn})
	require.NoError(t, err)
	attributes := map[string]string{}
	for _, attribute := range answer.Attributes {
		attributes[aws.ToString(attribute.Key)] = aws.ToString(attribute.Value)
	}
	for key, value := range map[string]string{
		"deletion_protection.enabled":                     "true",
		"routing.http.drop_invalid_header_fields.enabled": "true",
		"routing.http.desync_mitigation_mode":             "defensive",
		"access_logs.s3.enabled":                          "true",
		"connection_logs.s3.enabled":                      "true",
		"waf.fail_open.enabled":                           "false",
	} {
		require.Equal(t, value, attributes[key], key)
	}
	for _, key := range []string{"access_logs.s3.bucket", "connection_logs.s3.bucket"} {
		require.True(t, strings.HasPrefix(attributes[key], a.named("access-logs-bucket")), "%s=%s", key, attributes[key])
	}
}

func lookAtListeners(t *testing.T, a *account) {
	t.Helper()
	found, err := a.elb.DescribeListeners(t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: balancer(t, a).LoadBalancerArn})
	require.NoError(t, err)
	require.Len(t, found.Listeners, 2)
	for _, listener := range found.Listeners {
		require.Len(t, listener.DefaultActions, 1)
		action := listener.DefaultActions[0]
		if aws.ToInt32(listener.Port) == 80 {
			require.Equal(t, elbtypes.ActionTypeEnumRedirect, action.Type)
			require.Equal(t, "HTTPS", aws.ToString(action.RedirectConfig.Protocol))
			require.Equal(t, "443", aws.ToString(action.RedirectConfig.Port))
			require.Equal(t, elbtypes.RedirectActionStatusCodeEnumHttp301, action.RedirectConfig.StatusCode)
			continue
		}
		require.Equal(t, int32(443), aws.ToInt32(listener.Port))
		require.Equal(t, elbtypes.ProtocolEnumHttps, listener.Protocol)
		require.True(t, strings.HasPrefix(aws.ToString(listener.SslPolicy), "ELBSecurityPolicy-TLS13-1-2-Res-"), "TLS policy %s", aws.ToString(listener.SslPolicy))
		require.Equal(t, elbtypes.ActionTypeEnumFixedResponse, action.Type)
		require.Equal(t, "404", aws.ToString(action.FixedResponseConfig.StatusCode))
		require.Len(t, listener.Certificates, 1)
		lookAtHeaders(t, a, listener.ListenerArn)
		lookAtRules(t, a, listener.ListenerArn)
	}
}

// lookAtHeaders finds the security headers that the listener adds to every response.
func lookAtHeaders(t *testing.T, a *account, listener *string) {
	t.Helper()
	answer, err := a.elb.DescribeListenerAttributes(t.Context(), &elb.DescribeListenerAttributesInput{ListenerArn: listener})
	require.NoError(t, err)
	attributes := map[string]string{}
	for _, attribute := range answer.Attributes {
		attributes[strings.TrimPrefix(aws.ToString(attribute.Key), "routing.http.response.")] = aws.ToString(attribute.Value)
	}
	require.Equal(t, "max-age=63072000", strings.TrimSuffix(attributes["strict_transport_security.header_value"], "; includeSubDomains"))
	require.Equal(t, "nosniff", attributes["x_content_type_options.header_value"])
	require.Equal(t, a.Edge.ContentSecurityPolicy, attributes["content_security_policy.header_value"])
	require.Equal(t, strings.Contains(a.Edge.ContentSecurityPolicy, "frame-ancestors 'none'"), attributes["x_frame_options.header_value"] == "DENY")
	require.Equal(t, "false", attributes["server.enabled"])
}

// lookAtRules finds the one rule behind the default that a request can meet, which forwards what asks for the environment's own
// host to the instances over TLS, and the one that holds their target group. Rules of other services are none of ours.
func lookAtRules(t *testing.T, a *account, listener *string) {
	t.Helper()
	rules, err := a.elb.DescribeRules(t.Context(), &elb.DescribeRulesInput{ListenerArn: listener})
	require.NoError(t, err)
	groups, err := a.elb.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{TargetGroupArns: a.serviceGroup(t).TargetGroupARNs})
	require.NoError(t, err)
	require.Len(t, groups.TargetGroups, 1)
	group := groups.TargetGroups[0]
	conditions := map[string][]string{}
	for _, rule := range rules.Rules {
		require.Len(t, rule.Actions, 1)
		if action := rule.Actions[0]; aws.ToString(action.TargetGroupArn) == aws.ToString(group.TargetGroupArn) {
			require.Equal(t, elbtypes.ActionTypeEnumForward, action.Type)
			require.Len(t, rule.Conditions, 1)
			switch condition := rule.Conditions[0]; {
			case condition.HostHeaderConfig != nil:
				conditions["host-header"] = condition.HostHeaderConfig.Values
			case condition.SourceIpConfig != nil:
				conditions["source-ip"] = condition.SourceIpConfig.Values
			}
		}
	}
	require.Equal(t, map[string][]string{"host-header": {a.Edge.Domain}, "source-ip": {"192.0.2.1/32"}}, conditions)
	require.Equal(t, elbtypes.ProtocolEnumHttps, group.Protocol)
	require.Equal(t, int32(a.App.Port), aws.ToInt32(group.Port)) //nolint:gosec // a port fits
	require.Equal(t, elbtypes.ProtocolEnumHttps, group.HealthCheckProtocol)
	require.Equal(t, a.App.HealthPath, aws.ToString(group.HealthCheckPath))
	require.Equal(t, "200", aws.ToString(group.Matcher.HttpCode))
	require.Equal(t, aws.ToString(a.vpc(t).VpcId), aws.ToString(group.VpcId))
}

// lookAtWebACL finds the web ACL on the load balancer, with a rate limit for each client and with a log.
func lookAtWebACL(t *testing.T, a *account) {
	t.Helper()
	found, err := a.wafv2.GetWebACLForResource(t.Context(), &wafv2.GetWebACLForResourceInput{ResourceArn: balancer(t, a).LoadBalancerArn})
	require.NoError(t, err)
	require.NotNil(t, found.WebACL, "no web ACL in front of the load balancer")
	var limits, groups int
	for _, rule := range found.WebACL.Rules {
		switch statement := rule.Statement; {
		case statement.RateBasedStatement != nil:
			limits++
			require.Equal(t, int64(a.WAF.RateLimit), aws.ToInt64(statement.RateBasedStatement.Limit))
			require.Equal(t, waftypes.RateBasedStatementAggregateKeyTypeIp, statement.RateBasedStatement.AggregateKeyType)
			require.NotNil(t, rule.Action.Block)
		case statement.ManagedRuleGroupStatement != nil:
			groups++
			require.NotNil(t, rule.OverrideAction.None, "%s only counts", aws.ToString(rule.Name))
		}
	}
	require.Equal(t, 1, limits)
	require.Equal(t, 5, groups)
	logging, err := a.wafv2.GetLoggingConfiguration(t.Context(), &wafv2.GetLoggingConfigurationInput{ResourceArn: found.WebACL.ARN})
	require.NoError(t, err)
	require.Len(t, logging.LoggingConfiguration.LogDestinationConfigs, 1)
	require.Contains(t, logging.LoggingConfiguration.LogDestinationConfigs[0], ":log-group:aws-waf-logs-")
	var redacted []string
	for _, field := range logging.LoggingConfiguration.RedactedFields {
		redacted = append(redacted, aws.ToString(field.SingleHeader.Name))
	}
	require.Subset(t, redacted, []string{"authorization", "cookie"})
}

// lookAtNames finds the certificate of the listener, issued for the domain, and the alias record that leads to the load
// balancer.
func lookAtNames(t *testing.T, a *account) {
	t.Helper()
	if a.Edge.Zone == "" {
		return // The certificate and its names are somebody else's.
	}
	arn, err := terratest.GetAcmCertificateArnContextE(t, t.Context(), a.Region, a.Edge.Domain)
	require.NoError(t, err)
	certificate, err := a.acm.DescribeCertificate(t.Context(), &acm.DescribeCertificateInput{CertificateArn: &arn})
	require.NoError(t, err)
	require.Equal(t, acmtypes.CertificateStatusIssued, certificate.Certificate.Status)
	zones, err := a.route53.ListHostedZones(t.Context(), &route53.ListHostedZonesInput{})
	require.NoError(t, err)
	require.Len(t, zones.HostedZones, 1)
	record, err := terratest.GetRoute53RecordContextE(t, t.Context(), aws.ToString(zones.HostedZones[0].Id), a.Edge.Domain, string(r53types.RRTypeA), a.Region)
	require.NoError(t, err)
	require.NotNil(t, record.AliasTarget)
	require.Equal(t, aws.ToString(balancer(t, a).DNSName), strings.TrimSuffix(strings.TrimPrefix(aws.ToString(record.AliasTarget.DNSName), "dualstack."), "."))
}
