// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// terminal starts a command on a terminal of its own, which prints what it gets and answers nothing.
const terminal = `import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))`

// question matches what asks a terminal something: for its colours, the place of its cursor, or what it is (ECMA-48, xterm's
// "Operating System Commands"). Who asks waits for the answer, five seconds and more.
var question = regexp.MustCompile(`\x1b\][0-9]+;(?:[0-9]+;)?\?|\x1b\[[?>=]?[0-9;]*[cn]`)

// TestATerminalIsAskedNothing runs the command where a terminal does not answer, as in many pipelines and multiplexers.
func TestATerminalIsAskedNothing(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{"\x1b]11;?\x1b\\", "\x1b]4;1;?\a", "\x1b[6n", "\x1b[c", "\x1b[>0c"} {
		require.Regexp(t, question, asked)
	}
	python, err := exec.LookPath("python3")
	require.NoError(t, err)
	box := small(t)
	box.Environ = append(box.Environ, "TERM=xterm-256color")
	for _, args := range [][]string{{"check", "staging"}, {"up", "staging"}, {"diff", "staging"}, {"down", "staging"}} {
		result := box.StartUnder(t, []string{python, "-c", terminal}, args...).Wait(t).Succeed(t)
		require.NotEmpty(t, result.Out)
		require.NotRegexp(t, question, result.Out, args[0])
	}
}
