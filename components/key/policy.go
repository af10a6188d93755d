// SPDX-License-Identifier: Apache-2.0

package key

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

const (
	accountKey = "kms:CallerAccount"
	// everyKey is the resource of a statement in a key policy, which always means the key itself.
	everyKey = "*"
	itself   = "in a key policy the resource is the key itself"
)

// management are the actions that keep a key, none of which encrypts, decrypts or hands out its use (CreateGrant).
var management = []string{
	"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation",
	"kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies",
	"kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand",
	"kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
}

// use are the actions that encrypt and decrypt.
var use = []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}

// serviceUse writes the statements that let one service use the key of an account in a region.
type serviceUse func(accountID, region, principal string) []identity.Statement

// direct are the services that use a key under their own name, each bound to this account by what KMS or the service tells
// about the caller.
var direct = map[string]serviceUse{
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
	"logs": func(accountID, region, principal string) []identity.Statement {
		return []identity.Statement{serviceStatement("UseForLogs", principal,
			use,
			identity.Condition{
				Operator: "ArnLike", Key: "kms:EncryptionContext:aws:logs:arn",
				Values: []string{fmt.Sprintf("arn:aws:logs:%s:%s:log-group:*", region, accountID)},
			})}
	},
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
	"cloudtrail": func(accountID, region, principal string) []identity.Statement {
		trails := identity.SourceARN(fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/*", region, accountID))
		return []identity.Statement{
			serviceStatement("UseForTrails", principal, []string{"kms:GenerateDataKey*"}, trails, identity.Condition{
				Operator: "StringLike", Key: "kms:EncryptionContext:aws:cloudtrail:arn",
				Values: []string{fmt.Sprintf("arn:aws:cloudtrail:*:%s:trail/*", accountID)},
			}),
			serviceStatement("DescribeForTrails", principal, []string{"kms:DescribeKey"}, trails),
		}
	},
	// AWS Config delivers to an encrypted bucket, in the role that AWS has made for it:
	// https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
	"config": publisher("UseForConfig"),
	// An alarm publishes to an encrypted topic:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
	"cloudwatch": publisher("UseForAlarms"),
	// A rule publishes to an encrypted topic. EventBridge tells KMS nothing of whose rule it is: under a condition on the source
	// every event would be lost without a sound (SNS developer guide, "Enable compatibility between event sources from AWS
	// services and encrypted topics").
	"events": func(_, _, principal string) []identity.Statement {
		return []identity.Statement{serviceStatement("UseForEvents", principal, publishes)}
	},
	// Events of RDS are published to an encrypted topic (RDS user guide, "Granting permissions to publish notifications to an Amazon SNS
	// topic").
	"events.rds": publisher("UseForDatabaseEvents"),
	// SNS decrypts what it delivers.
	"sns": publisher("UseForTopics"),
	// Log delivery to a bucket, as flow logs do:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-SSE-KMS-S3.html
	"delivery.logs": func(accountID, region, principal string) []identity.Statement {
		return []identity.Statement{serviceStatement("UseForLogDelivery", principal,
			use,
			identity.SourceAccount(accountID), identity.SourceARN(fmt.Sprintf("arn:aws:logs:%s:%s:*", region, accountID)))}
	},
	// The service-linked role of Auto Scaling starts instances with encrypted disks:
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html. It is named in a
	// condition, since a key policy may not name a role that does not exist yet as its principal.
	"autoscaling": func(accountID, _, _ string) []identity.Statement {
		role := identity.Condition{Operator: "ArnEquals", Key: "aws:PrincipalArn", Values: []string{
			fmt.Sprintf("arn:aws:iam::%s:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", accountID),
		}}
		account := identity.Condition{Operator: "StringEquals", Key: accountKey, Values: []string{accountID}}
		grants := identity.Condition{Operator: "Bool", Key: "kms:GrantIsForAWSResource", Values: []string{"true"}}
		const reason = "the service-linked role is named in the condition, for it may not exist yet"
		return []identity.Statement{
			{
				Sid: "UseForAutoScaling", Effect: identity.Allow, Principals: identity.Principals{Everyone: true}, Reason: reason,
				Actions:   use,
				Resources: []string{everyKey}, Conditions: []identity.Condition{account, role},
			},
			{
				Sid: "GrantForAutoScaling", Effect: identity.Allow, Principals: identity.Principals{Everyone: true}, Reason: reason,
				Actions: []string{"kms:CreateGrant"}, Resources: []string{everyKey}, Conditions: []identity.Condition{account, role, grants},
			},
		}
	},
}

// onBehalf are the services that use a key in the name of whoever calls them; the caller needs IAM permission as well.
var onBehalf = []string{"backup", "ec2", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm"}

// publishes are the actions of a service that publishes to an encrypted topic, or writes to an encrypted bucket.
var publishes = []string{"kms:Decrypt", "kms:GenerateDataKey*"}

func publisher(sid string) serviceUse {
	return func(accountID, _, principal string) []identity.Statement {
		return []identity.Statement{serviceStatement(sid, principal, publishes, identity.SourceAccount(accountID))}
	}
}

func serviceStatement(sid, principal string, actions []string, conditions ...identity.Condition) identity.Statement {
	return identity.Statement{
		Sid: sid, Effect: identity.Allow, Principals: identity.Principals{Services: []string{principal}},
		Actions: actions, Resources: []string{everyKey}, Conditions: conditions, Reason: itself,
	}
}

// Policy is the key policy: the account's administrators manage the key but cannot use it by themselves; only the named
// services use it, each for resources of this account, under their own name or on behalf of a caller who has the IAM
// permission. It separates those who keep a key from those who read what it protects (FSBP KMS.1 and KMS.2).
//
// A service is named by its principal, regional where AWS has it so: "logs.eu-central-1.amazonaws.com",
// "cloudtrail.amazonaws.com", "rds.eu-central-1.amazonaws.com". The error lists every name that is unknown.
func Policy(accountID, region string, services []string) (identity.Document, error) {
	problems := []error{identity.CheckAccountID(accountID), identity.CheckRegion(region)}
	root := identity.Principals{AWS: []string{"arn:aws:iam::" + accountID + ":root"}}
	document := identity.OnResource(identity.Statement{
		Sid: "ManageByAccount", Effect: identity.Allow, Principals: root, Resources: []string{everyKey}, Reason: itself, Actions: management,
	})
	var via []string
	for _, service := range slices.Compact(slices.Sorted(slices.Values(services))) {
		statements, behalf, err := lookUp(service, region)
		switch {
		case err != nil:
			problems = append(problems, err)
		case behalf:
			via = append(via, service)
		default:
			document.Statements = append(document.Statements, statements(accountID, region, service)...)
		}
	}
	if len(via) > 0 {
		document.Statements = append(document.Statements, onBehalfStatements(root, accountID, via)...)
	}
	return document, errors.Join(problems...)
}

func onBehalfStatements(root identity.Principals, accountID string, via []string) []identity.Statement {
	conditions := []identity.Condition{
		{Operator: "StringEquals", Key: accountKey, Values: []string{accountID}},
		{Operator: "StringEquals", Key: "kms:ViaService", Values: via},
	}
	return []identity.Statement{
		{
			Sid: "UseThroughServices", Effect: identity.Allow, Principals: root, Resources: []string{everyKey}, Reason: itself, Conditions: conditions,
			Actions: use,
		},
		{
			Sid: "GrantThroughServices", Effect: identity.Allow, Principals: root, Resources: []string{everyKey}, Reason: itself,
			Actions:    []string{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"},
			Conditions: append([]identity.Condition{{Operator: "Bool", Key: "kms:GrantIsForAWSResource", Values: []string{"true"}}}, conditions...),
		},
	}
}

// copying lets AWS Backup of other accounts copy what the key encrypts: RDS has no independent encryption there, so that the key of a
// database has to admit the service-linked role of the account that the copy goes to (AWS Backup developer guide, "Encryption for
// a backup copy"). The role is named in a condition, since a key policy may not name one that does not exist yet as its principal.
func copying(accounts []string) []identity.Statement {
	var principals, roles []string
	for _, account := range accounts {
		principals = append(principals, "arn:aws:iam::"+account+":root")
		roles = append(roles, "arn:aws:iam::"+account+":role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup")
	}
	copier := identity.Condition{Operator: "ArnEquals", Key: "aws:PrincipalArn", Values: roles}
	statement := func(sid string, actions []string, conditions ...identity.Condition) identity.Statement {
		return identity.Statement{
			Sid: sid, Effect: identity.Allow, Principals: identity.Principals{AWS: principals}, Actions: actions, Resources: []string{everyKey},
			Conditions: append(conditions, copier), Reason: itself,
		}
	}
	return []identity.Statement{
		statement("UseForBackupCopies", use),
		statement("GrantForBackupCopies", []string{"kms:CreateGrant"}, identity.Condition{Operator: "Bool", Key: "kms:GrantIsForAWSResource", Values: []string{"true"}}),
	}
}

// lookUp finds how a service uses a key: under its own name, by writing statements, or on behalf of its callers.
func lookUp(service, region string) (statements serviceUse, behalf bool, err error) {
	name, found := strings.CutSuffix(service, ".amazonaws.com")
	if short, regional := strings.CutSuffix(name, "."+region); found && regional {
		switch {
		case short == "logs":
			return direct[short], false, nil
		case slices.Contains(onBehalf, short):
			return nil, true, nil
		}
	} else if own, known := direct[name]; found && known && name != "logs" {
		return own, false, nil
	}
	return nil, false, fmt.Errorf("service %q is unknown here; use one of %s", service, strings.Join(known(region), ", "))
}

// known lists every name that Services may hold.
func known(region string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(direct)) {
		if name == "logs" {
			name += "." + region
		}
		all = append(all, name+".amazonaws.com")
	}
	for _, name := range onBehalf {
		all = append(all, name+"."+region+".amazonaws.com")
	}
	slices.Sort(all)
	return all
}
