// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"
)

// lookAtIdentities finds every role inside the boundary and with narrow policies, and passwords hard to guess.
func lookAtIdentities(t *testing.T, a *account) {
	t.Helper()
	policies, err := a.iam.ListPolicies(t.Context(), &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal})
	require.NoError(t, err)
	arns := map[string]string{}
	for _, policy := range policies.Policies {
		role := strings.Split(strings.TrimPrefix(aws.ToString(policy.PolicyName), a.Name+"-"), "-")[0]
		arns[role] = aws.ToString(policy.Arn)
	}
	require.Len(t, policies.Policies, 2)
	require.Len(t, arns, 2)
	boundary := arns["boundary"]
	lookAtBoundary(t, a, boundary)
	lookAtOperators(t, a, arns["bastion"])
	roles, err := listRoles(t.Context(), a)
	require.NoError(t, err)
	for _, role := range roles {
		seen, err := a.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: role.RoleName})
		require.NoError(t, err)
		require.NotNil(t, seen.Role.PermissionsBoundary, "%s has no boundary", aws.ToString(role.RoleName))
		require.Equal(t, boundary, aws.ToString(seen.Role.PermissionsBoundary.PermissionsBoundaryArn), aws.ToString(role.RoleName))
		attached, err := a.iam.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: role.RoleName})
		require.NoError(t, err)
		require.Empty(t, attached.AttachedPolicies, "%s has a managed policy", aws.ToString(role.RoleName))
		lookAtPermissions(t, a, aws.ToString(role.RoleName))
	}

	answer, err := a.iam.GetAccountPasswordPolicy(t.Context(), &iam.GetAccountPasswordPolicyInput{})
	require.NoError(t, err)
	passwords := answer.PasswordPolicy
	require.GreaterOrEqual(t, aws.ToInt32(passwords.MinimumPasswordLength), int32(14))
	require.LessOrEqual(t, aws.ToInt32(passwords.MaxPasswordAge), int32(90))
	require.Equal(t, int32(24), aws.ToInt32(passwords.PasswordReusePrevention))
	require.True(t, passwords.RequireLowercaseCharacters && passwords.RequireUppercaseCharacters && passwords.RequireNumbers && passwords.RequireSymbols)
}

// lookAtBoundary finds the boundary refusing what no role may do.
func lookAtBoundary(t *testing.T, a *account, arn string) {
	t.Helper()
	var refused []any
	for _, s := range managedPolicy(t, a, arn) {
		if s.Effect == "Deny" {
			refused = append(refused, asList(s.Action)...)
		}
	}
	for _, action := range []string{"iam:Create*", "iam:PassRole", "cloudtrail:Stop*", "kms:ScheduleKeyDeletion", "s3:PutAccountPublicAccessBlock"} {
		require.Contains(t, refused, action)
	}
}

// lookAtOperators finds that operators can open sessions with a second factor only, and under the recording document only.
func lookAtOperators(t *testing.T, a *account, arn string) {
	t.Helper()
	require.Equal(t, arn, a.Outputs(t)["operatorPolicyArn"])
	recording, err := listDocuments(t.Context(), a)
	require.NoError(t, err)
	require.Len(t, recording, 1)
	require.Contains(t, a.Outputs(t)["sessionCommand"], "--document-name "+recording[0]+" ")
	var started []any
	for _, s := range managedPolicy(t, a, arn) {
		require.Equal(t, "Allow", s.Effect)
		if slices.Contains(asList(s.Action), any("ssm:StartSession")) {
			started = append(started, asList(s.Resource)...)
			require.Equal(t, "true", s.Condition["Bool"]["aws:MultiFactorAuthPresent"])
			require.Equal(t, "true", s.Condition["BoolIfExists"]["ssm:SessionDocumentAccessCheck"])
		}
	}
	at := a.Region + ":" + a.AccountID
	require.ElementsMatch(t, []any{"arn:aws:ec2:" + at + ":instance/*", "arn:aws:ssm:" + at + ":document/" + recording[0]}, started)
}

// managedPolicy returns the statements of a managed policy.
func managedPolicy(t *testing.T, a *account, arn string) []statement {
	t.Helper()
	document, err := terratest.GetIamPolicyDocumentContextE(t, t.Context(), a.Region, arn)
	require.NoError(t, err)
	if decoded, err := url.QueryUnescape(document); err == nil {
		document = decoded
	}
	return statements(t, document)
}

// lookAtPermissions finds no inline policy of a role that allows everything of a service.
func lookAtPermissions(t *testing.T, a *account, role string) {
	t.Helper()
	names, err := a.iam.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: &role})
	require.NoError(t, err)
	for _, name := range names.PolicyNames {
		policy, err := a.iam.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		require.NoError(t, err)
		document, err := url.QueryUnescape(aws.ToString(policy.PolicyDocument))
		require.NoError(t, err)
		for _, s := range statements(t, document) {
			require.Nil(t, s.NotAction, "%s %s", role, name)
			for _, action := range asList(s.Action) {
				require.NotRegexp(t, `\*`, action, "%s %s", role, name)
			}
		}
	}
}

// asList returns a value of an IAM document as the list that it stands for.
func asList(value any) []any {
	if list, ok := value.([]any); ok {
		return slices.Clone(list)
	}
	return []any{value}
}
