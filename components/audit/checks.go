// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// Check is something in the trail that somebody must hear about.
type Check struct {
	// CIS is the number of the recommendation in CIS AWS Foundations, of the version [standard.CIS]; empty for a check that CIS does not have.
	CIS string
	// Name names the metric, the filter and the alarm: lower-case words with dashes.
	Name string
	// Meaning tells whoever is woken what happened.
	Meaning string
	// Pattern finds the event in the log group. That of a recommendation has the wording that Security Hub looks for (Security
	// Hub CloudWatch.1 to .14: it accepts the exact text only,
	// https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html), so that what CIS forgot is a check of
	// its own.
	Pattern string
}

// CheckInput is a check whose pattern names what other resources produce.
type CheckInput struct {
	// Check is the part that is known. Its Pattern counts if there is no PatternInput.
	Check
	PatternInput pulumi.StringInput
}

func (c CheckInput) pattern() pulumi.StringOutput {
	if c.PatternInput != nil {
		return c.PatternInput.ToStringOutput()
	}
	return pulumi.String(c.Pattern).ToStringOutput()
}

// TrailChecks returns the checks of CIS AWS Foundations, section 4, in its order, and then those for what they leave unseen.
func TrailChecks() []Check { return append(cisChecks(), evasionChecks()...) }

// Recorded says that an ordinary deployment, or a mistake that AWS has refused, does this as well: it belongs on record, and
// wakes nobody.
func (c Check) Recorded() bool { return slices.Contains(recorded, c.Name) }

// recorded are the checks that ring in a deployment, and those of calls that came to nothing.
var recorded = []string{
	"unauthorized-calls", "iam-changes", "sign-in-failures", "bucket-policy-changes", "security-group-changes", "network-acl-changes",
	"gateway-changes", "route-changes", "vpc-changes",
}

// ofCIS says which recommendation the check is, for those who read its alarm.
func (c Check) ofCIS() string {
	if c.CIS == "" {
		return ""
	}
	return " (CIS AWS Foundations " + standard.CIS + ", " + c.CIS + ")"
}

func cisChecks() []Check {
	return []Check{
		{"4.1", "unauthorized-calls", "Somebody called AWS without the permission to", `{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}`},
		{
			"4.2", "sign-in-without-mfa", "A user signed in to the console without a second factor",
			`{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`,
		},
		{
			"4.3", "root-use", "Somebody used the root user of the account",
			`{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}`,
		},
		{
			"4.4", "iam-changes", "Somebody changed who may do what", anyOfService("iam",
				"DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy", "CreatePolicy",
				"DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy",
				"DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy"),
		},
		{
			"4.5", "trail-changes", "Somebody changed or stopped CloudTrail",
			anyOf("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
		},
		{"4.6", "sign-in-failures", "Somebody failed to sign in to the console", `{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}`},
		{"4.7", "key-disabled", "Somebody disabled a KMS key or scheduled its deletion", anyOfService("kms", "DisableKey", "ScheduleKeyDeletion")},
		{
			"4.8", "bucket-policy-changes", "Somebody changed who may read or write a bucket", anyOfService("s3",
				"PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication", "DeleteBucketPolicy",
				"DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"),
		},
		{
			"4.9", "config-changes", "Somebody changed or stopped AWS Config",
			anyOfService("config", "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"),
		},
		{
			"4.10", "security-group-changes", "Somebody changed a security group", anyOf(
				"AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress",
				"CreateSecurityGroup", "DeleteSecurityGroup"),
		},
		{
			"4.11", "network-acl-changes", "Somebody changed a network ACL", anyOf(
				"CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry",
				"ReplaceNetworkAclAssociation"),
		},
		{
			"4.12", "gateway-changes", "Somebody changed a network gateway", anyOf(
				"CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway",
				"DetachInternetGateway"),
		},
		{
			"4.13", "route-changes", "Somebody changed a route table", anyOfService("ec2",
				"CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute",
				"DisassociateRouteTable"),
		},
		{
			"4.14", "vpc-changes", "Somebody changed a VPC or its peerings", anyOf(
				"CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
				"DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
				"DisableVpcClassicLink", "EnableVpcClassicLink"),
		},
		{
			"4.15", "organization-changes", "Somebody changed the organization", anyOfService("organizations",
				"AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy", "DeclineHandshake",
				"DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy", "DisablePolicyType", "EnablePolicyType",
				"InviteAccountToOrganization", "LeaveOrganization", "MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy",
				"UpdateOrganizationalUnit"),
		},
	}
}

// anyOf is the pattern of events by one of these names.
func anyOf(events ...string) string { return "{" + alternatives(events) + "}" }

// anyOfService is anyOf among the events of one service.
func anyOfService(service string, events ...string) string {
	return "{($.eventSource=" + service + ".amazonaws.com) && (" + alternatives(events) + ")}"
}

func alternatives(events []string) string {
	terms := make([]string, 0, len(events))
	for _, event := range events {
		terms = append(terms, "($.eventName="+event+")")
	}
	return strings.Join(terms, " || ")
}
