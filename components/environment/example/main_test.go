// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// The recording monitor runs the program without an engine; test/rehearsal deploys it with one.
func Example() {
	recorded, err := pulumitest.Record(deploy)
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
