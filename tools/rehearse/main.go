// SPDX-License-Identifier: Apache-2.0

// Command rehearse runs an environment's real program, configuration and policies with the real
// Pulumi engine and AWS provider against an emulated AWS account on this machine. The Makefile calls
// it; run it without arguments for its usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/moto"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

const usage = `rehearse: an environment's deployment on this machine, without an AWS account

Usage:
  rehearse up [environment]         deploy to the emulated account, check for no change and no drift
  rehearse down [environment]       destroy what was deployed and stop the emulator when unused
  rehearse forget                   stop the emulator and drop every rehearsed stack, without destroying anything first
  rehearse check [environment]      check the environment's configuration and say everything wrong
  rehearse toolchain                find or build the programs that a rehearsal needs
  rehearse provider                 build the AWS provider for emulators even where the official one is at hand
  rehearse exec environment -- command [arg ...]
                                    run a command, such as pulumi, for the real environment

The environment is "staging" unless given; Pulumi.<environment>.yaml configures it.

Exit codes: 0 success, 1 the deployment or a check failed, 2 wrong usage or configuration,
130 interrupted.
`

// Exit codes of the command.
const (
	exitFailed      = 1
	exitMisuse      = 2
	exitInterrupted = 130
)

// emulatorSubcommand runs the emulator's gateway; the emulator starts itself with it.
const emulatorSubcommand = "emulator"

// misuse marks errors of the caller's making: the command line or the configuration.
type misuse struct{ error }

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
		close(hurry)
	}()
	err := run(ctx, os.Args[1:])
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
	case interrupted:
		fmt.Fprintln(os.Stderr, "rehearse: interrupted; run the same command again to go on:", err)
		os.Exit(exitInterrupted)
	default:
		fmt.Fprintln(os.Stderr, "rehearse:", err)
		if m := (misuse{}); errors.As(err, &m) {
			os.Exit(exitMisuse)
		}
		os.Exit(exitFailed)
	}
}

func run(ctx context.Context, args []string) error {
	args, err := parse(args)
	if err != nil || args == nil {
		return err
	}
	root, err := findRoot()
	if err != nil {
		return misuse{err}
	}
	environment := "staging"
	if len(args) > 1 {
		environment = args[1]
	}
	switch args[0] {
	case "up":
		return up(ctx, root, environment)
	case "down":
		return down(ctx, root, environment)
	case "forget":
		return forget(ctx, root, os.Stdout)
	case "check":
		if _, err := settings(root, environment); err != nil {
			return err
		}
		fmt.Printf("%s: no problem found\n", stacks.FileName(environment))
		return nil
	case "toolchain":
		return prepare(ctx, root, os.Stdout)
	case "provider":
		_, err := toolchain.BuildProvider(ctx, toolchain.Options{Root: root, Progress: os.Stdout})
		return err
	case "exec":
		command, err := commandOf(args)
		if err != nil {
			return err
		}
		return execute(ctx, root, environment, command)
	default:
		fmt.Fprint(os.Stderr, usage)
		return misuse{fmt.Errorf("unknown command %q", args[0])}
	}
}

// parse returns the arguments of the command line, or none when it asks for help and has got it.
func parse(args []string) ([]string, error) {
	if asksForHelp(args) {
		fmt.Print(usage)
		return nil, nil
	}
	flags := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	if err := flags.Parse(args); err != nil {
		return nil, misuse{err}
	}
	args = flags.Args()
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return nil, misuse{errors.New("no command given")}
	}
	most, takes := 2, "one environment"
	switch args[0] {
	case "forget", "toolchain", "provider":
		most, takes = 1, "none"
	case "exec":
		return args, nil
	}
	if len(args) > most {
		return nil, misuse{fmt.Errorf("%q is one argument too many; %s takes %s", args[most], args[0], takes)}
	}
	return args, nil
}

// asksForHelp looks for -h, -help, --help and the command help, before the command of exec.
func asksForHelp(args []string) bool {
	for i, arg := range args {
		if arg == "--" || i == 2 && args[0] == "exec" {
			return false
		}
		if arg == "-h" || strings.TrimLeft(arg, "-") == "help" && (i == 0 || arg != "help") {
			return true
		}
	}
	return false
}

// settings returns the environment's checked configuration. Its error lists every problem.
func settings(root, environment string) (*stacks.Settings, error) {
	s, err := stacks.CheckFiles(root, environment)
	if err != nil {
		return nil, misuse{fmt.Errorf("the configuration of %s is not usable:\n%w", environment, err)}
	}
	return s, nil
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

// commandOf returns the command of "exec environment [--] command ...".
func commandOf(args []string) ([]string, error) {
	command := args[min(2, len(args)):]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return nil, misuse{errors.New("exec needs an environment and a command")}
	}
	return command, nil
}

// execute replaces this process by a command for the real environment, with the toolchain on PATH.
// The backend, the credentials and the stack files are the user's own.
func execute(ctx context.Context, root, environment string, command []string) error {
	if _, err := settings(root, environment); err != nil {
		return err
	}
	tools, err := toolchain.Ensure(ctx, toolchain.Options{Root: root, Progress: os.Stderr}) // the output is the command's
	if err != nil {
		return err
	}
	program, err := exec.LookPath(command[0])
	if command[0] == "pulumi" {
		program, err = tools.Pulumi.Path, nil
	}
	if err != nil {
		return misuse{err}
	}
	if err := os.Setenv("PATH", tools.SearchPath()); err != nil {
		return err
	}
	return syscall.Exec(program, command, os.Environ()) //nolint:gosec // running the given command is the purpose
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
