// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/toolchain/internal/slim"
)

// target is one program built from a module of its own.
type target struct {
	name    string
	title   string
	module  string        // folder of the module below tools/
	pkg     string        // package to build
	ldflags string        // added to the linker's flags
	cold    time.Duration // with empty caches on two cores
	memory  uint64        // bytes at the peak
	prepare func(ctx context.Context, b *builder) error
	script  string // stands in for the program in bin, which then lies in libexec; %s is its path
}

var (
	pulumiTarget = target{
		name: "pulumi", title: "Pulumi CLI " + PulumiVersion, module: "pulumi",
		pkg:     "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		ldflags: " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=" + PulumiVersion,
		cold:    4 * time.Minute, memory: 3 << 30,
	}
	languageHostTarget = target{
		name: "pulumi-language-go", title: "Go language host", module: "pulumi-language-go",
		pkg:  "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
		cold: 30 * time.Second, memory: 2 << 30,
		// This host takes the path of a built program from its command line; the CLI, which is newer,
		// would send it by the protocol.
		script: "#!/bin/sh\nexec '%s' ${" + ProgramVariable + ":+-binary \"$" + ProgramVariable + "\"} \"$@\"\n",
	}
	providerTarget = target{
		name: "pulumi-resource-aws", title: "AWS provider (reduced, for emulators)", module: "awsprovider",
		pkg: ".", cold: 7 * time.Minute, memory: 5 << 30, prepare: prepareProvider,
	}
)

const diskNeeded = 8 << 30 // module cache, build cache and the programs

type builder struct {
	root, dir string
	progress  io.Writer
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

func (b *builder) stamp(t target) string { return filepath.Join(b.dir, "bin", "."+t.name+".digest") }

func (b *builder) current(t target, digest string) bool {
	have, err := os.ReadFile(b.stamp(t))
	if err != nil || string(have) != digest {
		return false
	}
	info, err := os.Stat(filepath.Join(b.dir, "bin", t.name))
	return err == nil && info.Mode()&0o100 != 0
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
		patterns = append(patterns, "tools/toolchain/internal/slim/slim.go")
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
	final := filepath.Join(b.dir, "bin", t.name)
	script := final
	if t.script != "" {
		final = filepath.Join(b.dir, "libexec", t.name)
		if err := os.MkdirAll(filepath.Dir(final), 0o750); err != nil {
			return err
		}
	}
	partial := filepath.Join(b.dir, "bin", "."+t.name+".partial")
	module := filepath.Join(b.root, "tools", t.module)
	err := b.run(ctx, module, "go", "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w"+t.ldflags, "-o", partial, t.pkg)
	if err != nil {
		return fmt.Errorf("%s: %w", t.title, errors.Join(err, ignoreAbsent(os.Remove(partial))))
	}
	if err := os.Rename(partial, final); err != nil {
		return err
	}
	if t.script != "" {
		if err := writeScript(script, fmt.Sprintf(t.script, final)); err != nil {
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

// report writes a line at once and then one every fifteen seconds until the returned function is
// called.
func (b *builder) report(t target, rest []target, started time.Time) func() {
	done := make(chan struct{})
	finished := make(chan struct{})
	line := func() {
		after := ""
		if len(rest) > 0 {
			var names []string
			for _, r := range rest {
				names = append(names, r.title)
			}
			after = fmt.Sprintf("; then %s (%s)", strings.Join(names, ", "), total(rest))
		}
		fmt.Fprintf(b.progress, "toolchain: building %s, %s of about %s%s\n", t.title, time.Since(started).Round(time.Second), t.cold, after)
	}
	line()
	go func() {
		defer close(finished)
		ticker := time.NewTicker(15 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				line()
			}
		}
	}()
	var stopped bool
	return func() {
		if !stopped {
			stopped = true
			close(done)
			<-finished
		}
	}
}

// run runs a Go command and turns its failure into an error that a newcomer can act on.
func (b *builder) run(ctx context.Context, dir, name string, args ...string) error {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; the next run goes on from here: %w", ctx.Err())
	}
	text := lastLines(output.String(), 12)
	for _, sign := range []string{"dial tcp", "no such host", "network is unreachable", "i/o timeout", "connection refused", "proxyconnect"} {
		if strings.Contains(text, sign) {
			return fmt.Errorf("the Go modules are not in the cache and the module proxy cannot be reached "+
				"(GOPROXY, see `go env GOPROXY`); connect once, or set GOPROXY to a proxy that you reach, and run this again:\n%s", text)
		}
	}
	return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, text)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// prepareProvider downloads the upstream provider's module, verified by the committed go.sum, and
// writes its reduced tree to .toolchain/src.
func prepareProvider(ctx context.Context, b *builder) error {
	upstream := filepath.Join(b.root, "tools", "awsprovider", "upstream")
	const module = "github.com/hashicorp/terraform-provider-aws"
	if err := b.run(ctx, upstream, "go", "mod", "download", module); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	command.Dir = upstream
	command.Env = append(os.Environ(), "GOWORK=off")
	text, err := command.Output()
	if err != nil {
		return fmt.Errorf("go mod download %s: %w", module, err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(text, &downloaded); err != nil {
		return err
	}
	types, dataSources, err := mappedTypes(filepath.Join(b.root, "tools", "awsprovider", "mapping.txt"))
	if err != nil {
		return err
	}
	final := filepath.Join(b.dir, "src", "terraform-provider-aws")
	partial := final + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if _, err := slim.Copy(downloaded.Dir, partial, types, dataSources); err != nil {
		return err
	}
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	return os.Rename(partial, final)
}

// mappedTypes reads the Terraform names of the resources and data sources to build.
func mappedTypes(file string) (types, dataSources []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case fields[0] == "data" && len(fields) == 3:
			dataSources = append(dataSources, fields[1])
		default:
			types = append(types, fields[0])
		}
	}
	return types, dataSources, nil
}
