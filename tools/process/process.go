// SPDX-License-Identifier: Apache-2.0

// Package process ties programs to the process that starts them, and finds those that were left behind all the same.
package process

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// endTimeout is how long killed processes may take to disappear.
const endTimeout = 10 * time.Second

// Process is a running process.
type Process struct {
	PID     int    // Its id.
	Program string // The base name of its program, such as "pulumi-resource-aws".
}

// InterruptWithParent interrupts a process, once, when this process ends before it has called release, even by SIGKILL. A shell
// waits for that, at the other end of a pipe that the kernel closes. (A signal of the kernel's own, as EndWithParent sets it,
// arrives once for each thread of this process, and the second interrupt ends most programs in a hurry.)
func InterruptWithParent(pid int) (release func(), err error) {
	guard := exec.Command("/bin/sh", "-c", `read -r line || kill -INT "$0"`, strconv.Itoa(pid))
	guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // An interrupt from the terminal does not reach it.
	pipe, err := guard.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := guard.Start(); err != nil {
		return nil, err
	}
	return func() {
		_, _ = pipe.Write([]byte("released\n")) // If it is gone, so is its errand.
		_ = pipe.Close()
		_ = guard.Wait()
	}, nil
}

// EndWithParent makes the kernel send a signal to a program, not yet started, when this process ends, even by SIGKILL. The
// signal may arrive several times. It works on Linux; elsewhere the program goes on. The signal is tied to the thread that starts the program: start it and wait
// for it in one goroutine, between PinThread and the function that it returns, as Run does.
func EndWithParent(command *exec.Cmd, signal syscall.Signal) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	endWithParent(command.SysProcAttr, signal)
}

// PinThread keeps the calling goroutine on its thread until the returned function is called.
func PinThread() (release func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}

// Run is command.Run for a program that gets the signal when this process ends before it.
func Run(command *exec.Cmd, signal syscall.Signal) error {
	defer PinThread()()
	EndWithParent(command, signal)
	return command.Run()
}

// End kills the processes that WithVariable lists, waits until they are gone, and reports whether there were any.
func End(variables ...string) (found bool, err error) {
	for deadline := time.Now().Add(endTimeout); ; time.Sleep(5 * time.Millisecond) {
		left, err := WithVariable(variables...)
		if err != nil || len(left) == 0 {
			return found, err
		}
		found = true
		for _, p := range left {
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return found, fmt.Errorf("ending process %d (%s), which an earlier run has left: %w", p.PID, p.Program, err)
			}
		}
		if time.Now().After(deadline) {
			return found, fmt.Errorf("process %d (%s), which an earlier run has left, does not end; end it", left[0].PID, left[0].Program)
		}
	}
}
