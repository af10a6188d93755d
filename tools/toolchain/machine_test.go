// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	filelock "github.com/bulkhead-iac/bulkhead/tools/lock"
)

const oneGiB = 1 << 30

func TestShortage(t *testing.T) {
	small, large := target{memory: 2 * oneGiB}, target{memory: 5 * oneGiB}
	for name, c := range map[string]struct {
		free, available uint64
		targets         []target
		want            []string
	}{
		"enough":           {8 * oneGiB, 5 * oneGiB, []target{small, large}, nil},
		"unknown memory":   {8 * oneGiB, math.MaxUint64, []target{large}, nil},
		"one after other":  {8 * oneGiB, 2 * oneGiB, []target{small, small, small}, nil},
		"disk":             {8*oneGiB - 1<<28, 5 * oneGiB, []target{large}, []string{"/repository/.toolchain has 7.8 GiB free and the build needs 8.0 GiB; free some space"}},
		"memory":           {8 * oneGiB, 3 * oneGiB, []target{small, large}, []string{"3.0 GiB of memory is available and the build needs 5.0 GiB; close something or use a larger machine"}},
		"both in one run":  {oneGiB, oneGiB, []target{small}, []string{"free some space", "close something"}},
		"nothing to build": {8 * oneGiB, 0, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := shortage("/repository/.toolchain", c.free, c.available, c.targets)
			if c.want == nil {
				require.NoError(t, err)
			}
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestMachineIsMeasured(t *testing.T) {
	b := newBuilder(Options{Root: t.TempDir()})
	require.ErrorContains(t, b.checkMachine(nil), "free disk space of "+b.dir, "there is no such folder yet")
	free, available, err := measure(b.root)
	require.NoError(t, err)
	require.Positive(t, free)
	require.Positive(t, available)
}

// The caches of Go may lie on a disk of their own.
func TestEveryDiskIsMeasured(t *testing.T) {
	dir, caches := t.TempDir(), t.TempDir()
	b := newBuilder(Options{Root: dir})
	require.NoError(t, os.Mkdir(b.dir, 0o750))
	t.Setenv("GOCACHE", filepath.Join(caches, "there", "is", "none"))
	t.Setenv("GOMODCACHE", filepath.Join(dir, "mod"))
	disks, err := b.disks(func(dir string) uint64 {
		if dir == caches {
			return 2
		}
		return 1
	})
	require.NoError(t, err)
	require.Equal(t, []string{b.dir, caches}, disks)
	disks, err = b.disks(func(string) uint64 { return 1 })
	require.NoError(t, err)
	require.Equal(t, []string{b.dir}, disks)
	require.Positive(t, device(dir))
}

// shared is a writer that several goroutines write to.
type shared struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (s *shared) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(text)
}

func (s *shared) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}

func TestLockKeepsOthersWaiting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	progress := &shared{}
	first, err := lock(t.Context(), file, progress)
	require.NoError(t, err)
	require.Empty(t, progress.String())

	second := make(chan error)
	go func() {
		held, err := lock(t.Context(), file, progress)
		if err == nil {
			held.Release()
		}
		second <- err
	}()
	require.Eventually(t, func() bool {
		return progress.String() == "toolchain: waiting for another build of the toolchain by "+filelock.Holder(file)+"\n"
	}, 10*time.Second, time.Millisecond)
	select {
	case <-second:
		t.Fatal("the lock was given twice")
	case <-time.After(50 * time.Millisecond):
	}
	first.Release()
	require.NoError(t, <-second)
}

func TestWaitForTheLockCanBeInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	held, err := lock(t.Context(), file, &shared{})
	require.NoError(t, err)
	defer held.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = lock(ctx, file, &shared{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestLockInAMissingFolder(t *testing.T) {
	_, err := lock(t.Context(), filepath.Join(t.TempDir(), "missing", "lock"), &shared{})
	require.Error(t, err)
}
