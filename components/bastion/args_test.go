// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"errors"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
	"github.com/bulkhead-iac/bulkhead/internal/networktest"
)

// draft is arguments that pass, in a segment of a network that is not made.
func draft(t *testing.T, name string, table *segment.Table) *Args {
	t.Helper()
	return &Args{Segment: networktest.Draft(t, name, table)}
}

func TestBadInput(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Args)
		problem string
	}{
		{"no segment", func(a *Args) { a.Segment = nil }, "Segment: missing"},
		{"settings of the instance", func(a *Args) { a.Server.InstanceType = "tiny" }, `Server: InstanceType: "tiny"`},
		{"idle", func(a *Args) { a.IdleMinutes = 61 }, "IdleMinutes: 61"},
		{"negative idle", func(a *Args) { a.IdleMinutes = -1 }, "IdleMinutes: -1"},
		{"session", func(a *Args) { a.SessionMinutes = 1441 }, "SessionMinutes: 1441"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := draft(t, "bastion", networktest.Table())
			test.change(args)
			problems := args.Check("bastion")
			require.Len(t, problems, 1)
			require.ErrorContains(t, problems[0], test.problem)
		})
	}
}

func TestLimitsAreAccepted(t *testing.T) {
	for _, table := range []*segment.Table{networktest.Table(), private()} {
		args := draft(t, "bastion", table)
		args.IdleMinutes, args.SessionMinutes = 60, 1440
		require.Empty(t, args.Check("abcdefghijklmnopqrstuvwxyz-0123456789-ab"))
	}
}

func TestABastionNeedsAWayToAWS(t *testing.T) {
	require.ErrorContains(t, errors.Join(draft(t, "db", networktest.Table()).Check("bastion")...), `Segment: "db" is in the tier "data"`)
}

// opened is a table in which the only rows to the bastion are these.
func opened(table *segment.Table, rows ...segment.Connection) *segment.Table {
	table.Connections = slices.DeleteFunc(table.Connections, func(c segment.Connection) bool { return c.To == "bastion" })
	for _, row := range rows {
		row.To, row.Why = "bastion", "Operators"
		table.Connections = append(table.Connections, row)
	}
	return table
}

func TestAPublicBastionAdmitsSomebody(t *testing.T) {
	for name, rows := range map[string][]segment.Connection{
		"no row":          nil,
		"row for nobody":  {{From: segment.Addresses(), Ports: segment.SSH}},
		"rows for nobody": {{From: segment.Addresses(), Ports: segment.SSH}, {From: segment.Addresses(), Ports: segment.SSH}},
	} {
		problems := draft(t, "bastion", opened(networktest.Table(), rows...)).Check("bastion")
		require.Len(t, problems, 1, name)
		require.ErrorContains(t, problems[0], `add {From: segment.Addresses("203.0.113.7/32"), To: "bastion", Ports: segment.SSH, Why: "..."}`, name)
	}
}

func TestAPrivateBastionNeedsNoRow(t *testing.T) {
	require.Empty(t, draft(t, "bastion", opened(private())).Check("bastion"))
}

func TestOnlyKnownAddressesEnterAndOnlyBySSH(t *testing.T) {
	known := segment.Connection{From: segment.Addresses("203.0.113.0/28"), Ports: segment.SSH}
	for name, row := range map[string]segment.Connection{
		"the internet":            {From: segment.Internet, Ports: segment.SSH},
		"the internet, on HTTPS":  {From: segment.Internet, Ports: segment.HTTPS},
		"known addresses on HTTP": {From: known.From, Ports: segment.HTTP},
		"more ports than SSH":     {From: known.From, Ports: segment.TCPRange(22, 23)},
		"a segment":               {From: "app", Ports: segment.SSH},
	} {
		table := opened(networktest.Table(), known, row)
		problems := draft(t, "bastion", table).Check("bastion")
		require.Len(t, problems, 1, name)
		require.ErrorContains(t, problems[0], table.Row(len(table.Connections)-1)+": a bastion admits nothing but SSH from known addresses; drop the row", name)
	}
	require.Empty(t, draft(t, "bastion", opened(networktest.Table(), known)).Check("bastion"))
}

func TestEveryMissingRowIsNamedAtOnce(t *testing.T) {
	table := networktest.Table()
	table.Connections = slices.DeleteFunc(table.Connections, func(c segment.Connection) bool { return c.To == "bastion" || c.From == "bastion" })
	problems := draft(t, "bastion", table).Check("bastion")
	services := append(segment.SessionServices(), "s3")
	require.Len(t, problems, len(services)+1)
	for _, service := range services {
		require.ErrorContains(t, errors.Join(problems...), `add {From: "bastion", To: segment.AWS("`+service+`"), Ports: segment.HTTPS, Why: "..."} to its Connections`)
	}
	require.ErrorContains(t, errors.Join(problems...), "Ports: segment.SSH")
}

func TestAllProblemsAtOnce(t *testing.T) {
	const name = "Bastion!"
	args := &Args{IdleMinutes: -1, SessionMinutes: -1}
	args.Server.InstanceType, args.Server.MaxLifetimeDays = "x", -1
	problems := errors.Join(args.Check(name)...)
	for _, field := range []string{"name:", "Segment:", "Server: InstanceType:", "Server: MaxLifetimeDays:", "IdleMinutes:", "SessionMinutes:"} {
		require.ErrorContains(t, problems, field)
	}
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, name, args)
		return err
	})
	require.ErrorContains(t, err, `bastion "`+name+`": `+problems.Error(), "New says what Check says, and names the component")
}

func TestMissingArgs(t *testing.T) {
	var none *Args
	require.ErrorContains(t, errors.Join(none.Check("bastion")...), "Segment: missing")
	err := pulumitest.RunError(t, func(ctx *pulumi.Context) error {
		_, err := New(ctx, "bastion", nil)
		return err
	})
	require.ErrorContains(t, err, `bastion "bastion": Segment: missing`)
}
