// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	policyType     = "aws:iam/policy:Policy"
	roleType       = "aws:iam/role:Role"
	inlineType     = "aws:iam/rolePolicy:RolePolicy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	profileType    = "aws:iam/instanceProfile:InstanceProfile"
	boundaryARN    = "arn:aws:iam::111122223333:policy/boundary"
	sessionManager = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
)

// A condition of the trust may wait for another resource. A preview is judged by a draft of it.
func TestTrustMayWaitForAResource(t *testing.T) {
	program := func(ctx *pulumi.Context) error {
		watched, err := iam.NewPolicy(ctx, "watched", &iam.PolicyArgs{Policy: pulumi.String("{}")})
		if err != nil {
			return err
		}
		_, err = identity.NewRole(ctx, "monitoring", &identity.RoleArgs{
			AssumedBy:       identity.AssumeRoleByService("monitoring.rds.amazonaws.com", identity.SourceAccount("111122223333")),
			AssumedByInputs: []identity.ConditionInput{{Operator: "ArnLike", Key: "aws:SourceArn", Values: pulumi.StringArray{watched.Arn}}},
			Boundary:        pulumi.String(boundaryARN),
		})
		return err
	}
	rec := pulumitest.Run(t, program)
	trust := rec.Get(t, roleType, "monitoring-role").String("assumeRolePolicy")
	require.Contains(t, trust, `"aws:SourceAccount":"111122223333"`)
	require.Contains(t, trust, rec.Get(t, policyType, "watched").ID)
	rec = pulumitest.Run(t, program, pulumitest.Preview())
	require.Equal(t, pulumitest.Unknown, rec.Get(t, roleType, "monitoring-role").Value("assumeRolePolicy"))
	draft, _ := rec.Get(t, "bulkhead:identity:Role", "monitoring").Value("documents").(map[string]any)
	require.Contains(t, draft["role"], "monitoring.rds.amazonaws.com")
}

func TestRole(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		r, err := identity.NewRole(ctx, "app", &identity.RoleArgs{
			AssumedBy:         identity.AssumeRoleByService("ec2.amazonaws.com"),
			Boundary:          pulumi.String(boundaryARN),
			Policies:          map[string]pulumi.StringInput{"secret": pulumi.String(`{"one":1}`), "artifacts": pulumi.String(`{"two":2}`)},
			ManagedPolicyARNs: []string{sessionManager},
			InstanceProfile:   true,
		})
		if err != nil {
			return err
		}
		_, err = iam.NewPolicy(ctx, "user", &iam.PolicyArgs{Policy: r.ARN, Name: r.Name, Description: r.InstanceProfileARN, Path: r.InstanceProfileName})
		return err
	})
	component := rec.Get(t, "bulkhead:identity:Role", "app")
	role := rec.Get(t, roleType, "app-role")
	require.Equal(t, component.URN, role.Parent)
	require.Equal(t, map[string]any{"managedPolicyArns": []any{sessionManager}, "instanceProfile": true}, component.Values())
	require.Equal(t, boundaryARN, role.String("permissionsBoundary"))
	require.Equal(t, true, role.Value("forceDetachPolicies"), "or whoever attached a policy stops the destroy")
	require.Contains(t, role.String("assumeRolePolicy"), `"Service":"ec2.amazonaws.com"`)
	require.Nil(t, role.Value("inlinePolicies"), "policies must be standalone")
	require.Nil(t, role.Value("managedPolicyArns"), "attachments must be standalone")

	secret := rec.Get(t, inlineType, "app-secret")
	require.Equal(t, role.ID, secret.String("role"))
	require.Equal(t, "secret", secret.String("name"))
	require.JSONEq(t, `{"one":1}`, secret.String("policy"))
	attachment := rec.Get(t, attachmentType, "app-AmazonSSMManagedInstanceCore")
	require.Equal(t, sessionManager, attachment.String("policyArn"))
	profile := rec.Get(t, profileType, "app-profile")
	require.Equal(t, role.ID, profile.String("role"))

	user := rec.Get(t, policyType, "user")
	require.Equal(t, "arn:aws:iam::111122223333:role/"+role.ID, user.String("policy"))
	require.Equal(t, "arn:aws:iam::111122223333:instance-profile/"+profile.ID, user.String("description"))
	for _, needed := range []string{role.URN, secret.URN, rec.Get(t, inlineType, "app-artifacts").URN, attachment.URN, profile.URN} {
		require.Contains(t, user.DependsOn, needed, "whoever uses the role must wait for its policies")
	}
}

func TestRoleWithoutExtras(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		r, err := identity.NewRole(ctx, "flow", &identity.RoleArgs{
			AssumedBy: identity.AssumeRoleByService("vpc-flow-logs.amazonaws.com"), Boundary: pulumi.String(boundaryARN),
		})
		if err == nil {
			ctx.Export("arn", r.ARN)
		}
		return err
	})
	require.Equal(t, []string{roleType}, rec.Types())
	require.Equal(t, "flow", rec.Only(t, roleType).String("description"))
	require.Empty(t, rec.Only(t, "bulkhead:identity:Role").Values(), "nothing but documents was given")
}

func TestRoleNamesEveryProblem(t *testing.T) {
	attempt := func(name string, args *identity.RoleArgs) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := identity.NewRole(ctx, name, args)
			return err
		})
	}
	err := attempt(strings.Repeat("n", 57), &identity.RoleArgs{
		AssumedBy:         identity.Permissions(),
		Policies:          map[string]pulumi.StringInput{"a b": pulumi.String("{}"), "missing": nil},
		ManagedPolicyARNs: []string{"arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/job-function/Billing", "AmazonSSM", sessionManager, sessionManager},
	})
	for _, want := range []string{
		"57 characters", "AssumedBy is a permissions policy", "Boundary: missing", `inline policy "a b"`, `inline policy "missing"`,
		`AdministratorAccess" administers`, `Billing" administers`, `"AmazonSSM" is no ARN`, "listed twice",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, attempt("role", nil), "Boundary: missing")
	require.ErrorContains(t, attempt("role", &identity.RoleArgs{AssumedBy: identity.AssumeRoleByService("ec2"), Boundary: pulumi.String(boundaryARN)}), "AssumedBy: statement")
}
