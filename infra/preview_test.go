// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/pulumitest"
)

// A preview that did not know of a resource would approve what nobody has seen.
func TestPreviewRegistersWhatTheDeploymentRegisters(t *testing.T) {
	for _, environment := range environments {
		t.Run(environment, func(t *testing.T) {
			settings := settingsOf(t, environment)
			preview, deployment := deployed(t, settings, pulumitest.Preview()), deployed(t, settings)
			require.Equal(t, slices.Sorted(maps.Keys(identities(deployment))), slices.Sorted(maps.Keys(identities(preview))))
			require.Equal(t, len(deployment.Invocations()), len(preview.Invocations()))
		})
	}
}

func TestPreviewKnowsNoPhysicalIDs(t *testing.T) {
	rec := deployed(t, settingsOf(t, "production"), pulumitest.Preview())
	require.Empty(t, rec.WithoutProvider())
	require.Equal(t, pulumitest.Unknown, rec.Get(t, "aws:ec2/subnet:Subnet", "production-data-eu-central-1a").Value("vpcId"))
	require.Equal(t, pulumitest.Unknown, rec.Only(t, "aws:rds/instance:Instance").Value("kmsKeyId"))
}

// BenchmarkPreviewProduction is the program alone in a preview of the production stack: no engine, no provider.
func BenchmarkPreviewProduction(b *testing.B) {
	settings := settingsOf(b, "production")
	b.ReportAllocs()
	registrations := 0
	for b.Loop() {
		registrations = len(deployed(b, settings, pulumitest.Preview()).Registrations())
	}
	b.ReportMetric(float64(registrations), "registrations/op")
}
