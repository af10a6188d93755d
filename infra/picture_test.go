// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/segment/picture"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

var update = flag.Bool("update", false, "draw docs/segments.svg anew")

// The picture in the documentation is drawn from the table, with everything that the settings of the tests can open.
func TestThePictureShowsTheTable(t *testing.T) {
	settings := settingsOf(t, "production")
	settings.Bastion.Access, settings.Bastion.AllowedCIDRs = stacks.BastionKnownAddresses, []string{"203.0.113.0/28"}
	settings.Bastion.ReachesDatabase = true
	settings.App.EgressCIDRs = []string{"198.51.100.64/28"}
	got, err := picture.SVG(table(settings))
	require.NoError(t, err)
	path := filepath.Join("..", "docs", "segments.svg")
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "the table has changed; run `go generate ./infra` and look at docs/segments.svg")
}
