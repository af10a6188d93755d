// SPDX-License-Identifier: Apache-2.0

package database

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAClassHasItsMemory(t *testing.T) {
	for class, want := range map[string]float64{
		"db.t4g.micro": 1, "db.t4g.small": 2, "db.t3.medium": 4, "db.t3.large": 8, "db.t3.2xlarge": 32, "db.m6g.large": 8, "db.m7i.xlarge": 16, "db.m6gd.12xlarge": 192,
		"db.r6g.large": 16, "db.r6idn.2xlarge": 64, "db.x2g.large": 32, "db.c6gd.large": 4, "db.new1.large": 1, "": 1,
	} {
		require.InDelta(t, want*gib, Memory(class), 0, class)
	}
	require.InDelta(t, 225, MaxConnections("db.t4g.small"), 0)
	require.InDelta(t, 5000, MaxConnections("db.r6g.4xlarge"), 0)
}
