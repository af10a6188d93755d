// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
	keyARN       = "arn:aws:kms:eu-central-1:111122223333:key/0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"
)

func TestLogGroup(t *testing.T) {
	for name, c := range map[string]struct {
		args audit.LogGroupArgs
		name any
		days int
	}{
		"defaults":  {args: audit.LogGroupArgs{}, name: nil, days: 365},
		"all given": {args: audit.LogGroupArgs{Name: "aws-waf-logs-edge", RetentionDays: 90}, name: "aws-waf-logs-edge", days: 90},
	} {
		t.Run(name, func(t *testing.T) {
			c.args.KeyARN = pulumi.String(keyARN)
			rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
				g, err := audit.NewLogGroup(ctx, "flows", &c.args)
				if err == nil {
					ctx.Export("arn", g.ARN)
				}
				return err
			})
			group := rec.Get(t, logGroupType, "flows-logs")
			require.Equal(t, rec.Get(t, "bulkhead:audit:LogGroup", "flows").URN, group.Parent)
			require.Equal(t, keyARN, group.String("kmsKeyId"))
			require.Equal(t, c.name, group.Value("name"))
			require.EqualValues(t, c.days, group.Value("retentionInDays"))
		})
	}
}

func TestLogGroupNamesEveryProblem(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := audit.NewLogGroup(ctx, "flows", &audit.LogGroupArgs{Name: "a b", RetentionDays: 42})
		return err
	})
	for _, want := range []string{`log group "flows"`, `name "a b"`, "KeyARN: missing", "RetentionDays: 42"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := audit.NewLogGroup(ctx, "flows", nil)
		return err
	}), "args are missing")
}
