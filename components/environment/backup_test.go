// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

func withBackup(args *Args, vaults ...string) *Args {
	args.Backup = &backup.Args{KeepDays: 35, CopyTo: vaults}
	return args
}

func TestEveryDatabaseIsBackedUpAndEachFailureHeard(t *testing.T) {
	rec := deployed(t, withBackup(withRestored(DefaultDatabaseName), "arn:aws:backup:eu-central-1:444455556666:backup-vault:apart"), snapshot)
	var arns []any
	for _, instance := range rec.ByType("aws:rds/instance:Instance") {
		arns = append(arns, instance.Outputs["arn"].StringValue())
	}
	require.Len(t, arns, 2)
	require.ElementsMatch(t, arns, rec.Only(t, "aws:backup/selection:Selection").Value("resources"))
	for _, key := range []string{"shop-db-key", "shop-monday-key"} {
		require.Contains(t, rec.Get(t, "aws:kms/key:Key", key).String("policy"), "arn:aws:iam::444455556666:role/aws-service-role/backup.amazonaws.com/", "else nothing is copied")
	}
	require.NotContains(t, rec.Get(t, "aws:kms/key:Key", "shop-backups-key").String("policy"), "444455556666")
	vault := rec.Only(t, "aws:backup/vault:Vault").Outputs["name"].StringValue()
	for name, metric := range map[string]string{
		"failed": "NumberOfBackupJobsFailed", "late": "NumberOfBackupJobsExpired", "copy": "NumberOfCopyJobsFailed", "restore": "NumberOfRestoreJobsFailed",
		"stays": "NumberOfRecoveryPointsExpired",
	} {
		alarm := rec.Get(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "shop-backups-"+name+"-alarm")
		require.Equal(t, metric, alarm.String("metricName"))
		require.Equal(t, "AWS/Backup", alarm.String("namespace"))
		require.Equal(t, map[string]any{"BackupVaultName": vault}, alarm.Value("dimensions"))
		require.NotEmpty(t, alarm.Value("alarmActions"))
	}
	for _, token := range deployed(t, reference()).Types() {
		require.NotContains(t, token, "aws:backup/", "what costs by the gigabyte and cannot be deleted is asked for")
	}
}

func TestABackupThatCannotBeIsRefused(t *testing.T) {
	for problem, args := range map[string]*Args{
		"Backup: KeepDays: 1 is not between 7 and 3650 days":                                                        func() *Args { a := withBackup(reference()); a.Backup.KeepDays = 1; return a }(),
		`Backup: CopyTo[0]: "arn:aws:backup:eu-central-1:111122223333:backup-vault:own" is lost with what it holds`: withBackup(reference(), "arn:aws:backup:eu-central-1:111122223333:backup-vault:own"),
		`Databases[0] (db): BackupWindow: "05:30-06:30" meets 05:00 to 07:00, when AWS Backup takes its snapshots`: func() *Args {
			a := withBackup(reference())
			a.Databases[0].BackupWindow = "05:30-06:30"
			return a
		}(),
		"Backup: there is nothing to back up; give one of Databases": func() *Args { a := withBackup(reference()); a.Databases = nil; return a }(),
	} {
		require.ErrorContains(t, pulumitest.RunError(t, func(ctx *pulumi.Context) error {
			_, err := New(ctx, "shop", args)
			return err
		}), problem)
	}
}
