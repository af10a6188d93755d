// SPDX-License-Identifier: Apache-2.0

// Command baseline is the Pulumi program of what an account has once: one stack for each account, configured by
// Pulumi.<stack>.yaml beside it, and deployed before the environment in the account.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/baseline"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/stacks/configured"
)

func main() {
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	settings, err := stacks.Load(ctx)
	if err != nil {
		return err
	}
	b, err := baseline.New(ctx, "account", configured.Baseline(settings))
	if err != nil {
		return err
	}
	b.Export(ctx)
	return nil
}
