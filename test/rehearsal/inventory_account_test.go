// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secretstypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// databaseKinds are the database, what RDS makes of it, and the function that makes its users.
var databaseKinds = []kind{
	{"database", []string{"aws:rds/instance:Instance"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.DBInstances, func(d rdstypes.DBInstance) *string { return d.DbiResourceId }), nil
	}},
	{"database subnet group", []string{"aws:rds/subnetGroup:SubnetGroup"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.rds.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.DBSubnetGroups, func(g rdstypes.DBSubnetGroup) *string { return g.DBSubnetGroupName }), nil
	}},
	{"events of databases", []string{"aws:rds/eventSubscription:EventSubscription"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.rds.DescribeEventSubscriptions(ctx, &rds.DescribeEventSubscriptionsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.EventSubscriptionsList, func(s rdstypes.EventSubscription) *string { return s.CustSubscriptionId }), nil
	}},
	{"event rule", []string{"aws:cloudwatch/eventRule:EventRule"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.eventbridge.ListRules(ctx, &eventbridge.ListRulesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Rules, func(r eventbridgetypes.Rule) *string { return r.Name }), nil
	}},
	{"database parameter group", []string{"aws:rds/parameterGroup:ParameterGroup"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.rds.DescribeDBParameterGroups(ctx, &rds.DescribeDBParameterGroupsInput{})
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(each(found.DBParameterGroups, func(g rdstypes.DBParameterGroup) *string { return g.DBParameterGroupName }),
			func(name string) bool { return strings.HasPrefix(name, "default.") }), nil
	}},
	{"function", []string{"aws:lambda/function:Function"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Functions, func(f lambdatypes.FunctionConfiguration) *string { return f.FunctionName }), nil
	}},
	{"secret", nil, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.secretsmanager.ListSecrets(ctx, &secretsmanager.ListSecretsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.SecretList, func(s secretstypes.SecretListEntry) *string { return s.ARN }), nil
	}},
}

// accountKinds are keys, logs, witnesses and identities.
var accountKinds = []kind{
	{"key", []string{"aws:kms/key:Key"}, func(ctx context.Context, a *account) ([]string, error) {
		keys, err := listKeys(ctx, a)
		return each(slices.DeleteFunc(keys, func(k kmstypes.KeyMetadata) bool {
			return k.KeyState == kmstypes.KeyStatePendingDeletion
		}), func(k kmstypes.KeyMetadata) *string { return k.KeyId }), err
	}},
	{"key alias", []string{"aws:kms/alias:Alias"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.kms.ListAliases(ctx, &kms.ListAliasesInput{})
		if err != nil {
			return nil, err
		}
		return each(slices.DeleteFunc(found.Aliases, madeByAWS), func(k kmstypes.AliasListEntry) *string { return k.AliasName }), nil
	}},
	{"bucket", []string{"aws:s3/bucketV2:BucketV2"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Buckets, func(b s3types.Bucket) *string { return b.Name }), nil
	}},
	{"account public access block", []string{"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"},
		func(ctx context.Context, a *account) ([]string, error) {
			_, err := a.s3control.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(a.AccountID)})
			return ifFound(err, a.AccountID)
		}},
	{"log group", []string{"aws:cloudwatch/logGroup:LogGroup"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.LogGroups, func(g logstypes.LogGroup) *string { return g.LogGroupName }), nil
	}},
	{"metric filter", []string{"aws:cloudwatch/logMetricFilter:LogMetricFilter"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.logs.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{})
		if err != nil {
			return nil, err
		}
		return each(found.MetricFilters, func(f logstypes.MetricFilter) *string { return f.FilterName }), nil
	}},
	{"log resource policy", []string{"aws:cloudwatch/logResourcePolicy:LogResourcePolicy"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.logs.DescribeResourcePolicies(ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.ResourcePolicies, func(p logstypes.ResourcePolicy) *string { return p.PolicyName }), nil
	}},
	{"alarm", []string{"aws:cloudwatch/metricAlarm:MetricAlarm"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.cloudwatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(100)})
		if err != nil {
			return nil, err
		}
		return each(found.MetricAlarms, func(m cloudwatchtypes.MetricAlarm) *string { return m.AlarmName }), nil
	}},
	{"topic", []string{"aws:sns/topic:Topic"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.sns.ListTopics(ctx, &sns.ListTopicsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Topics, func(t snstypes.Topic) *string { return t.TopicArn }), nil
	}},
	{"subscription", []string{"aws:sns/topicSubscription:TopicSubscription"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.sns.ListSubscriptions(ctx, &sns.ListSubscriptionsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.Subscriptions, func(s snstypes.Subscription) *string { return s.SubscriptionArn }), nil
	}},
	{"trail", []string{"aws:cloudtrail/trail:Trail"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.cloudtrail.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
		if err != nil {
			return nil, err
		}
		return each(found.TrailList, func(t cloudtrailtypes.Trail) *string { return t.TrailARN }), nil
	}},
	{"session document", []string{"aws:ssm/document:Document"}, listDocuments},
	{"role", []string{"aws:iam/role:Role"}, func(ctx context.Context, a *account) ([]string, error) {
		roles, err := listRoles(ctx, a)
		return each(roles, func(r iamtypes.Role) *string { return r.RoleName }), err
	}},
	{"inline policy", []string{"aws:iam/rolePolicy:RolePolicy"}, func(ctx context.Context, a *account) ([]string, error) {
		roles, err := listRoles(ctx, a)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, role := range roles {
			found, err := a.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: role.RoleName})
			if err != nil {
				return nil, err
			}
			for _, policy := range found.PolicyNames {
				ids = append(ids, aws.ToString(role.RoleName)+":"+policy)
			}
		}
		return ids, nil
	}},
	{"instance profile", []string{"aws:iam/instanceProfile:InstanceProfile"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.iam.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{})
		if err != nil {
			return nil, err
		}
		return each(found.InstanceProfiles, func(p iamtypes.InstanceProfile) *string { return p.InstanceProfileName }), nil
	}},
	{"managed policy", []string{"aws:iam/policy:Policy"}, func(ctx context.Context, a *account) ([]string, error) {
		found, err := a.iam.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal})
		if err != nil {
			return nil, err
		}
		return each(found.Policies, func(p iamtypes.Policy) *string { return p.Arn }), nil
	}},
	{"password policy", []string{"aws:iam/accountPasswordPolicy:AccountPasswordPolicy"}, func(ctx context.Context, a *account) ([]string, error) {
		_, err := a.iam.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
		return ifFound(err, "iam-account-password-policy")
	}},
}

// listDocuments returns the names of the account's own documents.
func listDocuments(ctx context.Context, a *account) ([]string, error) {
	found, err := a.ssm.ListDocuments(ctx, &ssm.ListDocumentsInput{
		Filters: []ssmtypes.DocumentKeyValuesFilter{{Key: aws.String("Owner"), Values: []string{"Self"}}},
	})
	if err != nil {
		return nil, err
	}
	return each(found.DocumentIdentifiers, func(d ssmtypes.DocumentIdentifier) *string { return d.Name }), nil
}

// listRoles leaves out the roles that AWS services make for themselves.
func listRoles(ctx context.Context, a *account) ([]iamtypes.Role, error) {
	found, err := a.iam.ListRoles(ctx, &iam.ListRolesInput{})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found.Roles, func(r iamtypes.Role) bool {
		return strings.HasPrefix(aws.ToString(r.Path), "/aws-service-role/")
	}), nil
}

// madeByAWS tells whether an alias is of a key that AWS makes where a service needs one and nobody has named another.
func madeByAWS(alias kmstypes.AliasListEntry) bool {
	return strings.HasPrefix(aws.ToString(alias.AliasName), "alias/aws/")
}

// listKeys returns the account's own keys, those that wait for their deletion included.
func listKeys(ctx context.Context, a *account) ([]kmstypes.KeyMetadata, error) {
	aliases, err := a.kms.ListAliases(ctx, &kms.ListAliasesInput{})
	if err != nil {
		return nil, err
	}
	found, err := a.kms.ListKeys(ctx, &kms.ListKeysInput{})
	if err != nil {
		return nil, err
	}
	var keys []kmstypes.KeyMetadata
	for _, key := range found.Keys {
		if slices.ContainsFunc(aliases.Aliases, func(alias kmstypes.AliasListEntry) bool {
			return madeByAWS(alias) && aws.ToString(alias.TargetKeyId) == aws.ToString(key.KeyId)
		}) {
			continue
		}
		described, err := a.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key.KeyId})
		if err != nil {
			return nil, err
		}
		if described.KeyMetadata.KeyManager == kmstypes.KeyManagerTypeCustomer {
			keys = append(keys, *described.KeyMetadata)
		}
	}
	return keys, nil
}

// ifFound returns the id of a thing unless the service has answered that there is none.
func ifFound(err error, id string) ([]string, error) {
	var answer smithy.APIError
	if errors.As(err, &answer) && strings.HasPrefix(answer.ErrorCode(), "NoSuch") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []string{id}, nil
}
