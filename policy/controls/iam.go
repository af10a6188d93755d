// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	roleAttachment  = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	userAttachment  = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
	groupAttachment = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	anyAttachment   = "aws:iam/policyAttachment:PolicyAttachment"
	accountRules    = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
	roleExclusive   = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
	userExclusive   = "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive"
	groupExclusive  = "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive"
	setAttachment   = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	setInline       = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
	setCustomer     = "aws:ssoadmin/customerManagedPolicyAttachment:CustomerManagedPolicyAttachment"
)

var (
	// exclusive are resources that list all policies of a role, user or group.
	exclusive   = []string{roleExclusive, userExclusive, groupExclusive}
	attachments = slices.Concat([]string{roleAttachment, userAttachment, groupAttachment, anyAttachment, iamRole, iamUser}, exclusive, []string{setAttachment})
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
			Why: "Whoever gets hold of one credential with AdministratorAccess owns the account.", Fix: "Attach a policy with the actions that are used.", Maps: meets("FSBP:IAM.1 CIS:1.15", privilege),
			Check: func(k *pack.Case) {
				eachAttached(k, func(v pack.Value, name string, d *iam.Document) {
					if _, full := d.Admin(); full {
						k.Report(v, "%s is %s, which allows every action on every resource", v.Path(), name)
					}
				})
				k.Forbid(awsManaged(k.Get("permissionsBoundary"), []string{"AdministratorAccess"}))
			},
		},
		{
			ID: "iam-full-access", Title: "Policies that give a whole service or lead to full control are not attached", Severity: pack.High, Types: attachments,
			Why: "They give every action of a service on every resource; several, such as IAMFullAccess, lead to full control in a few steps.", Fix: "Attach a policy with the actions that are used.", Maps: meets("FSBP:IAM.27 CIS:1.21", privilege),
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
			Why: "They grant more than their successors and are no longer corrected.", Fix: "Use the successor, such as AmazonSSMManagedInstanceCore.", Maps: meets(patching, privilege),
			Check: notAttached("service-role/AmazonEC2RoleforSSM", "AWSLambdaFullAccess", "AWSLambdaReadOnlyAccess", "AWSConfigRole", "service-role/AWSConfigRole", "AmazonMachineLearningRoleforRedshiftDataSource"),
		},
		{
			ID: "iam-user-policies", Title: "Users get rights through groups and roles", Severity: pack.Medium, Types: []string{iamUserPolicy, userAttachment, anyAttachment, userExclusive},
			Why: "Rights of single users are forgotten when somebody changes work.", Fix: "Attach the policy to a group or a role.", Maps: meets("FSBP:IAM.2 CIS:1.14", privilege),
			Check: func(k *pack.Case) {
				switch {
				case k.IsA(anyAttachment):
					k.Forbid(k.Get("users").IsSet())
					return
				case k.IsA(userExclusive):
					k.Forbid(k.Get("policyArns").IsSet(), "policies are given to the user %s", k.Get("userName"))
					return
				}
				k.Report(k.Get("user"), "a policy is given to the user %s", k.Get("user"))
			},
		},
		{
			ID: "iam-no-users", Title: "The program makes no IAM users", Severity: pack.Medium, Types: []string{iamUser},
			Why: "Users have credentials that do not expire; people and programs can take roles instead.", Fix: "Use IAM Identity Center for people and roles for programs.",
			Maps: meets(identity), Check: func(k *pack.Case) { k.Report(k.Get("name"), "the program makes a user") },
		},
		{
			ID: "iam-no-access-keys", Title: "The program makes no access keys", Severity: pack.High, Types: []string{"aws:iam/accessKey:AccessKey"},
			Why: "A key that never expires ends up in a file, a log or a repository, and lies in the state of the program.", Fix: "Use a role; for systems outside AWS use OIDC or Roles Anywhere.",
			Maps: meets("FSBP:IAM.3", identity), Check: func(k *pack.Case) { k.Report(k.Get("user"), "the program makes an access key") },
		},
		{
			ID: "iam-no-console-login", Title: "The program makes no console passwords", Severity: pack.High, Types: []string{"aws:iam/userLoginProfile:UserLoginProfile"},
			Why: "A password without a second factor is guessed or phished.", Fix: "Use IAM Identity Center.", Maps: meets("CIS:1.9", identity),
			Check: func(k *pack.Case) { k.Report(k.Get("user"), "the program makes a console password") },
		},
		{
			ID: "iam-role-session", Title: "Role sessions last no longer than the setting maxSeconds says", Severity: pack.Low, Types: []string{iamRole},
			Why: "A stolen session works until it ends.", Fix: "Leave maxSessionDuration out, which is an hour, or at no more than the setting maxSeconds, which is 14400 seconds, four hours, unless it is changed.", Settings: num("maxSeconds", 14400, "Longest session in seconds."),
			Maps: meets(identity), Check: func(k *pack.Case) {
				v := k.Get("maxSessionDuration")
				k.Require(absent(v).Or(v.AtMost(k.Num("maxSeconds"))), "maxSessionDuration is %s seconds; at most %v is allowed", v, k.Num("maxSeconds"))
			},
		},
		{
			ID: "iam-role-boundary", Title: "Roles have a permission boundary", Severity: pack.Medium, Level: pack.Disabled, Types: []string{iamRole},
			Why: "A boundary limits what a role can ever do, whatever policies it is given later. Many organisations limit by account instead, so this is off by default.",
			Fix: "Set permissionsBoundary.", Maps: meets(privilege), Check: isSet("permissionsBoundary"),
		},
		{
			ID: "iam-group-attached", Title: "PolicyAttachment is not used", Severity: pack.Medium, Concern: pack.Operations, Types: []string{anyAttachment},
			Why: "It takes the policy away from everybody else in the account who has it.", Fix: "Use RolePolicyAttachment or GroupPolicyAttachment.", Maps: meets(hygiene),
			Check: func(k *pack.Case) {
				k.Report(k.Get("policyArn"), "the attachment claims the policy for itself in the whole account")
			},
		},
		{
			ID: "iam-no-inline-policies", Title: "Policies can be shared and have versions", Severity: pack.Low, Level: pack.Disabled, Concern: pack.Operations, Types: []string{iamRolePolicy, iamUserPolicy, iamGroupPolicy},
			Why: "An inline policy is seen only with its role, user or group, and keeps no earlier version to go back to. A RolePolicy that belongs to one role is fine for many programs, so this is off by default.",
			Fix: "Make a Policy and attach it.", Maps: meets(hygiene), Check: func(k *pack.Case) {
				owner := k.Inputs().First("role", "user", "group")
				k.Report(owner, "the policy is inline in %s", owner)
			},
		},
		{
			ID: "iam-role-policy-conflict", Title: "A role's policies are managed in one place", Severity: pack.High, Concern: pack.Operations, Types: []string{iamRole}, Joins: []string{roleAttachment, iamRolePolicy}, Stack: true,
			Why: "managedPolicyArns or inlinePolicies in the role and separate resources remove each other's policies at every deployment.", Fix: "Use separate resources only.", Maps: meets(hygiene),
			Check: func(k *pack.Case) {
				k.Forbid(k.Get("managedPolicyArns").IsSet().And(anyCompanion(k, "role", []string{roleAttachment}, present)), "managedPolicyArns and a RolePolicyAttachment manage the same role")
				k.Forbid(k.Get("inlinePolicies").IsSet().And(anyCompanion(k, "role", []string{iamRolePolicy}, present)), "inlinePolicies and a RolePolicy manage the same role")
			},
		},
		{
			ID: "iam-server-certificate", Title: "Certificates are not kept in IAM", Severity: pack.Medium, Types: []string{"aws:iam/serverCertificate:ServerCertificate"},
			Why: "IAM does not renew certificates, and the private key passes through the program.", Fix: "Use ACM.", Maps: meets("CIS:1.18", keyCare),
			Check: func(k *pack.Case) { k.Report(k.Get("name"), "a certificate and its private key are stored in IAM") },
		},
		{
			ID: "iam-oidc-audience", Title: "OIDC providers name their audience", Severity: pack.High, Types: []string{"aws:iam/openIdConnectProvider:OpenIdConnectProvider"},
			Why: "A provider that accepts any audience accepts tokens that were made for other services.", Fix: "List the audience in clientIdLists, such as sts.amazonaws.com.", Maps: meets(identity),
			Check: func(k *pack.Case) {
				k.Require(k.Get("clientIdLists").IsSet())
				k.Forbid(k.Get("clientIdLists").Contains("*"))
			},
		},
		{
			ID: "iam-access-analyzer", Title: "Access analyzers find what outsiders can reach", Severity: pack.Low, Concern: pack.Operations, Types: []string{accessAnalyzer}, Stack: true,
			Why: "An analyzer for unused or internal access alone does not report what is shared with others.", Fix: "Leave type at ACCOUNT or ORGANIZATION for one analyzer.", Maps: meets("FSBP:IAM.28 CIS:1.19", detecting),
			Check: func(k *pack.Case) {
				answer := looksOutside(k.Resource)
				for _, r := range k.Stack.Of(accessAnalyzer) {
					answer = answer.Or(looksOutside(r))
				}
				k.Require(answer, "type is %s, and no other analyzer of the stack looks for outsiders", k.Get("type"))
			},
		},
	}
}

// trust is about who may take a role.
func trust() []*pack.Control {
	roleTrust := at("assumeRolePolicy")
	return []*pack.Control{
		{
			ID: "iam-trust-public", Title: "No role can be taken by everybody", Severity: pack.Critical, Types: []string{iamRole},
			Why: "Principal \"*\" in a trust policy lets any AWS account take the role.", Fix: "Name the service, role or account.", Maps: meets(exposure, privilege), Check: notPublic("assumeRolePolicy"),
		},
		{
			ID: "iam-trust-foreign-account", Title: "Roles trust only accounts that are listed", Severity: pack.High, Types: []string{iamRole},
			Why: "Whoever controls the other account can take the role.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{words("allowedAccounts", "Account ids that roles may trust.")}, Maps: meets(privilege), Check: foreignCheck(roleTrust),
		},
		{
			ID: "iam-trust-external-id", Title: "Roles for a whole other account ask for an external id or a second factor", Severity: pack.Medium, Level: pack.Disabled, Types: []string{iamRole},
			Why: "Without an external id, a service that works for many customers can be tricked into using your role for another. Roles inside one organisation need none, so this is off by default.",
			Fix: "Add a condition on sts:ExternalId, or name a role instead of an account.", Maps: meets(privilege), Check: eachStatement(roleTrust, func(k *pack.Case, v pack.Value, s *iam.Statement) {
				whole := slices.ContainsFunc(s.Principals, func(p iam.Principal) bool {
					return p.Kind == "AWS" && (strings.HasSuffix(p.ID, ":root") || !strings.Contains(p.ID, ":") && p.ID != "*")
				})
				if s.Allows() && whole && !slices.ContainsFunc(s.Conditions, asksMore) {
					k.Report(v, "%s trusts a whole account", s.Label())
				}
			}),
		},
		{
			ID: "iam-trust-oidc-subject", Title: "Roles for OIDC name the subject", Severity: pack.Critical, Types: []string{iamRole},
			Why: "Without a condition on the subject, any repository or user of the provider can take the role: on GitHub, anyone in the world.",
			Fix: "Add StringEquals or StringLike on <provider>:sub with a value that names the organisation and repository.", Maps: meets(identity, privilege), Check: eachStatement(roleTrust, oidcSubject),
		},
		{
			ID: "iam-trust-oidc-audience", Title: "Roles for OIDC name the audience", Severity: pack.Medium, Types: []string{iamRole},
			Why: "Tokens made for another service could otherwise be used.", Fix: "Add StringEquals on <provider>:aud.", Maps: meets(identity), Check: eachStatement(roleTrust, func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if oidc(s) && s.CoversAction("sts:AssumeRoleWithWebIdentity") && !namesAudience(s) {
					k.Report(v, "%s has no condition on the audience", s.Label())
				}
			}),
		},
		{
			ID: "iam-trust-inverted", Title: "Trust policies do not trust by exclusion", Severity: pack.Critical, Types: []string{iamRole},
			Why: "NotPrincipal with Allow trusts everybody else in the world.", Fix: "Name the principals.", Maps: meets(privilege), Check: eachStatement(roleTrust, inverted),
		},
		{
			ID: "iam-trust-wildcard-action", Title: "Trust policies allow taking the role and nothing else", Severity: pack.Medium, Types: []string{iamRole},
			Why: "sts:* also allows setting session tags and source identities that other policies rely on.", Fix: "Allow sts:AssumeRole, or the one variant that is used.", Maps: meets(privilege),
			Check: eachStatement(roleTrust, func(k *pack.Case, v pack.Value, s *iam.Statement) {
				if s.Allows() && s.EveryAction("sts") {
					k.Report(v, "%s allows %s", s.Label(), strings.Join(s.Actions, ", "))
				}
			}),
		},
	}
}

func passwords() []*pack.Control {
	types := []string{accountRules}
	list := []*pack.Control{
		{
			ID: "iam-password-length", Title: "Passwords have at least 14 characters", Severity: pack.Medium, Types: types, Why: "Short passwords are guessed.", Fix: "Set minimumPasswordLength to 14 or more.",
			Settings: num("minimum", 14, "Fewest characters."), Maps: meets("FSBP:IAM.7 FSBP:IAM.15 CIS:1.7", signIn), Check: atLeast("minimumPasswordLength", "minimum"),
		},
		{
			ID: "iam-password-reuse", Title: "The last 24 passwords cannot be used again", Severity: pack.Medium, Types: types, Why: "Leaked passwords come back otherwise.", Fix: "Set passwordReusePrevention to 24.",
			Settings: num("minimum", 24, "Passwords that are remembered."), Maps: meets("FSBP:IAM.16 CIS:1.8 NIST:IA-5(1) PCI:8.3.7"), Check: atLeast("passwordReusePrevention", "minimum"),
		},
		{
			ID: "iam-password-age", Title: "Passwords expire", Severity: pack.Low, Level: pack.Disabled, Types: types, Why: "A password that leaked long ago still works. NIST advises against regular expiry, so this is off by default.",
			Fix: "Set maxPasswordAge; the setting maxDays says how much.", Settings: num("maxDays", 90, "Longest age in days."), Maps: meets("FSBP:IAM.7 NIST:IA-5(1) PCI:8.3.9"), Check: atMost("maxPasswordAge", "maxDays"),
		},
		{
			ID: "iam-password-change", Title: "Users can change their own password", Severity: pack.Low, Types: types, Why: "Who knows that a password leaked must be able to change it at once.", Fix: "Leave allowUsersToChangePassword out or set it to true.",
			Maps: meets(signIn), Check: notFalse("allowUsersToChangePassword"),
		},
	}
	for _, kind := range []struct{ id, path, what string }{
		{"symbols", "requireSymbols", "a symbol"}, {"uppercase", "requireUppercaseCharacters", "a capital letter"},
		{"lowercase", "requireLowercaseCharacters", "a small letter"}, {"numbers", "requireNumbers", "a digit"},
	} {
		list = append(list, &pack.Control{
			ID: "iam-password-" + kind.id, Title: "Passwords have " + kind.what, Severity: pack.Medium, Types: types, Why: "Passwords of one kind of character are guessed sooner.",
			Fix: "Set " + kind.path + " to true.", Maps: meets("FSBP:IAM.7", signIn), Check: isTrue(kind.path), Remedy: put(kind.path, true),
		})
	}
	return list
}
