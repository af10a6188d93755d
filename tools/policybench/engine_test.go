// SPDX-License-Identifier: Apache-2.0

//go:build engine && linux

package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPacksAgree runs the engine with every pack that has the ten rules on a program with faults. A measurement
// of packs that do different work would say nothing.
func TestPacksAgree(t *testing.T) {
	require.NoError(t, adoptOrphans())
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	b, unlock, err := prepare(t.Context(), root, t.Output())
	require.NoError(t, err)
	defer unlock()
	n, err := b.agree(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, len(ten))
}
