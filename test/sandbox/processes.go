// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Process is a running process.
type Process struct {
	PID     int
	Command string // With its arguments.
}

// Processes lists the processes that run in the sandbox: those with its folder in their command line, which is every program
// that a rehearsal starts. The command itself is not among them.
func (s *Sandbox) Processes() ([]Process, error) {
	output, err := exec.Command("ps", "-axww", "-o", "pid=,command=").Output()
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	var found []Process
	for line := range strings.Lines(string(output)) {
		var p Process
		if _, err := fmt.Sscan(line, &p.PID); err != nil {
			return nil, fmt.Errorf("ps: %q: %w", line, err)
		}
		_, p.Command, _ = strings.Cut(strings.TrimSpace(line), " ")
		p.Command = strings.TrimSpace(p.Command)
		if strings.Contains(p.Command+" ", s.Dir+"/") || strings.Contains(p.Command+" ", s.Dir+" ") {
			found = append(found, p)
		}
	}
	return found, nil
}

func (p Process) kill() {
	if p.PID > 1 && p.PID != os.Getpid() {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
}
