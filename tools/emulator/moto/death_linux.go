// SPDX-License-Identifier: Apache-2.0

package moto

import (
	"runtime"
	"syscall"
)

// dieWithParent asks the kernel to kill moto when its parent thread ends, even by SIGKILL.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// pinThread keeps the calling goroutine on its thread: the signal is tied to the thread that forked, not to the process.
func pinThread() (release func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
