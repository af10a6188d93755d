// SPDX-License-Identifier: Apache-2.0

package component_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// queue is a component of one's own.
type queue struct {
	pulumi.ResourceState
}

// queueArgs are seen in previews and in the state, where they carry a pulumi tag.
type queueArgs struct {
	KeepDays int `pulumi:"keepDays"`
}

// Register makes a component of a program look like those of Bulkhead: its arguments are recorded as they were given.
func Example() {
	recorded, err := pulumitest.Record(func(ctx *pulumi.Context) error {
		return component.Register(ctx, "shop:jobs:Queue", "orders", &queueArgs{KeepDays: component.Or(0, 14)}, &queue{})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range recorded.Registrations() {
		fmt.Println(r.Type, r.Name, r.Values())
	}
	// Output: shop:jobs:Queue orders map[keepDays:14]
}
