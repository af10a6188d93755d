// SPDX-License-Identifier: Apache-2.0

package process_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// asParent makes the test binary start a child with Run and print its process id.
const asParent = "BULKHEAD_TEST_AS_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(asParent) == "" {
		os.Exit(m.Run())
	}
	child := exec.Command("sh", "-c", `echo $$; trap 'exit 7' INT; while :; do sleep 0.05; done`)
	child.Stdout = os.Stdout
	fmt.Fprintln(os.Stderr, process.Run(child, syscall.SIGINT))
}

// children are the processes that carry a variable.
func children(t *testing.T, variable string) (pids []int) {
	t.Helper()
	found, err := process.WithVariable(variable)
	require.NoError(t, err)
	for _, p := range found {
		require.NotEmpty(t, p.Program)
		pids = append(pids, p.PID)
	}
	return pids
}

func TestAChildEndsWithItsKilledParentAndIsFoundUntilThen(t *testing.T) {
	variable := "BULKHEAD_TEST_MARK=" + t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asParent+"=1", variable)
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	child, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.Subset(t, children(t, variable), []int{parent.Process.Pid, child})
	require.Empty(t, children(t, variable+"/other"))

	require.NoError(t, parent.Process.Kill())
	_, err = io.Copy(io.Discard, output)
	require.NoError(t, err)
	require.Error(t, parent.Wait())
	require.Eventually(t, func() bool { return !slices.Contains(children(t, variable), child) }, 10*time.Second, 10*time.Millisecond)
}

// A process that has ended and that nobody has waited for is none that is left.
func TestAZombieIsNotFound(t *testing.T) {
	variable := "BULKHEAD_TEST_MARK=" + t.TempDir()
	ended := exec.Command("true")
	ended.Env = append(os.Environ(), variable)
	require.NoError(t, ended.Start())
	require.Eventually(t, func() bool { return len(children(t, variable)) == 0 }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, ended.Wait())
}
