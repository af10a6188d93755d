// SPDX-License-Identifier: Apache-2.0

package command

import (
	_ "embed" // for the texts
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
)

//go:embed guide.md
var guide string

//go:embed introduction.md
var introduction string

// docs writes the documentation into a folder. It removes pages of services that there are no more.
func docs(p *pack.Pack, args []string, errOut io.Writer) int {
	if len(args) != 1 {
		return fail(errOut, errors.New("docs needs the folder to write to, such as docs"))
	}
	pages := report.Docs(p, introduction, guide)
	old, err := filepath.Glob(filepath.Join(args[0], "policies", "*.md"))
	if err != nil {
		return fail(errOut, err)
	}
	for _, file := range old {
		err = errors.Join(err, os.Remove(file))
	}
	err = errors.Join(err, os.MkdirAll(filepath.Join(args[0], "policies"), 0o750))
	for name, text := range pages {
		err = errors.Join(err, os.WriteFile(filepath.Join(args[0], filepath.FromSlash(name)), []byte(text), 0o600))
	}
	return end(errOut, err)
}
