// SPDX-License-Identifier: Apache-2.0

package database

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

func TestBadInput(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Args)
		problem string
	}{
		{"no network", func(a *Args) { a.Network = nil }, "Network: missing"},
		{"account", func(a *Args) { a.AccountID = "123" }, `AccountID: "123"`},
		{"region", func(a *Args) { a.Region = "Frankfurt" }, `Region: "Frankfurt"`},
		{"no class", func(a *Args) { a.InstanceClass = "" }, `InstanceClass: ""`},
		{"class of EC2", func(a *Args) { a.InstanceClass = "t4g.small" }, `InstanceClass: "t4g.small" is not an RDS instance class`},
		{"class without encryption", func(a *Args) { a.InstanceClass = "db.t2.micro" }, `"db.t2.micro" cannot encrypt`},
		{"first generation", func(a *Args) { a.InstanceClass = "db.m1.large" }, `"db.m1.large" cannot encrypt`},
		{"pinned minor version", func(a *Args) { a.EngineVersion = "16.8" }, `write only the major version, "16"`},
		{"no version", func(a *Args) { a.EngineVersion = "" }, `EngineVersion: ""`},
		{"old version", func(a *Args) { a.EngineVersion = "13" }, `EngineVersion: "13"`},
		{"word for a version", func(a *Args) { a.EngineVersion = "latest" }, `EngineVersion: "latest"`},
		{"backups off", func(a *Args) { a.BackupRetentionDays = 0 }, "BackupRetentionDays: 0 is out of range; keep backups for 7 to 35 days"},
		{"short retention", func(a *Args) { a.BackupRetentionDays = 6 }, "BackupRetentionDays: 6"},
		{"long retention", func(a *Args) { a.BackupRetentionDays = 36 }, "BackupRetentionDays: 36"},
		{"small disk", func(a *Args) { a.AllocatedStorageGB = 10 }, "AllocatedStorageGB: 10"},
		{"no room to grow", func(a *Args) { a.MaxStorageGB = 54 }, "MaxStorageGB: 54 does not leave room to grow from 50; use 55 to 65536, or 0"},
		{"reserved user", func(a *Args) { a.MasterUsername = "postgres" }, `MasterUsername: "postgres"`},
		{"system user", func(a *Args) { a.MasterUsername = "pg_monitor" }, `MasterUsername: "pg_monitor"`},
		{"quoted name", func(a *Args) { a.DatabaseName = "My-App" }, `DatabaseName: "My-App"`},
		{"template", func(a *Args) { a.DatabaseName = "template1" }, `DatabaseName: "template1"`},
		{"windows that overlap", func(a *Args) { a.BackupWindow = "03:30-04:30" }, "overlaps BackupWindow"},
		{"retention of logs", func(a *Args) { a.LogRetentionDays = 100 }, "LogRetentionDays: 100"},
		{"no log key", func(a *Args) { a.LogKeyARN = nil }, "LogKeyARN: missing"},
		{"no boundary", func(a *Args) { a.Boundary = nil }, "Boundary: missing"},
		{"a word for a reason", func(a *Args) { a.DeletionProtectionOff = "no" }, `DeletionProtectionOff: "no" is not a valid reason`},
		{"a reason that no tag holds", func(a *Args) { a.DeletionProtectionOff = "because <script> said so" }, "DeletionProtectionOff"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := pulumitest.RunError(t, program(test.change))
			require.ErrorContains(t, err, `database "database"`)
			require.ErrorContains(t, err, test.problem)
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "database", &Args{DatabaseName: "-", MasterUsername: "-", BackupWindow: "-", MaintenanceWindow: "-", DeletionProtectionOff: "-", LogRetentionDays: 2})
		return err
	})
	for _, field := range []string{
		"Network", "AccountID", "Region", "InstanceClass", "EngineVersion", "LogRetentionDays", "LogKeyARN", "Boundary", "BackupRetentionDays",
		"DeletionProtectionOff", "DatabaseName", "MasterUsername", "AllocatedStorageGB", "BackupWindow", "MaintenanceWindow",
	} {
		require.Equal(t, 1, strings.Count(err.Error(), field+":")+strings.Count(err.Error(), field+" "), "%s in %v", field, err)
	}
}

func TestMissingArgs(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "database", nil)
		return err
	})
	require.ErrorContains(t, err, "args are missing")
}

func TestStorageMayBeForbiddenToGrow(t *testing.T) {
	recording := build(t, func(a *Args) { a.MaxStorageGB = 0 })
	require.Equal(t, 0.0, recording.Only(t, instanceType).Value("maxAllocatedStorage"))
}

func TestCheckInstanceClassAcceptsCurrentClasses(t *testing.T) {
	for _, class := range []string{"db.t4g.micro", "db.t3.small", "db.t2.small", "db.m7g.large", "db.r6idn.32xlarge", "db.m6gd.xlarge"} {
		require.NoError(t, CheckInstanceClass(class), class)
	}
}

func FuzzChecks(f *testing.F) {
	f.Add("db.t4g.small", "16")
	f.Add("db.m1.small", "16.8")
	f.Fuzz(func(t *testing.T, class, version string) {
		if CheckInstanceClass(class) == nil && (!strings.HasPrefix(class, "db.") || strings.HasPrefix(class, "db.m1.")) {
			t.Fatalf("class %q passes", class)
		}
		if CheckEngineVersion(version) == nil && len(version) != 2 {
			t.Fatalf("version %q passes", version)
		}
	})
}
