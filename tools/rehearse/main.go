// SPDX-License-Identifier: Apache-2.0

// Command rehearse runs an environment's real program, configuration and policies with the real
// Pulumi engine and AWS provider against an emulated AWS account on this machine. The Makefile calls
// it; run it without arguments for its usage.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
	"github.com/bulkhead-iac/bulkhead/tools/rehearse/engine"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

const usage = `rehearse: an environment's deployment on this machine, without an AWS account

Usage:
  rehearse up [--no-database] [environment]
                                    deploy to the emulated account, check for no change and no drift; without a real
                                    database server behind the instances, if so asked
  rehearse diff [--json] [environment]
                                    show what the program and the configuration as they are now would change in
                                    the rehearsed account, by segment, and what the policies say; change nothing
  rehearse twin [--json] [environment]
                                    make the rehearsed account's network of this machine's network namespaces, open
                                    real connections between all pairs of hosts, and compare each with the proof. It
                                    stays up until another is made, the account is rehearsed again or destroyed
  rehearse twin --in segment [environment] [-- command [arg ...]]
                                    run a command, or a shell, in a host of that segment of the twin that is up, where
                                    the others listen: for a look around with curl, nc or nmap
  rehearse twin --down [environment]
                                    end the twin, and whatever runs in it
  rehearse down [environment]       destroy what was deployed and stop the emulator when unused
  rehearse forget                   stop the emulator and drop every rehearsed stack, without destroying anything first
  rehearse check [environment]      check the environment's configuration and say everything wrong
  rehearse toolchain                find or build the programs that a rehearsal needs
  rehearse provider                 build the AWS provider for emulators even where the official one is at hand
  rehearse exec [--emulated] [environment] -- command [arg ...]
                                    run a command, such as pulumi or aws, for the real environment, or for the
                                    rehearsed one; pulumi is judged by the policies of the environment

The environment is "staging" unless given; Pulumi.<environment>.yaml configures it.

Exit codes: 0 success, 1 the deployment or a check failed, 2 wrong usage or configuration,
3 no twin can be made of this network or on this machine, 130 interrupted.
`

// Exit codes of the command.
const (
	exitFailed      = 1
	exitMisuse      = 2
	exitUnable      = 3
	exitInterrupted = 130
)

// emulatorSubcommand runs the emulator's gateway; the emulator starts itself with it.
const emulatorSubcommand = "emulator"

// misuse marks errors of the caller's making: the command line or the configuration.
type misuse struct{ error }

// ended is how another run of this program ended, which has said why.
type ended int

func (e ended) Error() string { return fmt.Sprintf("ended with exit code %d", int(e)) }

func main() {
	if len(os.Args) > 1 && os.Args[1] == emulatorSubcommand {
		os.Exit(emulator.Serve(os.Args[2:]))
	}
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		stop()
		<-signals
		close(engine.Hurry)
	}()
	err := run(ctx, os.Args[1:])
	interrupted := ctx.Err() != nil
	stop()
	code := ended(0)
	switch {
	case err == nil:
	case errors.As(err, &code):
		os.Exit(int(code))
	case interrupted:
		fmt.Fprintln(os.Stderr, "rehearse: interrupted; run the same command again to go on:", err)
		os.Exit(exitInterrupted)
	default:
		fmt.Fprintln(os.Stderr, "rehearse:", err)
		if m := (misuse{}); errors.As(err, &m) {
			os.Exit(exitMisuse)
		}
		if errors.Is(err, twin.ErrUnable) {
			os.Exit(exitUnable)
		}
		os.Exit(exitFailed)
	}
}

// invocation is a command line, taken apart.
type invocation struct {
	command     string
	environment string
	json        bool     // of diff and twin
	noDatabase  bool     // of up
	in          string   // of twin
	down        bool     // of twin
	emulated    bool     // of exec
	program     []string // of exec and twin
}

func run(ctx context.Context, args []string) error {
	if asksForHelp(args) {
		fmt.Print(usage)
		return nil
	}
	in, err := parse(args)
	if err != nil {
		return err
	}
	root, err := findRoot()
	if err != nil {
		return misuse{err}
	}
	switch in.command {
	case "up":
		return up(ctx, root, in.environment, in.noDatabase)
	case "diff":
		return diff(ctx, root, in.environment, in.json)
	case "twin":
		return makeTwin(ctx, root, in)
	case "down":
		return down(ctx, root, in.environment)
	case "forget":
		return forget(ctx, root, os.Stdout)
	case "check":
		return check(root, in.environment, os.Stdout)
	case "toolchain":
		return prepare(ctx, root, os.Stdout)
	case "provider":
		_, err := toolchain.BuildProvider(ctx, toolchain.Options{Root: root, Progress: os.Stdout})
		return err
	default: // parse knows no other
		if in.emulated {
			return executeEmulated(ctx, root, in.environment, in.program)
		}
		return execute(ctx, root, in.environment, in.program)
	}
}

// parse takes a command line apart. An environment that is given and empty stays empty: it is a mistake, not the default.
func parse(args []string) (*invocation, error) {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return nil, misuse{errors.New("no command given")}
	}
	in := &invocation{command: args[0], environment: "staging"}
	args = args[1:]
	flags := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	most := 1
	switch in.command {
	case "up":
		flags.BoolVar(&in.noDatabase, "no-database", false, "")
	case "down", "check":
	case "forget", "toolchain", "provider":
		most = 0
	case "diff":
		flags.BoolVar(&in.json, "json", false, "")
	case "twin":
		flags.BoolVar(&in.json, "json", false, "")
		flags.StringVar(&in.in, "in", "", "")
		flags.BoolVar(&in.down, "down", false, "")
		args, in.program = cut(args)
	case "exec":
		flags.BoolVar(&in.emulated, "emulated", false, "")
		if args, in.program = cut(args); in.program == nil {
			return nil, misuse{errors.New("exec needs a command behind --, such as: rehearse exec staging -- pulumi preview")}
		}
	default:
		fmt.Fprint(os.Stderr, usage)
		return nil, misuse{fmt.Errorf("unknown command %q", in.command)}
	}
	if err := flags.Parse(args); err != nil {
		return nil, misuse{err}
	}
	if flags.NArg() > most {
		return nil, misuse{fmt.Errorf("%q is one argument too many; %s takes %s", flags.Arg(most), in.command, []string{"none", "one environment"}[most])}
	}
	if flags.NArg() == 1 {
		in.environment = flags.Arg(0)
	}
	if in.command == "twin" {
		return in, in.place()
	}
	return in, nil
}

// place says what runs where in a twin: a command, or else a shell, in a segment that is named.
func (in *invocation) place() error {
	switch {
	case in.down && (in.json || in.in != ""):
		return misuse{errors.New("--down goes alone: it ends the twin")}
	case in.json && in.in != "":
		return misuse{errors.New("--json and --in exclude each other: there is no outcome to write")}
	case in.program != nil && in.in == "":
		return misuse{errors.New("twin runs a command only in a segment; name it, such as: rehearse twin --in app staging -- nc -zv db-1 5432")}
	case in.program == nil:
		in.program = []string{cmp.Or(os.Getenv("SHELL"), "sh")}
	}
	return nil
}

// cut parts the arguments from the command behind --, if there is one.
func cut(args []string) (before, command []string) {
	if dash := slices.Index(args, "--"); dash >= 0 && dash < len(args)-1 {
		return args[:dash], args[dash+1:]
	}
	return args, nil
}

// asksForHelp looks for -h, -help, --help and the command help, before the command of exec.
func asksForHelp(args []string) bool {
	for i, arg := range args {
		if arg == "--" {
			return false
		}
		if arg == "-h" || strings.TrimLeft(arg, "-") == "help" && (i == 0 || arg != "help") {
			return true
		}
	}
	return false
}

// settings returns the environment's checked configuration and what judges it. Its error lists every problem.
func settings(root, environment string) (*stacks.Settings, engine.Policies, error) {
	s, err := stacks.CheckFiles(root, environment)
	if err != nil {
		return nil, engine.Policies{}, misuse{fmt.Errorf("the configuration of %s is not usable:\n%w", cmp.Or(environment, `""`), err)}
	}
	policies, err := engine.PoliciesOf(root, environment, s.Profile)
	if err != nil {
		return nil, policies, misuse{fmt.Errorf("the configuration of %s is not usable:\n%w", cmp.Or(environment, `""`), err)}
	}
	return s, policies, nil
}

// check checks the configuration of an environment, and that of the account's baseline if there is one of its name.
func check(root, environment string, out io.Writer) error {
	s, _, err := settings(root, environment)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: no problem found\n", stacks.FileName(environment))
	found, err := checkBaseline(root, environment, s)
	switch {
	case err != nil:
		return err
	case found:
		fmt.Fprintf(out, "%s: no problem found\n", baselineFile(environment))
	default:
		fmt.Fprintf(out, noBaseline, baselineFile(environment))
	}
	return nil
}

// prepare gets all programs that a rehearsal needs, the emulator's while the compiler is at work.
func prepare(ctx context.Context, root string, progress io.Writer) error {
	installed := make(chan error)
	go func() {
		_, err := moto.Install(ctx, root, progress)
		installed <- err
	}()
	_, err := toolchain.Ensure(ctx, toolchain.Options{Root: root, Progress: progress, Rehearsal: true})
	return errors.Join(err, <-installed)
}

// findRoot returns the nearest folder at or above the working directory that holds Pulumi.yaml.
func findRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Pulumi.yaml")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no Pulumi.yaml in %s or above it; run this inside the repository", here)
		}
	}
}
