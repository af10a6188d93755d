// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
)

var update = flag.Bool("update", false, "write the exports of the policies' tests anew")

// The policies are tried on what the component makes today, deployed and in the preview before that.
func TestHardenedBaselineIsTodaysComponent(t *testing.T) {
	for name, how := range map[string][]pulumitest.Option{"baseline": nil, "baseline-preview": {pulumitest.Preview()}} {
		now, err := pulumitest.Run(t, program(args()), append(how, pulumitest.InStack(pulumitest.Project, "baseline"))...).Export()
		require.NoError(t, err)
		file := filepath.Join("../../policy/hardening/testdata", name+".json")
		if *update {
			require.NoError(t, os.WriteFile(file, now, 0o600))
		}
		before, err := os.ReadFile(filepath.Clean(file))
		require.NoError(t, err)
		require.True(t, string(before) == string(now), "%s is not what the component makes today; run: go test ./components/baseline -run Hardened -update && go test ./policy/hardening", file)
	}
}
