// SPDX-License-Identifier: Apache-2.0

// Command generate writes what follows from the table of settings: the config block of
// Pulumi.yaml, here and in the project of the tests, and docs/configuration.md. It runs
// in the folder of package stacks: `go generate ./stacks`.
package main

import (
	"fmt"
	"os"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	const project = "../Pulumi.yaml"
	for _, file := range []string{project, "../internal/testproject/project/Pulumi.yaml", "../infra/baseline/Pulumi.yaml", "../internal/testproject/project/baseline/Pulumi.yaml"} {
		content, err := os.ReadFile(file)
		if err == nil {
			content, err = stacks.ProjectFile(content)
		}
		if err == nil {
			err = os.WriteFile(file, content, 0o644) //nolint:gosec // part of the repository, to be read by all
		}
		if err != nil {
			return err
		}
	}
	content, err := os.ReadFile(project)
	if err != nil {
		return err
	}
	name, err := stacks.ProjectName(content)
	if err != nil {
		return err
	}
	reference, err := stacks.Reference(name)
	if err != nil {
		return err
	}
	return os.WriteFile("../docs/configuration.md", reference, 0o644) //nolint:gosec // part of the repository, to be read by all
}
