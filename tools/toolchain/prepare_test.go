// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheProviderIsBuiltWithWhatTheRegisterNames(t *testing.T) {
	types, dataSources, table := offered()
	require.Contains(t, types, "aws_vpc")
	require.Contains(t, dataSources, "aws_route53_zone")
	formatted, err := format.Source([]byte(table))
	require.NoError(t, err)
	require.Contains(t, string(formatted), `"aws:ec2/vpc:Vpc":`)
	require.Equal(t, len(types)+len(dataSources), strings.Count(table, `": "aws_`))
	require.NotContains(t, table, "Lambda", "a type that only policies speak of")
}

// An upstream module without service packages must not replace the tree of the last build.
func TestFailedPreparationKeepsTheOldTree(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, os.MkdirAll(filepath.Join(w.root, "tools/awsprovider/upstream"), 0o750))
	kept := filepath.Join(w.dir, "src", "terraform-provider-aws", "kept")
	require.NoError(t, os.MkdirAll(kept, 0o750))
	empty := t.TempDir()
	script(t, filepath.Join(w.root, "path", "go"), `[ "$3" != -json ] || echo '{"Dir": "`+empty+`"}'`)
	require.ErrorContains(t, prepareProvider(t.Context(), w.builder), empty+" holds no service packages")
	require.DirExists(t, kept)

	script(t, filepath.Join(w.root, "path", "go"), `echo 'dial tcp: no such host' >&2; exit 1`)
	require.ErrorContains(t, prepareProvider(t.Context(), w.builder), "the module proxy cannot be reached")

	script(t, filepath.Join(w.root, "path", "go"), `[ "$3" != -json ] || echo nonsense`)
	require.Error(t, prepareProvider(t.Context(), w.builder))
	require.DirExists(t, kept)
}
