// SPDX-License-Identifier: Apache-2.0

package standard_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

var (
	cited  = regexp.MustCompile(`FSBP[\s/]+((?:[A-Z][A-Za-z0-9]*)?\.\d+(?:(?:, and |, | and | to )(?:[A-Z][A-Za-z0-9]*)?\.\d+)*)`)
	number = regexp.MustCompile(`([A-Z][A-Za-z0-9]*)?\.(\d+)`)
	cis    = regexp.MustCompile(`CIS AWS Foundations (\d+\.\d+)`)
)

// TestCitationsAgree holds what components, settings and documents say of the standards to the one list of them: a number that is
// called one of FSBP is one, and every number of CIS is of one version.
func TestCitationsAgree(t *testing.T) {
	t.Parallel()
	found := 0
	for _, folder := range []string{"components", "dbagent", "form", "infra", "stacks", "tools", "docs"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".md") {
				return err
			}
			text, err := os.ReadFile(filepath.Clean(path))
			require.NoError(t, err)
			for _, m := range cited.FindAllStringSubmatch(string(text), -1) {
				service := ""
				for _, n := range number.FindAllStringSubmatch(m[1], -1) {
					if n[1] != "" {
						service = n[1]
					}
					found++
					id := service + "." + n[2]
					require.True(t, standard.IsFoundational(id), "%s: %s is no control of FSBP; write Security Hub %s", path, id, id)
				}
			}
			for _, m := range cis.FindAllStringSubmatch(string(text), -1) {
				found++
				require.Equal(t, standard.CIS, m[1], "%s: %s", path, m[0])
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.Greater(t, found, 80)
}
