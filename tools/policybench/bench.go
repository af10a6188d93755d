// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/lock"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// region and endpoint: a preview of new resources asks AWS nothing, and nothing listens on that port.
const (
	region   = "eu-central-1"
	endpoint = "http://127.0.0.1:9"
)

// bench is everything that the runs share, below build/policybench.
type bench struct {
	tools    *toolchain.Toolchain
	versions map[string]string
	root     string
	dir      string
	packs    []pack
	env      []string
	calm     float64       // largest part of the machine that others may use during a run
	patience time.Duration // for one run
}

// sample is one run.
type sample struct {
	WallSeconds   float64 `json:"wallSeconds"`
	CPUSeconds    float64 `json:"cpuSeconds"`
	PackSeconds   float64 `json:"packCPUSeconds,omitempty"` // part of CPUSeconds that the pack's own process used
	PackMB        float64 `json:"packMB,omitempty"`
	OthersSeconds float64 `json:"othersCPUSeconds"` // processor time of everything else on the machine meanwhile
	peakMB        float64 // of the command itself
}

// command is one run of the engine.
type command struct {
	program string
	dir     string
	output  string // file for what it writes
	pack    string // word by which the pack's process is known, empty without a pack
	args    []string
	env     []string
}

// exitError says that the engine ran and refused.
type exitError struct {
	command string
	code    int
}

func (e exitError) Error() string { return fmt.Sprintf("%s: exit status %d", e.command, e.code) }

func (b *bench) path(name ...string) string {
	return filepath.Join(append([]string{b.dir}, name...)...)
}

// prepare builds the program and the packs and writes the project. It keeps a second comparison out until
// unlock is called.
func prepare(ctx context.Context, root string, progress io.Writer) (b *bench, unlock func(), err error) {
	tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: root, Progress: progress, Rehearsal: true})
	if err != nil {
		return nil, nil, err
	}
	b = &bench{root: root, dir: filepath.Join(root, "build", "policybench"), tools: tools}
	for _, dir := range []string{"bin", "backend", "project", "home"} {
		if err := os.MkdirAll(b.path(dir), 0o750); err != nil {
			return nil, nil, err
		}
	}
	held, err := lock.Acquire(ctx, b.path("lock"))
	if err != nil {
		return nil, nil, err
	}
	if err := b.fill(ctx, progress); err != nil {
		held.Release()
		return nil, nil, err
	}
	return b, held.Release, nil
}

// fill makes everything that the runs share.
func (b *bench) fill(ctx context.Context, progress io.Writer) (err error) {
	for name, source := range map[string]string{
		"bulkhead-policy": "./policy", "policyxpack": "./tools/policybench/policyxpack",
		"emptypack": "./tools/policybench/emptypack", "program": "./tools/policybench/program",
	} {
		if err := b.build(ctx, name, source); err != nil {
			return err
		}
	}
	if err := b.installNode(ctx, progress); err != nil {
		return err
	}
	if err := b.project(); err != nil {
		return err
	}
	if b.packs, err = b.listPacks(); err != nil {
		return err
	}
	b.versions, err = b.readVersions(ctx)
	return err
}

// build builds a program as a user would for a release.
func (b *bench) build(ctx context.Context, name, source string) error {
	return toolchain.Go(ctx, b.root, os.Environ(), "build", "-ldflags", "-s -w", "-o", b.path("bin", name), source)
}

// project writes the Pulumi project and the environment of the engine.
func (b *bench) project() error {
	text := "name: policybench\nruntime:\n  name: go\n  options:\n    binary: " + strconv.Quote(b.path("bin", "program")) +
		"\nplugins:\n  providers:\n    - name: aws\n      path: " + strconv.Quote(filepath.Dir(b.tools.Provider.Path)) + "\n"
	if err := os.WriteFile(b.path("project", "Pulumi.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PULUMI_") && !strings.HasPrefix(pair, "AWS_") && !strings.HasPrefix(pair, "PATH=") {
			b.env = append(b.env, pair)
		}
	}
	b.env = append(b.env,
		"PATH="+b.path("bin")+string(os.PathListSeparator)+b.tools.SearchPath(), toolchain.ProgramVariable+"="+b.path("bin", "program"),
		"PULUMI_BACKEND_URL=file://"+b.path("backend"), "PULUMI_HOME="+b.path("home"), "PULUMI_CONFIG_PASSPHRASE=comparison",
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION="+region, "AWS_ENDPOINT_URL="+endpoint, "AWS_EC2_METADATA_DISABLED=true",
		"PULUMI_DEBUG_COMMANDS=true", // offers --event-log
	)
	return nil
}

// stack makes an empty stack whose program has n resources, and returns its name.
func (b *bench) stack(ctx context.Context, n int, weak bool) (string, error) {
	name := fmt.Sprintf("n%d", n)
	if weak {
		name += "weak"
	}
	if _, err := b.pulumi(ctx, "", "stack", "select", "--create", name, "--non-interactive"); err != nil {
		return "", err
	}
	args := []string{"config", "set-all", "--stack", name, "--non-interactive"}
	for key, value := range map[string]string{
		"aws:region": region, "aws:skipCredentialsValidation": "true", "aws:skipRequestingAccountId": "true", "aws:skipMetadataApiCheck": "true",
		"policybench:resources": strconv.Itoa(n), "policybench:weak": strconv.FormatBool(weak),
	} {
		args = append(args, "--plaintext", key+"="+value)
	}
	_, err := b.pulumi(ctx, "", args...)
	return name, err
}

// pulumi runs the CLI; what it wrote is in the file output.txt. A failure shows the end of it.
func (b *bench) pulumi(ctx context.Context, packWord string, args ...string) (sample, error) {
	c := command{program: b.tools.Pulumi.Path, dir: b.path("project"), output: b.path("output.txt"), pack: packWord, args: args, env: b.env}
	s, err := execute(ctx, c)
	if err != nil {
		text, _ := os.ReadFile(c.output)
		return s, fmt.Errorf("%w\n%s", err, toolchain.LastLines(string(text), 30))
	}
	return s, nil
}

// sound previews a program without faults. The preview must succeed, with every resource in it.
func (b *bench) sound(ctx context.Context, stack string, n int, p pack) (sample, error) {
	time.Sleep(settle)
	s, err := b.pulumi(ctx, p.process, append([]string{"preview", "--stack", stack, "--non-interactive", "--color", "never"}, p.args...)...)
	if err != nil {
		return s, fmt.Errorf("%s: %w", p.name, err)
	}
	text, err := os.ReadFile(b.path("output.txt"))
	if err != nil {
		return s, err
	}
	want := fmt.Sprintf("+ %d to create", n+1) // and the stack itself
	if p.check != nil {
		want = fmt.Sprintf(`"create": %d`, n+1)
	}
	if !strings.Contains(string(text), want) {
		return s, fmt.Errorf("%s: the preview does not say %q:\n%s", p.name, want, toolchain.LastLines(string(text), 30))
	}
	if p.check != nil {
		judged, err := b.judge(ctx, p)
		if err != nil {
			return s, fmt.Errorf("%s: %w", p.name, err)
		}
		s = s.then(judged)
	}
	if p.process != "" && s.PackMB == 0 {
		return s, errors.New(p.name + ": the process of the pack was not seen")
	}
	return s, nil
}

// judge runs the command of a pack that the engine does not start on what the preview has written. What it says is in the
// file check.txt.
func (b *bench) judge(ctx context.Context, p pack, args ...string) (sample, error) {
	args = slices.Concat(p.check[1:], args, []string{b.path("output.txt")})
	return execute(ctx, command{program: p.check[0], dir: b.path("project"), output: b.path("check.txt"), args: args, env: b.env})
}

// then adds a pack that ran after the preview.
func (s sample) then(judged sample) sample {
	return sample{
		WallSeconds: s.WallSeconds + judged.WallSeconds, CPUSeconds: s.CPUSeconds + judged.CPUSeconds, OthersSeconds: s.OthersSeconds + judged.OthersSeconds,
		PackSeconds: judged.CPUSeconds, PackMB: judged.peakMB,
	}
}

// settle lets the machine finish what the last run has left to do, such as writing to the disk.
const settle = 200 * time.Millisecond
