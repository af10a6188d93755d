// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWaiversOfARepository previews a program that lies in a folder of its repository, as ours does, with the
// file of waivers beside it. A waiver lets its finding through; one that is expired, invalid or forgotten is a
// finding itself.
func TestWaiversOfARepository(t *testing.T) {
	e := newEngine(t)
	require.NoError(t, os.MkdirAll(filepath.Join(e.Dir, "infra"), 0o750))
	e.stack(t, read(t, "../examples/publicbucket/Pulumi.yaml")+"main: infra\n", program(t, "publicbucket", "./policy/examples/publicbucket"),
		map[string]string{"way": "missing"})
	config := e.write(t, "policy/production.json", `{"pack-governance":{"profile":"production","waiversFile":"policy/waivers.yaml"}}`)
	const waiver = "  - {control: s3-public-access-block, name: missing, reason: made private by hand until the move, owner: web team, expires: 2999-12-31}\n"
	for _, c := range []struct {
		name, waivers string
		refused       bool
		want          []string
	}{
		{"valid", waiver, false, []string{"waived until 2999-12-31 by web team: s3-public-access-block on missing (made private by hand until the move)"}},
		{"expired", strings.Replace(waiver, "2999", "2020", 1), true, []string{
			"s3-public-access-block  (aws:s3:BucketV2: missing)", "waiver s3-public-access-block for name missing expired on 2020-12-31; owner web team: mend the finding or renew the waiver",
		}},
		{"invalid", strings.Replace(waiver, "owner: web team, ", "", 1), true, []string{
			"s3-public-access-block  (aws:s3:BucketV2: missing)", "is invalid and waives nothing: owner is missing",
		}},
		{"unused", waiver + strings.Replace(waiver, "name: missing", "name: gone", 1), false, []string{
			"waiver s3-public-access-block for name gone is not used by any finding; remove it",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.write(t, "policy/waivers.yaml", "waivers:\n"+c.waivers)
			r := e.run(t, previewArgs(packProgram(t), config)...)
			require.Equal(t, c.refused, r.code != 0, "%s\n%s", r.out, r.err)
			for _, want := range c.want {
				require.Contains(t, r.out, want)
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(e.Dir, "policy/waivers.yaml")))
		r := e.run(t, previewArgs(packProgram(t), config)...)
		require.NotZero(t, r.code)
		require.Contains(t, r.out+r.err, "there is no policy/waivers.yaml in "+filepath.Join(e.Dir, "infra")+", nor above it up to the root of the repository")
	})
}
