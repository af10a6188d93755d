// SPDX-License-Identifier: Apache-2.0

// Command init makes the repository its user's own: `make init NAME=shop ACCOUNT=… REGION=…`
// gives the Pulumi project, the keys of every stack file and the Go module another name,
// and the stack files an account, a region and its zones. It does all of it or nothing.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(context.Background(), ".", os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		os.Exit(1)
	}
}

// run does the whole of it in a repository.
func run(ctx context.Context, dir string, args []string, out io.Writer) error {
	w, err := parse(args)
	if err != nil {
		return err
	}
	names, err := tracked(ctx, dir)
	if err != nil {
		return err
	}
	remote, _ := git(ctx, dir, "remote", "get-url", "origin") // a repository may have none
	files, err := readAll(dir, names)
	if err != nil {
		return err
	}
	p, err := newPlan(files, w, moduleOf(remote, w.name))
	if err != nil {
		return err
	}
	if len(p.changed) == 0 {
		_, err = fmt.Fprintf(out, "nothing to do: the project is called %s and its module %s already\n", w.name, p.module)
		return err
	}
	if err := p.check(); err != nil {
		return fmt.Errorf("nothing is changed, because the result would not be usable: %w", err)
	}
	if err := write(dir, files, p.changed); err != nil {
		return err
	}
	_, err = io.WriteString(out, p.report())
	return err
}

// parse reads the command line. An empty value is one that was not given, which is what
// make hands over.
func parse(args []string) (wishes, error) {
	var w wishes
	flags := flag.NewFlagSet("init", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&w.name, "name", "", "")
	flags.StringVar(&w.account, "account", "", "")
	flags.StringVar(&w.productionAccount, "production-account", "", "")
	flags.StringVar(&w.region, "region", "", "")
	flags.StringVar(&w.module, "module", "", "")
	if err := flags.Parse(args); err != nil {
		return w, err
	}
	if flags.NArg() > 0 {
		return w, fmt.Errorf("%q is one argument too many", flags.Arg(0))
	}
	return w, w.check()
}

// tracked lists the files of a repository without changes, so that `git diff` shows what
// init has done and git can undo it.
func tracked(ctx context.Context, dir string) ([]string, error) {
	status, err := git(ctx, dir, "status", "--porcelain")
	if err != nil {
		return nil, fmt.Errorf("this is not a git repository (%w); run git init, git add . and git commit first, so that the changes can be seen and undone", err)
	}
	if first, _, _ := strings.Cut(status, "\n"); first != "" {
		return nil, fmt.Errorf("the repository has uncommitted changes, such as %q; commit or stash them first, so that what init does can be seen and undone",
			strings.TrimSpace(first[2:]))
	}
	list, err := git(ctx, dir, "ls-files", "-z")
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimRight(list, "\x00"), "\x00"), nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(text), nil
}

// readAll reads the regular files among these.
func readAll(dir string, names []string) (map[string]string, error) {
	files := map[string]string{}
	for _, name := range names {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files[name] = string(text)
	}
	return files, nil
}

// write replaces files, all or none: after a failure those that it has written are as
// they were.
func write(dir string, before, after map[string]string) error {
	var written []string
	for name, text := range after {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil {
			written = append(written, name)
			err = os.WriteFile(path, []byte(text), info.Mode().Perm())
		}
		if err != nil {
			problems := []error{fmt.Errorf("nothing is changed: %w", err)}
			for _, done := range written {
				if err := os.WriteFile(filepath.Join(dir, done), []byte(before[done]), 0o600); err != nil && done != name {
					problems = append(problems, err)
				}
			}
			return errors.Join(problems...)
		}
	}
	return nil
}
