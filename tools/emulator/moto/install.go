// SPDX-License-Identifier: Apache-2.0

package moto

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/lock"
)

// ErrNoNetwork says that the Python packages are not installed yet and their registry cannot be reached.
var ErrNoNetwork = errors.New("the Python package registry cannot be reached")

// stampName is the file whose content says which requirements a virtual environment holds completely.
const stampName = ".bulkhead-stamp"

// Install makes the pinned moto available and returns the Python interpreter that can run it.
// An interpreter that has exactly this version already is used as it is; otherwise the packages go into
// <root>/.toolchain/venv, each checked against its pinned hash. A finished installation is recognised and costs
// nothing; an interrupted one is begun again. Progress goes to progress, one line a step.
func Install(ctx context.Context, root string, progress io.Writer) (string, error) {
	folder := filepath.Join(root, ".toolchain")
	venv := filepath.Join(folder, "venv")
	if finished(venv) {
		return venvPython(venv), nil
	}
	if python := installed(ctx); python != "" {
		say(progress, "moto %s: already installed (%s)", Version, python)
		return python, nil
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", fmt.Errorf("moto: %w", err)
	}
	held, err := lock.Acquire(ctx, filepath.Join(folder, "venv.lock"))
	if err != nil {
		return "", fmt.Errorf("moto: another installation is running: %w", err)
	}
	defer held.Release()
	if finished(venv) {
		return venvPython(venv), nil
	}
	python, err := base(ctx)
	if err != nil {
		return "", fmt.Errorf("moto %s: %w", Version, err)
	}
	if err := build(ctx, python, venv, progress); err != nil {
		return "", fmt.Errorf("moto %s: %w", Version, err)
	}
	return venvPython(venv), nil
}

// build makes the virtual environment from nothing and stamps it last.
func build(ctx context.Context, python, venv string, progress io.Writer) error {
	started := time.Now()
	if err := os.RemoveAll(venv); err != nil {
		return err
	}
	say(progress, "moto %s: making a virtual environment with %s", Version, python)
	if out, err := exec.CommandContext(ctx, python, "-m", "venv", venv).CombinedOutput(); err != nil { // #nosec G204 -- see ask
		return fmt.Errorf("%s -m venv %s: %w: %s", python, venv, err, lastLines(out, 3))
	}
	list := filepath.Join(venv, "requirements.txt")
	if err := os.WriteFile(list, []byte(requirements), 0o600); err != nil {
		return err
	}
	say(progress, "moto %s: installing its pinned packages (about 40 s, 320 MB)", Version)
	if err := pip(ctx, venv, list, progress); err != nil {
		return err
	}
	if version, err := ask(ctx, venvPython(venv), motoProbe); err != nil || version != Version {
		return fmt.Errorf("installed, but %s cannot import it (found version %q, %v)", venvPython(venv), version, err)
	}
	if err := os.WriteFile(filepath.Join(venv, stampName+".new"), []byte(stamp()), 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(venv, stampName+".new"), filepath.Join(venv, stampName)); err != nil {
		return err
	}
	say(progress, "moto %s: ready after %s", Version, time.Since(started).Round(time.Second))
	return nil
}

// pip installs the requirements file and reports how far it is.
func pip(ctx context.Context, venv, list string, progress io.Writer) error {
	// #nosec G204 -- the interpreter of the environment just made
	cmd := exec.CommandContext(ctx, venvPython(venv), "-m", "pip", "install",
		"--require-hashes", "--only-binary=:all:", "--no-deps", "--no-input",
		"--disable-pip-version-check", "--progress-bar=off", "--no-color", "--retries=2", "--timeout=20", "-r", list)
	cmd.Env = append(os.Environ(), "PIP_USER=0", "PIP_REQUIRE_VIRTUALENV=0")
	var all bytes.Buffer
	cmd.Stderr = &all
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	collected, last := 0, time.Now()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "Collecting ") {
			collected++
		}
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			say(progress, "moto %s: %d of at most %d packages fetched", Version, collected, packageCount())
		}
	}
	if err := cmd.Wait(); err != nil {
		return explain(err, all.Bytes())
	}
	return nil
}

// explain turns pip's failure into one that says what to do.
func explain(err error, output []byte) error {
	text := string(output)
	for _, sign := range []string{"NewConnectionError", "Name or service not known", "Temporary failure in name resolution",
		"Network is unreachable", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "No matching distribution found"} {
		if strings.Contains(text, sign) {
			return fmt.Errorf("%w: the packages are fetched once, so run this again with a network, "+
				"or name a mirror with PIP_INDEX_URL: %s", ErrNoNetwork, lastLines(output, 2))
		}
	}
	if strings.Contains(text, "No space left on device") {
		return fmt.Errorf("the disk is full; the packages need 320 MB: %w", err)
	}
	if strings.Contains(text, "DO NOT MATCH THE HASHES") {
		return fmt.Errorf("a package is not the pinned one (its hash differs); do not use this mirror: %s", lastLines(output, 6))
	}
	return fmt.Errorf("pip install: %w: %s", err, lastLines(output, 5))
}

// finished tells whether a virtual environment holds exactly the pinned packages.
func finished(venv string) bool {
	found, err := os.ReadFile(filepath.Join(venv, stampName)) // #nosec G304 -- a fixed name under the project
	if err != nil || string(found) != stamp() {
		return false
	}
	_, err = os.Stat(venvPython(venv))
	return err == nil
}

// stamp identifies the requirements.
func stamp() string {
	sum := sha256.Sum256([]byte(requirements))
	return "moto " + Version + " " + hex.EncodeToString(sum[:]) + "\n"
}

func say(w io.Writer, format string, args ...any) {
	if w != nil {
		_, _ = fmt.Fprintf(w, format+"\n", args...)
	}
}

// lastLines returns the last few non-empty lines of a program's output in one line.
func lastLines(output []byte, n int) string {
	var kept []string
	for _, line := range strings.Split(string(output), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept[max(0, len(kept)-n):], "; ")
}
