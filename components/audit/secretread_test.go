// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// watchOwner makes the one check on the trail's log group.
func watchOwner(secret string) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		trail, err := audit.NewTrail(ctx, "audit", &audit.TrailArgs{Account: surroundings(), DisposableReason: "a test of the trail"})
		if err != nil {
			return err
		}
		_, err = audit.NewTrailAlarms(ctx, "db", &audit.TrailAlarmsArgs{LogGroup: trail.LogGroup, TopicARN: pulumi.String(topicARN), Checks: []audit.CheckInput{
			audit.OwnerSecretRead(pulumi.String(secret), pulumi.String("arn:aws:iam::111122223333:role/db-agent-role-0a1b2c3")),
		}})
		return err
	}
}

func TestWhoeverReadsTheOwnersSecretButTheAgentIsHeard(t *testing.T) {
	rec := pulumitest.Run(t, watchOwner("arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-6ab2f1d0-a1b2c3"))
	filter := rec.Only(t, filterType)
	require.Equal(t, `{($.eventSource=secretsmanager.amazonaws.com) && ($.eventName=GetSecretValue) && ($.requestParameters.secretId="*rds!db-6ab2f1d0*")`+
		` && (($.userIdentity.invokedBy NOT EXISTS) || ($.userIdentity.invokedBy!="rds.amazonaws.com"))`+
		` && (($.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS) || ($.userIdentity.sessionContext.sessionIssuer.arn!="arn:aws:iam::111122223333:role/db-agent-role-0a1b2c3"))}`,
		filter.String("pattern"))
	require.LessOrEqual(t, len(filter.String("pattern"))+2*len(strings.Repeat("x", 63)), 1024, "the limit of CloudWatch Logs, with longer names")
	alarm := rec.Only(t, alarmType)
	require.Equal(t, "db-owner-secret-read-filter", filter.Name)
	require.Equal(t, filter.String("metricTransformation.name"), alarm.String("metricName"))
	require.Equal(t, "Bulkhead/bulkhead/db", alarm.String("namespace"))
	require.ErrorContains(t, pulumitest.RunError(t, watchOwner("arn:aws:kms:eu-central-1:111122223333:key/1")), "is not the ARN of a secret")
}
