// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPrefixListsCountBeforeTheyExist previews rules whose prefix lists have no id yet. The engine says which
// property depends on which list; the rules that name the wide list are refused, and no others.
func TestPrefixListsCountBeforeTheyExist(t *testing.T) {
	e := newEngine(t)
	project := strings.Replace(read(t, "../examples/publicbucket/Pulumi.yaml"), "name: publicbucket", "name: prefixlist", 1)
	e.stack(t, project, program(t, "prefixlist", "./policy/enginetest/testdata/prefixlist"), nil)
	r := e.run(t, previewArgs(packProgram(t), plain(t))...)
	require.NotZero(t, r.code, "%s\n%s", r.out, r.err)
	found := mandatory(r.out)
	require.Len(t, found, 2, r.out)
	all := strings.Join(found, "")
	require.Contains(t, all, "sg-prefix-list-world  (aws:vpc:SecurityGroupIngressRule: internet)")
	require.Contains(t, all, "the rule lets the internet (prefix list internet: 0.0.0.0/1, 128.0.0.0/1) reach tcp port 22.")
	require.Contains(t, all, "sg-prefix-list-world  (aws:ec2:SecurityGroup: inline)")
	require.Contains(t, all, "ingress[0] lets the internet (prefix list internet: 0.0.0.0/1, 128.0.0.0/1) reach tcp port 3389.")
	require.NotContains(t, r.out, "sg-prefix-list-world on", "nothing is left undecided")
}
