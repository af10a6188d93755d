// SPDX-License-Identifier: Apache-2.0

// Package testproject is the Pulumi project of the tests: a Pulumi.yaml and the stack
// files of two environments, "staging" and "production", and another for the baseline of
// their accounts. The repository's own files are
// for whoever deploys it to change; what a test expects must not depend on them.
package testproject

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
)

// Name is what the project is called.
const Name = "bulkhead"

//go:embed project
var files embed.FS

// Write puts the project's files into a folder, which must exist.
func Write(dir string) error { return write("project", dir) }

// WriteBaseline puts those of the baseline of both accounts into a folder, which must exist.
func WriteBaseline(dir string) error { return write("project/baseline", dir) }

func write(from, dir string) error {
	project, err := fs.Sub(files, from)
	if err != nil {
		return err
	}
	names, err := fs.Glob(project, "*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(project, name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
