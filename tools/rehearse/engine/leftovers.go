// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/bulkhead-iac/bulkhead/tools/process"
)

// An engine starts a language host, the program, a provider and the policy pack. When it is killed they stay, and the kernel
// gives them to another parent. They are found by this variable of their environment.
const stageVariable = "BULKHEAD_STAGE"

func (s *Stage) variable() string { return stageVariable + "=" + s.guarded }

// engineFile holds the number of the process of the last engine.
func (s *Stage) engineFile() string { return filepath.Join(s.guarded, "engine.pid") }

// clear ends what a killed run has left at work, unless its engine is still there: that gets an interrupt when the command
// dies that has started it, finishes what it has begun, writes its state and ends by itself.
func (s *Stage) clear() error {
	left, err := process.WithVariable(s.variable())
	if err != nil {
		return err
	}
	text, _ := os.ReadFile(s.engineFile()) // There is none before the first run.
	engine, _ := strconv.Atoi(string(text))
	for _, p := range left {
		if p.PID == engine {
			return s.busy(fmt.Sprintf("process %d (%s), the engine of a run that was killed, which finishes what it has begun", p.PID, p.Program))
		}
	}
	if err := s.lockedByLiving(); err != nil {
		return err
	}
	_, err = process.End(s.variable())
	return err
}

// backendLocks lists the lock files of the stack's backend. One that is left belongs to a killed engine, or to one that the
// user runs with "rehearse exec".
func (s *Stage) backendLocks() ([]string, error) {
	return filepath.Glob(s.Path("backend", ".pulumi", "locks", "*", "*", "*", "*.json"))
}

// lockedByLiving returns an error if the process that locked the backend still lives.
func (s *Stage) lockedByLiving() error {
	files, err := s.backendLocks()
	if err != nil {
		return err
	}
	for _, file := range files {
		var by struct{ PID int }
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &by) != nil || by.PID <= 1 {
			continue // It has just been removed, or was not written to its end.
		}
		if syscall.Kill(by.PID, 0) == nil {
			return fmt.Errorf("%s is being changed by process %d (pulumi); wait for it. If that is another program, remove %s", s.Environment, by.PID, file)
		}
	}
	return nil
}
