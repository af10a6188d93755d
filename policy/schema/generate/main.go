// SPDX-License-Identifier: Apache-2.0

// Command generate writes policy/schema/aws.txt anew: which inputs of a resource type force a replacement, and which
// are sealed by Pulumi's SDKs.
//
// Replacements are read from the source of the Terraform provider that Pulumi's provider is made from, at the version
// that tools/awsprovider/upstream pins: ForceNew of the plugin SDK, RequiresReplace of the framework. Seals are read
// from the SDK of this repository's go.mod, which wraps those inputs by itself; the SDKs of Node and Python, which come
// from the same schema, wrap the same ones. Both are read as text, because compiling the provider takes half an hour.
//
//	go run ./policy/schema/generate
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

const (
	sdkModule = "github.com/pulumi/pulumi-aws/sdk/v6"
	table     = "policy/schema/aws.txt"
)

func main() {
	log.SetFlags(0)
	if err := write(); err != nil {
		log.Fatal(err)
	}
}

func write() error {
	upstream, err := module("tools/awsprovider/upstream", "github.com/hashicorp/terraform-provider-aws")
	if err != nil {
		return err
	}
	resources, err := readProvider(upstream.Dir)
	if err != nil {
		return err
	}
	sdk, err := packtest.OpenSDK(sdkModule)
	if err != nil {
		return err
	}
	pulumi, err := module(".", sdkModule)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Made by \"go run ./policy/schema/generate\" from %s@%s (replaces)\n# and %s@%s (seals).\n", upstream.Path, upstream.Version, pulumi.Path, pulumi.Version)
	for _, token := range tokens() {
		known := token
		if sdk.Inputs(known) == nil { // version 7 of the provider dropped the suffix of some types
			module, kind, _ := strings.Cut(strings.TrimPrefix(token, "aws:"), ":")
			known = "aws:" + module + "V2:" + kind + "V2"
		}
		inputs := sdk.Inputs(known)
		source := match(known, inputs, resources)
		if source == nil {
			return fmt.Errorf("%s: no Terraform resource has its properties", token)
		}
		log.Println(token, "is", source.name)
		fmt.Fprintf(&out, "%s\t%s\t%s\n", token, strings.Join(sdk.Translate(known, source.replaces), " "), strings.Join(sdk.Sealed(known), " "))
	}
	return os.WriteFile(table, out.Bytes(), 0o644) //nolint:gosec // a table for everybody to read
}

// tokens are the types of AWS that controls judge.
func tokens() []string {
	var all []string
	for _, c := range controls.All() {
		for _, t := range c.Types {
			if strings.HasPrefix(t, "aws:") {
				all = append(all, t)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// source is a module and where it lies.
type source struct{ Path, Version, Dir string }

// module downloads the module that the go.mod in the folder names, or what replaces it.
func module(folder, path string) (source, error) {
	command := exec.Command("go", "mod", "download", "-json", path)
	command.Dir, command.Stderr = folder, os.Stderr
	text, err := command.Output()
	if err != nil {
		return source{}, fmt.Errorf("go mod download %s in %s: %w", path, folder, err)
	}
	var found source
	return found, json.Unmarshal(text, &found)
}
