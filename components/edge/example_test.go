// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/edge"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A load balancer that answers 404 until a service stands behind it.
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
					{Name: "edge", Tier: segment.Public, Holds: "Load balancer"},
				},
				Connections: []segment.Connection{
					{From: segment.Internet, To: "edge", Ports: segment.HTTPS, Why: "HTTPS from the internet"},
					{From: segment.Internet, To: "edge", Ports: segment.HTTP, Why: "Redirected to HTTPS"},
				},
			},
		})
		if err != nil {
			return err
		}
		in, err := net.Segment("edge")
		if err != nil {
			return err
		}
		door, err := edge.New(ctx, "shop-edge", &edge.Args{Segment: in, Zone: "shop.example"})
		if err == nil {
			ctx.Export("dnsName", door.DNSName)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:lb/listener:Listener") {
		fmt.Println(r.Value("port"), r.Value("protocol"), r.Value("defaultActions.0.type"))
	}
	// Unordered output:
	// 80 HTTP redirect
	// 443 HTTPS fixed-response
}
