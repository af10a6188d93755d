// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/iam/actions"
)

// TestNamedActionsExist compares the actions that controls name with AWS's own list: a misspelt one would never be found.
func TestNamedActionsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for a := range actions.All() {
		known[a.String()] = true
	}
	require.Greater(t, len(known), 20000)
	for _, k := range kinds {
		for _, name := range k.named {
			require.True(t, known[name], name)
		}
	}
	for _, name := range writes {
		require.True(t, known[name], name)
	}
}

// TestNewActionsOfAKindAreOfIt has actions of young services that nobody has written down here.
func TestNewActionsOfAKindAreOfIt(t *testing.T) {
	t.Parallel()
	for action, k := range map[string]*kind{
		"dsql:DeleteCluster": &dataDestroyed, "s3tables:DeleteTableBucket": &dataDestroyed, "neptune-graph:DeleteGraph": &dataDestroyed,
		"s3vectors:PutVectorBucketPolicy": &rightsManaged, "vpc-lattice:PutAuthPolicy": &rightsManaged, "lakeformation:GrantPermissions": nil,
		"securityhub:DisableSecurityHubV2": &watchersStopped, "s3tables:GetTableData": &dataReads,
		"lakeformation:GetTemporaryGlueTableCredentials": nil, "iam:PutRolePolicy": nil, "logs:GetQueryResults": nil,
	} {
		for _, one := range kinds {
			if one == k {
				require.Contains(t, one.list(), action)
				require.NotContains(t, one.named, action, "the test has to be of one that is not named")
			} else {
				require.NotContains(t, one.list(), action)
			}
		}
	}
}
