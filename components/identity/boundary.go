// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/form"
)

// boundaryLimit is the number of characters AWS accepts in a managed policy, spaces aside
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const boundaryLimit = 6144

// BoundaryArgs are the arguments of NewBoundary.
type BoundaryArgs struct {
	// Description says whose boundary it is; it shows in the console and cannot be changed in place. Default: a sentence.
	Description string `pulumi:"description"`
	// Regions are the only regions in which the roles may act. Services without regions, such as IAM, are not concerned.
	// Default: every region.
	Regions []string `pulumi:"regions"`
	// CredentialsAnywhereReason says why the credentials of an instance work outside its VPC too, such as that browsers get URLs
	// that an instance has signed, or that instances call AWS past the endpoints of the VPC; it becomes a tag. Default: they do not.
	CredentialsAnywhereReason string `pulumi:"credentialsAnywhereReason"`
	// Backups lets the roles share and delete the snapshots of AWS Backup, which no other role may: for the role of AWS Backup itself,
	// which shares a snapshot to copy it into another account, and deletes it when its time is over. Default: they do not.
	Backups bool `pulumi:"backups"`
}

// Boundary is a managed policy that is the outer limit of every role that carries it: it grants nothing by itself, and what
// it refuses no other policy can grant (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
type Boundary struct {
	pulumi.ResourceState

	// ARN is the ARN of the policy.
	ARN pulumi.StringOutput
}

// NewBoundary creates the permission boundary of an environment's roles. See BoundaryDocument for what it refuses.
func NewBoundary(ctx *pulumi.Context, name string, args *BoundaryArgs, opts ...pulumi.ResourceOption) (*Boundary, error) {
	args = component.Given(args)
	var problems []error
	for i, region := range args.Regions {
		if err := CheckRegion(region); err != nil {
			problems = append(problems, fmt.Errorf("entry %d of Regions: %w", i, err))
		}
	}
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	document := BoundaryDocument(args.Regions...)
	if args.Backups {
		document.Statements = exceptBackups(document.Statements)
	}
	if reason := args.CredentialsAnywhereReason; reason != "" {
		problems = append(problems, form.In("CredentialsAnywhereReason", form.CheckReason(reason)))
		tags["bulkhead:relaxed:InstanceCredentials"] = pulumi.String(reason)
	} else {
		document.Statements = append(document.Statements, refuseStolen())
	}
	text, err := document.JSON()
	if err == nil && len(text) > boundaryLimit {
		err = fmt.Errorf("the document has %d characters, AWS accepts %d in a managed policy: name fewer Regions", len(text), boundaryLimit)
	}
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, fmt.Errorf("boundary %q: %w", name, err)
	}
	b := &Boundary{}
	if err := component.Register(ctx, "bulkhead:identity:Boundary", name, args, b, opts...); err != nil {
		return nil, err
	}
	description := args.Description
	if description == "" {
		description = "What no role of this environment may do, whatever its own policies say"
	}
	policy, err := iam.NewPolicy(ctx, name+"-policy", &iam.PolicyArgs{
		Description: pulumi.String(description),
		Policy:      pulumi.String(text),
		Tags:        tags,
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	b.ARN = policy.Arn
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"arn": b.ARN})
}

// BoundaryDocument is the document of the boundary. Roles of workloads never change who may do what, never touch the
// organization or its bills, never silence the witnesses, and never give up the keys and the locks of the account; the rest
// is theirs as far as their own policies go.
func BoundaryDocument(regions ...string) Document {
	document := Permissions(
		Statement{
			Sid: "RestIsForRolesToNarrow", Effect: Allow, Actions: []string{"*"}, Resources: []string{"*"},
			Reason: "a boundary grants nothing: a role can do what both the boundary and its own policies allow",
		},
		refuse("RefuseEscalation", escalation),
		refuse("RefuseOrganizationAndBilling", organization),
		refuse("RefuseSilencingWitnesses", witnesses),
		Statement{Sid: "RefuseShorterMemory", Effect: Deny, Actions: []string{"logs:PutRetentionPolicy"}, NotResources: osMetrics},
		refuse("RefuseGivingUpLocks", locks),
	)
	if len(regions) > 0 {
		document.Statements = append(document.Statements, Statement{
			Sid: "RefuseOtherRegions", Effect: Deny, NotActions: regionless, Resources: []string{"*"},
			Conditions: []Condition{{Operator: "StringNotEquals", Key: "aws:RequestedRegion", Values: slices.Clone(regions)}},
		})
	}
	return document
}

// refuseStolen ends what the credentials of an instance are worth once they have left it: a request that they sign has to come
// through an endpoint of the VPC in which the instance got them, or from a service that acts for it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, aws:Ec2InstanceSourceVpc). In a network
// of package network there is no other way to AWS. The actions left out are answered by something in a VPC that knows no endpoint
// (https://github.com/aws-samples/data-perimeter-policy-examples, network_perimeter_ec2_scp.json).
func refuseStolen() Statement {
	return Statement{
		Sid: "RefuseStolenInstanceCredentials", Effect: Deny, Resources: []string{"*"},
		NotActions: []string{"dax:*", "elasticache:Connect", "elasticfilesystem:Client*", "es:ES*", "kafka-cluster:*", "memorydb:Connect", "neptune-db:*", "rds-db:connect"},
		Conditions: []Condition{
			{Operator: "StringNotEquals", Key: "aws:Ec2InstanceSourceVpc", Values: []string{"${aws:SourceVpc}"}},
			{Operator: "Null", Key: "ec2:SourceInstanceARN", Values: []string{"false"}},
			{Operator: "BoolIfExists", Key: "aws:ViaAWSService", Values: []string{"false"}},
		},
	}
}

// exceptBackups refuses giving up DB snapshots in a statement of its own, which leaves those of AWS Backup out.
func exceptBackups(statements []Statement) []Statement {
	snapshots := []string{"rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"}
	for i := range statements {
		statements[i].Actions = slices.DeleteFunc(slices.Clone(statements[i].Actions), func(action string) bool { return slices.Contains(snapshots, action) })
	}
	return append(statements, Statement{
		Sid: "RefuseGivingUpOtherSnapshots", Effect: Deny, Actions: snapshots, NotResources: []string{"arn:aws:rds:*:*:snapshot:awsbackup:*"},
	})
}

func refuse(sid string, actions []string) Statement {
	return Statement{Sid: sid, Effect: Deny, Actions: actions, Resources: []string{"*"}}
}

// escalation is every way to create, change or take over an identity: new users, passwords and access keys, policies,
// trust, boundaries, and handing a role to a service (iam:PassRole). Reading stays possible.
var escalation = []string{
	"iam:Add*", "iam:Attach*", "iam:Change*", "iam:Create*", "iam:Deactivate*", "iam:Delete*", "iam:Detach*", "iam:Disable*",
	"iam:Enable*", "iam:PassRole", "iam:Put*", "iam:Remove*", "iam:Reset*", "iam:Resync*", "iam:Set*", "iam:Tag*", "iam:Untag*",
	"iam:Update*", "iam:Upload*",
	"sts:GetFederationToken",
	"identitystore:*", "rolesanywhere:*", "sso:*", "sso-directory:*",
}

// organization is everything that concerns the organization, the account itself and its bills.
var organization = []string{
	"account:*", "aws-portal:*", "billing:*", "billingconductor:*", "budgets:*", "consolidatedbilling:*", "cur:*", "invoicing:*",
	"organizations:*", "payments:*", "purchase-orders:*", "ram:*", "savingsplans:*", "servicequotas:*", "tax:*",
}

// witnesses is every way to stop, narrow or erase what CloudTrail, Config, GuardDuty, Security Hub, Access Analyzer, the
// logs and the alarms remember or report.
var witnesses = []string{
	"access-analyzer:Delete*", "access-analyzer:Update*",
	"cloudtrail:CancelQuery", "cloudtrail:Delete*", "cloudtrail:Deregister*", "cloudtrail:Put*", "cloudtrail:Stop*", "cloudtrail:Update*",
	"cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState",
	"config:Delete*", "config:PutConfigurationRecorder", "config:PutDeliveryChannel", "config:PutRetentionConfiguration", "config:Stop*",
	"ec2:DeleteFlowLogs",
	"guardduty:Archive*", "guardduty:Create*", "guardduty:Delete*", "guardduty:Disable*", "guardduty:Disassociate*", "guardduty:Stop*",
	"guardduty:Update*",
	"logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:DeleteMetricFilter", "logs:DeleteRetentionPolicy", "logs:DeleteSubscriptionFilter",
	"logs:DisassociateKmsKey", "logs:PutMetricFilter", "logs:PutResourcePolicy", "logs:PutSubscriptionFilter",
	"macie2:Disable*", "inspector2:Disable*",
	"securityhub:BatchDisable*", "securityhub:Delete*", "securityhub:Disable*", "securityhub:Disassociate*", "securityhub:Update*",
	"sns:DeleteTopic", "sns:SetTopicAttributes", "sns:AddPermission", "sns:RemovePermission", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
}

// osMetrics is the one log group whose retention a role sets: RDS makes it through the role of enhanced monitoring (RDS user
// guide, "Setting up and enabling Enhanced Monitoring").
var osMetrics = []string{"arn:aws:logs:*:*:log-group:RDSOSMetrics", "arn:aws:logs:*:*:log-group:RDSOSMetrics:*"}

// locks is every way to lose a key or a backup, to open a bucket or to let it forget, to publish a snapshot or an image, and to undo the account's own
// guards.
var locks = []string{
	"backup:DeleteBackupVault*", "backup:PutBackupVaultAccessPolicy", "backup:DeleteRecoveryPoint",
	"ec2:DisableEbsEncryptionByDefault", "ec2:DisableImageBlockPublicAccess", "ec2:DisableSnapshotBlockPublicAccess",
	"ec2:ModifyImageAttribute", "ec2:ModifyInstanceMetadata*", "ec2:ModifySnapshotAttribute", "ec2:ModifyVpcBlockPublicAccess*",
	"kms:DeleteImportedKeyMaterial", "kms:DisableKey", "kms:DisableKeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
	"lambda:AddPermission", "lambda:CreateFunctionUrlConfig",
	"rds:DeleteDBClusterSnapshot", "rds:DeleteDBInstance", "rds:DeleteDBInstanceAutomatedBackup", "rds:DeleteDBSnapshot",
	"rds:ModifyDBClusterSnapshotAttribute", "rds:ModifyDBSnapshotAttribute",
	"s3:BypassGovernanceRetention", "s3:DeleteBucketPolicy", "s3:PutAccountPublicAccessBlock",
	"s3:PutBucketAcl", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketVersioning",
	"s3:PutLifecycleConfiguration", "s3:PutObjectAcl",
	"secretsmanager:PutResourcePolicy",
}

// regionless are the services whose requests all go to one region, whatever region they concern.
var regionless = []string{
	"cloudfront:*", "globalaccelerator:*", "iam:*", "route53:*", "shield:*", "sts:*", "support:*", "waf:*",
}
