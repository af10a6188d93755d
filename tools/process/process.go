// SPDX-License-Identifier: Apache-2.0

// Package process ties programs to the process that starts them, and finds those that were left behind all the same.
package process

import (
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a running process.
type Process struct {
	PID     int    // Its id.
	Program string // The base name of its program, such as "pulumi-resource-aws".
}

// EndWithParent makes the kernel send a signal to a program, not yet started, when this process ends, even by SIGKILL. It
// works on Linux; elsewhere the program goes on. The signal is tied to the thread that starts the program: start it and wait
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
