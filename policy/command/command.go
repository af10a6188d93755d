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
	segmentation "github.com/bulkhead-iac/bulkhead/policy/segmentation/command"
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

  bulkhead-policy guide                                     the first ten minutes
  pulumi preview --policy-pack /path/to/bulkhead-policy     judge a program while it is deployed
  bulkhead-policy check [flags] FILE                        judge a stack export or a preview ("-" is standard input)
  bulkhead-policy public [flags] FILE                       say what of it somebody on the internet or with any account reaches
  bulkhead-policy list [flags] [CONTROL ...]                list controls: all, or by id, type, severity, framework, level
  bulkhead-policy explain [flags] CONTROL ...               describe controls
  bulkhead-policy docs FOLDER                               write policies.md and a page for each service
  bulkhead-policy version
` + segmentation.Usage + `
FILE is what "pulumi preview --json" or "pulumi stack export" writes. "-h" after a command shows its flags.
Exit codes: 0 nothing stops a deployment, 1 a mandatory finding, 2 the arguments or the input cannot be used, or nothing was judged.
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
	case "public":
		return reach(p, args[1:], in, out, errOut)
	case "list":
		return list(p, args[1:], out, errOut)
	case "explain":
		if segmentation.Asks(args) {
			return segmentation.Main(p.Version, args[0], args[1:], in, out, errOut)
		}
		return explain(p, args[1:], out, errOut)
	case "prove", "query", "diff", "lint":
		return segmentation.Main(p.Version, args[0], args[1:], in, out, errOut)
	case "docs":
		return docs(p, args[1:], errOut)
	case "guide":
		_, _ = io.WriteString(out, guide)
		return Clean
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

// errTold is returned for wrong flags, of which the user has been told.
var errTold = errors.New("wrong flags")

// end is the exit code of a command that writes nothing after err.
func end(w io.Writer, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return Clean
	case errors.Is(err, errTold):
		return Unusable
	}
	return fail(w, err)
}

// parseFlags is [segmentation.Arguments]; help that was asked for goes to out, what is wrong to errOut.
func parseFlags(set *flag.FlagSet, args []string, out, errOut io.Writer) (others []string, err error) {
	var said bytes.Buffer
	set.SetOutput(&said)
	others, err = segmentation.Arguments(set, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		errOut = out
	case err != nil:
		err = errTold
	}
	_, _ = said.WriteTo(errOut)
	return others, err
}
