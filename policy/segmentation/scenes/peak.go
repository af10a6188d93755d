// SPDX-License-Identifier: Apache-2.0

package scenes

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
)

// Peak measures memory: the function that it returns says how many bytes of it this process has held at once since then, at most, as
// the kernel counts what is resident (VmHWM, https://man7.org/linux/man-pages/man5/proc_pid_status.5.html), the program itself with
// it. Where the kernel does not forget the peak before, it counts too. It is 0 where the system does not tell.
func Peak() (held func() uint64) {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // see above
	return func() (n uint64) {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return 0
		}
		for line := range bytes.Lines(text) {
			if _, err := fmt.Sscanf(string(line), "VmHWM: %d kB", &n); err == nil {
				return n << 10
			}
		}
		return 0
	}
}
