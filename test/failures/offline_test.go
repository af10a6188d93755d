// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// cold is a machine that has Go and nothing else: no modules, no tools, nothing installed in the home folder.
func cold(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box := sandbox.New(t)
	box.Own(t, ".toolchain")
	compiler, err := exec.LookPath("go")
	require.NoError(t, err)
	home := t.TempDir()
	box.Environ = append([]string{}, sandbox.Offline...)
	box.Environ = append(box.Environ,
		"HOME="+home, "GOMODCACHE="+filepath.Join(home, "modules"), "GOCACHE="+filepath.Join(home, "build"), "GOPATH="+filepath.Join(home, "go"),
		"PATH="+filepath.Dir(compiler)+":/usr/bin:/bin",
	)
	return box
}

// TestNoNetworkWithWarmCaches finds the toolchain in place. TestEnvironments rehearses whole environments like this.
func TestNoNetworkWithWarmCaches(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	box.Warm(t)
	box.Environ = sandbox.Offline
	require.Empty(t, box.Rehearse(t, "toolchain").Succeed(t).Out)
	box.Rehearse(t, "check", "staging").Succeed(t)
}

// TestNoNetworkWithColdCaches finds nothing to work with and says what is missing.
func TestNoNetworkWithColdCaches(t *testing.T) {
	t.Parallel()
	for name, proxy := range map[string]string{"unreachable": "http://127.0.0.1:1", "off": "off"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := cold(t)
			box.Environ = append(box.Environ, "GOPROXY="+proxy, "GONOSUMDB=*", "GOTOOLCHAIN=local")
			result := box.Rehearse(t, "toolchain")
			require.Equal(t, failed, result.Code, result.Err)
			result.Says(t, "rehearse: Pulumi CLI "+toolchain.PulumiVersion+": the Go modules are not in the cache and the module proxy cannot be reached")
			result.Says(t, "connect once, or set GOPROXY to a proxy that you reach, and run this again")
			built, err := os.ReadDir(box.Path(".toolchain", "bin"))
			require.NoError(t, err)
			require.Empty(t, built)
		})
	}
}
