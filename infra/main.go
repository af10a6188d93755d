// SPDX-License-Identifier: Apache-2.0

// Command infra is the Pulumi program: one segmented environment per stack, configured by Pulumi.<stack>.yaml. What may talk
// to whom is in table.go.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/environment"
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
	return deploy(ctx, settings, agent)
}

// agent is the archive of the database agent, which `make dbagent` writes, seen from this folder.
const agent = "../build/dbagent.zip"

// deploy builds the environment that the settings describe. What the settings do not know, such as a second service or another user
// of the database, joins the arguments here.
func deploy(ctx *pulumi.Context, s *stacks.Settings, agent string) error {
	args := configured.Environment(s, table(s), agent)
	env, err := environment.New(ctx, s.Environment, args)
	if err != nil {
		return err
	}
	env.Export(ctx)
	ctx.Export("url", pulumi.String("https://"+s.Edge.Domain))
	return nil
}
