// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	filelock "github.com/bulkhead-iac/bulkhead/tools/lock"
)

// target is one program built from a module of its own.
type target struct {
	name    string
	folder  string // of the program, below .toolchain
	title   string
	module  string        // folder of the module below tools/
	pkg     string        // package to build
	ldflags string        // added to the linker's flags
	cold    time.Duration // with empty caches on two cores
	memory  uint64        // bytes at the peak
	prepare func(ctx context.Context, b *builder) error
	script  string // stands in for the program in its folder, which then lies in libexec
}

var (
	pulumiTarget = target{
		name: "pulumi", folder: "bin", title: "Pulumi CLI " + PulumiVersion, module: "pulumi",
		pkg:     "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		ldflags: " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=" + PulumiVersion,
		cold:    4 * time.Minute, memory: 3 << 30,
	}
	languageHostTarget = target{
		name: "pulumi-language-go", folder: "bin", title: "Go language host", module: "pulumi-language-go",
		pkg:  "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
		cold: 30 * time.Second, memory: 2 << 30,
		// This host takes the path of a built program from its command line; the CLI, which is newer,
		// would send it by the protocol. The kernel puts the script's own path into $0, so that the
		// folder can be moved.
		script: "#!/bin/sh\nexec \"${0%/*}/../libexec/pulumi-language-go\" ${" + ProgramVariable + ":+-binary \"$" + ProgramVariable + "\"} \"$@\"\n",
	}
	// The provider has a folder of its own, which is in no search path: the CLI prefers a plugin on PATH to an installed one,
	// and a deployment to a real account must never meet this one.
	providerTarget = target{
		name: providerProgram, folder: "provider", title: "AWS provider (reduced, for emulators)", module: "awsprovider",
		pkg: ".", cold: 7 * time.Minute, memory: 5 << 30, prepare: prepareProvider,
	}
)

const diskNeeded = 8 << 30 // module cache, build cache and the programs

type builder struct {
	root, dir string
	progress  io.Writer
	site      string // where official plugins are downloaded from
	measure   func(dir string) (free, available uint64, err error)
}

func newBuilder(o Options) *builder {
	return &builder{root: o.Root, dir: filepath.Join(o.Root, ".toolchain"), progress: o.Progress, site: pluginSite, measure: measure}
}

// open makes the folder of the toolchain and keeps other processes out of it until the lock is released.
func (b *builder) open(ctx context.Context) (*filelock.Lock, error) {
	if err := os.MkdirAll(filepath.Join(b.dir, "bin"), 0o750); err != nil {
		return nil, err
	}
	return lock(ctx, filepath.Join(b.dir, "lock"), b.progress)
}

// build builds every target that is not up to date, in order: each build keeps all cores busy.
func (b *builder) build(ctx context.Context, targets []target) error {
	var stale []target
	digests := map[string]string{}
	for _, t := range targets {
		digest, err := b.digest(t)
		if err != nil {
			return err
		}
		digests[t.name] = digest
		if !b.current(t, digest) {
			stale = append(stale, t)
		}
	}
	if len(stale) == 0 {
		return nil
	}
	if err := b.checkMachine(stale); err != nil {
		return err
	}
	fmt.Fprintf(b.progress, "toolchain: %d programs to build from Go modules; with empty caches on 2 cores about %s\n", len(stale), total(stale))
	for i, t := range stale {
		if err := b.buildOne(ctx, t, stale[i+1:]); err != nil {
			return err
		}
		stamp := b.stamp(t)
		if err := os.WriteFile(stamp+".tmp", []byte(digests[t.name]), 0o600); err != nil {
			return err
		}
		if err := os.Rename(stamp+".tmp", stamp); err != nil {
			return err
		}
	}
	return nil
}

func total(targets []target) time.Duration {
	var sum time.Duration
	for _, t := range targets {
		sum += t.cold
	}
	return sum
}

func (b *builder) path(t target) string { return filepath.Join(b.dir, t.folder, t.name) }

func (b *builder) stamp(t target) string { return filepath.Join(b.dir, "bin", "."+t.name+".digest") }

func (b *builder) current(t target, digest string) bool {
	have, err := os.ReadFile(b.stamp(t))
	if err != nil || string(have) != digest {
		return false
	}
	if t.script != "" && !executable(filepath.Join(b.dir, "libexec", t.name)) {
		return false
	}
	return executable(b.path(t))
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o100 != 0
}

// digest covers everything that decides what is built: the module's files, the way its source is
// prepared, and the compiler.
func (b *builder) digest(t target) (string, error) {
	sum := sha256.New()
	version, err := exec.Command("go", "env", "GOVERSION", "GOOS", "GOARCH").Output()
	if err != nil {
		return "", fmt.Errorf("the Go toolchain is needed: %w", err)
	}
	fmt.Fprintf(sum, "%s%s%s%s", version, t.pkg, t.ldflags, t.script)
	patterns := []string{filepath.Join("tools", t.module, "*"), filepath.Join("tools", t.module, "upstream", "*")}
	if t.prepare != nil {
		patterns = append(patterns, "tools/toolchain/internal/slim/*.go")
		_, _, table := offered()
		fmt.Fprint(sum, table)
	}
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(b.root, pattern))
		if err != nil {
			return "", err
		}
		slices.Sort(files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if info, statErr := os.Stat(file); statErr == nil && info.IsDir() {
				continue
			}
			if err != nil {
				return "", err
			}
			fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(file), len(text), text)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

func (b *builder) buildOne(ctx context.Context, t target, rest []target) error {
	started := time.Now()
	stop := b.report(t, rest, started)
	defer stop()
	if t.prepare != nil {
		if err := t.prepare(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", t.title, err)
		}
	}
	final := b.path(t)
	if t.script != "" {
		final = filepath.Join(b.dir, "libexec", t.name)
	}
	for _, file := range []string{final, b.path(t)} {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
	}
	partial := filepath.Join(b.dir, "bin", "."+t.name+".partial")
	module := filepath.Join(b.root, "tools", t.module)
	err := goInModule(ctx, module, "build", "-mod=readonly", "-ldflags=-s -w"+t.ldflags, "-o", partial, t.pkg)
	if err != nil {
		return fmt.Errorf("%s: %w", t.title, errors.Join(err, ignoreAbsent(os.Remove(partial))))
	}
	if err := os.Rename(partial, final); err != nil {
		return err
	}
	if t.script != "" {
		if err := writeScript(b.path(t), t.script); err != nil {
			return err
		}
	}
	stop()
	fmt.Fprintf(b.progress, "toolchain: %s built in %s\n", t.title, time.Since(started).Round(time.Second))
	return nil
}

// writeScript puts an executable script in place whole.
func writeScript(file, text string) error {
	partial := file + ".partial"
	if err := os.WriteFile(partial, []byte(text), 0o600); err != nil {
		return err
	}
	if err := os.Chmod(partial, 0o700); err != nil { //nolint:gosec // a program must be executable
		return err
	}
	return os.Rename(partial, file)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
