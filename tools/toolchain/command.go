// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// graceAfterInterrupt is how long a Go command may take to clean up before it is killed.
const graceAfterInterrupt = 5 * time.Second

// offline are the words of a Go command that cannot download a module.
var offline = []string{
	"dial tcp", "no such host", "network is unreachable", "i/o timeout", "connection refused", "proxyconnect", "disabled by GOPROXY=off",
}

// run runs a Go command and turns its failure into an error that a newcomer can act on.
func (b *builder) run(ctx context.Context, dir, name string, args ...string) error {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	command.Stdout, command.Stderr = &output, &output
	// Killed, the Go command would leave its work folder behind; interrupted, it removes it.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = graceAfterInterrupt
	err := command.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; the next run goes on from here: %w", ctx.Err())
	}
	text := lastLines(output.String(), 12)
	for _, sign := range offline {
		if strings.Contains(output.String(), sign) {
			return fmt.Errorf("the Go modules are not in the cache and the module proxy cannot be reached "+
				"(GOPROXY, see `go env GOPROXY`); connect once, or set GOPROXY to a proxy that you reach, and run this again:\n%s", text)
		}
	}
	return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, text)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
