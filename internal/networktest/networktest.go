// SPDX-License-Identifier: Apache-2.0

// Package networktest makes the network that a component under test stands in. It is apart from package pulumitest, which
// the tests of the network itself use.
package networktest

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

// New makes a closed network of two zones called "network", in which nothing but the flows passes.
func New(ctx *pulumi.Context, flows ...network.Flow) (*network.Network, error) {
	return network.New(ctx, "network", &network.Args{
		AccountID: pulumitest.AccountID,
		Region:    pulumitest.Region,
		CIDR:      "10.20.0.0/16",
		Zones:     []string{pulumitest.Region + "a", pulumitest.Region + "b"},
		NAT:       network.NATNone,
		Flows:     flows,
		LogKeyARN: pulumi.String(pulumitest.LogKeyARN),
		Boundary:  pulumi.String(pulumitest.BoundaryARN),
	})
}
