// SPDX-License-Identifier: Apache-2.0

package network_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A network by itself: groups, ACLs, routes and endpoints come from the table, and Segment tells a resource of your own where it
// stands.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		net, err := network.New(ctx, "jobs", &network.Args{
			Account: &account.Account{
				ID: "111122223333", Region: "eu-central-1",
				BoundaryARN: pulumi.String("arn:aws:iam::111122223333:policy/boundary"),
				LogKeyARN:   pulumi.String("arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"),
			},
			VPCCIDR: "10.30.0.0/16",
			Zones:   []string{"eu-central-1a", "eu-central-1b"},
			Table: &segment.Table{
				Segments: []segment.Segment{
					{Name: "worker", Tier: segment.App, Holds: "Night jobs"},
					{Name: "db", Tier: segment.Data, Holds: "Database"},
				},
				Connections: []segment.Connection{
					{From: "worker", To: "db", Ports: segment.PostgreSQL, Why: "The jobs read and write the data"},
					{From: "worker", To: segment.AWS("sqs"), Ports: segment.HTTPS, Why: "The queue of the jobs"},
				},
			},
		})
		if err != nil {
			return err
		}
		worker, err := net.Segment("worker")
		if err != nil {
			return err
		}
		ctx.Export("workerGroup", worker.GroupID)
		ctx.Export("workerSubnets", worker.SubnetIDs())
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, token := range []string{"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"} {
		for _, r := range recorded.ByType(token) {
			fmt.Println(r.Name, "-", r.Value("description"))
		}
	}
	// Unordered output:
	// jobs-worker-to-jobs-db-postgresql - The jobs read and write the data
	// jobs-worker-to-jobs-endpoint-sqs-https - The queue of the jobs
	// jobs-db-from-jobs-worker-postgresql - The jobs read and write the data
	// jobs-endpoint-sqs-from-jobs-worker-https - The queue of the jobs
}
