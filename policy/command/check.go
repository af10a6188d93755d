// SPDX-License-Identifier: Apache-2.0

package command

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
)

//go:embed introduction.md
var introduction string

func docs(p *pack.Pack, out, errOut io.Writer) int {
	if err := report.Docs(out, p, introduction); err != nil {
		return fail(errOut, err)
	}
	return Clean
}

// check judges one file and writes the report.
func check(p *pack.Pack, args []string, in io.Reader, out, errOut io.Writer) int {
	f, files, err := parse(args, out, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return Clean
	case err != nil:
		return Unusable
	case len(files) != 1:
		return fail(errOut, fmt.Errorf("check needs one stack export or JSON of a preview, after the flags; it got %d arguments", len(files)))
	case !slices.Contains(report.Formats, f.format):
		return fail(errOut, fmt.Errorf("-format: %q is not known; use %s", f.format, strings.Join(report.Formats, ", ")))
	}
	configs, err := configure(p, f)
	if err != nil {
		return fail(errOut, err)
	}
	source := files[0]
	d, err := read(source, in)
	if err != nil {
		return fail(errOut, fmt.Errorf("%s: %w", source, err))
	}
	results, err := Judge(p, configs, d)
	if err != nil {
		return fail(errOut, err)
	}
	if source == "-" {
		source = "stdin"
	}
	r := report.New(p, source, len(d.Stack), results)
	if err := write(r, f, p, out); err != nil {
		return fail(errOut, err)
	}
	if r.Blocked() {
		return Refused
	}
	return Clean
}

// Judge runs the pack over a deployment in the order of the engine: every resource by its inputs, then the
// stack as a whole.
func Judge(p *pack.Pack, configs map[string]pack.Config, d *export.Deployment) ([]pack.Result, error) {
	session := pack.NewSession(p)
	session.Describe(pack.About{DryRun: d.Preview}, nil, nil)
	if err := session.Configure(configs); err != nil {
		return nil, fmt.Errorf("the configuration is invalid: %w", err)
	}
	var results []pack.Result
	for _, r := range d.Inputs {
		results = append(results, session.Analyze(r)...)
	}
	return append(results, session.AnalyzeStack(d.Stack)...), nil
}

func configure(p *pack.Pack, f flags) (map[string]pack.Config, error) {
	configs := map[string]pack.Config{}
	if f.config != "" {
		text, err := os.ReadFile(filepath.Clean(f.config))
		if err != nil {
			return nil, err
		}
		if configs, err = pack.ParseConfig(text); err != nil {
			return nil, fmt.Errorf("%s: %w", f.config, err)
		}
	}
	own := configs[pack.GovernanceID]
	if own.Properties == nil {
		own.Properties = map[string]any{}
	}
	if f.profile != "" {
		own.Properties["profile"] = f.profile
	}
	if f.waivers != "" {
		absolute, err := filepath.Abs(f.waivers)
		if err != nil {
			return nil, err
		}
		own.Properties["waiversFile"] = absolute
	}
	configs[pack.GovernanceID] = own
	if err := pack.NewSession(p).Configure(configs); err != nil {
		if f.config != "" {
			return nil, fmt.Errorf("%s: %w", f.config, err)
		}
		return nil, err
	}
	return configs, nil
}

func read(file string, in io.Reader) (*export.Deployment, error) {
	if file == "-" {
		return export.Read(in)
	}
	r, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	d, err := export.Read(r)
	return d, errors.Join(err, r.Close())
}

func write(r *report.Report, f flags, p *pack.Pack, out io.Writer) error {
	if f.output == "" {
		return r.Write(out, f.format, p)
	}
	file, err := os.Create(filepath.Clean(f.output))
	if err != nil {
		return err
	}
	return errors.Join(r.Write(file, f.format, p), file.Close())
}
