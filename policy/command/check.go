// SPDX-License-Identifier: Apache-2.0

package command

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// check judges files and writes one report over all of them.
func check(p *pack.Pack, args []string, in io.Reader, out, errOut io.Writer) int {
	f, files, err := parse(args, errOut)
	if err != nil {
		return Unusable
	}
	if len(files) == 0 {
		return fail(errOut, errors.New("check needs a stack export or the JSON of a preview"))
	}
	configs, err := configure(p, f)
	if err != nil {
		return fail(errOut, err)
	}
	var results []pack.Result
	resources := 0
	for _, file := range files {
		d, err := read(file, in)
		if err != nil {
			return fail(errOut, fmt.Errorf("%s: %w", file, err))
		}
		some, err := Judge(p, configs, d)
		if err != nil {
			return fail(errOut, err)
		}
		results = append(results, some...)
		resources += len(d.Inputs)
	}
	r := report.New(p, strings.Join(files, " "), resources, results)
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

// governance is the name of the control that carries the pack's own settings.
const governance = "pack-governance"

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
	own := configs[governance]
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
	configs[governance] = own
	return configs, pack.NewSession(p).Configure(configs)
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
