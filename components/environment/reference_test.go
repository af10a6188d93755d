// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	servicePort = 8443
	operators   = "203.0.113.0/28"
	operatorsV6 = "2001:db8:20::/48"
	partner     = "198.51.100.64/28"
)

// name is what the reference environment is called.
const name = "shop"

// referenceTable is a deployment with one of everything.
func referenceTable() *segment.Table {
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
			{From: "edge", To: "app", Ports: segment.TCP(servicePort), Why: "Requests and health checks from the load balancer to the service"},
			{From: "app", To: "db", Ports: segment.PostgreSQL, Why: "PostgreSQL connections of the service"},
			{From: "app", To: segment.AWS(append(segment.ServerServices(), "s3", "secretsmanager", "kms")...), Ports: segment.HTTPS, Why: "AWS services through their endpoints"},
			{From: "app", To: segment.Addresses(partner), Ports: segment.HTTPS, Why: "Payment provider", Names: []string{"api.partner.example"}},
			{From: segment.Addresses(operators, operatorsV6), To: "bastion", Ports: segment.SSH, Why: "Operators at known addresses"},
			{From: "bastion", To: segment.AWS(append(segment.ServerServices(), "s3")...), Ports: segment.HTTPS, Why: "AWS services"},
			{From: "bastion", To: "app", Ports: segment.SSH, Why: "Operators"},
		},
	}
}

// reference is the arguments of that deployment, with defaults wherever there are some.
func reference() *Args {
	return &Args{
		AccountID:   pulumitest.AccountID,
		Region:      pulumitest.Region,
		Zones:       []string{pulumitest.Region + "a", pulumitest.Region + "b"},
		CIDR:        "10.20.0.0/16",
		NAT:         network.NATSingle,
		Table:       referenceTable(),
		AlarmEmails: []string{"ops@example.com"},
		Edge:        &Edge{Args: edge.Args{Zone: "shop.example"}},
		Services:    []Service{{Name: "app", Args: app.Args{Port: servicePort}, UsesDatabase: "db", Hosts: []string{"shop.example"}}},
		Databases:   []Database{{}},
		Bastion:     &Bastion{},
	}
}

// deployed runs a program with the environment and returns what it asked of the engine.
func deployed(tb testing.TB, args *Args, options ...pulumitest.Option) *pulumitest.Recording {
	tb.Helper()
	return pulumitest.Run(tb, program(args), options...)
}

func program(args *Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		env, err := New(ctx, name, args)
		if err != nil {
			return err
		}
		env.Export(ctx)
		return nil
	}
}
