// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// ten are the rules that every pack has.
var ten = []string{
	"s3-public-access-block", "s3-block-public-acls", "s3-ownership-enforced", "s3-force-destroy", "sg-rule-described",
	"iam-inverted", "kms-rotation", "rds-storage-encrypted", "rds-deletion-protection", "elb-tls-policy",
}

// pack is one of the ways to preview that are compared.
type pack struct {
	name    string
	process string // how its process is recognised: the end of its program or script
	args    []string
	check   []string // the command that judges what the preview has written, for a pack that the engine does not start
	ten     bool     // has the ten rules and no other
}

const (
	none   = "no pack"
	empty  = "a pack without policies"
	whole  = "bulkhead, every control"
	cut    = "bulkhead, ten rules"
	after  = "bulkhead check of its JSON, every control"
	tenOff = "bulkhead check of its JSON, ten rules"
	goPack = "policyx, ten rules"
	node   = "@pulumi/policy, ten rules"
)

// listPacks writes the configuration of the packs that have one and returns all of them.
func (b *bench) listPacks() ([]pack, error) {
	config := map[string]string{"all": "disabled"}
	for _, id := range ten {
		config[id] = "mandatory"
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.path("ten.json"), text, 0o600); err != nil {
		return nil, err
	}
	// The programs are no account's baseline, as our own stacks are: the profile and nothing else.
	if err := os.WriteFile(b.path("whole.json"), []byte(`{"pack-governance": {"profile": "production"}}`), 0o600); err != nil {
		return nil, err
	}
	bulkhead := b.path("bin", "bulkhead-policy")
	return []pack{
		{name: none},
		{name: after, process: bulkhead, args: []string{"--json"}, check: []string{bulkhead, "check", "-config", b.path("whole.json")}},
		{name: empty, process: b.path("bin", "emptypack"), args: []string{"--policy-pack", b.path("bin", "emptypack")}},
		{name: whole, process: bulkhead, args: []string{"--policy-pack", bulkhead, "--policy-pack-config", b.path("whole.json")}},
		{name: cut, ten: true, process: bulkhead, args: []string{"--policy-pack", bulkhead, "--policy-pack-config", b.path("ten.json")}},
		{name: tenOff, ten: true, process: bulkhead, args: []string{"--json"}, check: []string{bulkhead, "check", "-config", b.path("ten.json")}},
		{name: goPack, ten: true, process: b.path("bin", "policyxpack"), args: []string{"--policy-pack", b.path("bin", "policyxpack")}},
		{name: node, ten: true, process: "run-policy-pack", args: []string{"--policy-pack", b.path("nodepack")}},
	}, nil
}

// launcher is the program with which an engine starts a pack on Node.js when it has no language host for it.
// Pulumi's releases ship one that looks for the script with a Node.js of its own first; this one is quicker.
const launcher = "#!/bin/sh\nexec node ./node_modules/@pulumi/pulumi/cmd/run-policy-pack \"$@\"\n"

// installNode installs the pack for Node.js and its launcher, unless the committed lock file is installed.
func (b *bench) installNode(ctx context.Context, progress io.Writer) error {
	source, folder := filepath.Join(b.root, "tools", "policybench", "nodepack"), b.path("nodepack")
	if err := os.WriteFile(b.path("bin", "pulumi-analyzer-policy-nodejs"), []byte(launcher), 0o700); err != nil { // #nosec G306 -- a program
		return err
	}
	if !same(filepath.Join(source, "package-lock.json"), filepath.Join(folder, "package-lock.json")) {
		fmt.Fprintln(progress, "policybench: installing @pulumi/policy with npm")
		fresh := folder + ".new"
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
		if err := os.CopyFS(fresh, os.DirFS(source)); err != nil {
			return err
		}
		npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
		npm.Dir = fresh
		if out, err := npm.CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci in %s: %w\n%sit needs Node.js 20 or later with npm and a way to the npm registry", fresh, err, out)
		}
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
		if err := os.Rename(fresh, folder); err != nil {
			return err
		}
	}
	for _, name := range []string{"index.js", "package.json", "PulumiPolicy.yaml"} {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b string) bool {
	x, err := os.ReadFile(a)
	if err != nil {
		return false
	}
	y, err := os.ReadFile(b)
	return err == nil && bytes.Equal(x, y)
}

// readVersions collects what was compared.
func (b *bench) readVersions(ctx context.Context) (map[string]string, error) {
	versions := map[string]string{"pulumi": toolchain.PulumiVersion, "aws provider": toolchain.ProviderVersion + ", " + b.tools.Provider.Origin}
	if info, ok := debug.ReadBuildInfo(); ok {
		versions["go"] = info.GoVersion
	}
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("node --version: %w", err)
	}
	versions["node"] = strings.TrimSpace(string(out))
	for _, module := range []string{"@pulumi/policy", "@pulumi/pulumi"} {
		var about struct {
			Version string `json:"version"`
		}
		text, err := os.ReadFile(filepath.Join(b.path("nodepack"), "node_modules", module, "package.json"))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &about); err != nil {
			return nil, err
		}
		versions[module] = about.Version
	}
	return versions, nil
}
