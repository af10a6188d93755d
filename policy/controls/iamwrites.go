// SPDX-License-Identifier: Apache-2.0

package controls

import "github.com/bulkhead-iac/bulkhead/policy/pack"

// writes are actions that change resources of the services which this pack judges, and for which a policy can name
// the resource (AWS service authorization reference). Those that other controls forbid on every resource are left
// out, and so are some that AWS's own policies for agents and functions allow on every resource: sns:Publish, which
// sends text messages to no resource, logs:PutLogEvents, and what Lambda needs to join a VPC.
var writes = []string{
	"s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:BypassGovernanceRetention", "s3:PutBucketVersioning",
	"s3:PutEncryptionConfiguration", "s3:PutBucketLogging", "s3:PutBucketNotification", "s3:PutBucketOwnershipControls", "s3:PutBucketWebsite", "s3:PutBucketCORS",
	"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateTable", "dynamodb:UpdateContinuousBackups", "dynamodb:DeleteBackup",
	"sqs:SendMessage", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:DeleteQueue", "sns:DeleteTopic",
	"ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:ModifySecurityGroupRules", "ec2:DeleteSecurityGroup",
	"ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute", "ec2:CreateNetworkAclEntry", "ec2:ReplaceNetworkAclEntry", "ec2:DeleteNetworkAclEntry", "ec2:AttachInternetGateway",
	"ec2:StopInstances", "ec2:RebootInstances", "ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVpcEndpoints",
	"route53:ChangeResourceRecordSets",
	"rds:ModifyDBInstance", "rds:ModifyDBCluster", "rds:ModifyDBParameterGroup", "rds:ModifyDBClusterParameterGroup", "rds:StopDBInstance", "rds:StopDBCluster", "rds:RebootDBInstance", "rds:DeleteDBClusterSnapshot",
	"kms:DisableKeyRotation", "kms:UpdateAlias", "kms:DeleteAlias",
	"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret", "secretsmanager:UpdateSecretVersionStage", "secretsmanager:RotateSecret", "secretsmanager:CancelRotateSecret",
	"ssm:PutParameter", "ssm:DeleteParameter", "ssm:DeleteParameters",
	"lambda:DeleteFunction", "lambda:PublishVersion", "lambda:UpdateAlias", "lambda:PutFunctionConcurrency",
	"ecs:UpdateService", "ecs:DeleteService", "ecs:DeleteCluster", "ecs:StopTask",
	"ecr:PutImage", "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy",
	"logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy", "logs:DeleteMetricFilter", "logs:PutSubscriptionFilter", "logs:DeleteSubscriptionFilter",
	"cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "events:DeleteRule", "events:DisableRule", "events:RemoveTargets",
	"autoscaling:UpdateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup",
	"elasticloadbalancing:ModifyListener", "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets",
	"wafv2:UpdateWebACL", "wafv2:DisassociateWebACL", "acm:DeleteCertificate", "cloudfront:UpdateDistribution", "cloudfront:DeleteDistribution",
}

func writeGrants() []*pack.Control {
	return []*pack.Control{{
		ID: "iam-write-everywhere", Title: "No policy changes every resource of a kind", Severity: pack.Medium, Types: identityTypes,
		Why: "Whoever gets hold of one credential can then change what belongs to every other program of the account.",
		Fix: "Name the resources, or add a condition that limits them, such as one on aws:ResourceTag.", Maps: meets(privilege), Check: grantsNone(writes),
	}}
}
