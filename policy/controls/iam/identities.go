// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/access"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

var (
	// exclusive are resources that list all policies of a role, user or group.
	exclusive = []string{aws.IAMRolePolicyAttachmentsExclusive, aws.IAMUserPolicyAttachmentsExclusive,
		aws.IAMGroupPolicyAttachmentsExclusive}
	attachments = slices.Concat([]string{aws.IAMRolePolicyAttachment, aws.IAMUserPolicyAttachment, aws.IAMGroupPolicyAttachment,
		aws.IAMPolicyAttachment, aws.IAMRole, aws.IAMUser}, exclusive, []string{aws.SSOManagedPolicyAttachment})
)

// awsManaged is the fact that a value is the ARN of one of the AWS managed policies.
func awsManaged(v pack.Value, names []string) pack.Fact {
	return v.Matches(func(arn string) bool {
		_, name, _ := strings.Cut(arn, ":policy/")
		return strings.HasPrefix(arn, "arn:aws") && strings.Contains(arn, ":iam::aws:") && slices.Contains(names, name)
	})
}

// notAttached is the check that none of the AWS managed policies is attached.
func notAttached(names ...string) func(*pack.Case) {
	return func(k *pack.Case) {
		k.Forbid(awsManaged(k.Get("policyArn"), names))
		k.Forbid(awsManaged(k.Get("managedPolicyArn"), names))
		for _, list := range []string{"managedPolicyArns", "policyArns"} {
			for v := range k.Get(list).Items() {
				k.Forbid(awsManaged(v, names))
			}
		}
	}
}

func identities() []*pack.Control {
	return []*pack.Control{
		{
			ID: "iam-administrator-access", Title: "Policies that allow everything are not attached", Severity: pack.High, Types: attachments,
			Why: "Whoever gets hold of one credential with AdministratorAccess owns the account.",
			Fix: "Attach a policy with the actions that are used.", Maps: standard.Meets("FSBP:IAM.1 CIS:1.15", standard.Privilege),
			Check: func(k *pack.Case) {
				eachAttached(k, func(v pack.Value, name string, d *iam.Document) {
					if _, full := d.Admin(); full {
						k.Report(v, "%s is %s, which allows every action on every resource", v.Path(), name)
					}
				})
				boundary := k.Get("permissionsBoundary")
				ours := func(urn string) bool { return strings.Contains(urn, aws.IAMPolicy+"::") }
				if boundary.IsUnknown() && slices.ContainsFunc(k.PropertyDependencies["permissionsBoundary"], ours) {
					return // A policy that the stack is about to make is none of AWS's.
				}
				k.Forbid(awsManaged(boundary, []string{"AdministratorAccess"}))
			},
		},
		{
			ID: "iam-full-access", Title: "Policies that give a whole service or lead to full control are not attached", Severity: pack.High,
			Types: attachments,
			Why:   "They give every action of a service on every resource; several, such as IAMFullAccess, lead to full control in a few steps.",
			Fix:   "Attach a policy with the actions that are used.", Maps: standard.Meets("FSBP:IAM.27 CIS:1.21", standard.Privilege),
			Check: func(k *pack.Case) {
				eachAttached(k, func(v pack.Value, name string, d *iam.Document) {
					if why := tooWideManaged(name, d); why != "" {
						k.Report(v, "%s is %s, which %s", v.Path(), name, why)
					}
				})
			},
		},
		{
			ID: "iam-outdated-managed", Title: "Managed policies that AWS has withdrawn are not attached", Severity: pack.Medium, Types: attachments,
			Why: "They grant more than their successors and are no longer corrected.",
			Fix: "Use the successor, such as AmazonSSMManagedInstanceCore.", Maps: standard.Meets(standard.Patching, standard.Privilege),
			Check: notAttached("service-role/AmazonEC2RoleforSSM", "AWSLambdaFullAccess", "AWSLambdaReadOnlyAccess", "AWSConfigRole",
				"service-role/AWSConfigRole", "AmazonMachineLearningRoleforRedshiftDataSource"),
		},
		{
			ID: "iam-user-policies", Title: "Users get rights through groups and roles", Severity: pack.Medium,
			Types: []string{aws.IAMUserPolicy, aws.IAMUserPolicyAttachment, aws.IAMPolicyAttachment, aws.IAMUserPolicyAttachmentsExclusive},
			Why:   "Rights of single users are forgotten when somebody changes work.", Fix: "Attach the policy to a group or a role.",
			Maps: standard.Meets("FSBP:IAM.2 CIS:1.14", standard.Privilege),
			Check: func(k *pack.Case) {
				switch {
				case k.IsA(aws.IAMPolicyAttachment):
					k.Forbid(k.Get("users").IsSet())
					return
				case k.IsA(aws.IAMUserPolicyAttachmentsExclusive):
					k.Forbid(k.Get("policyArns").IsSet(), "policies are given to the user %s", k.Get("userName"))
					return
				}
				k.Report(k.Get("user"), "a policy is given to the user %s", k.Get("user"))
			},
		},
		{
			ID: "iam-no-users", Title: "The program makes no IAM users", Severity: pack.Medium, Types: []string{aws.IAMUser},
			Why:  "Users have credentials that do not expire; people and programs can take roles instead.",
			Fix:  "Use IAM Identity Center for people and roles for programs.",
			Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) { k.Report(k.Get("name"), "the program makes a user") },
		},
		{
			ID: "iam-no-access-keys", Title: "The program makes no access keys", Severity: pack.High, Types: []string{"aws:iam/accessKey:AccessKey"},
			Why:   "A key that never expires ends up in a file, a log or a repository, and lies in the state of the program.",
			Fix:   "Use a role; for systems outside AWS use OIDC or Roles Anywhere.",
			Maps:  standard.Meets("FSBP:IAM.3", standard.Identity),
			Check: func(k *pack.Case) { k.Report(k.Get("user"), "the program makes an access key") },
		},
		{
			ID: "iam-no-console-login", Title: "The program makes no console passwords", Severity: pack.High,
			Types: []string{"aws:iam/userLoginProfile:UserLoginProfile"},
			Why:   "A password without a second factor is guessed or phished.", Fix: "Use IAM Identity Center.",
			Maps:  standard.Meets("FSBP:IAM.5 CIS:1.9", standard.Identity),
			Check: func(k *pack.Case) { k.Report(k.Get("user"), "the program makes a console password") },
		},
		{
			ID: "iam-role-session", Title: "Role sessions last no longer than the setting maxSeconds says", Severity: pack.Low,
			Types: []string{aws.IAMRole},
			Why:   "A stolen session works until it ends.",
			Fix: "Leave maxSessionDuration out, which is an hour, or at no more than the setting maxSeconds, which is 14400 seconds, four " +
				"hours, unless it is changed.", Settings: want.Number("maxSeconds", 14400, "Longest session in seconds."),
			Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) {
				v := k.Get("maxSessionDuration")
				k.Require(want.Absent(v).Or(v.AtMost(k.Num("maxSeconds"))), "maxSessionDuration is %s seconds; at most %v is allowed", v,
					k.Num("maxSeconds"))
			},
		},
		{
			ID: "iam-role-boundary", Title: "Roles have a permission boundary", Severity: pack.Medium, Level: pack.Disabled,
			Types: []string{aws.IAMRole},
			Why: "A boundary limits what a role can ever do, whatever policies it is given later. Many organisations limit by account instead, " +
				"so this is off by default.",
			Fix: "Set permissionsBoundary.", Maps: standard.Meets(standard.Privilege), Check: want.IsSet("permissionsBoundary"),
		},
		{
			ID: "iam-group-attached", Title: "PolicyAttachment is not used", Severity: pack.Medium, Concern: pack.Operations,
			Types: []string{aws.IAMPolicyAttachment},
			Why:   "It takes the policy away from everybody else in the account who has it.",
			Fix:   "Use RolePolicyAttachment or GroupPolicyAttachment.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Report(k.Get("policyArn"), "the attachment claims the policy for itself in the whole account")
			},
		},
		{
			ID: "iam-no-inline-policies", Title: "Policies can be shared and have versions", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Operations, Types: []string{aws.IAMRolePolicy, aws.IAMUserPolicy, aws.IAMGroupPolicy},
			Why: "An inline policy is seen only with its role, user or group, and keeps no earlier version to go back to. A RolePolicy that " +
				"belongs to one role is fine for many programs, so this is off by default.",
			Fix: "Make a Policy and attach it.", Maps: standard.Meets(standard.Hygiene), Check: func(k *pack.Case) {
				owner := k.Inputs().First("role", "user", "group")
				k.Report(owner, "the policy is inline in %s", owner)
			},
		},
		{
			ID: "iam-role-policy-conflict", Title: "A role's policies are managed in one place", Severity: pack.High, Concern: pack.Operations,
			Types: []string{aws.IAMRole}, Joins: []string{aws.IAMRolePolicyAttachment, aws.IAMRolePolicy}, Stack: true,
			Why: "managedPolicyArns or inlinePolicies in the role and separate resources remove each other's policies at every deployment.",
			Fix: "Use separate resources only.", Maps: standard.Meets(standard.Hygiene),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("managedPolicyArns").IsSet().And(want.AnyCompanion(k, "role", []string{aws.IAMRolePolicyAttachment}, want.Present)),
					"managedPolicyArns and a RolePolicyAttachment manage the same role")
				k.Forbid(k.Get("inlinePolicies").IsSet().And(want.AnyCompanion(k, "role", []string{aws.IAMRolePolicy}, want.Present)),
					"inlinePolicies and a RolePolicy manage the same role")
			},
		},
		{
			ID: "iam-server-certificate", Title: "Certificates are not kept in IAM", Severity: pack.Medium,
			Types: []string{"aws:iam/serverCertificate:ServerCertificate"},
			Why:   "IAM does not renew certificates, and the private key passes through the program.", Fix: "Use ACM.",
			Maps:  standard.Meets("CIS:1.18", standard.KeyCare),
			Check: func(k *pack.Case) { k.Report(k.Get("name"), "a certificate and its private key are stored in IAM") },
		},
		{
			ID: "iam-oidc-audience", Title: "OIDC providers name their audience", Severity: pack.High,
			Types: []string{"aws:iam/openIdConnectProvider:OpenIdConnectProvider"},
			Why:   "A provider that accepts any audience accepts tokens that were made for other services.",
			Fix:   "List the audience in clientIdLists, such as sts.amazonaws.com.", Maps: standard.Meets(standard.Identity),
			Check: func(k *pack.Case) {
				k.Require(k.Get("clientIdLists").IsSet())
				k.Forbid(k.Get("clientIdLists").Contains("*"))
			},
		},
		{
			ID: "iam-access-analyzer", Title: "Access analyzers find what outsiders can reach", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{aws.Analyzer}, Stack: true,
			Why: "An analyzer for unused or internal access alone does not report what is shared with others.",
			Fix: "Leave type at ACCOUNT or ORGANIZATION for one analyzer.", Maps: standard.Meets("FSBP:IAM.28 CIS:1.19", standard.Detecting),
			Check: func(k *pack.Case) {
				answer := access.FromOutside(k.Resource)
				for _, r := range k.Stack.Of(aws.Analyzer) {
					answer = answer.Or(access.FromOutside(r))
				}
				k.Require(answer, "type is %s, and no other analyzer of the stack looks for outsiders", k.Get("type"))
			},
		},
	}
}

// trust is about who may take a role.
func trust() []*pack.Control {
	roleTrust := document.At("assumeRolePolicy")
	return []*pack.Control{
		{
			ID: "iam-trust-public", Title: "No role can be taken by everybody", Severity: pack.Critical, Types: []string{aws.IAMRole},
			Public: true,
			Why:    "Principal \"*\" in a trust policy lets any AWS account take the role.", Fix: "Name the service, role or account.",
			Maps: standard.Meets(standard.Exposure, standard.Privilege), Check: document.NotPublic("assumeRolePolicy"),
		},
		{
			ID: "iam-trust-foreign-account", Title: "Roles trust only accounts that are listed", Severity: pack.High, Types: []string{aws.IAMRole},
			Why: "Whoever controls the other account can take the role.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that roles may trust.")}, Maps: standard.Meets(standard.Privilege),
			Check: document.Foreign(roleTrust),
		},
		{
			ID: "iam-trust-external-id", Title: "Roles for a whole other account ask for an external id or a second factor", Severity: pack.Medium,
			Level: pack.Disabled, Types: []string{aws.IAMRole},
			Why: "Without an external id, a service that works for many customers can be tricked into using your role for another. Roles inside " +
				"one organisation need none, so this is off by default.",
			Fix: "Add a condition on sts:ExternalId, or name a role instead of an account.", Maps: standard.Meets(standard.Privilege),
			Check: document.EachStatement(roleTrust, func(k *pack.Case, v pack.Value, s *iam.Statement) {
				whole := slices.ContainsFunc(s.Principals, func(p iam.Principal) bool {
					return p.Kind == "AWS" && (strings.HasSuffix(p.ID, ":root") || !strings.Contains(p.ID, ":") && p.ID != "*")
				})
				if s.Allows() && whole && !slices.ContainsFunc(s.Conditions, asksMore) {
					k.Report(v, "%s trusts a whole account", s.Label())
				}
			}),
		},
		{
			ID: "iam-trust-oidc-subject", Title: "Roles for OIDC name the subject", Severity: pack.Critical, Types: []string{aws.IAMRole},
			Why:  "Without a condition on the subject, any repository or user of the provider can take the role: on GitHub, anyone in the world.",
			Fix:  "Add StringEquals or StringLike on <provider>:sub with a value that names the organisation and repository.",
			Maps: standard.Meets(standard.Identity, standard.Privilege), Check: document.EachStatement(roleTrust, oidcSubject),
		},
		{
			ID: "iam-trust-oidc-audience", Title: "Roles for OIDC name the audience", Severity: pack.Medium, Types: []string{aws.IAMRole},
			Why: "Tokens made for another service could otherwise be used.", Fix: "Add StringEquals on <provider>:aud.",
			Maps: standard.Meets(standard.Identity), Check: document.EachStatement(roleTrust, func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if oidc(s) && s.CoversAction("sts:AssumeRoleWithWebIdentity") && !namesAudience(s) {
					k.Report(v, "%s has no condition on the audience", s.Label())
				}
			}),
		},
		{
			ID: "iam-trust-inverted", Title: "Trust policies do not trust by exclusion", Severity: pack.Critical, Types: []string{aws.IAMRole},
			Why: "NotPrincipal with Allow trusts everybody else in the world.", Fix: "Name the principals.",
			Maps: standard.Meets(standard.Privilege), Check: document.EachStatement(roleTrust, document.Inverted),
		},
		{
			ID: "iam-trust-wildcard-action", Title: "Trust policies allow taking the role and nothing else", Severity: pack.Medium,
			Types: []string{aws.IAMRole},
			Why:   "sts:* also allows setting session tags and source identities that other policies rely on.",
			Fix:   "Allow sts:AssumeRole, or the one variant that is used.", Maps: standard.Meets(standard.Privilege),
			Check: document.EachStatement(roleTrust, func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if s.Allows() && s.EveryAction("sts") {
					k.Report(v, "%s allows %s", s.Label(), strings.Join(s.Actions, ", "))
				}
			}),
		},
	}
}

func passwords() []*pack.Control {
	types := []string{aws.IAMAccountPasswordPolicy}
	list := []*pack.Control{
		{
			ID: "iam-password-length", Title: "Passwords have at least 14 characters", Severity: pack.Medium, Types: types,
			Why: "Short passwords are guessed.", Fix: "Set minimumPasswordLength to 14 or more.",
			Settings: want.Number("minimum", 14, "Fewest characters."), Maps: standard.Meets("FSBP:IAM.7 FSBP:IAM.15 CIS:1.7", standard.SignIn),
			Check: want.AtLeast("minimumPasswordLength", "minimum"),
		},
		{
			ID: "iam-password-reuse", Title: "The last 24 passwords cannot be used again", Severity: pack.Medium, Types: types,
			Why: "Leaked passwords come back otherwise.", Fix: "Set passwordReusePrevention to 24.",
			Settings: want.Number("minimum", 24, "Passwords that are remembered."),
			Maps:     standard.Meets("FSBP:IAM.16 CIS:1.8 NIST:IA-5(1) PCI:8.3.7"), Check: want.AtLeast("passwordReusePrevention", "minimum"),
		},
		{
			ID: "iam-password-age", Title: "Passwords expire", Severity: pack.Low, Level: pack.Disabled, Types: types,
			Why: "A password that leaked long ago still works. NIST advises against regular expiry, so this is off by default.",
			Fix: "Set maxPasswordAge; the setting maxDays says how much.", Settings: want.Number("maxDays", 90, "Longest age in days."),
			Maps: standard.Meets("FSBP:IAM.7 NIST:IA-5(1) PCI:8.3.9"), Check: want.AtMost("maxPasswordAge", "maxDays"),
		},
		{
			ID: "iam-password-change", Title: "Users can change their own password", Severity: pack.Low, Types: types,
			Why:  "Who knows that a password leaked must be able to change it at once.",
			Fix:  "Leave allowUsersToChangePassword out or set it to true.",
			Maps: standard.Meets(standard.SignIn), Check: want.NotFalse("allowUsersToChangePassword"),
		},
	}
	for _, kind := range []struct{ id, path, what string }{
		{"symbols", "requireSymbols", "a symbol"}, {"uppercase", "requireUppercaseCharacters", "a capital letter"},
		{"lowercase", "requireLowercaseCharacters", "a small letter"}, {"numbers", "requireNumbers", "a digit"},
	} {
		list = append(list, &pack.Control{
			ID: "iam-password-" + kind.id, Title: "Passwords have " + kind.what, Severity: pack.Medium, Types: types,
			Why: "Passwords of one kind of character are guessed sooner.",
			Fix: "Set " + kind.path + " to true.", Maps: standard.Meets("FSBP:IAM.7", standard.SignIn), Check: want.IsTrue(kind.path),
			Remedy: want.Put(kind.path, true),
		})
	}
	return list
}
