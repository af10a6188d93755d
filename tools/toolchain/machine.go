// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	filelock "github.com/bulkhead-iac/bulkhead/tools/lock"
)

// checkMachine refuses to begin a build for which the disk or the memory is too small.
func (b *builder) checkMachine(targets []target) error {
	dirs, err := b.disks(device)
	if err != nil {
		return err
	}
	var problems []error
	for i, dir := range dirs {
		free, available, err := b.measure(dir)
		if err != nil {
			return err
		}
		if i > 0 {
			available = math.MaxUint64 // said once
		}
		problems = append(problems, shortage(dir, free, available, targets))
	}
	return errors.Join(problems...)
}

// disks returns a folder on every file system that a build writes to: that of the programs first, then those of the Go caches.
func (b *builder) disks(device func(dir string) uint64) ([]string, error) {
	dirs := []string{b.dir}
	seen := map[uint64]bool{device(b.dir): true}
	answer, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("the Go toolchain is needed: %w", err)
	}
	for dir := range strings.Lines(string(answer)) {
		dir = strings.TrimSpace(dir)
		for dir != filepath.Dir(dir) && !exists(dir) {
			dir = filepath.Dir(dir)
		}
		if !seen[device(dir)] {
			seen[device(dir)] = true
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// device returns the number of the file system that a folder is on, 0 if the system does not say.
func device(dir string) uint64 {
	var stat syscall.Stat_t
	_ = syscall.Stat(dir, &stat)
	return uint64(stat.Dev) //nolint:unconvert // not the same type on every system
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
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

// lock takes the lock file and says so when it has to wait for another process. The wait ends with the
// context.
func lock(ctx context.Context, path string, progress io.Writer) (*filelock.Lock, error) {
	held, ok, err := filelock.Try(path)
	if ok || err != nil {
		return held, err
	}
	fmt.Fprintf(progress, "toolchain: waiting for another build of the toolchain by %s\n", filelock.Holder(path))
	return filelock.Acquire(ctx, path)
}
