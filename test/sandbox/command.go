// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// shownLines is how many of the last lines of a command's output a failed test shows; the file has all of them.
const shownLines = 300

// Result is how a run of the command ended.
type Result struct {
	Code int    // The exit code.
	Out  string // What it printed for the user to read.
	Err  string // What it printed about its failure.
}

// Running is a run of the command that may not have ended.
type Running struct {
	command  *exec.Cmd
	out, err text
	log      *os.File
	ended    chan struct{}
	failure  error // of the last resort: neither success nor an exit code
}

// Rehearse runs the command "rehearse" in the sandbox to its end.
func (s *Sandbox) Rehearse(t *testing.T, args ...string) Result {
	t.Helper()
	return s.Start(t, args...).Wait(t)
}

// Start starts the command "rehearse" in the sandbox. Its output goes to a file among the test's artifacts, and to the test's
// log if the test fails.
func (s *Sandbox) Start(t *testing.T, args ...string) *Running {
	t.Helper()
	return s.StartUnder(t, nil, args...)
}

// StartUnder is Start with a program, and its arguments, that starts the command, such as one that gives it a terminal.
func (s *Sandbox) StartUnder(t *testing.T, starter []string, args ...string) *Running {
	t.Helper()
	program, err := buildCommand(Repository(t))
	require.NoError(t, err)
	line := slices.Concat(starter, []string{program}, args)
	r := &Running{log: logFile(t, args), command: exec.Command(line[0], line[1:]...), ended: make(chan struct{})}
	r.command.Dir = s.Dir
	r.command.Env = append(append([]string{}, inherited...), s.Environ...)
	r.command.Stdout = io.MultiWriter(r.log, &r.out) // each line is one write, so that the file has both streams in order
	r.command.Stderr = io.MultiWriter(r.log, &r.err)
	require.NoError(t, r.command.Start())
	go func() {
		defer close(r.ended)
		var exit *exec.ExitError
		if err := r.command.Wait(); err != nil && !errors.As(err, &exit) {
			r.failure = err
		}
	}()
	t.Cleanup(func() { r.end(t) })
	return r
}

// Ended tells whether the command has ended.
func (r *Running) Ended() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// Await waits until something has happened. The test fails if the command ends before, or the time for all tests does.
func (r *Running) Await(t *testing.T, what string, happened func() bool) {
	t.Helper()
	const margin = 2 * time.Minute // for the end of what runs
	deadline, limited := t.Deadline()
	for !happened() {
		require.False(t, r.Ended(), "the command has ended before %s", what)
		require.False(t, limited && time.Until(deadline) < margin, "%s does not happen", what)
		time.Sleep(50 * time.Millisecond)
	}
}

// Interrupt does what Ctrl-C does.
func (r *Running) Interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, r.command.Process.Signal(os.Interrupt))
}

// Kill ends the command without asking. What it has started goes on.
func (r *Running) Kill(t *testing.T) {
	t.Helper()
	require.NoError(t, r.command.Process.Kill())
}

// PID returns the command's process id, 0 once it has ended.
func (r *Running) PID() int {
	if r.Ended() {
		return 0
	}
	return r.command.Process.Pid
}

// Printed returns what the command has printed for the user so far.
func (r *Running) Printed() string { return r.out.String() }

// Wait waits for the end of the command.
func (r *Running) Wait(t *testing.T) Result {
	t.Helper()
	<-r.ended
	require.NoError(t, r.failure)
	return Result{Code: r.command.ProcessState.ExitCode(), Out: r.out.String(), Err: r.err.String()}
}

// Succeed fails the test if the command did.
func (r Result) Succeed(t *testing.T) Result {
	t.Helper()
	require.Zero(t, r.Code, "%s\n%s", toolchain.LastLines(r.Out, 60), r.Err)
	return r
}

// Says fails the test unless the command printed a text.
func (r Result) Says(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(r.Out+r.Err, text) {
		require.Fail(t, "the command does not say: "+text, "%s\n%s", toolchain.LastLines(r.Out, 60), r.Err)
	}
}

// end ends a command that the test did not wait for, and shows the output of a failed test.
func (r *Running) end(t *testing.T) {
	t.Helper()
	if !r.Ended() {
		_ = r.command.Process.Signal(syscall.SIGKILL)
		<-r.ended
	}
	_ = r.log.Close()
	if !t.Failed() {
		return
	}
	text, err := os.ReadFile(r.log.Name())
	t.Logf("%s: the last lines of %s (%v):\n%s", strings.Join(r.command.Args[1:], " "), r.log.Name(), err, toolchain.LastLines(string(text), shownLines))
}

var logCount atomic.Int64

func logFile(t *testing.T, args []string) *os.File {
	t.Helper()
	name := fmt.Sprintf("rehearse-%02d-%s.log", logCount.Add(1), regexp.MustCompile(`[^a-z]+`).ReplaceAllString(strings.Join(args, "-"), "-"))
	log, err := os.Create(filepath.Join(t.ArtifactDir(), name))
	require.NoError(t, err)
	return log
}

// text is what a command has printed so far.
type text struct {
	mutex   sync.Mutex
	printed bytes.Buffer
}

func (p *text) Write(more []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.printed.Write(more)
}

func (p *text) String() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.printed.String()
}

// built is the folder of the command, once it is built.
var built struct {
	once   sync.Once
	folder string
	err    error
}

// buildCommand builds the command once for all tests of the process and returns its path.
func buildCommand(repository string) (string, error) {
	built.once.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "bulkhead-rehearse-"); built.err != nil {
			return
		}
		built.err = toolchain.Go(context.Background(), repository, inherited, "build", "-o", filepath.Join(built.folder, "rehearse"), "./tools/rehearse")
	})
	return filepath.Join(built.folder, "rehearse"), built.err
}

func discardCommand() {
	if built.folder != "" {
		_ = os.RemoveAll(built.folder)
	}
}
