// SPDX-License-Identifier: Apache-2.0

// Package toolchain provides the programs that a deployment needs: the Pulumi CLI, its Go language
// host and an AWS provider plugin.
//
// What the user has already is used when it fits. What is missing is built from Go modules whose
// hashes are committed (tools/pulumi, tools/pulumi-language-go, tools/awsprovider), so that a machine
// which reaches a Go module proxy and nothing else can still run everything.
package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// PulumiVersion is the version of the CLI that is built, and the oldest one that is accepted.
	PulumiVersion = "v3.258.0"
	// ProviderVersion is the version of the AWS provider plugin that the SDK in go.mod belongs to.
	ProviderVersion = "6.83.2"
	// ProgramVariable names the environment variable with the path of a built Pulumi program, for the
	// Go language host that is built from source. Others take it from Pulumi.yaml alone.
	ProgramVariable = "BULKHEAD_PROGRAM"
)

// Tool is one program of the toolchain.
type Tool struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	Origin string `json:"origin"` // "installed", "downloaded" or "built"
}

// Toolchain holds the programs, ready to run.
type Toolchain struct {
	Pulumi       Tool `json:"pulumi"`
	LanguageHost Tool `json:"languageHost"`
	Provider     Tool `json:"provider"`
}

// Official tells whether the AWS provider is the official plugin rather than the source-built one.
func (t *Toolchain) Official() bool { return t.Provider.Origin != "built" }

// SearchPath returns the value of PATH under which the CLI finds its language host.
func (t *Toolchain) SearchPath() string {
	return filepath.Dir(t.LanguageHost.Path) + string(os.PathListSeparator) + os.Getenv("PATH")
}

// Options control Ensure.
type Options struct {
	Root      string    // the repository
	Progress  io.Writer // receives one line a step and, for long steps, a line every few seconds
	Rehearsal bool      // accept the source-built provider, which serves emulators only
}

// Ensure finds, downloads or builds every program. A second call finds everything in place and takes
// milliseconds. An interrupted build is continued by the next call; no half-written program is ever
// put in place. The error says what is missing and what to do about it.
func Ensure(ctx context.Context, o Options) (*Toolchain, error) {
	return newBuilder(o).ensure(ctx, o.Rehearsal)
}

func (b *builder) ensure(ctx context.Context, rehearsal bool) (*Toolchain, error) {
	held, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	t := &Toolchain{}
	var missing []target
	if tool, host, ok := installedPulumi(ctx); ok {
		t.Pulumi, t.LanguageHost = tool, host
	} else {
		t.Pulumi, t.LanguageHost = b.built(pulumiTarget), b.built(languageHostTarget)
		missing = append(missing, pulumiTarget, languageHostTarget)
	}
	if !rehearsal {
		// For a real account the CLI downloads the official plugin by itself.
		return t, b.build(ctx, missing)
	}
	if tool, ok := installedProvider(b.dir); ok {
		t.Provider = tool
		return t, b.build(ctx, missing)
	}
	if downloadable(ctx, b.dir, b.site) {
		if err := b.build(ctx, missing); err != nil { // the CLI downloads the plugin
			return nil, err
		}
		if tool, ok := download(ctx, b.dir, t.Pulumi, b.progress); ok {
			t.Provider = tool
			return t, nil
		}
	}
	t.Provider = b.built(providerTarget)
	return t, b.build(ctx, append(missing, providerTarget))
}

func (b *builder) built(t target) Tool {
	return Tool{Name: t.name, Path: b.path(t), Origin: "built"}
}

// installedPulumi returns the CLI on PATH and the language host beside it or on PATH, if the CLI is
// new enough.
func installedPulumi(ctx context.Context) (cli, host Tool, ok bool) {
	path, err := exec.LookPath("pulumi")
	if err != nil {
		return cli, host, false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, path, "version")
	command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	version, err := command.Output()
	if err != nil || !atLeast(strings.TrimSpace(string(version)), PulumiVersion) {
		return cli, host, false
	}
	const hostName = "pulumi-language-go"
	itself, err := filepath.EvalSymlinks(path)
	if err != nil {
		return cli, host, false
	}
	hostPath := filepath.Join(filepath.Dir(itself), hostName)
	if _, err := os.Stat(hostPath); errors.Is(err, os.ErrNotExist) {
		if hostPath, err = exec.LookPath(hostName); err != nil {
			return cli, host, false
		}
	}
	return Tool{"pulumi", path, "installed"}, Tool{hostName, hostPath, "installed"}, true
}

// atLeast compares versions of the form v1.2.3; anything else, a development build included, is not
// at least anything.
func atLeast(version, minimum string) bool {
	have, ok := parseVersion(version)
	want, wellFormed := parseVersion(minimum)
	return ok && wellFormed && slices.Compare(have[:], want[:]) >= 0
}

func parseVersion(version string) (parts [3]int, ok bool) {
	if _, err := fmt.Sscanf(version, "v%d.%d.%d", &parts[0], &parts[1], &parts[2]); err != nil {
		return parts, false
	}
	return parts, fmt.Sprintf("v%d.%d.%d", parts[0], parts[1], parts[2]) == version
}

// BuildProvider builds the source-built AWS provider even where the official plugin is at hand.
func BuildProvider(ctx context.Context, o Options) (*Tool, error) {
	b := newBuilder(o)
	held, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	tool := b.built(providerTarget)
	return &tool, b.build(ctx, []target{providerTarget})
}
