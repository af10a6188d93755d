// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// Offline is the environment of a machine without a network: whatever a command asks for over it fails at once.
var Offline = []string{
	"GOPROXY=off", "GOTOOLCHAIN=local", "PIP_INDEX_URL=http://127.0.0.1:1/simple", "npm_config_offline=true",
	"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "ALL_PROXY=http://127.0.0.1:1", "NO_PROXY=",
	"http_proxy=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:1", "all_proxy=http://127.0.0.1:1", "no_proxy=",
}

// Warm fetches, builds and installs whatever a rehearsal in the sandbox needs and is not there yet: the toolchain, the modules
// of the program and the policies, and moto. It comes before a test takes the network away.
func (s *Sandbox) Warm(t *testing.T) {
	t.Helper()
	s.Rehearse(t, "toolchain").Succeed(t)
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./infra", "./policy")
	list.Dir, list.Env = Repository(t), inherited
	output, err := list.CombinedOutput()
	require.NoError(t, err, toolchain.LastLines(string(output), 10))
}
