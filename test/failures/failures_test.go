// SPDX-License-Identifier: Apache-2.0

// Package failures_test rehearses what goes wrong: bad settings, a missing network, an emulator that dies, a second run
// beside the first, an endpoint that is not the emulator's.
package failures_test

import (
	"os"
	"testing"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// Exit codes of the command.
const (
	failed      = 1
	misuse      = 2
	interrupted = 130
)

// emulatorArgument makes the test binary be the emulator's gateway.
const emulatorArgument = "emulator"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == emulatorArgument {
		os.Exit(emulator.Serve(os.Args[2:]))
	}
	os.Exit(sandbox.Main(m))
}
