// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

func awsSDK(t *testing.T) *packtest.SDK {
	t.Helper()
	sdk, err := packtest.OpenSDK("github.com/pulumi/pulumi-aws/sdk/v6")
	require.NoError(t, err)
	return sdk
}

// TestNamesAreTheSDKs compares every type token and every input that controls and fixtures name with the AWS
// SDK for Pulumi: a control for a property that does not exist would never fail.
func TestNamesAreTheSDKs(t *testing.T) {
	sdk := awsSDK(t)
	missing := 0
	for _, c := range controls.All() {
		for _, token := range slices.Concat(c.Types, c.Joins) {
			if strings.HasPrefix(token, "aws:") && sdk.Inputs(token) == nil {
				missing++
				twin, _ := aws.Twin(token) // a name of a later version of the provider
				require.NotNil(t, sdk.Inputs(twin), "%s: the SDK has no type %s", c.ID, token)
			}
		}
	}
	p := load(t)
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	seen := 0
	for id, f := range fixtures {
		good, bad, neither, err := f.Scenes(p)
		require.NoError(t, err, id)
		for _, scenes := range [][]packtest.Scene{good, bad, neither} {
			for _, scene := range scenes {
				for i, spec := range scene {
					props, _, err := scene.Inputs(i, packtest.State)
					require.NoError(t, err, id)
					seen += len(props.GetFields())
					if sdk.Inputs(spec.Type) != nil {
						require.Empty(t, sdk.Unknown(spec.Type, props), "%s: %s has no such inputs", id, spec.Type)
					}
				}
			}
		}
	}
	t.Logf("%d inputs of fixtures compared, %d tokens of later provider versions", seen, missing)
}
