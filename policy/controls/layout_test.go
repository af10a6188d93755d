// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

const policies = "github.com/bulkhead-iac/bulkhead/policy/"

// TestServicesStandApart holds the folder to its floors: types of resources at the bottom, then the shelves, then a package for each
// service, which imports no other, and on top the registry.
func TestServicesStandApart(t *testing.T) {
	t.Parallel()
	below := map[string]int{"aws": 0, "standard": 1, "want": 2, "facts": 3, "controls": 4}
	files, services := 0, map[string]bool{}
	for floor, height := range below {
		err := filepath.WalkDir(filepath.Join("..", floor), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || filepath.Dir(path) == filepath.Join("..", "controls") {
				return err
			}
			files++
			if floor == "controls" {
				services[filepath.Base(filepath.Dir(path))] = true
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, i := range parsed.Imports {
				imported, err := strconv.Unquote(i.Path.Value)
				require.NoError(t, err)
				require.NotEqual(t, "github.com/bulkhead-iac/bulkhead/form", imported, "%s: its patterns take longer than a pack may take to start", path)
				rest, ours := strings.CutPrefix(imported, policies)
				if !ours {
					continue
				}
				to, _, _ := strings.Cut(rest, "/")
				if above, known := below[to]; known {
					require.True(t, above < height || above == height && floor == "facts", "%s imports %s", path, imported)
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.Greater(t, files, 80)
	require.Greater(t, len(services), 30)
}

// TestScenesStandBesideTheirControl wants the scenes of a control in the folder of the package that holds it.
func TestScenesStandBesideTheirControl(t *testing.T) {
	t.Parallel()
	fixtures, err := packtest.LoadFixtures("*/testdata")
	require.NoError(t, err)
	require.NotEmpty(t, fixtures)
	held := map[string]string{}
	for name, list := range controls.Packages() {
		for _, c := range list() {
			held[c.ID] = name
		}
	}
	for id, f := range fixtures {
		require.Equal(t, held[id], strings.Split(filepath.ToSlash(f.File), "/")[0], id)
	}
}
