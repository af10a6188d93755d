// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMappedTypes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mapping.txt")
	require.NoError(t, os.WriteFile(file, []byte(`# Terraform type  Pulumi token

# Network
aws_vpc      ec2/vpc:Vpc
	aws_subnet ec2/subnet:Subnet
data aws_route53_zone  route53/getZone:getZone
aws_eip ec2/eip:Eip`), 0o600))
	types, dataSources, err := mappedTypes(file)
	require.NoError(t, err)
	require.Equal(t, []string{"aws_vpc", "aws_subnet", "aws_eip"}, types)
	require.Equal(t, []string{"aws_route53_zone"}, dataSources)

	_, _, err = mappedTypes(file + ".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// The provider's own mapping is well formed, and no type is in it twice.
func TestMappedTypesOfTheProvider(t *testing.T) {
	types, dataSources, err := mappedTypes(filepath.Join("..", "awsprovider", "mapping.txt"))
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, name := range append(types, dataSources...) {
		require.Regexp(t, `^aws_[a-z0-9_]+$`, name)
		require.False(t, seen[name] && name != "aws_route53_zone", "%s is mapped twice", name)
		seen[name] = true
	}
}

// An upstream module without service packages must not replace the tree of the last build.
func TestFailedPreparationKeepsTheOldTree(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, os.MkdirAll(filepath.Join(w.root, "tools/awsprovider/upstream"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(w.root, "tools/awsprovider/mapping.txt"), []byte("aws_vpc ec2/vpc:Vpc\n"), 0o600))
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
