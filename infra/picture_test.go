// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
	"github.com/bulkhead-iac/bulkhead/stacks"
)

var update = flag.Bool("update", false, "draw docs/segments.svg anew")

// The picture in the documentation is the proof of the whole program, with everything that the settings of the tests can open.
func TestThePictureShowsWhatIsProved(t *testing.T) {
	settings := settingsOf(t, "production")
	settings.Bastion.Access, settings.Bastion.AllowedCIDRs = stacks.BastionKnownAddresses, []string{"203.0.113.0/28"}
	settings.Bastion.ReachesDatabase = true
	settings.App.EgressCIDRs = []string{"198.51.100.64/28"}
	p := proved(t, deployed(t, settings))
	var got bytes.Buffer
	require.NoError(t, page.SVG(&got, p))
	path := filepath.Join("..", "docs", "segments.svg")
	if *update {
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "what the program opens has changed; run `go generate ./infra` and look at docs/segments.svg")
}

// proved is the proof of a deployment, which holds.
func proved(t *testing.T, recording *pulumitest.Recording) *segmentation.Proof {
	t.Helper()
	state, err := recording.Export()
	require.NoError(t, err)
	d, err := export.Read(bytes.NewReader(state))
	require.NoError(t, err)
	rows, err := stack.Table(d.Inputs)
	require.NoError(t, err)
	p, err := segmentation.Prove(stack.Of(d, nil), rows)
	require.NoError(t, err)
	require.True(t, p.Holds())
	return p
}
