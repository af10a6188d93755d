// SPDX-License-Identifier: Apache-2.0

// Package lock keeps two processes of this machine from doing the same thing at once.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Lock is a lock that this process holds. No program that it starts inherits the lock, and the kernel lets go of it by itself
// when the process dies, so that a lock never outlives its holder.
type Lock struct{ file *os.File }

// Release lets go.
func (l *Lock) Release() { _ = l.file.Close() }

// Holder says who holds the lock at path, or held it last, such as "process 4711 (rehearse up staging)".
func Holder(path string) string {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil || len(text) == 0 {
		return "another process"
	}
	return string(text)
}

// sign writes into the lock file who holds it. The text serves messages only: if it cannot be written, they say less.
func (l *Lock) sign() *Lock {
	command := append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...)
	if l.file.Truncate(0) == nil {
		_, _ = fmt.Fprintf(l.file, "process %d (%s)", os.Getpid(), strings.Join(command[:min(len(command), 3)], " "))
	}
	return l
}

// Acquire waits until it alone holds the lock file at path (made if missing). The wait ends with the context.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // #nosec G115 -- a file descriptor is small
		if err == nil {
			return (&Lock{file}).sign(), nil
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
