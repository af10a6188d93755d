// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// TestTheBaselineComesBeforeTheEnvironment takes an account with a baseline, in which an environment of a network is deployed, through
// its whole life: interrupted in the baseline, up, a second run, down to an account that keeps its settings and records.
func TestTheBaselineComesBeforeTheEnvironment(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	box.Own(t, "infra")
	require.NoError(t, os.WriteFile(box.Path("infra", "main.go"), []byte(networkProgram), 0o600))
	box.Baseline(t)
	e := box.Environment("staging")

	run := box.Start(t, "up", "staging")
	run.Await(t, "the baseline is being made", func() bool { return e.Called("CreateDetector") })
	run.Interrupt(t)
	require.Equal(t, 130, run.Wait(t).Code)
	require.False(t, e.Called("CreateVpc"), "the environment comes after the baseline")

	box.Rehearse(t, "up", "staging").Succeed(t)
	account, parts := visit(t, e), e.Baseline(t)
	requireWhole(t, parts)
	requireBefore(t, e.Calls(t), "EnableSecurityHub", "CreateVpc")
	defaults, err := account.ec2.GetInstanceMetadataDefaults(t.Context(), &ec2.GetInstanceMetadataDefaultsInput{})
	require.NoError(t, err)
	require.Equal(t, "required", string(defaults.AccountLevel.HttpTokens))

	requireSecondUpChangesNothing(t, box, e)
	require.Equal(t, byURN(t, parts), byURN(t, e.Baseline(t)))

	client := useEmulator(t, box)
	status, seen := e.Status(t), len(e.Calls(t))
	box.Rehearse(t, "down", "staging").Succeed(t)
	require.NoError(t, client.Register(t.Context(), emulator.Account{Env: "afterwards", AccountID: status.AccountID, AccessKey: status.AccessKey}))
	requireBefore(t, e.Calls(t)[seen:], "DeleteVpc", "DeleteDetector")
	kept := inventory(t, account)
	require.Len(t, kept["key"], 2, "the keys of both stacks' logs")
	require.Len(t, slices.DeleteFunc(kept["bucket"], func(name string) bool { return !strings.HasPrefix(name, "account-config-") }), 1)
	require.Contains(t, kept, "account public access block")
	require.Contains(t, kept, "password policy")
	require.NotContains(t, kept, "role")
	require.NoError(t, client.Unregister(t.Context(), "afterwards"))
	require.NoError(t, client.Unregister(t.Context(), witness.Env))
}

// requireWhole finds everything of which the register says that an account has it once.
func requireWhole(t *testing.T, state apitype.DeploymentV3) {
	t.Helper()
	require.Empty(t, state.PendingOperations)
	made := map[string]bool{}
	for _, r := range state.Resources {
		require.Empty(t, r.InitErrors, r.URN)
		made[string(r.Type)] = true
	}
	for _, kind := range awstypes.All() {
		if kind.Of == awstypes.Account {
			require.True(t, made[kind.Token], kind.Token)
		}
	}
	for _, token := range []string{
		"aws:guardduty/detector:Detector", "aws:securityhub/account:Account", "aws:cfg/recorder:Recorder", "aws:accessanalyzer/analyzer:Analyzer",
		"aws:budgets/budget:Budget", "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
	} {
		require.True(t, made[token], token)
	}
}

// requireBefore finds the first call of one action before the first of another.
func requireBefore(t *testing.T, calls []emulator.Record, first, then string) {
	t.Helper()
	at := func(action string) int {
		return slices.IndexFunc(calls, func(r emulator.Record) bool { return r.Action == action })
	}
	require.NotEqual(t, -1, at(first), first)
	require.Less(t, at(first), at(then), "%s before %s", first, then)
}

const networkProgram = `// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		env, err := environment.New(ctx, "staging", &environment.Args{
			AccountID:   "210987654321",
			Region:      "eu-central-1",
			Zones:       []string{"eu-central-1a", "eu-central-1b"},
			VPCCIDR:     "10.20.0.0/16",
			AlarmEmails: []string{"ops@example.com"},
			Table: &segment.Table{
				Segments: []segment.Segment{
					{Name: "worker", Tier: segment.App, Holds: "Clients of the cache"},
					{Name: "cache", Tier: segment.Data, Holds: "Cache"},
				},
				Connections: []segment.Connection{{From: "worker", To: "cache", Ports: segment.TCP(6379), Why: "What was computed is kept here"}},
			},
			OwnSegments: []string{"worker", "cache"},
		})
		if err == nil {
			env.Export(ctx)
		}
		return err
	})
}
`
