// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

func endWithParent(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal // prctl(2), PR_SET_PDEATHSIG
}

// WithVariable lists the processes of this user that were started with some variables of the environment, each "NAME=value", and have
// not ended. A process hands its environment to what it starts, so that these are all descendants of one that was given the
// variables, whoever their parent is by now. The list is empty on systems other than Linux, which do not tell.
func WithVariable(variables ...string) ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environ, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "environ"))
		if err != nil { // It has ended, or is another user's.
			continue
		}
		has := bytes.Split(environ, []byte{0})
		lacks := func(variable string) bool {
			return !slices.ContainsFunc(has, func(v []byte) bool { return string(v) == variable })
		}
		if slices.ContainsFunc(variables, lacks) {
			continue
		}
		// A process that has ended and waits for its parent has no program.
		program, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		found = append(found, Process{PID: pid, Program: filepath.Base(program)})
	}
	return found, nil
}
