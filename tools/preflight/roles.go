// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	resource "github.com/bulkhead-iac/bulkhead/policy/aws"
)

// linkedRole is a role that a service needs and makes by itself in an account that has none, in the name of whoever calls it first.
type linkedRole struct {
	name, service string
	types         []string
}

// linkedRoles are those of the services that a deployment calls
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html).
var linkedRoles = []linkedRole{
	{"AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com", []string{resource.AutoScalingGroup}},
	{"AWSServiceRoleForElasticLoadBalancing", "elasticloadbalancing.amazonaws.com", []string{resource.LoadBalancer}},
	{"AWSServiceRoleForRDS", "rds.amazonaws.com", []string{resource.RDSInstance}},
	{"AWSServiceRoleForRoute53Resolver", "route53resolver.amazonaws.com", []string{queryLogType}},
}

// row says whether the account has the role.
func (l *linkedRole) row(ctx context.Context, a *account) row {
	r := row{Area: "role", Name: l.name, Verdict: fine}
	there, err := a.hasRole(ctx, l.name)
	switch {
	case err != nil:
		return r.unseen(err)
	case !there:
		r.Verdict = later
		r.Says = fmt.Sprintf("at the first call, for whom iam:CreateServiceLinkedRole is allowed for %s; or before, and without a race: "+
			"aws iam create-service-linked-role --aws-service-name %[1]s", l.service)
	}
	return r
}

// neededRoles are the roles that services need for the deployment and that it does not make itself.
func neededRoles(p *plan) []*linkedRole {
	own := map[string]bool{}
	for _, r := range p.of(linkedRoleType) {
		own[r.Inputs().Get("awsServiceName").Str()] = true
	}
	var all []*linkedRole
	for i := range linkedRoles {
		if l := &linkedRoles[i]; len(p.of(l.types...)) > 0 && !own[l.service] {
			all = append(all, l)
		}
	}
	return all
}
