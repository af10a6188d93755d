// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// What a program leaves out is listed in one error, with the row of the table to add. See the folder example for a whole program.
func ExampleNew_incomplete() {
	table := &segment.Table{
		Segments: []segment.Segment{
			{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
			{Name: "orders", Tier: segment.App, Holds: "The orders"},
			{Name: "db", Tier: segment.Data, Holds: "Database of the orders"},
		},
		Connections: []segment.Connection{
			{From: "orders", To: "db", Ports: segment.PostgreSQL, Why: "Orders are kept here"},
			{From: "orders", To: segment.AWS("s3", "secretsmanager"), Ports: segment.HTTPS, Why: "Packages, and the secret of the database"},
		},
	}
	_, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		_, err := environment.New(ctx, "shop", &environment.Args{
			AccountID: "111122223333", Region: "eu-central-1", Zones: []string{"eu-central-1a", "eu-central-1b"},
			VPCCIDR: "10.20.0.0/16", Table: table,
			Services:  []environment.Service{{Name: "orders", Args: app.Args{Port: 9443}, UsesDatabase: "db"}},
			Databases: []environment.Database{{}},
		})
		return err
	})
	fmt.Println(err)
	// Output:
	// 1 error occurred:
	// 	* environment "shop": AlarmEmails: missing; give at least one address that hears the alarms
	// Services[0] (orders): Segment "orders": Systems Manager and the shipping of logs: no row of the table lets "orders" open tcp/443 to "aws:logs"; add {From: "orders", To: segment.AWS("logs"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Services[0] (orders): Segment "orders": Systems Manager and the shipping of logs: no row of the table lets "orders" open tcp/443 to "aws:ssm"; add {From: "orders", To: segment.AWS("ssm"), Ports: segment.HTTPS, Why: "..."} to its Connections
	// Table: Segments[0] (edge): nothing runs in it; give the component of its name, list it in OwnSegments if resources of your own run in it, or drop the segment and its rows
}
