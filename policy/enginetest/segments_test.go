// SPDX-License-Identifier: Apache-2.0

//go:build engine

package enginetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestARuleOpenedByHandIsRefusedWithItsWitness previews a network whose table lets nothing pass between two segments: as the
// component makes it, and with one rule more, when nothing exists and no id is known.
func TestARuleOpenedByHandIsRefusedWithItsWitness(t *testing.T) {
	const control = "segmentation-proved"
	e := newEngine(t)
	project := "name: segments\nruntime: go\nconfig:\n  aws:region: { value: eu-central-1 }\n" +
		"  aws:skipCredentialsValidation: { value: true }\n  aws:skipRequestingAccountId: { value: true }\n  aws:skipMetadataApiCheck: { value: true }\n"
	e.stack(t, project, program(t, "segments", "./policy/enginetest/testdata/segments"), nil)

	r := e.run(t, previewArgs(packProgram(t), plain(t))...)
	require.Contains(t, r.out, "aws:autoscaling:Group", "%s\n%s", r.out, r.err)
	require.NotContains(t, strings.Join(mandatory(r.out), ""), control, "the component's network is as its table says")

	e.must(t, "config", "set", "--stack", "dev", "--non-interactive", "open", "true")
	r = e.run(t, previewArgs(packProgram(t), plain(t))...)
	require.NotZero(t, r.code, "%s\n%s", r.out, r.err)
	var found []string
	for _, f := range mandatory(r.out) {
		if strings.Contains(f, control) {
			found = append(found, f)
		}
	}
	require.Len(t, found, 1, r.out)
	for _, part := range []string{
		"crawler -> desk: tcp 443 may pass and is not in the table", // what
		"packet", "by-hand", `"Only for a moment"`, // a packet, the rule that lets it pass, and its description
		"Take away the rule, route or address that the packet passes by", // the cure
	} {
		require.Contains(t, found[0], part)
	}
}
