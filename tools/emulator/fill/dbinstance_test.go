// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestMajorUpgradesAreAllowedFirst(t *testing.T) {
	t.Parallel()
	client := rds.NewFromConfig(emulatortest.NewAccount(t).Config)
	name := aws.String("db")
	_, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: name, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), EngineVersion: aws.String("16.4"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("u"), MasterUserPassword: aws.String("long-enough")})
	require.NoError(t, err)
	modify := func(version string, allowed bool) error {
		_, err := client.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
			DBInstanceIdentifier: name, EngineVersion: aws.String(version), AllowMajorVersionUpgrade: aws.Bool(allowed), ApplyImmediately: aws.Bool(true)})
		return err
	}
	require.NoError(t, modify("16.6", false), "a minor version")
	require.ErrorContains(t, modify("17", false), "AllowMajorVersionUpgrade")
	require.ErrorContains(t, modify("16.3", false), "Cannot upgrade postgres from 16.6 to 16.3")
	require.ErrorContains(t, modify("17.1", true), "Cannot upgrade postgres from 16.6 to 17.1", "which was released before 16.6")
	require.ErrorContains(t, modify("15.8", true), "Cannot upgrade postgres from 16.6 to 15.8")
	require.NoError(t, modify("16", false), "the newest minor version")
	require.NoError(t, modify("17", true))
	got, err := client.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: name})
	require.NoError(t, err)
	require.Equal(t, "17", *got.DBInstances[0].EngineVersion)
}

func TestInstanceMembersComeAndGo(t *testing.T) {
	t.Parallel()
	client := rds.NewFromConfig(emulatortest.NewAccount(t).Config)
	name := aws.String("db")
	read := func() types.DBInstance {
		got, err := client.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: name})
		require.NoError(t, err)
		require.Len(t, got.DBInstances, 1)
		return got.DBInstances[0]
	}
	modify := func(input *rds.ModifyDBInstanceInput) types.DBInstance {
		input.DBInstanceIdentifier = name
		changed, err := client.ModifyDBInstance(t.Context(), input)
		require.NoError(t, err)
		require.Equal(t, *changed.DBInstance.PerformanceInsightsEnabled, *read().PerformanceInsightsEnabled)
		return read()
	}
	_, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: name, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("u"), MasterUserPassword: aws.String("long-enough"), EnablePerformanceInsights: aws.Bool(true)})
	require.NoError(t, err)
	made := read()
	require.True(t, *made.PerformanceInsightsEnabled)
	require.Equal(t, int32(7), *made.PerformanceInsightsRetentionPeriod)
	require.Contains(t, *made.PerformanceInsightsKMSKeyId, "arn:aws:kms:")
	require.Equal(t, "IPV4", *made.NetworkType)
	require.Equal(t, "rds-ca-rsa2048-g1", *made.CACertificateIdentifier)

	off := modify(&rds.ModifyDBInstanceInput{EnablePerformanceInsights: aws.Bool(false)})
	require.False(t, *off.PerformanceInsightsEnabled)
	require.Nil(t, off.PerformanceInsightsRetentionPeriod)
	require.Nil(t, off.PerformanceInsightsKMSKeyId)

	on := modify(&rds.ModifyDBInstanceInput{EnablePerformanceInsights: aws.Bool(true), PerformanceInsightsRetentionPeriod: aws.Int32(31),
		CACertificateIdentifier: aws.String("rds-ca-ecc384-g1"), DatabaseInsightsMode: types.DatabaseInsightsModeStandard})
	require.Equal(t, int32(31), *on.PerformanceInsightsRetentionPeriod)
	require.Equal(t, "rds-ca-ecc384-g1", *on.CACertificateIdentifier)
	require.Equal(t, *made.DbiResourceId, *on.DbiResourceId)

	_, err = client.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: name, NewDBInstanceIdentifier: aws.String("renamed"), ApplyImmediately: aws.Bool(true)})
	require.NoError(t, err)
	name = aws.String("renamed")
	require.Equal(t, int32(31), *read().PerformanceInsightsRetentionPeriod)
	require.Equal(t, *made.DbiResourceId, *read().DbiResourceId)
}

// What AWS gives a restored instance: its source's owner, another resource id, and a managed password only when it is asked for one.
func TestARestoredInstanceHasNoManagedPassword(t *testing.T) {
	t.Parallel()
	account := emulatortest.NewAccount(t).Config
	client, secrets := rds.NewFromConfig(account), secretsmanager.NewFromConfig(account)
	made, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("db"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		DBName: aws.String("app"), MasterUsername: aws.String("dbowner"), ManageMasterUserPassword: aws.Bool(true)})
	require.NoError(t, err)
	_, err = client.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("monday")})
	require.NoError(t, err)
	restored, err := client.RestoreDBInstanceFromDBSnapshot(t.Context(), &rds.RestoreDBInstanceFromDBSnapshotInput{
		DBInstanceIdentifier: aws.String("again"), DBSnapshotIdentifier: aws.String("monday")})
	require.NoError(t, err)
	moment, err := client.RestoreDBInstanceToPointInTime(t.Context(), &rds.RestoreDBInstanceToPointInTimeInput{
		SourceDBInstanceIdentifier: aws.String("db"), TargetDBInstanceIdentifier: aws.String("earlier"), UseLatestRestorableTime: aws.Bool(true)})
	require.NoError(t, err)
	for _, instance := range []*types.DBInstance{restored.DBInstance, moment.DBInstance} {
		require.Nil(t, instance.MasterUserSecret)
		require.Equal(t, "dbowner", *instance.MasterUsername)
		require.NotEqual(t, *made.DBInstance.DbiResourceId, *instance.DbiResourceId)
		changed, err := client.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: instance.DBInstanceIdentifier, ManageMasterUserPassword: aws.Bool(true)})
		require.NoError(t, err)
		value, err := secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: changed.DBInstance.MasterUserSecret.SecretArn})
		require.NoError(t, err)
		old, err := secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: made.DBInstance.MasterUserSecret.SecretArn})
		require.NoError(t, err)
		require.Contains(t, *value.SecretString, `"username":"dbowner"`)
		require.NotEqual(t, *old.SecretString, *value.SecretString)
	}
}
