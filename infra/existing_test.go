// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

// By the settings alone the program looks at somebody else's VPC, which here does not exist, and makes nothing before it fits.
func TestTheSettingsOfAnExistingVPCReachTheNetwork(t *testing.T) {
	s := settingsOf(t, "staging")
	s.Network.VPCCIDR, s.Network.NATStrategy, s.Network.ExistingVPCID = "", "None", "vpc-0123456789abcdef0"
	s.Network.ExistingSubnetIDs = []string{
		"public subnet-00000000", "public subnet-00000001", "app subnet-00000002", "app subnet-00000003", "data subnet-00000004", "data subnet-00000005",
	}
	err := pulumitest.RunError(t, deploying(s), account(s)...)
	require.ErrorContains(t, err, `network "staging": Existing: vpc-0123456789abcdef0: cannot be read`)
	require.ErrorContains(t, err, "Existing: subnet-00000005: cannot be read")
}
