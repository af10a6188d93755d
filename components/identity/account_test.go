// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// refused tells whether a document denies an action on some resource, conditions aside.
func refused(d identity.Document, action string) bool {
	for _, s := range d.Statements {
		if s.Effect != identity.Deny {
			continue
		}
		for _, pattern := range s.Actions {
			expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
			if regexp.MustCompile("(?i)^" + expression + "$").MatchString(action) {
				return true
			}
		}
	}
	return false
}

func TestBoundaryRefuses(t *testing.T) {
	boundary := identity.BoundaryDocument()
	for _, action := range []string{
		// https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/ lists the ways up.
		"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:AttachUserPolicy", "iam:AttachGroupPolicy",
		"iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:AddUserToGroup", "iam:CreatePolicyVersion",
		"iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "iam:CreateRole", "iam:CreateServiceLinkedRole",
		"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary", "iam:DeleteRolePolicy",
		"iam:DetachRolePolicy", "iam:UpdateAccessKey", "iam:DeactivateMFADevice", "iam:UploadSSHPublicKey", "iam:CreateOpenIDConnectProvider",
		"iam:UpdateAccountPasswordPolicy", "iam:DeleteAccountPasswordPolicy", "iam:CreateSAMLProvider", "iam:UpdateSAMLProvider",
		"organizations:LeaveOrganization", "account:CloseAccount", "billing:GetBillingData", "aws-portal:ModifyBilling", "budgets:ModifyBudget",
		"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:PutInsightSelectors",
		"guardduty:DeleteDetector", "guardduty:UpdateDetector", "guardduty:DisassociateFromAdministratorAccount", "guardduty:StopMonitoringMembers",
		"guardduty:CreateFilter", "config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel",
		"config:DeleteConfigRule", "securityhub:DisableSecurityHub", "access-analyzer:DeleteAnalyzer", "logs:DeleteLogGroup",
		"logs:PutRetentionPolicy", "logs:PutMetricFilter", "sns:Unsubscribe", "sns:SetSubscriptionAttributes",
		"cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "ec2:DeleteFlowLogs",
		"kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy", "kms:DisableKeyRotation",
		"s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutAccountPublicAccessBlock", "s3:PutBucketAcl",
		"s3:PutLifecycleConfiguration", "rds:DeleteDBSnapshot", "rds:DeleteDBClusterSnapshot", "rds:DeleteDBInstanceAutomatedBackup",
		"ec2:ModifySnapshotAttribute", "ec2:ModifyInstanceMetadataOptions", "rds:ModifyDBSnapshotAttribute", "ec2:DisableEbsEncryptionByDefault",
	} {
		require.True(t, refused(boundary, action), action)
	}
}

func TestBoundaryLeavesTheRestToRoles(t *testing.T) {
	boundary := identity.BoundaryDocument()
	for _, action := range []string{
		"s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey", "secretsmanager:GetSecretValue", "logs:CreateLogStream",
		"logs:PutLogEvents", "logs:CreateLogGroup", "ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel",
		"ec2:DescribeInstances", "iam:GetRole", "iam:ListRoles", "sts:AssumeRole", "sts:GetCallerIdentity", "cloudwatch:PutMetricData",
		"rds-db:connect", "cloudtrail:LookupEvents",
	} {
		require.False(t, refused(boundary, action), action)
	}
}

// RDS sets the retention of its own group through the role of enhanced monitoring.
func TestBoundaryLeavesOneRetentionToRDS(t *testing.T) {
	text, err := identity.BoundaryDocument().JSON()
	require.NoError(t, err)
	require.Contains(t, text, `{"Sid":"RefuseShorterMemory","Effect":"Deny","Action":"logs:PutRetentionPolicy",`+
		`"NotResource":["arn:aws:logs:*:*:log-group:RDSOSMetrics","arn:aws:logs:*:*:log-group:RDSOSMetrics:*"]}`)
}

func TestBoundaryIsAManagedPolicyThatFits(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		b, err := identity.NewBoundary(ctx, "limit", &identity.BoundaryArgs{Regions: []string{"eu-central-1", "us-east-1"}})
		if err == nil {
			ctx.Export("arn", b.ARN)
		}
		return err
	})
	policy := rec.Get(t, policyType, "limit-policy")
	text := policy.String("policy")
	require.Less(t, len(text), 6144)
	require.Contains(t, text, `{"Sid":"RestIsForRolesToNarrow","Effect":"Allow","Action":"*","Resource":"*"}`)
	require.Contains(t, text, `"Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","us-east-1"]}}`)
	require.NotEmpty(t, policy.String("description"))
	require.Equal(t, map[string]any{"regions": []any{"eu-central-1", "us-east-1"}}, rec.Only(t, "bulkhead:identity:Boundary").Values())

	rec = pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := identity.NewBoundary(ctx, "limit", nil)
		return err
	})
	require.NotContains(t, rec.Only(t, policyType).String("policy"), "RequestedRegion")

	require.ErrorContains(t, pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := identity.NewBoundary(ctx, "limit", &identity.BoundaryArgs{Regions: []string{"eu-central-1", "Frankfurt"}})
		return err
	}), `entry 1 of Regions: Region: "Frankfurt"`)
}

func TestCredentialsOfInstancesAreWorthNothingElsewhere(t *testing.T) {
	boundary := func(args *identity.BoundaryArgs) pulumitest.Registration {
		return pulumitest.Run(t, func(ctx *pulumi.Context) error {
			_, err := identity.NewBoundary(ctx, "limit", args)
			return err
		}).Only(t, policyType)
	}
	require.Contains(t, boundary(nil).String("policy"), `{"Sid":"RefuseStolenInstanceCredentials","Effect":"Deny",`+
		`"NotAction":["dax:*","elasticache:Connect","elasticfilesystem:Client*","es:ES*","kafka-cluster:*","memorydb:Connect","neptune-db:*","rds-db:connect"],`+
		`"Resource":"*","Condition":{"BoolIfExists":{"aws:ViaAWSService":"false"},"Null":{"ec2:SourceInstanceARN":"false"},`+
		`"StringNotEquals":{"aws:Ec2InstanceSourceVpc":"${aws:SourceVpc}"}}}`)
	const reason = "browsers get URLs that an instance signs"
	open := boundary(&identity.BoundaryArgs{CredentialsAnywhereReason: reason})
	require.NotContains(t, open.String("policy"), "RefuseStolenInstanceCredentials")
	require.Equal(t, map[string]any{"Name": "limit", "bulkhead:relaxed:InstanceCredentials": reason}, open.Value("tags"))
	require.ErrorContains(t, pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := identity.NewBoundary(ctx, "limit", &identity.BoundaryArgs{CredentialsAnywhereReason: "why"})
		return err
	}), `CredentialsAnywhereReason: "why"`)
}

func TestPasswordPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		args        *identity.PasswordPolicyArgs
		length, age int
		given       map[string]any
	}{
		"defaults": {nil, 14, 90, map[string]any{}},
		"stricter": {&identity.PasswordPolicyArgs{MinimumLength: 20, MaximumAgeDays: 30}, 20, 30, map[string]any{"minimumLength": 20.0, "maximumAgeDays": 30.0}},
	} {
		t.Run(name, func(t *testing.T) {
			rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
				_, err := identity.NewPasswordPolicy(ctx, "passwords", c.args)
				return err
			})
			policy := rec.Get(t, "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "passwords-policy")
			require.True(t, policy.RetainOnDelete, "it is for every user of the account")
			require.Equal(t, c.given, rec.Only(t, "bulkhead:identity:PasswordPolicy").Values())
			require.EqualValues(t, c.length, policy.Value("minimumPasswordLength"))
			require.EqualValues(t, c.age, policy.Value("maxPasswordAge"))
			require.EqualValues(t, 24, policy.Value("passwordReusePrevention"))
			for _, class := range []string{"requireLowercaseCharacters", "requireUppercaseCharacters", "requireNumbers", "requireSymbols", "allowUsersToChangePassword"} {
				require.Equal(t, true, policy.Value(class), class)
			}
		})
	}
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := identity.NewPasswordPolicy(ctx, "passwords", &identity.PasswordPolicyArgs{MinimumLength: 13, MaximumAgeDays: 91})
		return err
	})
	require.ErrorContains(t, err, "MinimumLength 13: use 14 to 128")
	require.ErrorContains(t, err, "MaximumAgeDays 91: use 1 to 90")
}
