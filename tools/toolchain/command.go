// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// graceAfterInterrupt is how long a Go command may take to clean up before it is killed.
const graceAfterInterrupt = 5 * time.Second

// offline are the words of a Go command that cannot download a module.
var offline = []string{
	"dial tcp", "no such host", "network is unreachable", "i/o timeout", "connection refused", "proxyconnect", "disabled by GOPROXY=off",
}

// goInModule runs a Go command in one of the modules below tools/.
func goInModule(ctx context.Context, dir string, args ...string) error {
	return Go(ctx, dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false"), args...)
}

// Go runs a Go command in a folder, with an environment, and turns its failure into an error that a newcomer can act on: no
// network, an interruption, or else the last lines of its output.
func Go(ctx context.Context, dir string, env []string, args ...string) error {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir, command.Env = dir, env
	command.Stdout, command.Stderr = &output, &output
	// Killed, the Go command would leave its work folder behind; interrupted, it removes it.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = graceAfterInterrupt
	err := process.Run(command, syscall.SIGINT)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; the next run goes on from here: %w", ctx.Err())
	}
	text := LastLines(output.String(), 12)
	for _, sign := range offline {
		if strings.Contains(output.String(), sign) {
			return fmt.Errorf("the Go modules are not in the cache and the module proxy cannot be reached "+
				"(GOPROXY, see `go env GOPROXY`); connect once, or set GOPROXY to a proxy that you reach, and run this again:\n%s", text)
		}
	}
	return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, text)
}

// LastLines returns the last n lines of a program's output.
func LastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
