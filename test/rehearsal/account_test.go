// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

// account is an environment's emulated account: what the stack file asks for, and clients to see what is there.
type account struct {
	*sandbox.Environment
	*stacks.Settings

	acm            *acm.Client
	autoscaling    *autoscaling.Client
	cloudtrail     *cloudtrail.Client
	cloudwatch     *cloudwatch.Client
	ec2            *ec2.Client
	eventbridge    *eventbridge.Client
	elb            *elb.Client
	iam            *iam.Client
	kms            *kms.Client
	lambda         *lambda.Client
	logs           *cloudwatchlogs.Client
	rds            *rds.Client
	route53        *route53.Client
	resolver       *route53resolver.Client
	s3             *s3.Client
	s3control      *s3control.Client
	secretsmanager *secretsmanager.Client
	sns            *sns.Client
	ssm            *ssm.Client
	sts            *sts.Client
	wafv2          *wafv2.Client
}

// visit makes the clients of an environment's account.
func visit(t *testing.T, e *sandbox.Environment) *account {
	t.Helper()
	cfg := e.Config(t)
	return &account{
		Environment: e, Settings: e.Settings(t),
		acm: acm.NewFromConfig(cfg), autoscaling: autoscaling.NewFromConfig(cfg), cloudtrail: cloudtrail.NewFromConfig(cfg),
		cloudwatch: cloudwatch.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg), elb: elb.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg),
		kms: kms.NewFromConfig(cfg), lambda: lambda.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg), rds: rds.NewFromConfig(cfg), route53: route53.NewFromConfig(cfg),
		resolver: route53resolver.NewFromConfig(cfg), eventbridge: eventbridge.NewFromConfig(cfg),
		s3: s3.NewFromConfig(cfg), s3control: s3control.NewFromConfig(cfg), secretsmanager: secretsmanager.NewFromConfig(cfg),
		sns: sns.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg), sts: sts.NewFromConfig(cfg), wafv2: wafv2.NewFromConfig(cfg),
	}
}

// named puts the environment's name before a role, which is how the program names things.
func (a *account) named(role string) string { return a.Name + "-" + role }

// alias is what a key of the environment is called: an account has each alias once, whichever project it is of.
func (a *account) alias(role string) string { return "alias/" + a.Project + "-" + a.named(role) }

// name returns the value of the tag Name.
func name(tags []ec2types.Tag) string {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == "Name" {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}

// byName returns the items by their tag Name, which no two of them share.
func byName[T any](t *testing.T, items []T, tags func(T) []ec2types.Tag) map[string]T {
	t.Helper()
	named := map[string]T{}
	for _, item := range items {
		require.NotContains(t, named, name(tags(item)))
		named[name(tags(item))] = item
	}
	return named
}

// where makes a filter.
func where(name string, values ...string) []ec2types.Filter {
	return []ec2types.Filter{{Name: aws.String(name), Values: values}}
}

// vpc returns the one VPC that is not AWS's default.
func (a *account) vpc(t *testing.T) ec2types.Vpc {
	t.Helper()
	found, err := a.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: where("is-default", "false")})
	require.NoError(t, err)
	require.Len(t, found.Vpcs, 1)
	return found.Vpcs[0]
}

// inVPC is the filter for what belongs to the VPC.
func (a *account) inVPC(t *testing.T) []ec2types.Filter {
	t.Helper()
	return where("vpc-id", aws.ToString(a.vpc(t).VpcId))
}

// tiers are the names of the tiers.
var tiers = []string{"public", "app", "data"}

// subnets returns the VPC's subnets by name, such as "staging-public-eu-central-1a".
func (a *account) subnets(t *testing.T) map[string]ec2types.Subnet {
	t.Helper()
	found, err := a.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: a.inVPC(t)})
	require.NoError(t, err)
	return byName(t, found.Subnets, func(s ec2types.Subnet) []ec2types.Tag { return s.Tags })
}

// subnetIDs returns the ids of a tier's subnets, in the order of the zones.
func (a *account) subnetIDs(t *testing.T, tier string) []string {
	t.Helper()
	named := a.subnets(t)
	var ids []string
	for _, zone := range a.Network.Zones {
		require.Contains(t, named, a.named(tier+"-"+zone))
		ids = append(ids, aws.ToString(named[a.named(tier+"-"+zone)].SubnetId))
	}
	return ids
}

// groups returns the VPC's security groups by name.
func (a *account) groups(t *testing.T) map[string]ec2types.SecurityGroup {
	t.Helper()
	found, err := a.ec2.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: a.inVPC(t)})
	require.NoError(t, err)
	return byName(t, found.SecurityGroups, func(g ec2types.SecurityGroup) []ec2types.Tag { return g.Tags })
}

// groupID returns the id of the security group of a role, such as "app".
func (a *account) groupID(t *testing.T, role string) string {
	t.Helper()
	groups := a.groups(t)
	require.Contains(t, groups, a.named(role))
	return aws.ToString(groups[a.named(role)].GroupId)
}
