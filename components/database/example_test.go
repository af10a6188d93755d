// SPDX-License-Identifier: Apache-2.0

package database_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A database by itself: private, encrypted and protected, in a segment that one other may reach.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		net, err := network.New(ctx, "shop", &network.Args{
			Account: &account.Account{
				ID: "111122223333", Region: "eu-central-1",
				BoundaryARN: pulumi.String("arn:aws:iam::111122223333:policy/boundary"),
				LogKeyARN:   pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
			},
			VPCCIDR: "10.30.0.0/16", Zones: []string{"eu-central-1a", "eu-central-1b"},
			Table: &segment.Table{
				Segments: []segment.Segment{
					{Name: "worker", Tier: segment.App, Holds: "Night jobs"},
					{Name: "db", Tier: segment.Data, Holds: "Database of the jobs"},
				},
				Connections: []segment.Connection{
					{From: "worker", To: "db", Ports: segment.PostgreSQL, Why: "The jobs read and write the data"},
				},
			},
		})
		if err != nil {
			return err
		}
		in, err := net.Segment("db")
		if err != nil {
			return err
		}
		db, err := database.New(ctx, "jobs-db", &database.Args{Segment: in})
		if err == nil {
			ctx.Export("address", db.Address)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:rds/instance:Instance") {
		fmt.Println("encrypted:", r.Value("storageEncrypted"), "public:", r.Value("publiclyAccessible"), "protected:", r.Value("deletionProtection"))
	}
	// Output: encrypted: true public: false protected: true
}
