// SPDX-License-Identifier: Apache-2.0

// Package lock keeps two processes of this machine from doing the same thing at once.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Acquire waits until it alone holds the lock file at path (made if missing) and returns the function that lets go.
// The kernel lets go by itself when the holder dies, so a lock never outlives its process. The wait ends with the context.
func Acquire(ctx context.Context, path string) (release func(), err error) {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // #nosec G115 -- a file descriptor is small
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Try takes the lock if nobody has it; ok is false when somebody does.
func Try(path string) (release func(), ok bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // One attempt only.
	release, err = Acquire(ctx, path)
	if errors.Is(err, context.Canceled) {
		return nil, false, nil
	}
	return release, err == nil, err
}
