// SPDX-License-Identifier: Apache-2.0

// Package networktest makes the network that a component under test stands in. It is apart from package pulumitest, which
// the tests of the network itself use.
package networktest

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// ServicePort is where the service of Table serves.
const ServicePort = 8443

// Account is the account of every test.
func Account() *account.Account {
	return &account.Account{
		ID:          pulumitest.AccountID,
		Region:      pulumitest.Region,
		BoundaryARN: pulumi.String(pulumitest.BoundaryARN),
		LogKeyARN:   pulumi.String(pulumitest.LogKeyARN),
	}
}

// Table is a deployment with a load balancer, a service, a database and a bastion, and the rows that they need.
func Table() *segment.Table {
	return &segment.Table{
		Segments: []segment.Segment{
			{Name: "edge", Tier: segment.Public, Holds: "Load balancer: HTTPS from the internet, out to its targets only"},
			{Name: "app", Tier: segment.App, Holds: "Instances of the service: served through the load balancer only"},
			{Name: "db", Tier: segment.Data, Holds: "Database: only named clients, and nothing outward"},
			{Name: "bastion", Tier: segment.Public, Holds: "Bastion: operators in, out to what they administer"},
		},
		Connections: []segment.Connection{
			{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "HTTPS from the internet"},
			{From: segment.Internet, To: "edge", Ports: segment.HTTP, Why: "HTTP from the internet, answered with a redirect to HTTPS"},
			{From: "edge", To: "app", Ports: segment.TCP(ServicePort), Why: "Requests and health checks from the load balancer to the service"},
			{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "PostgreSQL connections of the service"},
			{From: "app", To: segment.AWS(append(segment.ServerServices(), "s3", "secretsmanager")...), Ports: segment.HTTPS, Why: "AWS services"},
			{From: segment.Addresses("203.0.113.0/28", "2001:db8:1::/48"), To: "bastion", Ports: segment.SSH, Why: "Operators at known addresses"},
			{From: "bastion", To: segment.AWS(append(segment.SessionServices(), "s3")...), Ports: segment.HTTPS, Why: "AWS services"},
			{From: "bastion", To: "app", Ports: segment.SSH, Why: "Operators"},
		},
	}
}

// New makes a network of two zones called "network" from a table; from Table if none is given.
func New(ctx *pulumi.Context, tables ...*segment.Table) (*network.Network, error) {
	args := &network.Args{
		Account: Account(),
		Table:   Table(),
		VPCCIDR: "10.20.0.0/16",
		Zones:   []string{pulumitest.Region + "a", pulumitest.Region + "b"},
	}
	if len(tables) > 0 {
		args.Table = tables[0]
	}
	return network.New(ctx, "network", args)
}

// Segment makes the network and returns one of its segments.
func Segment(ctx *pulumi.Context, name string, tables ...*segment.Table) (*network.Segment, error) {
	n, err := New(ctx, tables...)
	if err != nil {
		return nil, err
	}
	return n.Segment(name)
}

// Draft returns a segment of the network as it would be built from a table, without anything being made: enough to check the
// arguments of a component.
func Draft(tb testing.TB, name string, table *segment.Table) *network.Segment {
	tb.Helper()
	in, err := network.Draft(&network.Args{Account: Account(), Table: table}).Segment(name)
	require.NoError(tb, err)
	return in
}
