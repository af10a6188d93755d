// SPDX-License-Identifier: Apache-2.0

package app

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

// draft is arguments that pass, in a segment of a network that is not made.
func draft(t *testing.T, name string, table *segment.Table) *Args {
	t.Helper()
	return &Args{Segment: networktest.Draft(t, name, table), Port: networktest.ServicePort}
}

func TestBadInput(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Args)
		problem string
	}{
		{"no segment", func(a *Args) { a.Segment = nil }, "Segment: missing"},
		{"privileged port", func(a *Args) { a.Port = 443 }, "Port: 443 is a privileged port; choose one from 1025 to 65535"},
		{"the last privileged port", func(a *Args) { a.Port = 1024 }, "Port: 1024"},
		{"the database's port", func(a *Args) { a.Port = segment.PostgreSQL.From }, "Port: 5432 is the port of PostgreSQL; choose another"},
		{"no port", func(a *Args) { a.Port = 0 }, "Port: 0"},
		{"port beyond the last", func(a *Args) { a.Port = 65536 }, "Port: 65536"},
		{"relative path", func(a *Args) { a.HealthPath = "healthz" }, `HealthPath: "healthz"`},
		{"path with a query", func(a *Args) { a.HealthPath = "/healthz?deep=1" }, "HealthPath"},
		{"path with a command", func(a *Args) { a.HealthPath = "/$(id)" }, "HealthPath"},
		{"settings of the instances", func(a *Args) { a.Server.InstanceType = "small" }, `Server: InstanceType: "small"`},
		{"no instances", func(a *Args) { a.MinSize = -1 }, "MinSize, MaxSize: -1 to "},
		{"more at least than at most", func(a *Args) { a.MinSize, a.MaxSize = 5, 4 }, "MinSize, MaxSize: 5 to 4"},
		{"too many", func(a *Args) { a.MaxSize = 201 }, "MinSize, MaxSize: 2 to 201"},
		{"too many at least", func(a *Args) { a.MinSize = 201 }, "MinSize, MaxSize: 201 to 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := draft(t, "app", networktest.Table())
			test.change(args)
			problems := args.Check("shop")
			require.Len(t, problems, 1)
			require.ErrorContains(t, problems[0], test.problem)
		})
	}
}

func TestLimitsAreAccepted(t *testing.T) {
	for _, change := range []func(*Args){
		func(a *Args) { a.Port, a.MinSize, a.MaxSize = 1025, 1, 1 },
		func(a *Args) { a.Port, a.MinSize = 65535, 200 },
		func(a *Args) { a.MinSize = 150 }, // twice as many would be too many
	} {
		args := draft(t, "app", networktest.Table())
		change(args)
		require.Empty(t, args.Check("abcdefghijklmnopqrstuvwxyz-0123456789-ab"))
	}
}

func TestAServiceStandsBehindNAT(t *testing.T) {
	for _, name := range []string{"edge", "db"} {
		require.ErrorContains(t, errors.Join(draft(t, name, networktest.Table()).Check("shop")...), `Segment: "`+name+`" is in the tier`)
	}
}

// bare is a table in which the app segment reaches nothing, and rows that a test adds.
func bare(rows ...segment.Connection) *segment.Table {
	table := networktest.Table()
	table.Connections = append([]segment.Connection{{From: "edge", To: "app", Ports: segment.TCP(networktest.ServicePort), Why: "Requests"}}, rows...)
	return table
}

func TestEveryMissingRowIsNamedAtOnce(t *testing.T) {
	args := draft(t, "app", bare())
	args.Database = &database.Database{Segment: networktest.Draft(t, "db", bare()), Port: segment.PostgreSQL}
	var missing []string
	for _, service := range append(segment.ServerServices(), "s3", "secretsmanager") {
		missing = append(missing, `add {From: "app", To: segment.AWS("`+service+`"), Ports: segment.HTTPS, Why: "..."} to its Connections`)
	}
	missing = append(missing, `add {From: "app", To: "db", Ports: segment.PostgreSQL, Why: "..."} to its Connections`)
	problems := args.Check("shop")
	require.Len(t, problems, len(missing))
	for _, row := range missing {
		require.ErrorContains(t, errors.Join(problems...), row)
	}
}

func TestOnlyAServiceWithADatabaseNeedsIt(t *testing.T) {
	table := bare(segment.Connection{From: "app", To: segment.AWS(append(segment.ServerServices(), "s3")...), Ports: segment.HTTPS, Why: "Servers"})
	args := draft(t, "app", table)
	require.Empty(t, args.Check("shop"))
	args.Database = &database.Database{Segment: networktest.Draft(t, "db", table), Port: segment.PostgreSQL}
	problems := args.Check("shop")
	require.Len(t, problems, 2)
	require.ErrorContains(t, problems[0], `Segment "app": its database: no row of the table lets "app" open tcp/5432 to "db"`)
	require.ErrorContains(t, problems[1], `Segment "app": the secret of its database: no row of the table lets "app" open tcp/443 to "aws:secretsmanager"`)
}

func TestAllProblemsAtOnce(t *testing.T) {
	const name = "a name with spaces"
	args := &Args{HealthPath: "x", MinSize: -1}
	args.Server.InstanceType, args.Server.RootGB, args.Server.MaxLifetimeDays = "x", 1, 999
	problems := errors.Join(args.Check(name)...)
	for _, field := range []string{"name:", "Segment:", "Port:", "HealthPath:", "MinSize, MaxSize:", "Server: InstanceType:", "Server: RootGB:", "Server: MaxLifetimeDays:"} {
		require.ErrorContains(t, problems, field)
	}
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, name, args)
		return err
	})
	require.ErrorContains(t, err, `app "`+name+`": `+problems.Error(), "New says what Check says, and names the component")
}

func TestMissingArgs(t *testing.T) {
	var none *Args
	problems := errors.Join(none.Check("shop")...)
	require.ErrorContains(t, problems, "Segment: missing")
	require.ErrorContains(t, problems, "Port: 0")
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "shop", nil)
		return err
	})
	require.ErrorContains(t, err, problems.Error())
}
