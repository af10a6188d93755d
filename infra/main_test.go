// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/testproject"
)

func TestProgramWithoutConfigurationListsWhatIsMissing(t *testing.T) {
	err := pulumitest.RunError(t, program, pulumitest.InStack(testproject.Name, "staging"))
	for _, key := range []string{"accountId", "region", "zones", "vpcCidr", "alarmEmails"} {
		require.ErrorContains(t, err, "Pulumi.staging.yaml: bulkhead:"+key)
	}
}
