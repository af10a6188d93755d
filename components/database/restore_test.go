// SPDX-License-Identifier: Apache-2.0

package database

import (
	"errors"
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

const (
	copyType     = "aws:rds/snapshotCopy:SnapshotCopy"
	findSnapshot = "aws:rds/getSnapshot:getSnapshot"
	findInstance = "aws:rds/getInstance:getInstance"
	theirs       = "arn:aws:rds:eu-central-1:444455556666:snapshot:shop-db"
)

// backup answers a look-up with a backup that fits, but for what is changed.
func backup(token string, changed map[string]any) pulumitest.Option {
	answer := map[string]any{
		"id": "shop-db", "engine": "postgres", "engineVersion": "17.4", "allocatedStorage": 70, "encrypted": true, "storageEncrypted": true,
		"dbSnapshotArn": "arn:aws:rds:eu-central-1:111122223333:snapshot:shop-db",
	}
	maps.Copy(answer, changed)
	return pulumitest.Answer(token, pulumitest.Fixed(answer))
}

func restored(t *testing.T, from string, options ...pulumitest.Option) *pulumitest.Recording {
	t.Helper()
	return pulumitest.Run(t, program(func(a *Args) { a.RestoreFrom = from }), append(options, pulumitest.WithOutputs(instanceType, managed))...)
}

// The instance comes from a copy under the database's own key, in the exact version and with room for all of the snapshot; everything
// else is as in any other database.
func TestASnapshotIsRestoredUnderTheDatabasesOwnKey(t *testing.T) {
	for from, shared := range map[string]bool{"shop-db-final-1a2b3c4d": false, theirs: true} {
		recording := restored(t, "snapshot "+from, backup(findSnapshot, map[string]any{"dbSnapshotArn": from}))
		asked := recording.Invocations()[len(recording.Invocations())-1]
		require.Equal(t, from, asked.Args["dbSnapshotIdentifier"].StringValue())
		require.Equal(t, shared, asked.Args["includeShared"].BoolValue(), "a snapshot of another account is found among those that are shared")
		plain, instance := build(t, unchanged).Only(t, instanceType), recording.Only(t, instanceType)
		key := recording.Get(t, keyType, "database-key")
		copied := recording.Only(t, copyType)
		require.Equal(t, from, copied.String("sourceDbSnapshotIdentifier"))
		require.Equal(t, "arn:aws:kms:eu-central-1:111122223333:key/"+key.ID, copied.String("kmsKeyId"))
		require.Nil(t, copied.Value("sharedAccounts"))
		require.Equal(t, []string{"sourceDbSnapshotIdentifier"}, copied.IgnoreChanges)
		want := plain.Values()
		want["snapshotIdentifier"] = instance.String("identifier") + "-origin"
		want["engineVersion"] = "17.4"
		want["allocatedStorage"] = 70.0
		want["tags"] = map[string]any{"Name": "database", restoredFrom: "snapshot " + from}
		delete(want, "dbName")
		delete(want, "username")
		require.Equal(t, want, instance.Values())
		require.Equal(t, true, instance.Value("manageMasterUserPassword"), "RDS restores none, and makes one when it is asked afterwards")
		require.Contains(t, instance.PropertyDependencies["snapshotIdentifier"], copied.URN)
	}
}

func TestAMomentIsRestoredWithTheKeyOfItsSource(t *testing.T) {
	const arn = "arn:aws:rds:eu-central-1:111122223333:auto-backup:ab-0123abcd"
	for from, want := range map[string]map[string]any{
		"instance shop-db-1a2b3c4d latest":     {"sourceDbInstanceIdentifier": "shop-db-1a2b3c4d", "useLatestRestorableTime": true},
		"resource db-ABC 2026-11-29T10:00:00Z": {"sourceDbiResourceId": "db-ABC", "restoreTime": "2026-11-29T10:00:00Z"},
		"backup " + arn + " latest":            {"sourceDbInstanceAutomatedBackupsArn": arn, "useLatestRestorableTime": true},
	} {
		instance := restored(t, from, backup(findInstance, nil)).Only(t, instanceType)
		require.Equal(t, want, instance.Value("restoreToPointInTime"), from)
		require.Nil(t, instance.Value("kmsKeyId"))
		require.Nil(t, instance.Value("snapshotIdentifier"))
		require.Equal(t, true, instance.Value("storageEncrypted"))
		require.Equal(t, from, instance.Value("tags").(map[string]any)[restoredFrom])
	}
}

// What a preview can know, it refuses with the cure.
func TestBackupsThatDoNotFitAreRefused(t *testing.T) {
	gone := pulumitest.Answer(findSnapshot, func(resource.PropertyMap) (resource.PropertyMap, error) { return nil, errors.New("empty result") })
	for _, test := range []struct {
		from    string
		answer  pulumitest.Option
		problem string
	}{
		{"snapshot shop", gone, `RestoreFrom: "snapshot shop" is not there; name a snapshot of this account and region`},
		{"snapshot shop", backup(findSnapshot, map[string]any{"encrypted": false}), `is not encrypted; copy the snapshot with a KMS key`},
		{"snapshot shop", backup(findSnapshot, map[string]any{"engine": "mysql"}), `is a backup of mysql`},
		{"snapshot shop", backup(findSnapshot, map[string]any{"engineVersion": "16.9"}), `is of PostgreSQL 16.9; set EngineVersion to "16"`},
		{"snapshot shop", backup(findSnapshot, map[string]any{"allocatedStorage": 190}), `has 190 GiB: 200 leaves no room to grow from 190 GiB; set it to 209 or more`},
		{"instance shop latest", backup(findInstance, map[string]any{"storageEncrypted": false}), `is not encrypted`},
		{"snapshot", gone, `RestoreFrom: "snapshot" is not a backup of a database`},
		{"snapshot arn:aws:rds:us-east-1:444455556666:snapshot:shop", gone, `copy it to eu-central-1 first`},
	} {
		err := pulumitest.RunError(t, program(func(a *Args) { a.RestoreFrom = test.from }), test.answer, pulumitest.WithOutputs(instanceType, managed))
		require.ErrorContains(t, err, test.problem)
	}
}

// standing is what the engine answers of an instance that stands: what it was made from, and that it runs PostgreSQL 17.5.
func standing(tags map[string]any) pulumitest.Option {
	return pulumitest.WithOutputs(instanceType, func(r pulumitest.Registration) resource.PropertyMap {
		outputs := managed(r)
		outputs["tags"], outputs["engineVersionActual"] = resource.NewProperty(resource.NewPropertyMapFromMap(tags)), resource.NewProperty("17.5")
		return outputs
	})
}

// RestoreFrom may go when the database is there, and neither comes to one that is there nor changes.
func TestADatabaseThatExistsIsNotRestored(t *testing.T) {
	run := func(from string, was map[string]any) error {
		return pulumitest.RunError(t, program(func(a *Args) { a.RestoreFrom = from }), backup(findSnapshot, nil), standing(was))
	}
	const monday, tuesday = "snapshot monday", "snapshot tuesday"
	for _, was := range []map[string]any{{"Name": "database"}, {"Name": "database", restoredFrom: tuesday}} {
		err := run(monday, was)
		require.ErrorContains(t, err, `RestoreFrom: "snapshot monday" cannot be restored into the database bulkhead-test-database-`)
		require.ErrorContains(t, err, "make a second database beside it")
	}
	for _, from := range []string{monday, ""} {
		pulumitest.Run(t, program(func(a *Args) { a.RestoreFrom = from }), backup(findSnapshot, nil), standing(map[string]any{restoredFrom: monday}))
	}
	require.Subset(t, build(t, unchanged).Only(t, instanceType).IgnoreChanges, []string{"snapshotIdentifier", "restoreToPointInTime", "kmsKeyId", `tags["bulkhead:restored-from"]`})
}

// RDS patches minor versions; a deployment sends a version only when it upgrades, and says so when it would have to.
func TestAnotherMajorVersionIsRefusedWithoutUpgrade(t *testing.T) {
	as := func(version string, upgrade bool) pulumi.RunFunc {
		return program(func(a *Args) { a.EngineVersion, a.Upgrade = version, upgrade })
	}
	tags := map[string]any{"Name": "database"}
	require.ErrorContains(t, pulumitest.RunError(t, as("18", false), standing(tags)), `runs PostgreSQL 17.5, not "18"; set Upgrade`)
	require.Contains(t, pulumitest.Run(t, as("17", false), standing(tags)).Only(t, instanceType).IgnoreChanges, "engineVersion")
	upgraded := pulumitest.Run(t, as("18", true), standing(tags))
	require.NotContains(t, upgraded.Only(t, instanceType).IgnoreChanges, "engineVersion")
	exact := pulumitest.Run(t, as("18.1", true), standing(tags))
	require.Equal(t, "18.1", exact.Only(t, instanceType).String("engineVersion"))
	require.Equal(t, "postgres18", exact.Only(t, parametersType).String("family"))
	require.ErrorContains(t, pulumitest.RunError(t, as("17.4", true), standing(tags)), `EngineVersion: "17.4" is older than the PostgreSQL 17.5 that runs`)
	require.ErrorContains(t, pulumitest.RunError(t, as("16.20", true), standing(tags)), `EngineVersion: "16.20" is older than the PostgreSQL 17.5 that runs`)
}
