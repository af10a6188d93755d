// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
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

// program is handed to pulumi.Run: two services behind one load balancer, and a database for one of them.
func program(ctx *pulumi.Context) error {
	env, err := environment.New(ctx, "shop", &environment.Args{
		AccountID:   "111122223333",
		Region:      "eu-central-1",
		Zones:       []string{"eu-central-1a", "eu-central-1b"},
		CIDR:        "10.20.0.0/16",
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

// A program of two services, a database and a load balancer. Here the recording monitor runs it; in a program of your own,
// main is pulumi.Run(program).
func Example() {
	recorded, err := pulumitest.Record(program)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:lb/targetGroup:TargetGroup") {
		fmt.Println(r.Name, "on port", r.Value("port"))
	}
	fmt.Println(len(recorded.ByType("aws:rds/instance:Instance")), "database")
	fmt.Println(len(recorded.ByType("aws:ec2/natGateway:NatGateway")), "ways out by NAT")
	// Unordered output:
	// shop-shop-targets on port 8443
	// shop-orders-targets on port 9443
	// 1 database
	// 0 ways out by NAT
}

// What a program leaves out is listed in one error, with the row of the table to add.
func ExampleNew_incomplete() {
	_, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		less := *table
		less.Connections = table.Connections[:6] // nothing for the servers of the orders
		_, err := environment.New(ctx, "shop", &environment.Args{
			AccountID: "111122223333", Region: "eu-central-1", Zones: []string{"eu-central-1a", "eu-central-1b"},
			CIDR: "10.20.0.0/16", Table: &less,
			Services: []environment.Service{
				{Name: "shop", Args: app.Args{Port: 8443}},
				{Name: "orders", Args: app.Args{Port: 9443}, UsesDatabase: "db"},
			},
			Databases: []environment.Database{{}},
		})
		return err
	})
	fmt.Println(err)
	// Output:
	// 1 error occurred:
	// 	* environment "shop": AlarmEmails: missing; give at least one address that hears the alarms
	// Services[1] (orders): Segment "orders": Session Manager and the shipping of logs: no row of the table lets "orders" open tcp/443 to "aws:ec2messages"; add {From: "orders", To: segment.AWS("ec2messages"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Services[1] (orders): Segment "orders": Session Manager and the shipping of logs: no row of the table lets "orders" open tcp/443 to "aws:logs"; add {From: "orders", To: segment.AWS("logs"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Services[1] (orders): Segment "orders": Session Manager and the shipping of logs: no row of the table lets "orders" open tcp/443 to "aws:ssm"; add {From: "orders", To: segment.AWS("ssm"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Services[1] (orders): Segment "orders": Session Manager and the shipping of logs: no row of the table lets "orders" open tcp/443 to "aws:ssmmessages"; add {From: "orders", To: segment.AWS("ssmmessages"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Services[1] (orders): Segment "orders": the packages of Amazon Linux in Amazon S3: no row of the table lets "orders" open tcp/443 to "aws:s3"; add {From: "orders", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Services[1] (orders): Segment "orders": the secret of its database: no row of the table lets "orders" open tcp/443 to "aws:secretsmanager"; add {From: "orders", To: segment.AWS("secretsmanager"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Table: Segments[0] (edge): nothing runs in it; give the component of its name, list it in OwnSegments if resources of your own run in it, or drop the segment and its rows
}
