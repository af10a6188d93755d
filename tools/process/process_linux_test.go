// SPDX-License-Identifier: Apache-2.0

package process_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
	child := exec.Command("sh", "-c", `trap 'echo interrupted >>"$COUNT"; [ "$COUNT" ] || exit 7' INT; echo $$; while :; do sleep 0.05; done`)
	if os.Getenv("COUNT") == "" {
		child.Stdout = os.Stdout
		fmt.Fprintln(os.Stderr, process.Run(child, syscall.SIGINT))
		return
	}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err == nil {
		_, err = process.InterruptWithParent(child.Process.Pid)
		_, copied := io.Copy(os.Stdout, output) // The child's number tells the test that the child is guarded and has its trap.
		err = errors.Join(err, copied)
	}
	fmt.Fprintln(os.Stderr, errors.Join(err, child.Wait()))
}

// start starts the test binary as a parent and returns it, its child's process id, and its output.
func start(t *testing.T, environ ...string) (parent *exec.Cmd, child int, output *bufio.Reader) {
	t.Helper()
	parent = exec.Command(os.Args[0])
	parent.Env = append(append(os.Environ(), asParent+"=1"), environ...)
	pipe, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	output = bufio.NewReader(pipe)
	line, err := output.ReadString('\n')
	require.NoError(t, err)
	child, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	return parent, child, output
}

func TestAChildIsInterruptedOnceWhenItsParentIsKilled(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	parent, _, _ := start(t, "COUNT="+count)
	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	interruptions := func() string { text, _ := os.ReadFile(count); return string(text) }
	require.Eventually(t, func() bool { return interruptions() == "interrupted\n" }, 10*time.Second, 10*time.Millisecond)
	require.Never(t, func() bool { return interruptions() != "interrupted\n" }, 500*time.Millisecond, 50*time.Millisecond)
}

func TestAReleasedChildIsLeftAlone(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	child := exec.Command("sh", "-c", `trap 'echo interrupted >>"$0"' INT; echo; while :; do sleep 0.05; done`, count)
	output, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	_, err = bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	release, err := process.InterruptWithParent(child.Process.Pid)
	require.NoError(t, err)
	release()
	require.NoFileExists(t, count)
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
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
	parent, child, output := start(t, variable)
	require.Subset(t, children(t, variable), []int{parent.Process.Pid, child})
	require.Empty(t, children(t, variable+"/other"))

	require.NoError(t, parent.Process.Kill())
	_, err := io.Copy(io.Discard, output)
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
