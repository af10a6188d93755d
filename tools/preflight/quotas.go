// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/bulkhead-iac/bulkhead/internal/quota"
	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
)

// limited is one quota, what the deployment needs of it, and how much the account uses today.
type limited struct {
	*quota.Quota
	label string // In the place of the name, where one quota is asked about twice.
	need  func(*plan) []demand
	used  func(ctx context.Context, where string) (int, error)
}

// limits are the quotas that are compared.
func (a *account) limits(zones []string) []limited {
	none := func(context.Context, string) (int, error) { return 0, nil }
	return []limited{
		{quota.VPCs, "", made(resource.VPC), a.vpcs},
		{quota.InternetGateways, "", made(resource.InternetGateway), a.internetGateways},
		{quota.EgressOnlyGateways, "", made(egressOnlyGatewayType), a.egressOnlyGateways},
		{quota.NATGateways, "", natGateways(zones), a.natGateways},
		{quota.ElasticIPs, "", made(resource.ElasticIP), a.addresses},
		{quota.InterfaceEndpoints, "", madeWhere(endpoint("Interface", true), resource.VPCEndpoint), a.interfaceEndpoints},
		{quota.GatewayEndpoints, "", madeWhere(endpoint("Gateway", false), resource.VPCEndpoint), a.gatewayEndpoints},
		{quota.SecurityGroups, "", made(resource.SecurityGroup), a.securityGroups},
		{quota.RulesPerGroup, "", fullest(resource.SecurityGroup, 0, resource.SecurityGroupIngressRule, resource.SecurityGroupEgressRule), none},
		{quota.RulesPerACL, "", fullest(resource.NetworkACL, 1, resource.NetworkACLRule), none}, // AWS counts the closing rule.
		{quota.LoadBalancers, "", madeWhere(application, resource.LoadBalancer), a.loadBalancers},
		{quota.TargetGroups, "", made(resource.TargetGroup), a.targetGroups},
		{quota.DBInstances, "", made(resource.RDSInstance), a.databases},
		{quota.Keys, "", made(resource.KMSKey), a.keys},
		{quota.Buckets, "", made(resource.Buckets...), a.buckets},
		{quota.Roles, "", made(resource.IAMRole), a.summary("Roles")},
		{quota.Policies, "", made(resource.IAMPolicy), a.summary("Policies")},
		{quota.InstanceProfiles, "", made(profileType), a.summary("InstanceProfiles")},
		{quota.Trails, "", made(resource.CloudTrailTrail), a.trails},
		{quota.LogResourcePolicies, "", made(resource.LogResourcePolicy), a.logPolicies},
	}
}

// check answers for one demand.
func (l *limited) check(ctx context.Context, a *account, d demand) row {
	r := row{Area: "quota", Name: l.title(d.where), Need: &d.count}
	used, err := l.used(ctx, d.where)
	if err != nil {
		return r.unseen(err)
	}
	r.Used = &used
	limit, err := a.limit(ctx, l.Quota)
	if err != nil {
		return r.unseen(err)
	}
	r.Limit = &limit
	r.Verdict = fine
	if d.count > 0 && used+d.count > limit {
		r.Verdict = missing
		r.Says = fmt.Sprintf("needs %d beside the %d in use, and the limit is %d; %s", d.count, used, limit, raise(l.Quota, a.region, used+d.count))
	}
	return r
}

// unseen makes it the row of a question that was not answered.
func (r row) unseen(err error) row {
	r.Verdict, r.Says = notSeen, cause(err)
	return r
}

// title is what the row is called.
func (l *limited) title(where string) string {
	name := cmp.Or(l.label, l.Name)
	if where != "" {
		name += " (" + where + ")"
	}
	return name
}

// raise says how to get more.
func raise(q *quota.Quota, region string, want int) string {
	if q.Code == "" {
		return "AWS raises it for nobody: remove what is not used, see " + q.Source
	}
	if q.Global {
		region = quota.Home(region)
	}
	return fmt.Sprintf("ask for more: aws service-quotas request-service-quota-increase --region %s --service-code %s --quota-code %s --desired-value %d",
		region, q.Service, q.Code, want)
}

// quotas is what is asked of Service Quotas.
type quotas interface {
	GetServiceQuota(context.Context, *servicequotas.GetServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error)
	GetAWSDefaultServiceQuota(context.Context, *servicequotas.GetAWSDefaultServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error)
}

// limit is the account's value of a quota. Service Quotas has one only where it is not AWS's default, for some services
// (https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html).
func (a *account) limit(ctx context.Context, q *quota.Quota) (int, error) {
	if q.Code == "" {
		return q.Default, nil
	}
	where := func(o *servicequotas.Options) {
		if q.Global {
			o.Region = quota.Home(a.region)
		}
	}
	applied, err := a.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &q.Service, QuotaCode: &q.Code}, where)
	var none *types.NoSuchResourceException
	switch {
	case err == nil && applied.Quota != nil && applied.Quota.Value != nil:
		return int(*applied.Quota.Value), nil
	case err != nil && !errors.As(err, &none):
		return 0, err
	}
	standard, err := a.quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &q.Service, QuotaCode: &q.Code}, where)
	if err != nil {
		return 0, err
	}
	if standard.Quota == nil || standard.Quota.Value == nil {
		return 0, fmt.Errorf("no value in Service Quotas for %s %s", q.Service, q.Code)
	}
	return int(aws.ToFloat64(standard.Quota.Value)), nil
}
