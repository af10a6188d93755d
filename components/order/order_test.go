// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const roleType = "aws:iam/role:Role"

func role(ctx *pulumi.Context, name string, options ...pulumi.ResourceOption) (*iam.Role, error) {
	return iam.NewRole(ctx, name, &iam.RoleArgs{AssumeRolePolicy: pulumi.String("{}")}, options...)
}

func TestAfterWaitsForEveryResourceOfEveryList(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var made []pulumi.CustomResource
		for _, name := range []string{"a", "b", "c"} {
			r, err := role(ctx, name)
			if err != nil {
				return err
			}
			made = append(made, r)
		}
		_, err := role(ctx, "last", order.After(order.List(made[0]), nil, made[1:]))
		return err
	})
	last := rec.Get(t, roleType, "last")
	require.Len(t, last.DependsOn, 3)
	for _, name := range []string{"a", "b", "c"} {
		require.Contains(t, last.DependsOn, rec.Get(t, roleType, name).URN)
	}
}

func TestAfterNothingWaitsForNothing(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := role(ctx, "first", order.After(), order.After(nil, order.List()))
		return err
	})
	require.Empty(t, rec.Only(t, roleType).DependsOn)
}
