// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
)

const checkUsage = `Usage: bulkhead-policy check [flags] FILE

FILE is what "pulumi preview --json" or "pulumi stack export" writes, a checkpoint of a backend of one's own, or an
event log ("pulumi up --event-log"); "-" is standard input.

`

// checkFlags are the arguments of check.
type checkFlags struct {
	basis
	selection
	format, output, failOn string
}

func parseCheck(args []string, out, errOut io.Writer) (f checkFlags, files []string, err error) {
	set := flag.NewFlagSet("check", flag.ContinueOnError)
	set.Usage = func() {
		_, _ = io.WriteString(set.Output(), checkUsage)
		set.PrintDefaults()
	}
	f.basis.flags(set)
	set.StringVar(&f.waivers, "waivers", "", "file with waivers, instead of the one in the configuration")
	set.StringVar(&f.format, "format", "text", strings.Join(report.Formats, ", "))
	set.StringVar(&f.output, "output", "", "file to write instead of standard output")
	set.Func("only", "controls to report on, separated by commas: ids, their beginnings, or patterns with *", func(text string) error {
		f.ids = append(f.ids, strings.Split(text, ",")...)
		return nil
	})
	set.StringVar(&f.severity, "severity", "", "report on controls that are at least so severe: low, medium, high, critical")
	set.StringVar(&f.failOn, "fail-on", failOnMandatory,
		"what makes the exit code 1: mandatory findings, findings at least as severe as low, medium, high or critical, or never")
	files, err = parseFlags(set, args, out, errOut)
	return f, files, err
}

// What -fail-on takes beside a severity.
const (
	failOnMandatory = "mandatory"
	failOnNever     = "never"
)

// validate lists everything that is wrong with the arguments.
func (f *checkFlags) validate(files []string) error {
	var problems []error
	if len(files) != 1 {
		problems = append(problems, fmt.Errorf("check needs one stack export or JSON of a preview; it got %d arguments", len(files)))
	}
	if !slices.Contains(report.Formats, f.format) {
		problems = append(problems, fmt.Errorf("-format: %q is not known; use %s", f.format, strings.Join(report.Formats, ", ")))
	}
	if _, known := pack.ParseSeverity(f.failOn); !known && f.failOn != failOnMandatory && f.failOn != failOnNever {
		problems = append(problems, fmt.Errorf("-fail-on: %q is not known; use mandatory, low, medium, high, critical or never", f.failOn))
	}
	return errors.Join(problems...)
}

// gcPercent lets the heap grow to three times what is in use before it is swept: a sixth of the time of a check of 1,000 resources,
// for 9 MB.
const gcPercent = 200

// check judges one file and writes the report.
func check(p *pack.Pack, args []string, in io.Reader, out, errOut io.Writer) int {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	f, files, err := parseCheck(args, out, errOut)
	if err != nil {
		return end(errOut, err)
	}
	if err := f.validate(files); err != nil {
		return fail(errOut, err)
	}
	run, err := f.run(p, files[0], in)
	if err != nil {
		return fail(errOut, err)
	}
	r := report.New(p, run)
	if err := write(r, f, p, out); err != nil {
		return fail(errOut, err)
	}
	return f.code(r)
}

// run judges the file.
func (f *checkFlags) run(p *pack.Pack, source string, in io.Reader) (run report.Run, err error) {
	if run.Chosen, err = f.choose(p); err != nil {
		return run, err
	}
	configs, err := f.configure(p)
	if err != nil {
		return run, err
	}
	d, err := read(source, in)
	if err != nil {
		return run, fmt.Errorf("%s: %w", source, err)
	}
	session, results, err := d.Judge(p, configs)
	if err != nil {
		return run, err
	}
	if source == "-" {
		source = "stdin"
	}
	own := configs[pack.GovernanceID].Properties
	profile, _ := own["profile"].(string)
	run.Report = report.Report{Source: source, Stack: d.Name, Profile: profile, Config: f.config, Chosen: f.String(),
		Coverage: session.Coverage(d.Stack)}
	run.Resources, run.Results, run.Level = d.Stack, results, session.Level
	if f.String() != "" &&
		!slices.ContainsFunc(p.Controls(), func(c *pack.Control) bool { return run.Chosen(c) && session.Level(c.ID) != pack.Disabled }) {
		return run, fmt.Errorf("%w: every control that the flags choose (%s) is off; a configuration switches one on, such as {\"ebs-cmk\": "+
			"\"advisory\"}", ErrIdle, f.String())
	}
	found := func(r pack.Result) bool { return r.Outcome == pack.Fail && !r.Remark }
	if own["unjudged"] != "ignore" && !slices.ContainsFunc(results, found) {
		err = idle(run.Report.Coverage)
	}
	return run, err
}

// ErrIdle is returned when no control looked at anything, which must not look like a stack that is in order.
var ErrIdle = errors.New("nothing was judged")

func idle(c *pack.Coverage) error {
	switch {
	case c.Judged > 0:
		return nil
	case c.Resources == 0 && len(c.Gaps) == 0:
		return fmt.Errorf("%w: the file holds no resource; preview the program, or export the stack after it has been deployed", ErrIdle)
	}
	return fmt.Errorf("%w: no control that is on looks at a type in the file: %s; the setting \"unjudged\": \"ignore\" of %s accepts that",
		ErrIdle, c, pack.GovernanceID)
}

// code is the exit code for a report, as -fail-on wants it.
func (f *checkFlags) code(r *report.Report) int {
	severity, bySeverity := pack.ParseSeverity(f.failOn)
	switch {
	case bySeverity && r.Reaches(severity), f.failOn == failOnMandatory && r.Blocked():
		return Refused
	}
	return Clean
}

// read reads the file that is to be judged.
func read(file string, in io.Reader) (*export.Deployment, error) {
	if file == "-" {
		return export.Read(in)
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return nil, fmt.Errorf("this is a folder; in the folder of the program, run %q, and judge the file",
			"pulumi preview --json > preview.json")
	}
	r, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	d, err := export.Read(r)
	return d, errors.Join(err, r.Close())
}

func write(r *report.Report, f checkFlags, p *pack.Pack, out io.Writer) error {
	if f.output == "" {
		return r.Write(out, f.format, p)
	}
	file, err := os.Create(filepath.Clean(f.output))
	if err != nil {
		return err
	}
	return errors.Join(r.Write(file, f.format, p), file.Close())
}
