// SPDX-License-Identifier: Apache-2.0

package database

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

func TestBadInput(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Args)
		problem string
	}{
		{"no segment", func(a *Args) { a.Segment = nil }, "Segment: missing"},
		{"a segment of another tier", func(a *Args) { a.Segment = drafted("app") }, `Segment: "app" is in the tier "app", whose reach is nat`},
		{"class of EC2", func(a *Args) { a.InstanceClass = "t4g.small" }, `InstanceClass: "t4g.small" is not an RDS instance class; write it like db.t4g.small`},
		{"class without encryption", func(a *Args) { a.InstanceClass = "db.t2.micro" }, `InstanceClass: "db.t2.micro" cannot encrypt its storage; choose`},
		{"first generation", func(a *Args) { a.InstanceClass = "db.m1.large" }, `InstanceClass: "db.m1.large" cannot encrypt its storage; choose`},
		{"pinned minor version", func(a *Args) { a.EngineVersion = "16.8" }, `EngineVersion: "16.8" pins a minor version, which RDS patches by itself; write only the major version, "16", but for the one deployment that upgrades`},
		{"old version", func(a *Args) { a.EngineVersion = "13" }, `EngineVersion: "13"`},
		{"word for a version", func(a *Args) { a.EngineVersion = "latest" }, `EngineVersion: "latest"`},
		{"a negative retention", func(a *Args) { a.BackupRetentionDays = -1 }, "BackupRetentionDays: -1 keeps backups for less than 7 days (FSBP RDS.11); keep them for 7 to 35 days"},
		{"short retention", func(a *Args) { a.BackupRetentionDays = 6 }, "BackupRetentionDays: 6"},
		{"long retention", func(a *Args) { a.BackupRetentionDays = 36 }, "BackupRetentionDays: 36"},
		{"small disk", func(a *Args) { a.StorageGB = 10 }, "StorageGB: 10"},
		{"no room to grow", func(a *Args) { a.MaxStorageGB = 54 }, "MaxStorageGB: 54 leaves no room to grow from 50 GiB; set it to 55 or more"},
		{"reserved user", func(a *Args) { a.MasterUsername = "postgres" }, `MasterUsername: "postgres"`},
		{"system user", func(a *Args) { a.MasterUsername = "pg_monitor" }, `MasterUsername: "pg_monitor"`},
		{"quoted name", func(a *Args) { a.DatabaseName = "My-App" }, `DatabaseName: "My-App"`},
		{"template", func(a *Args) { a.DatabaseName = "template1" }, `DatabaseName: "template1"`},
		{"windows that overlap", func(a *Args) { a.BackupWindow = "03:30-04:30" }, "overlaps BackupWindow"},
		{"the largest volume, which cannot grow", func(a *Args) { a.StorageGB = 65536 }, "StorageGB: 65536 is not between 20 and 59578 GiB"},
		{"a word for a reason", func(a *Args) { a.DeletionProtectionOffReason = "no" }, `DeletionProtectionOffReason: "no" is not a valid reason; write 10 to 256`},
		{"a word for the price of extended support", func(a *Args) { a.ExtendedSupportReason = "no" }, `ExtendedSupportReason: "no" is not a valid reason`},
		{"a reason that no tag holds", func(a *Args) { a.DeletionProtectionOffReason = "because <script> said so" }, "DeletionProtectionOffReason"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := pulumitest.RunError(t, program(test.change))
			require.ErrorContains(t, err, `database "database"`)
			require.ErrorContains(t, err, test.problem)
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	bad := &Args{
		Segment: drafted("app"), DatabaseName: "-", MasterUsername: "-", BackupWindow: "-", MaintenanceWindow: "-", DeletionProtectionOffReason: "-",
		InstanceClass: "-", EngineVersion: "-", StorageGB: -1, BackupRetentionDays: -1,
	}
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "database", bad)
		return err
	})
	for _, field := range []string{
		"Segment: ", "Segment \"app\": no row", "InstanceClass: ", "EngineVersion: ", "\nBackupRetentionDays: ",
		"DeletionProtectionOffReason: ", "DatabaseName: ", "MasterUsername: ", "\nStorageGB: ", "BackupWindow: ", "MaintenanceWindow: ",
	} {
		require.Equal(t, 1, strings.Count(err.Error(), field), "%s in %v", field, err)
	}
	require.Len(t, bad.Check(), 11, "Check reports the same without making anything")
}

// drafted is a segment of the test's table in a network that is not made.
func drafted(name string, tables ...*segment.Table) *network.Segment {
	args := &network.Args{Account: &account.Account{}, Table: networktest.Table()}
	if len(tables) > 0 {
		args.Table = tables[0]
	}
	found, err := network.Draft(args).Segment(name)
	if err != nil {
		panic(err)
	}
	return found
}

func TestMissingArgs(t *testing.T) {
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "database", nil)
		return err
	})
	require.ErrorContains(t, err, `database "database": Segment: missing; give the segment of the network to run in`)
}

func TestADatabaseThatNobodyReachesIsRefusedWithTheRowToAdd(t *testing.T) {
	table := networktest.Table()
	table.Connections = slices.DeleteFunc(table.Connections, func(c segment.Connection) bool { return c.To == "db" })
	problems := (&Args{Segment: drafted("db", table)}).Check()
	require.Len(t, problems, 1)
	require.EqualError(t, problems[0], `Segment "db": no row of the table leads to the database at tcp/5432; `+
		`add {From: "...", To: "db", Ports: segment.PostgreSQL, Why: "..."} to its Connections`)

	table.Connections = append(table.Connections, segment.Connection{From: "app", To: "db", Ports: segment.TCP(5433), Why: "Another port"})
	require.Len(t, (&Args{Segment: drafted("db", table)}).Check(), 1, "a row at another port leads elsewhere")
	table.Connections = append(table.Connections, segment.Connection{From: "app", To: "db", Ports: segment.TCPRange(5000, 6000), Why: "Many ports"})
	require.Empty(t, (&Args{Segment: drafted("db", table)}).Check())
}

func TestADatabaseMayLiveInATierOfYourOwnWithoutAWayOut(t *testing.T) {
	table := networktest.Table()
	table.Segments[2].Tier = segment.Tier{Name: "vault", Reach: segment.ReachNowhere, Place: 1}
	require.Empty(t, (&Args{Segment: drafted("db", table)}).Check())
}

func TestCheckLeavesTheArgumentsAlone(t *testing.T) {
	args := &Args{Segment: drafted("db")}
	require.Empty(t, args.Check())
	require.Equal(t, &Args{Segment: args.Segment}, args)
}
