// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

const (
	instanceType   = "aws:rds/instance:Instance"
	parametersType = "aws:rds/parameterGroup:ParameterGroup"
	subnetsType    = "aws:rds/subnetGroup:SubnetGroup"
	keyType        = "aws:kms/key:Key"
	logsType       = "aws:cloudwatch/logGroup:LogGroup"
	policyType     = "aws:iam/rolePolicy:RolePolicy"
	roleType       = "aws:iam/role:Role"

	secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-0123-abcdef"
	reason = "Throw-away environment of OPS-42"
)

// managed answers an instance as RDS does: with the secret of its managed password.
func managed(pulumitest.Registration) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{
		"masterUserSecrets": []any{map[string]any{"secretArn": secret, "secretStatus": "active", "kmsKeyId": "key"}},
	})
}

// one is the database under test.
var one = pulumitest.Component[Args, Database]{
	Args: func(ctx *pulumi.Context) (*Args, error) {
		own, err := networktest.Segment(ctx, "db")
		return &Args{Segment: own}, err
	},
	New:     func(ctx *pulumi.Context, args *Args) (*Database, error) { return New(ctx, "database", args) },
	Options: []pulumitest.Option{pulumitest.WithOutputs(instanceType, managed)},
}

func program(change func(*Args), more ...func(*pulumi.Context, *Database) error) pulumi.RunFunc {
	return one.Program(pulumitest.With(change), more...)
}

func build(t *testing.T, change func(*Args), more ...func(*pulumi.Context, *Database) error) *pulumitest.Recording {
	t.Helper()
	return one.Build(t, pulumitest.With(change), more...)
}

func unchanged(*Args) {}

// identifierOf is the identifier that a database gets whose subnet group has been made anew.
func identifierOf(t *testing.T, recording *pulumitest.Recording) string {
	t.Helper()
	return "bulkhead-test-database-" + digest(recording.Only(t, subnetsType).ID)
}

// A second database of the same stack has another identifier, and log groups of its own: RDS still writes to those of the first.
func TestIdentifiersAreFresh(t *testing.T) {
	seen := map[string]bool{}
	for _, subnets := range []string{"database-subnets-1a2b3c4", "database-subnets-5d6e7f8"} {
		recording := pulumitest.Run(t, program(unchanged), pulumitest.WithOutputs(instanceType, managed), pulumitest.WithOutputs(subnetsType,
			func(pulumitest.Registration) resource.PropertyMap {
				return resource.NewPropertyMapFromMap(map[string]any{"name": subnets})
			}))
		identifier := recording.Only(t, instanceType).String("identifier")
		require.Regexp(t, "^bulkhead-test-database-[0-9a-f]{8}$", identifier)
		require.False(t, seen[identifier])
		seen[identifier] = true
	}
}

// A database from before identifiers were fresh keeps its own: the state says which its log group is called after.
func TestAnOldDatabaseKeepsItsIdentifier(t *testing.T) {
	const old = "/aws/rds/instance/bulkhead-test-database/postgresql"
	recording := build(t, unchanged)
	require.Contains(t, recording.Only(t, instanceType).IgnoreChanges, "identifier")
	for _, kind := range exportedLogs {
		require.Equal(t, []string{"name"}, recording.Get(t, logsType, "database-"+kind+"-logs").IgnoreChanges)
	}
	recording = pulumitest.Run(t, program(unchanged), pulumitest.WithOutputs(instanceType, managed), pulumitest.WithOutputs(logsType,
		func(r pulumitest.Registration) resource.PropertyMap {
			if r.Name != "database-postgresql-logs" {
				return nil
			}
			return resource.NewPropertyMapFromMap(map[string]any{"name": old}) // What the engine keeps.
		}))
	require.Equal(t, "bulkhead-test-database", recording.Only(t, instanceType).String("identifier"))
	require.Equal(t, "/aws/rds/instance/bulkhead-test-database/upgrade", recording.Get(t, logsType, "database-upgrade-logs").String("name"))
	require.Contains(t, recording.Get(t, roleType, "database-monitoring-role").String("assumeRolePolicy"), `:db:bulkhead-test-database"`)
}

func TestInstanceDefaults(t *testing.T) {
	recording := build(t, unchanged) // nothing but the segment is given, so every zero value is a safe one
	instance := recording.Only(t, instanceType)
	key := recording.Get(t, keyType, "database-key")
	keyARN := "arn:aws:kms:eu-central-1:111122223333:key/" + key.ID
	for path, want := range map[string]any{
		"identifier":                         identifierOf(t, recording),
		"engine":                             "postgres",
		"engineVersion":                      "17",
		"instanceClass":                      "db.t4g.small",
		"multiAz":                            true,
		"autoMinorVersionUpgrade":            true,
		"allowMajorVersionUpgrade":           false,
		"applyImmediately":                   false,
		"publiclyAccessible":                 false,
		"port":                               5432.0,
		"caCertIdentifier":                   "rds-ca-rsa2048-g1",
		"storageType":                        "gp3",
		"allocatedStorage":                   50.0,
		"maxAllocatedStorage":                200.0,
		"storageEncrypted":                   true,
		"kmsKeyId":                           keyARN,
		"username":                           "dbowner",
		"manageMasterUserPassword":           true,
		"masterUserSecretKmsKeyId":           keyARN,
		"iamDatabaseAuthenticationEnabled":   true,
		"backupRetentionPeriod":              30.0,
		"backupWindow":                       "02:00-03:00",
		"maintenanceWindow":                  "sun:03:30-sun:04:30",
		"copyTagsToSnapshot":                 true,
		"deleteAutomatedBackups":             false,
		"deletionProtection":                 true,
		"skipFinalSnapshot":                  false,
		"finalSnapshotIdentifier":            finalSnapshot("bulkhead-test-database", key.ID, "app", "dbowner"),
		"enabledCloudwatchLogsExports":       []any{"postgresql", "upgrade"},
		"monitoringInterval":                 60.0,
		"performanceInsightsEnabled":         true,
		"performanceInsightsKmsKeyId":        keyARN,
		"performanceInsightsRetentionPeriod": 7.0,
		"dbName":                             "app",
		"password":                           nil,
		"tags":                               map[string]any{"Name": "database"},
	} {
		require.Equal(t, want, instance.Value(path), path)
	}
	require.True(t, instance.Protect)
	require.True(t, instance.DeleteBeforeReplace, "two instances cannot share the identifier")
	require.Contains(t, instance.String("parameterGroupName"), "database-parameters")
	require.Contains(t, instance.String("dbSubnetGroupName"), "database-subnets")
	require.Contains(t, instance.String("monitoringRoleArn"), ":role/database-monitoring-role")
}

func TestKeyIsOwnRotatesAndIsProtected(t *testing.T) {
	key := build(t, unchanged).Get(t, keyType, "database-key")
	require.Equal(t, true, key.Value("enableKeyRotation"))
	require.True(t, key.Protect)
	require.True(t, key.RetainOnDelete, "without it the final snapshot cannot be restored")
	require.Contains(t, key.String("policy"), "rds.eu-central-1.amazonaws.com")
	require.Contains(t, key.String("policy"), "secretsmanager.eu-central-1.amazonaws.com")
}

func TestParametersForceTLSAndLogWhoConnects(t *testing.T) {
	group := build(t, unchanged).Only(t, parametersType)
	require.Equal(t, "postgres17", group.String("family"))
	settings := map[string]any{}
	list, ok := group.Value("parameters").([]any)
	require.True(t, ok)
	for _, one := range list {
		p, ok := one.(map[string]any)
		require.True(t, ok)
		method := "immediate"
		if p["name"] == "shared_preload_libraries" {
			method = "pending-reboot"
		}
		require.Equal(t, method, p["applyMethod"], "with another method %s differs on every refresh", p["name"])
		settings[p["name"].(string)] = p["value"]
	}
	require.Equal(t, map[string]any{
		"rds.force_ssl":                     "1",
		"ssl_min_protocol_version":          "TLSv1.2",
		"password_encryption":               "scram-sha-256",
		"rds.accepted_password_auth_method": "scram",
		"log_connections":                   "1",
		"log_disconnections":                "1",
		"log_lock_waits":                    "1",
		"log_min_duration_statement":        "-1",
		"log_min_error_statement":           "panic",
		"log_statement":                     "none",
		"pgaudit.log":                       "ddl,role",
		"shared_preload_libraries":          "pg_stat_statements,pgaudit",
	}, settings)
}

// AWS refuses another major version without the first, and without the second it upgrades in the maintenance window, when the
// deployment has long failed to remove the parameter group of the old version.
func TestUpgradeIsAllowedAndDoneAtOnce(t *testing.T) {
	recording := build(t, func(a *Args) { a.EngineVersion, a.Upgrade = "18", true })
	instance := recording.Only(t, instanceType)
	require.Equal(t, true, instance.Value("allowMajorVersionUpgrade"))
	require.Equal(t, true, instance.Value("applyImmediately"))
	require.Equal(t, "postgres18", recording.Only(t, parametersType).String("family"))
	require.True(t, instance.Protect, "an upgrade replaces nothing")
}

func TestSubnetsAreThoseOfTheDataTier(t *testing.T) {
	recording := build(t, unchanged)
	var data []any
	for _, zone := range []string{"a", "b"} {
		data = append(data, recording.Get(t, "aws:ec2/subnet:Subnet", "network-data-eu-central-1"+zone).ID)
	}
	require.Equal(t, data, recording.Only(t, subnetsType).Value("subnetIds"))
}

func TestLogGroupsExistBeforeTheInstanceWithKeyAndRetention(t *testing.T) {
	recording := build(t, unchanged)
	instance := recording.Only(t, instanceType)
	for _, kind := range []string{"postgresql", "upgrade"} {
		group := recording.Get(t, logsType, "database-"+kind+"-logs")
		require.Equal(t, "/aws/rds/instance/"+instance.String("identifier")+"/"+kind, group.String("name"))
		require.True(t, group.RetainOnDelete, "RDS writes its last lines late, and would make the group again, unencrypted and for ever")
		require.Equal(t, pulumitest.LogKeyARN, group.String("kmsKeyId"))
		require.Equal(t, 365.0, group.Value("retentionInDays"))
		require.Contains(t, instance.DependsOn, group.URN)
	}
}

func TestMonitoringRoleServesThisInstanceOnly(t *testing.T) {
	recording := build(t, unchanged)
	role := recording.Get(t, roleType, "database-monitoring-role")
	require.Equal(t, pulumitest.BoundaryARN, role.String("permissionsBoundary"))
	require.Contains(t, role.String("assumeRolePolicy"), `"monitoring.rds.amazonaws.com"`)
	require.Contains(t, role.String("assumeRolePolicy"), `"arn:aws:rds:eu-central-1:111122223333:db:`+recording.Only(t, instanceType).String("identifier")+`"`)
	var policy struct{ Statement []struct{ Resource any } }
	require.NoError(t, json.Unmarshal([]byte(recording.Get(t, policyType, "database-monitoring-write-os-metrics").String("policy")), &policy))
	require.Len(t, policy.Statement, 2)
	for _, statement := range policy.Statement {
		text, err := json.Marshal(statement.Resource)
		require.NoError(t, err)
		require.Contains(t, string(text), "arn:aws:logs:eu-central-1:111122223333:log-group:RDSOSMetrics")
	}
}

func TestEverySettingCanBeChosen(t *testing.T) {
	chosen := func(a *Args) {
		a.InstanceClass, a.EngineVersion, a.DatabaseName, a.MasterUsername = "db.r6g.large", "16", "shop", "shopkeeper"
		a.StorageGB, a.MaxStorageGB, a.BackupRetentionDays, a.SingleAZ = 100, 500, 7, true
		a.BackupWindow, a.MaintenanceWindow = "04:00-05:00", "mon:01:00-mon:02:00"
	}
	recording := build(t, chosen)
	instance := recording.Only(t, instanceType)
	for path, want := range map[string]any{
		"instanceClass": "db.r6g.large", "engineVersion": "16", "dbName": "shop", "username": "shopkeeper",
		"allocatedStorage": 100.0, "maxAllocatedStorage": 500.0, "backupRetentionPeriod": 7.0, "multiAz": false,
		"backupWindow": "04:00-05:00", "maintenanceWindow": "mon:01:00-mon:02:00",
	} {
		require.Equal(t, want, instance.Value(path), path)
	}
	require.Equal(t, "postgres16", recording.Only(t, parametersType).String("family"))
	require.Equal(t, map[string]any{
		"instanceClass": "db.r6g.large", "engineVersion": "16", "databaseName": "shop", "masterUsername": "shopkeeper",
		"storageGb": 100.0, "maxStorageGb": 500.0, "backupRetentionDays": 7.0, "singleAz": true,
		"backupWindow": "04:00-05:00", "maintenanceWindow": "mon:01:00-mon:02:00",
	}, recording.Only(t, "bulkhead:database:Database").Values(), "state shows what the database was given")
}

func TestStorageGrowsToFourTimesItsSizeButNotBeyondTheLargestVolume(t *testing.T) {
	for size, limit := range map[int]float64{20: 80, 16384: 65536, 20000: 65536} {
		instance := build(t, func(a *Args) { a.StorageGB = size }).Only(t, instanceType)
		require.Equal(t, limit, instance.Value("maxAllocatedStorage"))
	}
}

func TestTheInstanceHasTheGroupOfItsSegmentAndNoOther(t *testing.T) {
	recording := build(t, unchanged)
	own := recording.Get(t, "aws:ec2/securityGroup:SecurityGroup", "network-db-group").ID
	require.Equal(t, []any{own}, recording.Only(t, instanceType).Value("vpcSecurityGroupIds"))
	mine := recording.Only(t, "bulkhead:database:Database")
	for _, registration := range recording.Children(mine) {
		require.NotContains(t, registration.Type, "securityGroup", "the network alone writes rules")
	}
}

// What the database needs at its first moment must be there, and stays until the database is gone.
func TestTheInstanceWaitsForItsSegment(t *testing.T) {
	var ready []string
	recording := build(t, unchanged, func(ctx *pulumi.Context, d *Database) error {
		networktest.URNs(ctx, d.Segment.Ready(), &ready)
		return nil
	})
	waits := recording.Only(t, instanceType).DependsOn
	require.Subset(t, waits, ready)
	require.Contains(t, ready, recording.Get(t, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "network-db-from-network-app-postgresql").URN)
	require.Contains(t, ready, recording.Get(t, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "network-app-to-network-db-postgresql").URN)
	require.True(t, slices.ContainsFunc(recording.ByType("aws:ec2/networkAclRule:NetworkAclRule"), func(r pulumitest.Registration) bool {
		return slices.Contains(ready, r.URN)
	}), "the ACL lets its clients in")
}

func TestOutputs(t *testing.T) {
	var got []string
	recording := build(t, unchanged, func(ctx *pulumi.Context, d *Database) error {
		require.Equal(t, segment.PostgreSQL, d.Port)
		require.Equal(t, "app", d.Name)
		collected := pulumi.All(d.Address, d.SecretARN, d.KeyARN, d.ResourceID, d.Identifier).ApplyT(func(values []any) string {
			for _, value := range values {
				got = append(got, value.(string))
			}
			return ""
		})
		ctx.Export("done", collected)
		return nil
	})
	require.Len(t, got, 5)
	require.Equal(t, identifierOf(t, recording), got[4])
	require.True(t, strings.HasPrefix(got[0], got[4]+"."), got[0])
	require.Equal(t, secret, got[1])
	require.Contains(t, got[2], "arn:aws:kms:")
	require.Contains(t, got[3], "db-")
}

func TestSecretMustBeThere(t *testing.T) {
	err := pulumitest.RunError(t, program(unchanged, func(ctx *pulumi.Context, d *Database) error {
		ctx.Export("secret", d.SecretARN)
		return nil
	}), pulumitest.WithOutputs(instanceType, func(pulumitest.Registration) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{"masterUserSecrets": []any{}})
	}))
	require.ErrorContains(t, err, "no managed master password")
}

func TestDeletionProtectionOffNeedsAReasonThatBecomesATag(t *testing.T) {
	recording := build(t, func(a *Args) { a.DeletionProtectionOffReason = reason })
	instance := recording.Only(t, instanceType)
	require.Equal(t, false, instance.Value("deletionProtection"))
	require.False(t, instance.Protect)
	require.Equal(t, reason, recording.Only(t, "bulkhead:database:Database").String("deletionProtectionOffReason"))
	require.Equal(t, reason, instance.Value("tags").(map[string]any)["bulkhead:relaxed:DeletionProtection"])
	require.Equal(t, false, instance.Value("skipFinalSnapshot"), "the last snapshot stays whatever the reason")
	key := recording.Get(t, keyType, "database-key")
	require.False(t, key.Protect)
	require.True(t, key.RetainOnDelete, "and so does its key")
}

// What happens at the end of standard support is decided when an instance is made, so that a state says what was decided then.
func TestExtendedSupportIsAChoiceWithAReason(t *testing.T) {
	const tag = "bulkhead:relaxed:ExtendedSupport"
	plain := build(t, unchanged).Only(t, instanceType)
	require.Equal(t, "open-source-rds-extended-support-disabled", plain.String("engineLifecycleSupport"), "AWS enrolls whoever does not say otherwise")
	require.NotContains(t, plain.Value("tags"), tag)
	require.Subset(t, plain.IgnoreChanges, []string{"engineLifecycleSupport", `tags["` + tag + `"]`})
	extended := build(t, func(a *Args) { a.ExtendedSupportReason = reason }).Only(t, instanceType)
	require.Equal(t, "open-source-rds-extended-support", extended.String("engineLifecycleSupport"))
	require.Equal(t, reason, extended.Value("tags").(map[string]any)[tag])
}

func TestPreviewKnowsEverythingThatIsDecided(t *testing.T) {
	recording := pulumitest.Run(t, program(unchanged), pulumitest.Preview())
	instance := recording.Only(t, instanceType)
	require.Equal(t, "17", instance.String("engineVersion"))
	require.Equal(t, pulumitest.Unknown, instance.Value("kmsKeyId"))
}

func TestNamesFollowTheStack(t *testing.T) {
	recording := pulumitest.Run(t, program(unchanged), pulumitest.InStack("shop", "production"), pulumitest.WithOutputs(instanceType, managed))
	require.Regexp(t, "^shop-production-database-[0-9a-f]{8}$", recording.Only(t, instanceType).String("identifier"))
	require.Equal(t, "alias/shop-database", recording.Only(t, "aws:kms/alias:Alias").String("name"))
}

func TestProviderComesFromTheParent(t *testing.T) {
	recording := build(t, unchanged)
	component := recording.Only(t, "bulkhead:database:Database")
	for _, registration := range recording.Registrations() {
		if strings.HasPrefix(registration.Name, "database") && registration.URN != component.URN {
			require.NotContains(t, registration.Parent, "pulumi:pulumi:Stack", registration.Name)
		}
	}
}
