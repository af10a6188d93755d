// SPDX-License-Identifier: Apache-2.0

// Command infra is the Pulumi program: one segmented environment per stack, configured by Pulumi.<stack>.yaml. What may talk
// to whom is in table.go; what the environment is made of, in deploy.go.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

func main() {
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	settings, err := stacks.Load(ctx)
	if err != nil {
		return err
	}
	return deploy(ctx, settings)
}
