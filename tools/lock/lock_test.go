// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/lock"
)

func TestOneHolderAtATimeWhoIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	require.Equal(t, "another process", lock.Holder(path), "nobody has held it yet")
	held, err := lock.Acquire(t.Context(), path)
	require.NoError(t, err)
	require.Contains(t, lock.Holder(path), fmt.Sprintf("process %d (lock.test ", os.Getpid()))

	_, ok, err := lock.Try(path)
	require.NoError(t, err)
	require.False(t, ok)
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = lock.Acquire(short, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	held.Release()
	again, ok, err := lock.Try(path)
	require.NoError(t, err)
	require.True(t, ok)
	again.Release()
}

// A program that outlives the holder must not keep the lock: nobody would ever get it again.
func TestAProgramThatTheHolderStartsDoesNotHoldTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := lock.Acquire(t.Context(), path)
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), "sleep", "60")
	require.NoError(t, child.Start())
	t.Cleanup(func() {
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())
	})
	held.Release()
	again, ok, err := lock.Try(path)
	require.NoError(t, err)
	require.True(t, ok)
	again.Release()
}
