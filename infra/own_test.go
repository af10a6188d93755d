// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// The program deploys every environment that the repository has a stack file for, whatever it is called and says.
func TestOwnEnvironments(t *testing.T) {
	known, err := stacks.Environments("..")
	require.NoError(t, err)
	require.NotEmpty(t, known)
	for _, environment := range known {
		t.Run(environment, func(t *testing.T) {
			settings, err := stacks.CheckFiles("..", environment)
			require.NoError(t, err)
			rec := deployed(t, settings, pulumitest.Preview())
			require.Equal(t, settings.Region, rec.Only(t, "pulumi:providers:aws").Value("region"))
			zones := map[string]bool{}
			for _, subnet := range rec.ByType("aws:ec2/subnet:Subnet") {
				zones[subnet.String("availabilityZone")] = true
			}
			require.Len(t, zones, len(settings.Network.Zones), "subnets in every zone")
		})
	}
}
