// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const logGroupType = "aws:cloudwatch/logGroup:LogGroup"

func surroundings(days int) *account.Account {
	return &account.Account{
		ID: pulumitest.AccountID, Region: pulumitest.Region, LogRetentionDays: days,
		BoundaryARN: pulumi.String(pulumitest.BoundaryARN), LogKeyARN: pulumi.String(pulumitest.LogKeyARN),
	}
}

func TestLogGroup(t *testing.T) {
	for name, c := range map[string]struct {
		args  logs.Args
		name  any
		days  int
		given map[string]any
	}{
		"defaults":  {args: logs.Args{Account: surroundings(0)}, name: nil, days: 365, given: map[string]any{}},
		"all given": {args: logs.Args{Account: surroundings(90), Name: "aws-waf-logs-edge"}, name: "aws-waf-logs-edge", days: 90, given: map[string]any{"name": "aws-waf-logs-edge"}},
	} {
		t.Run(name, func(t *testing.T) {
			rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
				g, err := logs.New(ctx, "flows", &c.args)
				if err != nil {
					return err
				}
				ctx.Export("arn", g.ARN)
				_, err = kms.NewKey(ctx, "user", &kms.KeyArgs{}, order.After(g.Ready()))
				return err
			})
			group := rec.Get(t, logGroupType, "flows-logs")
			component := rec.Get(t, "bulkhead:audit:LogGroup", "flows")
			require.Equal(t, component.URN, group.Parent)
			require.Equal(t, c.given, component.Values())
			require.Equal(t, pulumitest.LogKeyARN, group.String("kmsKeyId"))
			require.Equal(t, c.name, group.Value("name"))
			require.EqualValues(t, c.days, group.Value("retentionInDays"))
			require.Equal(t, []string{group.URN}, rec.Only(t, "aws:kms/key:Key").DependsOn, "whoever writes to the group waits for it")
		})
	}
}

// A group whose name comes from another resource keeps the one that it has, and one that outlives its stack is not deleted.
func TestAGroupKeepsItsNameAndOutlivesItsStack(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := logs.New(ctx, "database", &logs.Args{Account: surroundings(0), NameInput: pulumi.String("/aws/rds/instance/db/upgrade"), OutlivesStack: true})
		if err == nil {
			_, err = logs.New(ctx, "flows", &logs.Args{Account: surroundings(0), Name: "flows"})
		}
		return err
	})
	kept, plain := rec.Get(t, logGroupType, "database-logs"), rec.Get(t, logGroupType, "flows-logs")
	require.Equal(t, "/aws/rds/instance/db/upgrade", kept.String("name"))
	require.Equal(t, []string{"name"}, kept.IgnoreChanges)
	require.True(t, kept.RetainOnDelete)
	require.Empty(t, plain.IgnoreChanges)
	require.False(t, plain.RetainOnDelete)
}

func TestLogGroupNamesEveryProblem(t *testing.T) {
	attempt := func(args *logs.Args) error {
		return pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := logs.New(ctx, "flows", args)
			return err
		})
	}
	err := attempt(&logs.Args{Name: "a b", Account: &account.Account{ID: "1", Region: "Frankfurt", LogRetentionDays: 42}})
	for _, want := range []string{
		`log group "flows"`, `Name: "a b"`, `AccountID: "1" is not an AWS account id`, `Region: "Frankfurt" is not the name of an AWS region`, "LogKeyARN: missing; give",
		"LogRetentionDays: 42 is not a retention that CloudWatch Logs accepts; the next longer one is 60",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "BoundaryARN", "a log group makes no role")
	require.ErrorContains(t, attempt(&logs.Args{}), "Account: missing")
	require.ErrorContains(t, attempt(nil), "Account: missing")
}
