// SPDX-License-Identifier: Apache-2.0

// Command example is a whole program: two services behind one load balancer, and a database for one of them.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

var servers = segment.AWS(append(segment.ServerServices(), "s3", "secretsmanager")...)

var table = &segment.Table{
	Segments: []segment.Segment{
		{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
		{Name: "shop", Tier: segment.App, Holds: "The shop"},
		{Name: "orders", Tier: segment.App, Holds: "The orders"},
		{Name: "db", Tier: segment.Data, Holds: "Database of the orders"},
	},
	Connections: []segment.Connection{
		{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "Clients"},
		{From: segment.Internet, To: "edge", Ports: segment.HTTP, Why: "Redirect to HTTPS"},
		{From: "edge", To: "shop", Ports: segment.TCP(8443), Why: "Pages"},
		{From: "edge", To: "orders", Ports: segment.TCP(9443), Why: "Orders"},
		{From: "orders", To: "db", Ports: segment.PostgreSQL, Why: "Orders are kept here"},
		{From: "shop", To: servers, Ports: segment.HTTPS, Why: "Packages, logs and sessions"},
		{From: "orders", To: servers, Ports: segment.HTTPS, Why: "Packages, logs, sessions and the secret of the database"},
	},
}

func main() { pulumi.Run(deploy) }

func deploy(ctx *pulumi.Context) error {
	env, err := environment.New(ctx, "shop", &environment.Args{
		AccountID:   "111122223333",
		Region:      "eu-central-1",
		Zones:       []string{"eu-central-1a", "eu-central-1b"},
		VPCCIDR:     "10.20.0.0/16",
		Table:       table,
		AlarmEmails: []string{"ops@example.com"},
		Edge:        &environment.Edge{Args: edge.Args{Zone: "shop.example"}},
		Services: []environment.Service{
			{Name: "shop", Args: app.Args{Port: 8443}, Hosts: []string{"shop.example"}, Priority: 200},
			{Name: "orders", Args: app.Args{Port: 9443}, Paths: []string{"/orders/*"}, Priority: 100, UsesDatabase: "db"},
		},
		Databases: []environment.Database{{}},
	})
	if err == nil {
		env.Export(ctx)
	}
	return err
}
