// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/app"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A service without a load balancer, such as a worker.
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
				},
				Connections: []segment.Connection{
					{From: "worker", To: segment.AWS("ssm", "logs"), Ports: segment.HTTPS, Why: "Systems Manager, and the logs"},
					{From: "worker", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Packages of Amazon Linux"},
				},
			},
		})
		if err != nil {
			return err
		}
		in, err := net.Segment("worker")
		if err != nil {
			return err
		}
		worker, err := app.New(ctx, "shop-worker", &app.Args{Segment: in, Port: 8443})
		if err == nil {
			ctx.Export("role", worker.RoleName)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:autoscaling/group:Group") {
		fmt.Println(r.Value("minSize"), "to", r.Value("maxSize"), "instances")
	}
	// Output: 2 to 4 instances
}
