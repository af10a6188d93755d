// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/testproject"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// environments are those of the project of the tests.
var environments = []string{"staging", "production"}

// settingsOf reads the settings of one of environments.
func settingsOf(tb testing.TB, environment string) *stacks.Settings {
	tb.Helper()
	dir := tb.TempDir()
	require.NoError(tb, testproject.Write(dir))
	settings, err := stacks.CheckFiles(dir, environment)
	require.NoError(tb, err)
	return settings
}

// deployed runs the whole program for these settings and returns what it asked of the engine.
func deployed(tb testing.TB, settings *stacks.Settings, options ...pulumitest.Option) *pulumitest.Recording {
	tb.Helper()
	return pulumitest.Run(tb, deploying(settings), append(account(settings), options...)...)
}

func deploying(settings *stacks.Settings) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error { return deploy(ctx, settings, archive) }
}

// archive is one of the database agent, as far as a preview looks into it.
var archive string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "bulkhead-infra-")
	if err == nil {
		archive, err = testproject.WriteAgent(folder)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// account is the AWS account in which the program runs, with the answers that the mocks cannot know.
func account(settings *stacks.Settings) []pulumitest.Option {
	return []pulumitest.Option{
		pulumitest.InStack(settings.Project, settings.Environment),
		pulumitest.InAccount(settings.AccountID, settings.Region),
	}
}
