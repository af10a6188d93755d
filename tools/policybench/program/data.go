// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// remember makes two resources: a log group and a database.
func (c *cell) remember() error {
	logs, err := cloudwatch.NewLogGroup(c.ctx, c.name, &cloudwatch.LogGroupArgs{
		Name: pulumi.String("/aws/rds/instance/" + c.name + "/postgresql"), KmsKeyId: c.key.Arn, RetentionInDays: pulumi.Int(365), Tags: c.tags(),
	})
	if err != nil {
		return err
	}
	_, err = rds.NewInstance(c.ctx, c.name, &rds.InstanceArgs{
		Identifier: pulumi.String(c.name), Engine: pulumi.String("postgres"), EngineVersion: pulumi.String("17.6"), InstanceClass: pulumi.String("db.m7g.large"),
		MultiAz: pulumi.Bool(true), AutoMinorVersionUpgrade: pulumi.Bool(true), DbName: pulumi.String("records"), Username: pulumi.String("keeper"),
		AllocatedStorage: pulumi.Int(100), StorageType: pulumi.String("gp3"), MaxAllocatedStorage: pulumi.Int(200),
		StorageEncrypted: c.strong(), KmsKeyId: c.key.Arn,
		ManageMasterUserPassword: pulumi.Bool(true), MasterUserSecretKmsKeyId: c.key.Arn, IamDatabaseAuthenticationEnabled: pulumi.Bool(true),
		DbSubnetGroupName: pulumi.String("data"), VpcSecurityGroupIds: pulumi.StringArray{pulumi.String("sg-0123456789abcdef0")}, PubliclyAccessible: pulumi.Bool(false),
		BackupRetentionPeriod: pulumi.Int(14), CopyTagsToSnapshot: pulumi.Bool(true), DeletionProtection: c.strong(),
		SkipFinalSnapshot: pulumi.Bool(false), FinalSnapshotIdentifier: pulumi.String(c.name + "-final"),
		EnabledCloudwatchLogsExports: pulumi.StringArray{pulumi.String("postgresql"), pulumi.String("upgrade")},
		MonitoringInterval:           pulumi.Int(60), MonitoringRoleArn: pulumi.String("arn:aws:iam::" + account + ":role/monitoring"),
		PerformanceInsightsEnabled: pulumi.Bool(true), PerformanceInsightsKmsKeyId: c.key.Arn,
		CaCertIdentifier: pulumi.String("rds-ca-rsa2048-g1"), Tags: c.tags(),
	}, pulumi.DependsOn([]pulumi.Resource{logs}))
	return err
}
