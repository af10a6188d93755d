// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// A preview that did not know of a resource would approve what nobody has seen.
func TestPreviewRegistersWhatTheDeploymentRegisters(t *testing.T) {
	preview, deployment := deployed(t, reference(), pulumitest.Preview()), deployed(t, reference())
	require.Equal(t, slices.Sorted(maps.Keys(identities(deployment))), slices.Sorted(maps.Keys(identities(preview))))
	require.Equal(t, len(deployment.Invocations()), len(preview.Invocations()))
}

func TestPreviewKnowsNoPhysicalIDs(t *testing.T) {
	rec := deployed(t, reference(), pulumitest.Preview())
	require.Empty(t, rec.WithoutProvider())
	require.Equal(t, pulumitest.Unknown, rec.Get(t, "aws:ec2/subnet:Subnet", "shop-data-eu-central-1a").Value("vpcId"))
	require.Equal(t, pulumitest.Unknown, rec.Only(t, "aws:rds/instance:Instance").Value("kmsKeyId"))
}
