// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

// serverKinds are what instances are made of.
var serverKinds = []kind{
	{"launch template", []string{"aws:ec2/launchTemplate:LaunchTemplate"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.LaunchTemplates, func(t ec2types.LaunchTemplate) *string { return t.LaunchTemplateId }), nil
	}},
	{"auto-scaling group", []string{"aws:autoscaling/group:Group"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.autoscaling.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.AutoScalingGroups, func(g asgtypes.AutoScalingGroup) *string { return g.AutoScalingGroupName }), nil
	}},
	{"scaling policy", []string{"aws:autoscaling/policy:Policy"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.autoscaling.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.ScalingPolicies, func(p asgtypes.ScalingPolicy) *string { return p.PolicyName }), nil
	}},
	{"instance", nil, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
			Filters: where("instance-state-name", "pending", "running", "shutting-down", "stopping", "stopped"),
		})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, reservation := range found.Reservations {
			ids = append(ids, each(reservation.Instances, func(i ec2types.Instance) *string { return i.InstanceId })...)
		}
		return ids, nil
	}},
	{"volume", nil, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.ec2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Volumes, func(v ec2types.Volume) *string { return v.VolumeId }), nil
	}},
}

// edgeKinds are what the internet meets.
var edgeKinds = []kind{
	{"load balancer", []string{"aws:lb/loadBalancer:LoadBalancer"}, listBalancers},
	{"target group", []string{"aws:lb/targetGroup:TargetGroup"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.TargetGroups, func(g elbtypes.TargetGroup) *string { return g.TargetGroupArn }), nil
	}},
	{"listener", []string{"aws:lb/listener:Listener"}, listListeners},
	{"listener rule", []string{"aws:lb/listenerRule:ListenerRule"}, func(ctx context.Context, a *account) ([]string, error) {
		listeners, err := listListeners(ctx, a)
		if err != nil {
			return nil, err
		}
		var arns []string
		for _, listener := range listeners {
			found, err := a.elb.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: aws.String(listener)})
			if err != nil {
				return nil, err
			}
			for _, rule := range found.Rules {
				if !aws.ToBool(rule.IsDefault) {
					arns = append(arns, aws.ToString(rule.RuleArn))
				}
			}
		}
		return arns, nil
	}},
	{"web ACL", []string{"aws:wafv2/webAcl:WebAcl"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.wafv2.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeRegional})
		if err != nil {
			return nil, err
		}
		return each(found.WebACLs, func(w waftypes.WebACLSummary) *string { return w.Id }), nil
	}},
	{"certificate", []string{"aws:acm/certificate:Certificate"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.acm.ListCertificates(ctx, &acm.ListCertificatesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.CertificateSummaryList, func(c acmtypes.CertificateSummary) *string { return c.CertificateArn }), nil
	}},
	{"DNS record", []string{"aws:route53/record:Record"}, listRecords},
}

func listBalancers(ctx context.Context, a *account) ([]string, error) {
	found, err := a.elb.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return nil, err
	}
	return each(found.LoadBalancers, func(b elbtypes.LoadBalancer) *string { return b.LoadBalancerArn }), nil
}

func listListeners(ctx context.Context, a *account) ([]string, error) {
	balancers, err := listBalancers(ctx, a)
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, balancer := range balancers {
		found, err := a.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(balancer)})
		if err != nil {
			return nil, err
		}
		arns = append(arns, each(found.Listeners, func(l elbtypes.Listener) *string { return l.ListenerArn })...)
	}
	return arns, nil
}

// listRecords leaves out the two records that every zone is born with.
func listRecords(ctx context.Context, a *account) ([]string, error) {
	zones, err := a.route53.ListHostedZones(ctx, &route53.ListHostedZonesInput{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, zone := range zones.HostedZones {
		found, err := a.route53.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: zone.Id})
		if err != nil {
			return nil, err
		}
		for _, record := range found.ResourceRecordSets {
			if record.Type != r53types.RRTypeNs && record.Type != r53types.RRTypeSoa {
				ids = append(ids, strings.Join([]string{
					strings.TrimPrefix(aws.ToString(zone.Id), "/hostedzone/"), strings.TrimSuffix(aws.ToString(record.Name), "."), string(record.Type),
				}, "_"))
			}
		}
	}
	return ids, nil
}
