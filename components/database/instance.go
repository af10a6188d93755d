// SPDX-License-Identifier: Apache-2.0

package database

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database/parameter"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	// certificateAuthority signs the server's certificate; it lasts until 2061 and RDS
	// rotates the server's own certificate under it by itself (RDS user guide, "Using
	// SSL/TLS to encrypt a connection to a DB instance", certificate authorities).
	certificateAuthority = "rds-ca-rsa2048-g1"
	// monitoringSeconds is how often enhanced monitoring reports.
	monitoringSeconds = 60
	// insightsDays is how long Performance Insights keeps its data: what is free of charge.
	insightsDays = 7
)

// What happens at the end of standard support, and the tag that says why it is extended (RDS API reference, CreateDBInstance).
const (
	supportEnds     = "open-source-rds-extended-support-disabled"
	supportExtended = "open-source-rds-extended-support"
	extendedSupport = "bulkhead:relaxed:ExtendedSupport"
)

// logGroupPrefix begins the names of the groups that RDS exports to; identifier and log follow.
const logGroupPrefix = "/aws/rds/instance/"

// exportedLogs are the logs of RDS for PostgreSQL that go to CloudWatch (FSBP RDS.36).
var exportedLogs = []string{"postgresql", "upgrade"}

// newLogGroups creates the groups that RDS exports to before RDS would: its own would
// be unencrypted by the deployment's key and kept for ever. RDS still writes when the
// instance is gone, and makes a group that is gone by then again
// (hashicorp/terraform-provider-aws#42858); so the groups outlive the stack, and no two
// instances have one in common.
//
// They are also where a stack remembers the identifier of its instance: the first keeps
// the name with which it was made, and the identifier is read from it, so that an instance
// from before identifiers were fresh keeps its own.
func newLogGroups(ctx *pulumi.Context, name string, d *Database, args *Args, fresh pulumi.StringOutput) (identifier pulumi.StringOutput, ready []pulumi.CustomResource, err error) {
	identifier = fresh
	for i, kind := range exportedLogs {
		group, err := logs.New(ctx, name+"-"+kind, &logs.Args{
			Account:       args.Segment.Account(),
			NameInput:     pulumi.Sprintf("%s%s/%s", logGroupPrefix, identifier, kind),
			OutlivesStack: true,
		}, pulumi.Parent(d))
		if err != nil {
			return identifier, nil, err
		}
		if i == 0 {
			identifier = group.Name.ApplyT(func(name string) string {
				return strings.TrimSuffix(strings.TrimPrefix(name, logGroupPrefix), "/"+kind)
			}).(pulumi.StringOutput)
		}
		ready = append(ready, group.Ready()...)
	}
	return identifier, ready, nil
}

// newSubnetGroup lets RDS place the instance and its standby in any zone of the data tier.
func newSubnetGroup(ctx *pulumi.Context, name string, d *Database, args *Args) (*rds.SubnetGroup, error) {
	return rds.NewSubnetGroup(ctx, name+"-subnets", &rds.SubnetGroupArgs{
		Description: pulumi.String("Data tier of " + name),
		SubnetIds:   args.Segment.SubnetIDs(),
		Tags:        pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(d))
}

// newParameterGroup writes the server's settings. A new major version has a new family,
// which cannot be changed in place: the new group is made first and the old one removed
// when the instance has left it.
func newParameterGroup(ctx *pulumi.Context, name string, d *Database, args *Args) (*rds.ParameterGroup, error) {
	var settings rds.ParameterGroupParameterArray
	for _, p := range parameter.All {
		settings = append(settings, rds.ParameterGroupParameterArgs{
			Name:        pulumi.String(p.Name),
			Value:       pulumi.String(p.Value),
			ApplyMethod: pulumi.String(p.Method),
		})
	}
	return rds.NewParameterGroup(ctx, name+"-parameters", &rds.ParameterGroupArgs{
		Family:      pulumi.String(family(args.EngineVersion)),
		Description: pulumi.String("TLS forced, connections and schema changes logged"),
		Parameters:  settings,
		Tags:        pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(d))
}

// family is the parameter group family of a version.
func family(engineVersion string) string { return "postgres" + major(engineVersion) }

// surroundings are the resources that the instance is placed between.
type surroundings struct {
	keyARN, keyID pulumi.StringOutput
	subnets       *rds.SubnetGroup
	settings      *rds.ParameterGroup
	identifier    pulumi.StringOutput
	monitoring    pulumi.StringOutput
	backups       *cloudwatch.EventRule
	counted       []pulumi.CustomResource // What the rule's count needs besides it.
	logs          []pulumi.CustomResource
}

func newInstance(ctx *pulumi.Context, name string, d *Database, args *Args, in surroundings) (*rds.Instance, error) {
	protected := args.DeletionProtectionOffReason == ""
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	if !protected {
		tags["bulkhead:relaxed:DeletionProtection"] = pulumi.String(args.DeletionProtectionOffReason)
	}
	support := supportEnds
	if reason := args.ExtendedSupportReason; reason != "" {
		support, tags[extendedSupport] = supportExtended, pulumi.String(reason)
	}
	inputs := &rds.InstanceArgs{
		Identifier: in.identifier,
		Tags:       tags,

		Engine:                  pulumi.String("postgres"),
		EngineVersion:           pulumi.String(args.EngineVersion),
		InstanceClass:           pulumi.String(args.InstanceClass),
		MultiAz:                 pulumi.Bool(!args.SingleAZ),
		ParameterGroupName:      in.settings.Name,
		EngineLifecycleSupport:  pulumi.String(support),
		AutoMinorVersionUpgrade: pulumi.Bool(true),
		MaintenanceWindow:       pulumi.String(args.MaintenanceWindow),
		DbName:                  pulumi.String(args.DatabaseName),

		AllowMajorVersionUpgrade: pulumi.Bool(args.Upgrade),
		ApplyImmediately:         pulumi.Bool(args.Upgrade),

		DbSubnetGroupName:   in.subnets.Name,
		VpcSecurityGroupIds: pulumi.StringArray{args.Segment.GroupID},
		PubliclyAccessible:  pulumi.Bool(false), // FSBP RDS.2
		Port:                pulumi.Int(segment.PostgreSQL.From),
		CaCertIdentifier:    pulumi.String(certificateAuthority),

		StorageType:         pulumi.String("gp3"),
		AllocatedStorage:    pulumi.Int(args.StorageGB),
		MaxAllocatedStorage: pulumi.Int(args.MaxStorageGB),
		StorageEncrypted:    pulumi.Bool(true), // FSBP RDS.3
		KmsKeyId:            in.keyARN,

		Username:                         pulumi.String(args.MasterUsername),
		ManageMasterUserPassword:         pulumi.Bool(true),
		MasterUserSecretKmsKeyId:         in.keyARN,
		IamDatabaseAuthenticationEnabled: pulumi.Bool(true), // FSBP RDS.10

		BackupRetentionPeriod:   pulumi.Int(args.BackupRetentionDays), // FSBP RDS.11
		BackupWindow:            pulumi.String(args.BackupWindow),
		CopyTagsToSnapshot:      pulumi.Bool(true), // FSBP RDS.17
		DeleteAutomatedBackups:  pulumi.Bool(false),
		DeletionProtection:      pulumi.Bool(protected), // FSBP RDS.8
		SkipFinalSnapshot:       pulumi.Bool(false),
		FinalSnapshotIdentifier: d.FinalSnapshotIdentifier,

		EnabledCloudwatchLogsExports:       pulumi.ToStringArray(exportedLogs),
		MonitoringInterval:                 pulumi.Int(monitoringSeconds), // FSBP RDS.6
		MonitoringRoleArn:                  in.monitoring,
		PerformanceInsightsEnabled:         pulumi.Bool(true),
		PerformanceInsightsKmsKeyId:        in.keyARN,
		PerformanceInsightsRetentionPeriod: pulumi.Int(insightsDays),
	}
	if args.RestoreFrom != "" {
		if err := d.restore(ctx, name, args, in, inputs, tags); err != nil {
			return nil, err
		}
	}
	keep := inherited
	if !args.Upgrade {
		// RDS has patched the minor version since; to send the major one again would be a step back to AWS's default.
		keep = append(slices.Clone(inherited), "engineVersion")
	}
	return rds.NewInstance(ctx, name+"-instance", inputs,
		pulumi.Parent(d),
		order.After(in.logs, in.counted, args.Segment.Ready()),
		pulumi.Protect(protected),
		// Two instances cannot have the same identifier: a replacement, which protection
		// forbids until it is lifted, takes the final snapshot and then starts anew.
		pulumi.DeleteBeforeReplace(true),
		pulumi.IgnoreChanges(keep),
	)
}
