// SPDX-License-Identifier: Apache-2.0

package bastion_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/bastion"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

// A bastion without a public address, which Session Manager alone leads to.
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
					{Name: "bastion", Tier: segment.App, Holds: "Bastion of the operators"},
				},
				Connections: []segment.Connection{
					{From: "bastion", To: segment.AWS(segment.SessionServices()...), Ports: segment.HTTPS, Why: "Session Manager, and the log of its sessions"},
					{From: "bastion", To: segment.AWS("s3"), Ports: segment.HTTPS, Why: "Packages of Amazon Linux"},
				},
			},
		})
		if err != nil {
			return err
		}
		in, err := net.Segment("bastion")
		if err != nil {
			return err
		}
		door, err := bastion.New(ctx, "shop-bastion", &bastion.Args{Segment: in})
		if err == nil {
			ctx.Export("sessionCommand", door.SessionCommand)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.ByType("aws:ec2/launchTemplate:LaunchTemplate") {
		fmt.Println("public address:", r.Value("networkInterfaces.0.associatePublicIpAddress"), "tokens:", r.Value("metadataOptions.httpTokens"))
	}
	// Output: public address: false tokens: required
}
