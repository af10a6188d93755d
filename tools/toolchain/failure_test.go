// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireNothingLeft checks that neither a program nor a part of one is in place.
func requireNothingLeft(t *testing.T, w *workshop, of target) {
	t.Helper()
	for _, name := range []string{of.name, "." + of.name + ".partial", "." + of.name + ".digest", of.name + ".partial"} {
		require.NoFileExists(t, w.bin(name))
	}
	require.NoFileExists(t, filepath.Join(w.dir, "libexec", of.name))
}

func TestNoNetworkIsExplained(t *testing.T) {
	for _, line := range []string{
		`go: example.com/steel@v1.0.0: Get "https://proxy.golang.org/": dial tcp: lookup proxy.golang.org: no such host`,
		`Get "https://proxy.golang.org/": dial tcp 142.250.1.1:443: connect: network is unreachable`,
		`Get "https://proxy.golang.org/": dial tcp 142.250.1.1:443: i/o timeout`,
		`proxyconnect tcp: EOF`,
		`go: example.com/steel@v1.0.0: module lookup disabled by GOPROXY=off`,
	} {
		w := newWorkshop(t)
		w.goBuilds("cat >&2 <<'END'\n" + line + "\n" + strings.Repeat("and one more line\n", 20) + "END\nexit 1")
		err := w.build(t.Context(), []target{saw})
		require.ErrorContains(t, err, "Saw: the Go modules are not in the cache and the module proxy cannot be reached")
		require.ErrorContains(t, err, "set GOPROXY to a proxy that you reach, and run this again")
		requireNothingLeft(t, w, saw)
	}
}

func TestOtherFailuresShowTheirLastLines(t *testing.T) {
	w := newWorkshop(t)
	w.goBuilds(`i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo "line $i;" >&2; done; echo half >"$out"; exit 3`)
	err := w.build(t.Context(), []target{hammer, saw})
	require.ErrorContains(t, err, "Hammer: go build ")
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "line 40;")
	require.NotContains(t, err.Error(), "line 28;")
	requireNothingLeft(t, w, hammer)
	require.Equal(t, []string{"hammer"}, w.built(), "the first failure ends it")
}

func TestFailureKeepsWhatIsBuilt(t *testing.T) {
	w := newWorkshop(t)
	w.goBuilds(`case "$3" in *hammer) echo program >"$out"; chmod 700 "$out";; *) exit 1;; esac`)
	require.Error(t, w.build(t.Context(), []target{hammer, saw}))
	require.Equal(t, []string{"hammer", "saw"}, w.built())
	w.goBuilds(`echo program >"$out"; chmod 700 "$out"`)
	require.NoError(t, w.build(t.Context(), []target{hammer, saw}))
	require.Equal(t, []string{"saw"}, w.built(), "it goes on where it stopped")
}

func TestFailedPreparation(t *testing.T) {
	w := newWorkshop(t)
	prepared := saw
	prepared.prepare = func(context.Context, *builder) error { return os.ErrPermission }
	err := w.build(t.Context(), []target{prepared})
	require.ErrorIs(t, err, os.ErrPermission)
	require.ErrorContains(t, err, "Saw: ")
	require.Empty(t, w.built())
}

func TestInterruptionLeavesNothingHalfWritten(t *testing.T) {
	w := newWorkshop(t)
	cleaned := filepath.Join(w.root, "cleaned")
	// As the Go command does it: the work folder goes when it is interrupted.
	w.goBuilds(`trap 'touch ` + cleaned + `; exit 1' INT; echo half >"$out"; touch ` + cleaned + `.not-yet; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.build(ctx, []target{saw}) }()
	require.Eventually(t, func() bool { _, err := os.Stat(cleaned + ".not-yet"); return err == nil }, 10*time.Second, 5*time.Millisecond)
	cancel()
	err := <-done
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "interrupted; the next run goes on from here")
	require.FileExists(t, cleaned, "interrupted, not killed")
	requireNothingLeft(t, w, saw)
}

// The process may end at any moment: what it leaves in bin must not pass for a program.
func TestPartialProgramOfAKilledBuildIsReplaced(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, os.WriteFile(w.bin(".saw.partial"), []byte("half"), 0o600))
	require.NoError(t, os.WriteFile(w.bin(".saw.digest.tmp"), []byte("half"), 0o600))
	require.NoError(t, w.build(t.Context(), []target{saw}))
	require.Equal(t, []string{"saw"}, w.built())
	require.NoFileExists(t, w.bin(".saw.partial"))
}
