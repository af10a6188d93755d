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

// Lock is a lock that this process holds. The kernel lets go of it by itself when the process dies, so a lock never outlives
// its holders.
type Lock struct{ file *os.File }

// Release lets go.
func (l *Lock) Release() { _ = l.file.Close() }

// File is the open lock file. A child process that inherits it (exec.Cmd.ExtraFiles) holds the lock too, for as long as it lives.
func (l *Lock) File() *os.File { return l.file }

// Acquire waits until it alone holds the lock file at path (made if missing). The wait ends with the context.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // #nosec G115 -- a file descriptor is small
		if err == nil {
			return &Lock{file}, nil
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
func Try(path string) (held *Lock, ok bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // One attempt only.
	held, err = Acquire(ctx, path)
	if errors.Is(err, context.Canceled) {
		return nil, false, nil
	}
	return held, err == nil, err
}
