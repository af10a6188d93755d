// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"syscall"
)

// checkMachine refuses to begin a build for which the disk or the memory is too small.
func (b *builder) checkMachine(targets []target) error {
	free, available, err := b.measure(b.dir)
	if err != nil {
		return err
	}
	return shortage(b.dir, free, available, targets)
}

// measure returns the bytes of free disk below a folder and of available memory.
func measure(dir string) (free, available uint64, err error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, 0, fmt.Errorf("free disk space of %s: %w", dir, err)
	}
	available, known := availableMemory()
	if !known {
		// Only Linux says how much memory is available; elsewhere the build finds out by itself.
		available = math.MaxUint64
	}
	return disk.Bavail * uint64(disk.Bsize), available, nil //nolint:gosec // a block size is positive
}

// shortage says what a machine with so many bytes of free disk and available memory lacks for the
// targets, which are built one after the other.
func shortage(dir string, free, available uint64, targets []target) error {
	var problems []error
	if free < diskNeeded {
		problems = append(problems, fmt.Errorf("%s has %s free and the build needs %s; free some space", dir, gib(free), gib(diskNeeded)))
	}
	var needed uint64
	for _, t := range targets {
		needed = max(needed, t.memory)
	}
	if available < needed {
		problems = append(problems, fmt.Errorf("%s of memory is available and the build needs %s; close something or use a larger machine", gib(available), gib(needed)))
	}
	return errors.Join(problems...)
}

func gib(bytes uint64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }

func availableMemory() (uint64, bool) {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer func() { _ = file.Close() }() // opened for reading only
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var kib uint64
		if _, err := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); err == nil {
			return kib << 10, true
		}
	}
	return 0, false
}

// lock takes the file's advisory lock, waiting for another process that holds it. The system frees
// it when the process ends, however it ends.
func lock(path string, progress io.Writer) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	fd := int(file.Fd()) //nolint:gosec // a descriptor fits
	err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		fmt.Fprintln(progress, "toolchain: waiting for another build of the toolchain")
		err = syscall.Flock(fd, syscall.LOCK_EX)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", strings.TrimSpace(path), err), file.Close())
	}
	return func() { _ = file.Close() }, nil // closing frees the lock
}
