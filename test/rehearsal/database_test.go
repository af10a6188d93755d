// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	terratest "github.com/gruntwork-io/terratest/modules/aws"
	"github.com/stretchr/testify/require"
)

// identifier is the database's, of project, stack and component, and of this one instance.
func (a *account) identifier(t *testing.T) string {
	t.Helper()
	return databaseOutput(t, a, "identifier").(string)
}

func lookAtDatabase(t *testing.T, a *account) {
	t.Helper()
	db, err := terratest.GetRdsInstanceDetailsContextE(t, t.Context(), a.identifier(t), a.Region)
	require.NoError(t, err)
	require.Equal(t, "postgres", aws.ToString(db.Engine))
	require.Equal(t, a.Database.InstanceClass, aws.ToString(db.DBInstanceClass))
	require.Equal(t, !a.Database.SingleAZ, aws.ToBool(db.MultiAZ))
	require.False(t, aws.ToBool(db.PubliclyAccessible))
	require.Equal(t, a.DeletionProtectionOffReason == "", aws.ToBool(db.DeletionProtection))
	require.True(t, aws.ToBool(db.IAMDatabaseAuthenticationEnabled))
	require.True(t, aws.ToBool(db.CopyTagsToSnapshot))
	require.Equal(t, "open-source-rds-extended-support-disabled", aws.ToString(db.EngineLifecycleSupport))
	require.Equal(t, int32(a.Database.BackupRetentionDays), aws.ToInt32(db.BackupRetentionPeriod))
	require.GreaterOrEqual(t, a.Database.BackupRetentionDays, 7)
	require.ElementsMatch(t, []string{"postgresql", "upgrade"}, db.EnabledCloudwatchLogsExports)
	require.NotEqual(t, "postgres", aws.ToString(db.MasterUsername))

	require.True(t, aws.ToBool(db.StorageEncrypted))
	key, err := a.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(a.alias("db"))})
	require.NoError(t, err)
	require.Equal(t, aws.ToString(key.KeyMetadata.Arn), aws.ToString(db.KmsKeyId), "storage is encrypted with another key")

	require.Len(t, db.VpcSecurityGroups, 1)
	require.Equal(t, a.groupID(t, "db"), aws.ToString(db.VpcSecurityGroups[0].VpcSecurityGroupId))
	var subnets []string
	for _, subnet := range db.DBSubnetGroup.Subnets {
		subnets = append(subnets, aws.ToString(subnet.SubnetIdentifier))
	}
	require.ElementsMatch(t, a.subnetIDs(t, "data"), subnets)
	port, err := terratest.GetPortOfRdsInstanceContextE(t, t.Context(), a.identifier(t), a.Region)
	require.NoError(t, err)
	require.Equal(t, int32(5432), port)
	address, err := terratest.GetAddressOfRdsInstanceContextE(t, t.Context(), a.identifier(t), a.Region)
	require.NoError(t, err)
	require.Equal(t, databaseOutput(t, a, "address"), address)
	lookAtParameters(t, a, db)
	lookAtPassword(t, a, db)
}

// databaseOutput is what the stack tells of its database.
func databaseOutput(t *testing.T, a *account, key string) any {
	t.Helper()
	databases, _ := a.Outputs(t)["databases"].(map[string]any)
	database, _ := databases["db"].(map[string]any)
	require.Contains(t, database, key)
	return database[key]
}

// lookAtParameters finds connections without TLS refused, and changes logged without the passwords in them.
func lookAtParameters(t *testing.T, a *account, db *rdstypes.DBInstance) {
	t.Helper()
	require.Len(t, db.DBParameterGroups, 1)
	found, err := a.rds.DescribeDBParameters(t.Context(), &rds.DescribeDBParametersInput{DBParameterGroupName: db.DBParameterGroups[0].DBParameterGroupName})
	require.NoError(t, err)
	parameters := map[string]string{}
	for _, parameter := range found.Parameters {
		parameters[aws.ToString(parameter.ParameterName)] = aws.ToString(parameter.ParameterValue)
	}
	require.Equal(t, "1", parameters["rds.force_ssl"])
	require.Equal(t, "TLSv1.2", parameters["ssl_min_protocol_version"])
	require.Equal(t, "scram-sha-256", parameters["password_encryption"])
	require.Equal(t, "none", parameters["log_statement"])
	require.Equal(t, "panic", parameters["log_min_error_statement"])
	require.Equal(t, "ddl,role", parameters["pgaudit.log"])
	require.Contains(t, parameters["shared_preload_libraries"], "pgaudit")
}

// lookAtPassword finds the owner's password in Secrets Manager, and nowhere in what Pulumi knows.
func lookAtPassword(t *testing.T, a *account, db *rdstypes.DBInstance) {
	t.Helper()
	require.NotNil(t, db.MasterUserSecret, "RDS does not manage the password")
	require.Equal(t, databaseOutput(t, a, "secretArn"), aws.ToString(db.MasterUserSecret.SecretArn))
	require.Equal(t, aws.ToString(db.KmsKeyId), aws.ToString(db.MasterUserSecret.KmsKeyId))
	value, err := terratest.GetSecretValueContextE(t, t.Context(), a.Region, aws.ToString(db.MasterUserSecret.SecretArn))
	require.NoError(t, err)
	var secret struct{ Password string }
	require.NoError(t, json.Unmarshal([]byte(value), &secret))
	require.GreaterOrEqual(t, len(secret.Password), 8)
	for _, file := range []string{"state.json", "outputs.json", "events.jsonl", "calls.jsonl"} {
		text, err := os.ReadFile(a.Path(file))
		require.NoError(t, err)
		require.NotContains(t, string(text), secret.Password, file)
	}
}
