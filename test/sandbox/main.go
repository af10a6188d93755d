// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// Main runs the tests of a package that talks to AWS and returns the exit status. It confines the process first and runs no
// test if that fails. An interrupt ends the emulators of the tests, which outlive the process otherwise.
func Main(m *testing.M) int {
	if err := Confine(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		fmt.Fprintf(os.Stderr, "%s: ending the emulators of the tests\n", <-interrupts)
		live.Range(func(_, box any) bool {
			if s, ok := box.(*Sandbox); ok {
				_, _ = s.end() // nothing is left to do about a failure
			}
			return true
		})
		discardCommand()
		os.Exit(1)
	}()
	defer discardCommand()
	return m.Run()
}
