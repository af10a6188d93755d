// SPDX-License-Identifier: Apache-2.0

// Package failures_test rehearses what goes wrong: bad settings, a missing network, an emulator that dies, a second run
// beside the first, an endpoint that is not the emulator's.
package failures_test

import (
	"os"
	"testing"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
)

// Exit codes of the command.
const (
	failed      = 1
	misuse      = 2
	interrupted = 130
)

func TestMain(m *testing.M) { os.Exit(sandbox.Main(m)) }
