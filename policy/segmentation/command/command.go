// SPDX-License-Identifier: Apache-2.0

// Package command is the proof as a person starts it: on a stack export, the JSON of a preview, or a folder of AWS's
// answers.
package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/awsfiles"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/flow"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/intent"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/model"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/page"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/stack"
)

// The exit codes.
const (
	Clean    = 0 // the network is as the table says
	Refused  = 1 // it is not, or that cannot be told
	Unusable = 2 // the arguments or the input cannot be used
)

// Usage lists the commands for the help of the program.
const Usage = `  bulkhead-policy prove [-intent TABLE] INPUT               prove that a network has the segments of a table
  bulkhead-policy explain -in INPUT SRC DST [PROTO/PORT]    say whether packets pass, and what decides
  bulkhead-policy query -in INPUT FILE                      the same for JSON lines of src, dst, protocol, port
  bulkhead-policy diff [-intent TABLE] BEFORE AFTER         say what a change opens and closes
  bulkhead-policy lint INPUT                                list rules and groups that do nothing, and lost answers

INPUT, BEFORE and AFTER are stack exports, JSON of previews, or folders of AWS's describe answers. TABLE is a file of
segments and connections, or an export or preview whose networks have one; such an INPUT needs no other. -format json, markdown,
sarif or html writes the answer in another form; "-h" after a command lists those that it has.
`

// Asks reports whether the arguments of explain are about two ends of a network, and not about a control.
func Asks(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		return strings.HasPrefix(a, "-") && name == "in"
	})
}

// run is one command on its way.
type run struct {
	in       io.Reader
	out      io.Writer
	version  string
	format   string
	also     string // a file
	input    string
	table    *intent.Table
	services map[string]string
}

// Main runs a command of that version of the program and returns its exit code.
func Main(version, name string, args []string, in io.Reader, out, errOut io.Writer) int {
	code, err := do(&run{in: in, out: out, version: version}, name, args, errOut)
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintf(errOut, "bulkhead-policy %s: %v\n", name, err)
			return Unusable
		}
		return Clean
	}
	return code
}

// formats are the forms in which a command writes its answer.
func formats(name string) []string {
	switch name {
	case "prove":
		return []string{"text", "json", "markdown", "sarif", "html", "svg"}
	case "diff":
		return []string{"text", "json", "markdown", "html"}
	}
	return []string{"text", "json"}
}

// wanted are the arguments of the commands. INPUT is a stack export, the JSON of a preview, or a folder of AWS's answers.
var wanted = map[string]string{
	"prove": "INPUT", "explain": "-in INPUT SRC DST [PROTOCOL/PORT]", "query": "-in INPUT FILE, or - for standard input", "diff": "BEFORE AFTER", "lint": "INPUT",
}

// endings are the forms by the endings of files.
var endings = map[string]string{".txt": "text", ".json": "json", ".md": "markdown", ".sarif": "sarif", ".html": "html", ".svg": "svg"}

func do(r *run, name string, args []string, errOut io.Writer) (int, error) {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(errOut)
	set.Usage = func() {
		_, _ = fmt.Fprintf(errOut, "Usage: bulkhead-policy %s [flags] %s\n\n", name, wanted[name])
		set.PrintDefaults()
	}
	table := set.String("intent", "", "file with the table of segments and connections, or an export or preview whose networks have one")
	set.StringVar(&r.input, "in", "", "what is asked about: a stack export, the JSON of a preview, or a folder of AWS's answers")
	known := formats(name)
	set.StringVar(&r.format, "format", "text", strings.Join(known, ", "))
	if slices.Contains([]string{"prove", "diff"}, name) {
		set.StringVar(&r.also, "also", "", "a file into which the answer is written too, in the form of its ending: .txt, .json, .md, .html, and of prove .sarif and .svg")
	}
	args, err := Arguments(set, args)
	if err != nil {
		return Unusable, err
	}
	if r.input != "" && slices.Contains([]string{"prove", "lint"}, name) {
		args = append(args, r.input)
	}
	if !slices.Contains(known, r.format) {
		return Unusable, fmt.Errorf("-format: %q is not known; use %s", r.format, strings.Join(known, ", "))
	}
	if form := endings[filepath.Ext(r.also)]; r.also != "" && !slices.Contains(known, form) {
		return Unusable, fmt.Errorf("-also: %s ends in no form that %s writes, which are %s", r.also, name, strings.Join(known, ", "))
	}
	if *table != "" {
		if err := r.read(*table); err != nil {
			return Unusable, err
		}
	}
	switch name {
	case "prove":
		return r.prove(args)
	case "explain":
		return r.explain(args)
	case "query":
		return r.query(args)
	case "diff":
		return r.diff(args)
	}
	return r.lint(args)
}

// Arguments parses the flags of a command, which may stand between and after its other arguments, and returns those. After "--"
// everything is an argument.
func Arguments(set *flag.FlagSet, args []string) (others []string, err error) {
	for {
		err = set.Parse(args)
		rest := set.Args()
		if err != nil || len(rest) == 0 {
			return others, err
		}
		if at := len(args) - len(rest) - 1; at >= 0 && args[at] == "--" {
			return append(others, rest...), nil
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

// read reads the table that the flag names.
func (r *run) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
		d, err := export.Read(bytes.NewReader(text))
		if err == nil {
			r.table, err = stack.Table(d.Inputs)
		}
		if err == nil && r.table == nil {
			err = errNoTable
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		return nil
	}
	if r.table, err = intent.Read(bytes.NewReader(text)); err != nil {
		return fmt.Errorf("%s:\n%w", file, err)
	}
	r.services = r.table.Services
	return nil
}

var errNoTable = errors.New("no network in it says which segments it has; say them with -intent TABLE (docs/segmentation.md shows one)")

// load reads a network and its table: a folder of AWS's answers, or what Pulumi writes. The table of the flag comes
// first; nil is none.
func (r *run) load(path string) (*model.Network, *intent.Table, error) {
	if path == "" {
		return nil, nil, errors.New("say with -in what is asked about")
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		net, err := awsfiles.Read(path)
		return net, r.table, err
	}
	from := r.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	d, err := export.Read(from)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	table := r.table
	if table == nil {
		if table, err = stack.Table(d.Inputs); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return stack.Of(d, r.services), table, nil
}

func encode(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (r *run) prove(args []string) (int, error) {
	if len(args) != 1 {
		return Unusable, errors.New("it needs one input: a stack export, the JSON of a preview, or a folder of AWS's answers")
	}
	net, table, err := r.load(args[0])
	if err == nil && table == nil {
		err = fmt.Errorf("%s: %w", args[0], errNoTable)
	}
	if err != nil {
		return Unusable, err
	}
	p, err := segmentation.Prove(net, table)
	if err != nil {
		return Unusable, err
	}
	code := Clean
	if !p.Holds() {
		code = Refused
	}
	return r.write(code, func(out io.Writer, format string) error {
		switch format {
		case "json":
			return encode(out, p)
		case "markdown":
			p.Markdown(out)
		case "sarif":
			return p.SARIF(out, r.version, args[0])
		case "html":
			return (&page.Page{Input: args[0], Proof: p}).Write(out)
		case "svg":
			return page.SVG(out, p)
		default:
			p.Text(out)
		}
		return nil
	})
}

// write writes an answer, and once more into the file that -also names. It returns the code unless that fails.
func (r *run) write(code int, answer func(out io.Writer, format string) error) (int, error) {
	if r.also != "" {
		f, err := os.Create(r.also)
		if err != nil {
			return Unusable, err
		}
		if err := errors.Join(answer(f, endings[filepath.Ext(r.also)]), f.Close()); err != nil {
			return Unusable, fmt.Errorf("%s: %w", r.also, err)
		}
	}
	if err := answer(r.out, r.format); err != nil {
		return Unusable, err
	}
	return code, nil
}

// everything is asked where a question names no protocol.
func question(args []string) (flow.Set, error) {
	if len(args) < 3 {
		return flow.Everything, nil
	}
	return flow.Parse(args[2])
}

func (r *run) explain(args []string) (int, error) {
	if len(args) != 2 && len(args) != 3 {
		return Unusable, errors.New("it needs a source, a destination, and may have a protocol and port such as tcp/443")
	}
	q, err := question(args)
	if err != nil {
		return Unusable, err
	}
	n, err := r.open()
	if err != nil {
		return Unusable, err
	}
	a, err := n.Ask(args[0], args[1], q)
	if err != nil {
		return Unusable, err
	}
	if r.format == "json" {
		return Clean, encode(r.out, a)
	}
	_, _ = fmt.Fprintf(r.out, "%s -> %s, %s: %s\n  direct %s, mediated %s", a.Source, a.Destination, a.Question, a.Verdict, a.Direct, a.Mediated)
	if len(a.Through) > 0 {
		_, _ = fmt.Fprintf(r.out, " (%s)", strings.Join(a.Through, ", "))
	}
	if a.Lateral {
		_, _ = fmt.Fprintf(r.out, ", lateral %d steps away", a.Steps)
	}
	_, _ = fmt.Fprintln(r.out)
	segmentation.Hops(r.out, a.Path)
	return Clean, nil
}

func (r *run) open() (*segmentation.Network, error) {
	net, table, err := r.load(r.input)
	if err != nil {
		return nil, err
	}
	return segmentation.Open(net, table)
}

// asked is one line of a file of questions.
type asked struct {
	Src      string          `json:"src"`
	Dst      string          `json:"dst"`
	Protocol string          `json:"protocol"`
	Port     json.RawMessage `json:"port"`
}

// query answers every line with one, in order; a question that cannot be answered gets an error and stops no other.
func (r *run) query(args []string) (int, error) {
	if len(args) != 1 {
		return Unusable, errors.New("it needs one file of questions, or - for standard input")
	}
	n, err := r.open()
	if err != nil {
		return Unusable, err
	}
	from := r.in
	if args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return Unusable, err
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	code := Clean
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		a, err := answer(n, lines.Bytes())
		if err != nil {
			code = Refused
			a.Problem, a.Verdict = err.Error(), "unknown"
		}
		if err := encode(r.out, a); err != nil {
			return Unusable, err
		}
	}
	return code, lines.Err()
}

// answer answers a line. A field that is none of a question's may be one of them with a wrong name, and is an error.
func answer(n *segmentation.Network, line []byte) (*segmentation.Answer, error) {
	var x asked
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	err := d.Decode(&x)
	none := &segmentation.Answer{Source: x.Src, Destination: x.Dst}
	if err == nil && d.InputOffset() != int64(len(bytes.TrimRight(line, " \t\r"))) {
		err = errors.New("something comes after it")
	}
	if err != nil {
		return none, fmt.Errorf("the line is no question with src, dst, protocol and port: %w", err)
	}
	port := strings.Trim(string(x.Port), `"`)
	text := x.Protocol
	switch {
	case text == "" && port != "":
		return none, errors.New("a port needs a protocol")
	case text == "":
		text = "all"
	case port != "" && port != "null" && port != "-1":
		text += "/" + port
	}
	q, err := flow.Parse(text)
	if err != nil {
		return none, err
	}
	if x.Src == "" || x.Dst == "" {
		return none, errors.New("src and dst are wanted: an interface's id or name, a segment, an address, a range, or internet")
	}
	a, err := n.Ask(x.Src, x.Dst, q)
	if err != nil {
		return none, err
	}
	return a, nil
}
