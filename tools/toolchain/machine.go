// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// checkMachine refuses to begin a build for which the disk or the memory is too small.
func (b *builder) checkMachine(targets []target) error {
	var problems []error
	var disk syscall.Statfs_t
	if err := syscall.Statfs(b.dir, &disk); err != nil {
		return fmt.Errorf("free disk space of %s: %w", b.dir, err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < diskNeeded { //nolint:gosec // a block size is positive
		problems = append(problems, fmt.Errorf("%s has %s free and the build needs %s; free some space", b.dir, gib(free), gib(diskNeeded)))
	}
	var needed uint64
	for _, t := range targets {
		needed = max(needed, t.memory)
	}
	// Only Linux says how much memory is available; elsewhere the build finds out by itself.
	if available, ok := availableMemory(); ok && available < needed {
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
