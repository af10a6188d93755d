// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// exfiltration, exposure of credentials and management of permissions: actions that should not be allowed on
// every resource. The lists follow the categories of Salesforce's cloudsplaining.
var (
	readsData = []string{
		"s3:GetObject", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "secretsmanager:GetSecretValue", "dynamodb:Scan",
		"rds:CopyDBSnapshot", "rds:CreateDBSnapshot",
		"ssm:GetParameterHistory", "s3:GetObjectVersion", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:PartiQLSelect",
		"dynamodb:ExportTableToPointInTime", "ebs:GetSnapshotBlock", "rds-data:ExecuteStatement",
		"redshift-data:ExecuteStatement", "dynamodb:BatchGetItem", "ebs:ListSnapshotBlocks", "kinesis:GetRecords", "sqs:ReceiveMessage",
		"athena:GetQueryResults", "timestream:Select", "codecommit:GitPull",
	}
	exposes = []string{
		"chime:CreateApiKey", "codepipeline:PollForJobs", "cognito-identity:GetOpenIdToken", "cognito-identity:GetCredentialsForIdentity",
		"ec2:GetPasswordData",
		"gamelift:RequestUploadCredentials", "iam:CreateServiceSpecificCredential", "iam:ResetServiceSpecificCredential",
		"lightsail:GetInstanceAccessDetails", "redshift:GetClusterCredentials",
		"rds-db:connect", "sts:GetFederationToken", "redshift:GetClusterCredentialsWithIAM", "redshift-serverless:GetCredentials",
		"lightsail:GetRelationalDatabaseMasterUserPassword", "lightsail:DownloadDefaultKeyPair",
	}
	managesRights = []string{
		"s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock",
		"kms:PutKeyPolicy", "kms:CreateGrant",
		"sns:SetTopicAttributes", "sns:AddPermission", "sqs:SetQueueAttributes", "sqs:AddPermission", "lambda:AddPermission",
		"secretsmanager:PutResourcePolicy", "ecr:SetRepositoryPolicy",
		"ec2:ModifySnapshotAttribute", "ec2:ModifyImageAttribute", "rds:ModifyDBSnapshotAttribute", "backup:PutBackupVaultAccessPolicy",
		"organizations:AttachPolicy", "organizations:DetachPolicy",
		"ram:CreateResourceShare", "ec2:EnableSerialConsoleAccess", "eks:AssociateAccessPolicy", "s3:PutReplicationConfiguration",
		"cognito-idp:AdminSetUserPassword",
	}
	blinds = []string{
		"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "guardduty:DeleteDetector",
		"guardduty:UpdateDetector", "config:StopConfigurationRecorder",
		"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "securityhub:DisableSecurityHub", "logs:DeleteLogGroup",
		"ec2:DeleteFlowLogs", "access-analyzer:DeleteAnalyzer", "wafv2:DeleteWebACL",
		"config:PutConfigurationRecorder", "logs:DeleteLogStream", "organizations:LeaveOrganization", "macie2:DisableMacie",
		"macie2:UpdateMacieSession", "inspector2:Disable", "guardduty:StopMonitoringMembers",
		"detective:DeleteGraph", "securityhub:BatchDisableStandards",
	}
	destroys = []string{
		"s3:DeleteBucket", "s3:DeleteObject", "rds:DeleteDBInstance", "rds:DeleteDBCluster", "rds:DeleteDBSnapshot", "dynamodb:DeleteTable",
		"ec2:TerminateInstances", "ec2:DeleteSnapshot", "ec2:DeleteVolume",
		"backup:DeleteRecoveryPoint", "backup:DeleteBackupVault", "kms:ScheduleKeyDeletion", "secretsmanager:DeleteSecret",
		"route53:DeleteHostedZone", "elasticfilesystem:DeleteFileSystem",
		"s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration", "kms:DisableKey", "kms:DeleteImportedKeyMaterial", "cloudformation:DeleteStack",
		"eks:DeleteCluster", "elasticache:DeleteReplicationGroup", "redshift:DeleteCluster",
	}
)

// only are the actions, and no others.
func only(actions ...string) func() []string { return func() []string { return actions } }

// grantsNone is the check that a document allows none of the actions on every resource. A document that is
// full control is reported by iam-admin alone.
func grantsNone(actions func() []string) func(*pack.Case) {
	return document.Each(document.Identity, func(k *pack.Case, v pack.Value, d *iam.Document) {
		if _, full := d.Admin(); full || declaredBoundary(k) {
			return
		}
		if found := d.GrantsAnywhere(actions()); len(found) > 0 {
			k.Report(v, "allows %s on every resource", want.Few(found))
		}
	})
}

func documents() []*pack.Control {
	narrow := "Name the resources, or add a condition that limits them."
	return []*pack.Control{
		{
			ID: "iam-document-valid", Title: "Policy documents can be read and mean what they say", Severity: pack.High, Types: document.Tokens(),
			Why: "A document that AWS refuses stops the deployment half-way; one with a key twice or a misspelt effect grants something else " +
				"than it shows.",
			Fix: "Correct the document; generate it instead of writing it by hand.", Maps: standard.Meets(standard.Hygiene), Check: validDocument,
		},
		{
			ID: "iam-admin", Title: "No policy allows everything on everything", Severity: pack.Critical, Types: document.IdentityTypes,
			Why: "Whoever gets hold of one credential with it owns the account.", Fix: "List the actions and resources that are used.",
			Maps: standard.Meets("FSBP:IAM.1 CIS:1.15", standard.Privilege),
			Check: document.Each(document.Identity, func(k *pack.Case, v pack.Value, d *iam.Document) {
				if s, full := d.Admin(); full && !boundary(k, d) {
					k.Report(v, "%s allows every action on every resource", s.Label())
				}
			}),
		},
		{
			ID: "iam-wildcard-action", Title: "No policy allows every action", Severity: pack.High, Types: document.IdentityTypes,
			Why: "\"*\" includes every action that AWS adds later, also those that change rights.", Fix: "List the actions.",
			Maps: standard.Meets(standard.Privilege),
			Check: document.Each(document.Identity, func(k *pack.Case, v pack.Value, d *iam.Document) {
				if boundary(k, d) {
					return
				}
				for i := range d.Statements {
					if s := &d.Statements[i]; s.Allows() && s.EveryAction("") {
						k.Report(v, "%s allows every action", s.Label())
					}
				}
			}),
		},
		{
			ID: "iam-service-wide", Title: "No policy allows all of a service on every resource", Severity: pack.High, Types: document.IdentityTypes,
			Why: "service:* includes deleting everything in the service and opening it to others.", Fix: "List the actions, or name the resources.",
			Settings: []pack.Setting{want.Words("allowedServices", "Services whose \"*\" is accepted, such as cloudwatch.")},
			Maps:     standard.Meets("FSBP:IAM.21", standard.Privilege), Check: document.EachStatement(document.Identity, serviceWide),
		},
		{
			ID: "iam-escalation", Title: "No policy opens a way to full control", Severity: pack.Critical, Types: document.IdentityTypes,
			Why: "Some harmless-looking actions are enough to give oneself every right, such as attaching a policy or passing a role.", Fix: narrow,
			Maps: standard.Meets(standard.Privilege),
			Check: document.Each(document.Identity, func(k *pack.Case, v pack.Value, d *iam.Document) {
				for _, p := range d.Escalations() {
					if p.Workload && declaredBoundary(k) {
						continue // the example of AWS allows ec2:*
					}
					k.Report(v, "whoever has it %s (%s on every resource)", p.Name, strings.Join(p.Actions, " and "))
				}
			}),
		},
		{
			ID: "iam-pass-role", Title: "PassRole names the roles", Severity: pack.High, Types: document.IdentityTypes,
			Why:  "Whoever may pass any role to a service works with the rights of the strongest one.",
			Fix:  "Name the role's ARN in Resource, and the service in the condition iam:PassedToService.",
			Maps: standard.Meets(standard.Privilege), Check: document.EachStatement(document.Identity, passesEveryRole),
		},
		{
			ID: "iam-inverted", Title: "Identity policies do not allow by exclusion", Severity: pack.High, Types: document.IdentityTypes,
			Why:  "Allow with NotAction or NotResource grants everything that was forgotten in the list, and everything AWS adds later.",
			Fix:  "Write Action and Resource; use exclusions only with Deny.",
			Maps: standard.Meets(standard.Privilege), Check: document.EachStatement(document.Identity, document.Inverted),
		},
		{
			ID: "iam-data-everywhere", Title: "No policy reads the data of every resource", Severity: pack.High, Types: document.IdentityTypes,
			Why: "One stolen credential then carries off every object, secret and parameter of the account.", Fix: narrow,
			Maps: standard.Meets(standard.Privilege), Check: grantsNone(dataReads.list),
		},
		{
			ID: "iam-credentials-exposure", Title: "No policy hands out credentials for every resource", Severity: pack.High,
			Types: document.IdentityTypes,
			Why:   "These actions return passwords or tokens of others.", Fix: narrow, Maps: standard.Meets(standard.Privilege, standard.Identity),
			Check: grantsNone(credentialsHanded.list),
		},
		{
			ID: "iam-permissions-management", Title: "No policy changes the rights to every resource", Severity: pack.High,
			Types: document.IdentityTypes,
			Why:   "Whoever may change resource policies can open any of them to the world.", Fix: narrow, Maps: standard.Meets(standard.Privilege),
			Check: grantsNone(rightsManaged.list),
		},
		{
			ID: "iam-blinding", Title: "No policy may switch off what watches", Severity: pack.High, Types: document.IdentityTypes,
			Why: "Stopping the trail is the first thing an intruder does.", Fix: "Leave these actions to a role that nobody uses day to day.",
			Maps: standard.Meets(standard.LogSafety), Check: grantsNone(watchersStopped.list),
		},
		{
			ID: "iam-destruction", Title: "No policy may destroy every resource of a kind", Severity: pack.High, Types: document.IdentityTypes,
			Why: "With it a mistake or an intruder removes data and its backups in one run.", Fix: narrow,
			Maps: standard.Meets(standard.Privilege, standard.KeepSafe), Check: grantsNone(dataDestroyed.list),
		},
		{
			ID: "iam-decrypt-everywhere", Title: "No policy decrypts with every key", Severity: pack.Medium, Types: document.IdentityTypes,
			Why: "It undoes the separation that different keys are for.", Fix: "Name the key's ARN, or limit by kms:ViaService.",
			Maps:  standard.Meets("FSBP:KMS.1 FSBP:KMS.2", standard.KeyCare, standard.Privilege),
			Check: grantsNone(only("kms:Decrypt", "kms:ReEncryptFrom")),
		},
		{
			ID: "iam-assume-everywhere", Title: "No policy assumes every role", Severity: pack.High, Types: document.IdentityTypes,
			Why: "Every role that trusts the account can then be taken.",
			Fix: "Name the role's ARN.", Maps: standard.Meets(standard.Privilege), Check: grantsNone(only("sts:AssumeRole")),
		},
		{
			ID: "iam-boundary-kept", Title: "Who may create roles cannot drop their boundary", Severity: pack.High, Types: document.IdentityTypes,
			Why: "A permission boundary holds only while those below it cannot remove or replace it.", Fix: "Remove the action, or deny it.",
			Maps:  standard.Meets(standard.Privilege),
			Check: document.Each(document.Identity, dropsBoundary),
		},
		{
			ID: "iam-boundary-only", Title: "Permission boundaries are not attached as policies", Severity: pack.Critical,
			Types: []string{aws.IAMPolicy}, Joins: append(slices.Clone(attachments), aws.SSOCustomerManagedPolicyAttachment), Stack: true,
			Why: "A boundary allows nearly everything, so that roles narrow it; attached as a policy it grants nearly everything.",
			Fix: "Use it as permissionsBoundary only.", Maps: standard.Meets(standard.Privilege),
			Check: document.Each(document.At("policy"), boundaryOnly),
		},
		{
			ID: "iam-no-inline-on-role", Title: "Roles have no inline policies in their own resource", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Operations, Types: []string{aws.IAMRole},
			Why: "Inline policies in the role fight with policy resources for the same role. Some programs keep both apart well, so this is off " +
				"by default.", Fix: "Use RolePolicy or Policy resources.",
			Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) { k.Forbid(k.Get("inlinePolicies").IsSet()) },
		},
	}
}

// boundary reports whether a policy is written as a permission boundary, which grants nothing by itself.
// Control iam-boundary-only sees to it that it is not attached as a policy.
func boundary(k *pack.Case, d *iam.Document) bool {
	return k.Type == aws.IAMPolicy && d.Guardrail()
}

// declaredBoundary reports whether a policy is called a boundary in the program. AWS's own example of one allows whole services
// on every resource, for roles to narrow (IAM user guide, "Permissions boundaries"); control iam-boundary-only
// sees to it that it is not attached as a policy. What leads to full control is found all the same.
func declaredBoundary(k *pack.Case) bool {
	return k.Type == aws.IAMPolicy && strings.Contains(strings.ToLower(k.Name), "boundary")
}

// boundaryUses are the properties by which a policy is attached.
var boundaryUses = []struct {
	property string
	types    []string
}{
	{"policyArn", []string{aws.IAMRolePolicyAttachment, aws.IAMUserPolicyAttachment, aws.IAMGroupPolicyAttachment, aws.IAMPolicyAttachment}},
	{"managedPolicyArns", []string{aws.IAMRole}},
	{"policyArns", exclusive},
	{"customerManagedPolicyReference.name", []string{aws.SSOCustomerManagedPolicyAttachment}},
}

// boundaryOnly wants a policy that is written as a boundary to be used as one.
func boundaryOnly(k *pack.Case, _ pack.Value, d *iam.Document) {
	if !d.Guardrail() && !declaredBoundary(k) {
		k.Skip("the policy is not written as a permission boundary")
		return
	}
	for _, by := range boundaryUses {
		k.Forbid(want.AnyCompanion(k, by.property, by.types, want.Present), "the boundary is attached as a policy")
	}
}

func dropsBoundary(k *pack.Case, v pack.Value, d *iam.Document) {
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Allows() || s.EveryAction("") || len(s.NotActions) > 0 {
			continue
		}
		for _, a := range []string{"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"} {
			if s.CoversAction(a) && !d.Denies(a) {
				k.Report(v, "%s allows %s", s.Label(), a)
			}
		}
	}
}

func passesEveryRole(k *pack.Case, v pack.Value, s *iam.Statement) {
	if s.Allows() && s.AnyResource() && s.CoversAction("iam:PassRole") && len(s.NotActions) == 0 && !s.EveryAction("") {
		k.Report(v, "%s allows passing every role", s.Label())
	}
}

func serviceWide(k *pack.Case, v pack.Value, s *iam.Statement) {
	if !s.AnyResource() || s.Limited() || declaredBoundary(k) {
		return
	}
	for _, service := range s.ServiceWide() {
		if !slices.Contains(k.Words("allowedServices"), service) {
			k.Report(v, "%s allows %s:* on every resource", s.Label(), service)
		}
	}
}

// misplaced says which elements of a statement do not belong into the kind of document that is at the path, or are
// missing there (IAM user guide, "Policy element reference"). The policies of endpoints are read as they are.
func misplaced(k *pack.Case, v pack.Value, s *iam.Statement) string {
	principal := len(s.Principals) > 0 || len(s.NotPrincipals) > 0
	resource := len(s.Resources) > 0 || len(s.NotResources) > 0
	trust := k.Type == aws.IAMRole && v.Path() == "assumeRolePolicy"
	switch {
	case trust && resource:
		return "has a Resource, which trust policies do not have"
	case !trust && slices.Contains(document.IdentityTypes, k.Type):
		if principal {
			return "has a Principal, which policies of identities do not have"
		}
		if !resource {
			return "has neither Resource nor NotResource"
		}
	case !principal && k.Type != aws.VPCEndpoint && k.Type != aws.VPCEndpointPolicy:
		return "has no Principal, which policies of resources need"
	}
	return ""
}

func validDocument(k *pack.Case) {
	paths := document.Types[k.Type]
	values := document.At(paths...)(k)
	if k.Type == aws.IAMRole {
		if list := k.Get("inlinePolicies"); list.Len() > 0 || list.IsUnknown() {
			values = append(values, document.Identity(k)...)
		}
	}
	seen := false
	for _, v := range values {
		if !v.Exists() || v.Kind() == pack.Text && v.Str() == "" {
			continue
		}
		seen = true
		if unknown, ok := v.AnyUncertain(); ok {
			k.Defer(unknown)
			continue
		}
		p := document.Read(k, v)
		if p.Err != nil {
			k.Report(v, "%v", p.Err)
			continue
		}
		for _, problem := range p.Doc.Problems {
			k.Report(v, "%s", problem)
		}
		for i := range p.Doc.Statements {
			s := &p.Doc.Statements[i]
			if fault := misplaced(k, v, s); fault != "" {
				k.Report(v, "%s %s", s.Label(), fault)
			}
		}
	}
	if !seen {
		k.Skip("there is no policy document")
	}
}

// writes are actions that change resources of the services which this pack judges, and for which a policy can name
// the resource (AWS service authorization reference). Those that other controls forbid on every resource are left
// out, and so are some that AWS's own policies for agents and functions allow on every resource: sns:Publish, which
// sends text messages to no resource, logs:PutLogEvents, and what Lambda needs to join a VPC.
var writes = []string{
	"s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:BypassGovernanceRetention", "s3:PutBucketVersioning",
	"s3:PutEncryptionConfiguration", "s3:PutBucketLogging", "s3:PutBucketNotification", "s3:PutBucketOwnershipControls", "s3:PutBucketWebsite",
	"s3:PutBucketCORS",
	"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateTable",
	"dynamodb:UpdateContinuousBackups", "dynamodb:DeleteBackup",
	"sqs:SendMessage", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:DeleteQueue", "sns:DeleteTopic",
	"ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress",
	"ec2:ModifySecurityGroupRules", "ec2:DeleteSecurityGroup",
	"ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute", "ec2:CreateNetworkAclEntry", "ec2:ReplaceNetworkAclEntry",
	"ec2:DeleteNetworkAclEntry", "ec2:AttachInternetGateway",
	"ec2:StopInstances", "ec2:RebootInstances", "ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVpcEndpoints",
	"route53:ChangeResourceRecordSets",
	"rds:ModifyDBInstance", "rds:ModifyDBCluster", "rds:ModifyDBParameterGroup", "rds:ModifyDBClusterParameterGroup", "rds:StopDBInstance",
	"rds:StopDBCluster", "rds:RebootDBInstance", "rds:DeleteDBClusterSnapshot",
	"kms:DisableKeyRotation", "kms:UpdateAlias", "kms:DeleteAlias",
	"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret", "secretsmanager:UpdateSecretVersionStage", "secretsmanager:RotateSecret",
	"secretsmanager:CancelRotateSecret",
	"ssm:PutParameter", "ssm:DeleteParameter", "ssm:DeleteParameters",
	"lambda:DeleteFunction", "lambda:PublishVersion", "lambda:UpdateAlias", "lambda:PutFunctionConcurrency",
	"ecs:UpdateService", "ecs:DeleteService", "ecs:DeleteCluster", "ecs:StopTask",
	"ecr:PutImage", "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy",
	"logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy", "logs:DeleteMetricFilter", "logs:PutSubscriptionFilter",
	"logs:DeleteSubscriptionFilter",
	"cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "events:DeleteRule", "events:DisableRule", "events:RemoveTargets",
	"autoscaling:UpdateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "autoscaling:SetDesiredCapacity",
	"autoscaling:TerminateInstanceInAutoScalingGroup",
	"elasticloadbalancing:ModifyListener", "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer",
	"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets",
	"wafv2:UpdateWebACL", "wafv2:DisassociateWebACL", "acm:DeleteCertificate", "cloudfront:UpdateDistribution",
	"cloudfront:DeleteDistribution",
}

func writeGrants() []*pack.Control {
	return []*pack.Control{{
		ID: "iam-write-everywhere", Title: "No policy changes every resource of a kind", Severity: pack.Medium, Types: document.IdentityTypes,
		Why: "Whoever gets hold of one credential can then change what belongs to every other program of the account.",
		Fix: "Name the resources, or add a condition that limits them, such as one on aws:ResourceTag.", Maps: standard.Meets(standard.Privilege),
		Check: grantsNone(only(writes...)),
	}}
}
