// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/authority"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

// The settings put a database of somebody else's into the place of the environment's own, and the proof holds: one row more leads out, to its
// addresses and port alone.
func TestAnExternalDatabaseReachesTheProgram(t *testing.T) {
	ca, err := authority.New("theirs")
	require.NoError(t, err)
	settings := settingsOf(t, "production")
	settings.Database.External = stacks.ExternalDatabase{
		URL: "postgresql://db.example.com:6432/shop", CIDRs: []string{"203.0.113.16/28"}, CA: string(ca.PEM),
		SecretARN: "arn:aws:secretsmanager:" + settings.Region + ":" + settings.AccountID + ":secret:shop-0a1b2c",
	}
	settings.Network.NATStrategy = stacks.NATOnePerZone
	recording := deployed(t, settings)
	for _, none := range []string{"aws:rds/instance:Instance", "aws:lambda/function:Function"} {
		require.Empty(t, recording.ByType(none))
	}
	require.Equal(t, settings.Database.External.SecretARN, recording.Only(t, "bulkhead:database:External").String("secretArn"))
	proved(t, recording)
}
