// SPDX-License-Identifier: Apache-2.0

// Package command is the program around the policy pack: the pack itself when Pulumi starts it, and a command
// that judges a stack export or a preview when a person does.
package command

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/report"
)

// The exit codes.
const (
	// Clean: nothing stops a deployment.
	Clean = 0
	// Refused: at least one finding is mandatory and not waived.
	Refused = 1
	// Unusable: the arguments, the configuration or the input cannot be used. Nothing was judged.
	Unusable = 2
)

const usage = `bulkhead-policy is the Bulkhead policy pack for Pulumi and AWS.

  pulumi preview --policy-pack /path/to/bulkhead-policy     judge a program while it is deployed
  bulkhead-policy check [flags] FILE                        judge a stack export or a preview ("-" is standard input)
  bulkhead-policy list [-format text|json]                  list the controls
  bulkhead-policy explain CONTROL                           describe one control
  bulkhead-policy docs                                      write docs/policies.md to standard output
  bulkhead-policy version

FILE is what "pulumi stack export" or "pulumi preview --json" writes.
Exit codes: 0 nothing stops a deployment, 1 a mandatory finding, 2 the arguments or the input cannot be used.
`

const checkUsage = `Usage: bulkhead-policy check [flags] FILE

FILE is what "pulumi stack export" or "pulumi preview --json" writes, "-" is standard input.

`

// Main runs the program and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	p, err := controls.New()
	if err != nil {
		return fail(errOut, err)
	}
	if started(args) {
		return serve(p, out, errOut)
	}
	if len(args) == 0 {
		_, _ = io.WriteString(errOut, usage)
		return Unusable
	}
	switch args[0] {
	case "check":
		return check(p, args[1:], in, out, errOut)
	case "list":
		return list(p, args[1:], out, errOut)
	case "explain":
		return explain(p, args[1:], out, errOut)
	case "docs":
		return docs(p, out, errOut)
	case "version", "-version", "--version":
		_, _ = fmt.Fprintln(out, p.Name, p.Version)
		return Clean
	case "help", "-h", "-help", "--help":
		_, _ = io.WriteString(out, usage)
		return Clean
	}
	return fail(errOut, fmt.Errorf("there is no command %q\n\n%s", args[0], usage))
}

func fail(w io.Writer, err error) int {
	_, _ = fmt.Fprintln(w, "bulkhead-policy:", err)
	return Unusable
}

// started reports whether the engine started the program: it gives its address, after flags that the pack does
// not need. For a folder that is a pack, "." and the options of its runtime follow.
func started(args []string) bool {
	if len(args) > 0 && (args[0] == "serve" || args[0] == "check") {
		return args[0] == "serve"
	}
	for len(args) > 1 && (args[len(args)-1] == "." || strings.HasPrefix(args[len(args)-1], "-")) {
		args = args[:len(args)-1]
	}
	if len(args) == 0 {
		return false
	}
	host, port, ok := strings.Cut(args[len(args)-1], ":")
	return ok && host != "" && port != "" && strings.Trim(port, "0123456789") == ""
}

// serve answers the engine until it is told to stop or the engine is gone.
func serve(p *pack.Pack, out, errOut io.Writer) int {
	if err := pack.Run(p, out); err != nil {
		return fail(errOut, err)
	}
	return Clean
}

// flags are the arguments of check.
type flags struct {
	format, output, config, profile, waivers string
}

func parse(args []string, out, errOut io.Writer) (flags, []string, error) {
	var f flags
	set := flag.NewFlagSet("check", flag.ContinueOnError)
	set.Usage = func() {
		_, _ = io.WriteString(set.Output(), checkUsage)
		set.PrintDefaults()
	}
	set.StringVar(&f.format, "format", "text", strings.Join(report.Formats, ", "))
	set.StringVar(&f.output, "output", "", "file to write instead of standard output")
	set.StringVar(&f.config, "config", "", "configuration in the form of --policy-pack-config")
	set.StringVar(&f.profile, "profile", "", "profile, instead of the one in the configuration")
	set.StringVar(&f.waivers, "waivers", "", "file with waivers, instead of the one in the configuration")
	err := parseFlags(set, args, out, errOut)
	return f, set.Args(), err
}

// parseFlags parses the flags of a command. Help that was asked for goes to out, what is wrong to errOut.
func parseFlags(set *flag.FlagSet, args []string, out, errOut io.Writer) error {
	var said bytes.Buffer
	set.SetOutput(&said)
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		errOut = out
	}
	_, _ = said.WriteTo(errOut)
	return err
}
