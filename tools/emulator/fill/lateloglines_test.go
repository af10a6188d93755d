// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// A deployment that makes its log groups, its instance, and then deletes both finds the groups again: a second one of the same names fails.
func TestRDSMakesItsLogGroupsAgain(t *testing.T) {
	t.Parallel()
	config := emulatortest.NewAccount(t).Config
	databases, logs := rds.NewFromConfig(config), cloudwatchlogs.NewFromConfig(config)
	found := func() map[string]logstypes.LogGroup {
		got, err := logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
		require.NoError(t, err)
		groups := map[string]logstypes.LogGroup{}
		for _, group := range got.LogGroups {
			groups[aws.ToString(group.LogGroupName)] = group
		}
		return groups
	}
	const postgresql, upgrade = "/aws/rds/instance/db/postgresql", "/aws/rds/instance/db/upgrade"
	_, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(postgresql)})
	require.NoError(t, err)
	_, err = logs.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(postgresql), RetentionInDays: aws.Int32(365)})
	require.NoError(t, err)
	_, err = databases.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("db"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("u"), MasterUserPassword: aws.String("long-enough"), EnableCloudwatchLogsExports: []string{"postgresql", "upgrade"}})
	require.NoError(t, err)
	_, err = databases.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("DB"), SkipFinalSnapshot: aws.Bool(true)})
	require.NoError(t, err)
	require.Equal(t, int32(365), aws.ToInt32(found()[postgresql].RetentionInDays), "RDS writes to the group that is there")
	require.Contains(t, found(), upgrade, "and makes the other")

	_, err = logs.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(postgresql)})
	require.NoError(t, err)
	require.Contains(t, found(), postgresql)
	require.Nil(t, found()[postgresql].RetentionInDays)
	_, err = logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(postgresql)})
	var exists *logstypes.ResourceAlreadyExistsException
	require.ErrorAs(t, err, &exists, "a second deployment under the same name")

	_, err = logs.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(postgresql)})
	require.NoError(t, err)
	require.NotContains(t, found(), postgresql, "by then all lines are written")
}
