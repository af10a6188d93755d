// SPDX-License-Identifier: Apache-2.0

package pulumitest_test

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// arguments are those of the component of this test, which makes one role.
type arguments struct{ path string }

var component = pulumitest.Component[arguments, iam.Role]{
	Args: func(*pulumi.Context) (*arguments, error) { return &arguments{path: "/service/"}, nil },
	New: func(ctx *pulumi.Context, args *arguments) (*iam.Role, error) {
		if args.path == "" {
			return nil, errors.New("the path is missing")
		}
		return iam.NewRole(ctx, "role", &iam.RoleArgs{Path: pulumi.String(args.path), AssumeRolePolicy: pulumi.String("{}")})
	},
}

const roleToken = "aws:iam/role:Role"

func TestComponentIsMadeFromChangedArguments(t *testing.T) {
	require.Equal(t, "/service/", component.Build(t, pulumitest.Unchanged[arguments]).Only(t, roleToken).String("path"))
	changed := pulumitest.With(func(a *arguments) { a.path = "/other/" })
	did := false
	recording := component.Build(t, changed, func(_ *pulumi.Context, role *iam.Role) error {
		did = role != nil
		return nil
	})
	require.Equal(t, "/other/", recording.Only(t, roleToken).String("path"))
	require.True(t, did)
}

func TestComponentFailsWithItsParts(t *testing.T) {
	failure := errors.New("no")
	refuse := func(*pulumi.Context, *arguments) error { return failure }
	require.ErrorContains(t, pulumitest.RunError(t, component.Program(refuse)), "no")
	empty := pulumitest.With(func(a *arguments) { a.path = "" })
	require.ErrorContains(t, pulumitest.RunError(t, component.Program(empty)), "the path is missing")
	more := func(*pulumi.Context, *iam.Role) error { return failure }
	require.ErrorContains(t, pulumitest.RunError(t, component.Program(pulumitest.Unchanged[arguments], more)), "no")
	broken := component
	broken.Args = func(*pulumi.Context) (*arguments, error) { return nil, failure }
	require.ErrorContains(t, pulumitest.RunError(t, broken.Program(pulumitest.Unchanged[arguments])), "no")
}

func TestStatements(t *testing.T) {
	found := pulumitest.Statements(t, `{"Statement":[{"Sid":"A","Effect":"Allow"},{"Sid":"B","Effect":"Deny"}]}`)
	require.Equal(t, map[string]map[string]any{"A": {"Sid": "A", "Effect": "Allow"}, "B": {"Sid": "B", "Effect": "Deny"}}, found)
}
