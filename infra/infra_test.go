// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// environments are those of the repository's own stack files.
var environments = []string{"staging", "production"}

// settingsOf reads the real stack file of an environment.
func settingsOf(tb testing.TB, environment string) *stacks.Settings {
	tb.Helper()
	settings, err := stacks.CheckFiles("..", environment)
	require.NoError(tb, err)
	return settings
}

// deployed runs the whole program for these settings and returns what it asked of the engine.
func deployed(tb testing.TB, settings *stacks.Settings, options ...pulumitest.Option) *pulumitest.Recording {
	tb.Helper()
	return pulumitest.Run(tb, deploying(settings), append(account(settings), options...)...)
}

func deploying(settings *stacks.Settings) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error { return deploy(ctx, settings) }
}

// account is the AWS account in which the program runs, with the answers that the mocks cannot know.
func account(settings *stacks.Settings) []pulumitest.Option {
	return []pulumitest.Option{
		pulumitest.InStack(stacks.Namespace, settings.Environment),
		pulumitest.InAccount(settings.AccountID, settings.Region),
	}
}
