// SPDX-License-Identifier: Apache-2.0

package account

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/access"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

const (
	supportPolicy = "arn:aws:iam::aws:policy/AWSSupportAccess"
)

// duty is something that an account must have. One stack has it for the whole account, so that the control is
// off until a stack says by its configuration that it is the one.
type duty struct {
	// holds is the fact that a resource is what is wanted.
	holds                    func(*pack.Resource) pack.Fact
	id, title, why, fix, met string
	types                    []string
	severity                 pack.Severity
}

// presence are the controls that want something to be there.
func presence() []*pack.Control {
	var list []*pack.Control
	for _, d := range duties() {
		list = append(list, &pack.Control{
			ID: d.id, Title: d.title, Why: d.why, Fix: d.fix, Maps: standard.Meets(d.met), Severity: d.severity, Level: pack.Disabled,
			Joins: d.types, Stack: true,
			Check: func(k *pack.Case) {
				answer := pack.No(pack.Value{})
				for _, r := range k.Stack.Of(d.types...) {
					answer = answer.Or(d.holds(r))
				}
				k.Require(answer, "no resource of this stack is what the account needs")
			},
		})
	}
	return list
}

func duties() []duty {
	return []duty{
		{
			id: "account-trail", title: "The account has a trail for every Region", severity: pack.High, types: []string{aws.CloudTrailTrail},
			met: "FSBP:CloudTrail.1 CIS:3.1 " + standard.Logging,
			why: "Without a trail nobody can tell afterwards who did what.", fix: "Add a Trail with isMultiRegionTrail true that is on.",
			holds: func(r *pack.Resource) pack.Fact {
				return r.Get("isMultiRegionTrail").IsTrue().And(r.Get("enableLogging").Is(true, true))
			},
		},
		{
			id: "account-public-access-block", title: "The account has a public access block", severity: pack.High,
			types: []string{aws.S3AccountPublicAccessBlock}, met: "FSBP:S3.1 CIS:2.1.4 " + standard.Exposure,
			why:   "It is the only guard of buckets that are made by hand or by other programs.",
			fix:   "Add an AccountPublicAccessBlock with all four flags true.",
			holds: func(r *pack.Resource) pack.Fact { return access.Blocked(r.Inputs()) },
		},
		{
			id: "account-password-policy", title: "The account has a password policy", severity: pack.High,
			types: []string{"aws:iam/accountPasswordPolicy:AccountPasswordPolicy"}, met: "FSBP:IAM.7 CIS:1.7 CIS:1.8 " + standard.SignIn,
			why: "AWS's own default admits eight letters and is never renewed.", fix: "Add an AccountPasswordPolicy.", holds: want.Present,
		},
		{
			id: "account-volume-encryption", title: "The account encrypts new volumes", severity: pack.High,
			types: []string{aws.EBSEncryptionByDefault}, met: "FSBP:EC2.7 CIS:5.1.1 " + standard.AtRest,
			why:   "Volumes that are made by hand or by other programs are otherwise as they happen to be.",
			fix:   "Add an EncryptionByDefault in each Region that is used.",
			holds: func(r *pack.Resource) pack.Fact { return r.Get("enabled").Is(true, true) },
		},
		{
			id: "account-guardduty", title: "The account has GuardDuty", severity: pack.High, types: []string{aws.GuardDutyDetector},
			met:   "FSBP:GuardDuty.1 " + standard.Detecting,
			why:   "Nobody else watches for stolen credentials and for machines that talk to known attackers.",
			fix:   "Add a Detector in each Region that is used.",
			holds: func(r *pack.Resource) pack.Fact { return r.Get("enable").Is(true, true) },
		},
		{
			id: "account-config", title: "The account records its configuration", severity: pack.Medium, types: []string{aws.ConfigRecorderStatus},
			met:   "FSBP:Config.1 CIS:3.3 " + standard.Monitoring,
			why:   "What was changed by hand, and when, is found nowhere else.",
			fix:   "Add a Recorder, a DeliveryChannel and a RecorderStatus with isEnabled true.",
			holds: func(r *pack.Resource) pack.Fact { return r.Get("isEnabled").IsTrue() },
		},
		{
			id: "account-security-hub", title: "The account has Security Hub", severity: pack.Medium, types: []string{aws.SecurityHubAccount},
			met: "CIS:4.16 " + standard.Detecting,
			why: "Findings of several services are otherwise looked at by nobody.", fix: "Add a securityhub Account.", holds: want.Present,
		},
		{
			id: "account-access-analyzer", title: "The account is searched for access from outside", severity: pack.Medium,
			types: []string{aws.Analyzer}, met: "FSBP:IAM.28 CIS:1.19 " + standard.Detecting,
			why: "Policies made elsewhere can open what this program closes.", fix: "Add an Analyzer of type ACCOUNT or ORGANIZATION.",
			holds: access.FromOutside,
		},
		{
			id: "account-inspector", title: "The account is searched for known vulnerabilities", severity: pack.Medium,
			types: []string{aws.InspectorEnabler}, met: "FSBP:Inspector.1 FSBP:Inspector.2 " + standard.Patching,
			why: "A hole that is known is used within days.", fix: "Add an Enabler for EC2 and ECR, and for LAMBDA where functions run.",
			holds: func(r *pack.Resource) pack.Fact {
				return r.Get("resourceTypes").Contains("EC2").And(r.Get("resourceTypes").Contains("ECR"))
			},
		},
		{
			id: "account-macie", title: "The account's buckets are searched for personal data", severity: pack.Low,
			types: []string{aws.MacieAccount}, met: "FSBP:Macie.1 " + standard.Detecting,
			why: "Personal data lands where nobody expects it.", fix: "Add a macie2 Account that is not paused.",
			holds: func(r *pack.Resource) pack.Fact { return r.Get("status").OneOf("PAUSED").Not() },
		},
		{
			id: "account-security-contact", title: "AWS knows whom to call about security", severity: pack.Medium,
			types: []string{aws.AccountAlternativeContact}, met: "FSBP:Account.1 CIS:1.2 " + standard.Hygiene,
			why:   "AWS's warning about a leaked key otherwise goes to the mail address of the root user.",
			fix:   "Add an AlternativeContact of type SECURITY.",
			holds: func(r *pack.Resource) pack.Fact { return r.Get("alternateContactType").OneOf("SECURITY") },
		},
		{
			id: "account-support-role", title: "Somebody may talk to AWS Support", severity: pack.Low,
			types: []string{aws.IAMRolePolicyAttachment, aws.IAMRole, aws.IAMPolicyAttachment}, met: "FSBP:IAM.18 CIS:1.16 " + standard.Privilege,
			why: "In an incident nobody has the time to find out who may open a case.", fix: "Attach the policy AWSSupportAccess to a role.",
			holds: func(r *pack.Resource) pack.Fact {
				return r.Get("policyArn").OneOf(supportPolicy).Or(r.Get("managedPolicyArns").Contains(supportPolicy))
			},
		},
	}
}
