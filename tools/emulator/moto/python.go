// SPDX-License-Identifier: Apache-2.0

package moto

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// ErrNoPython says that no usable Python interpreter was found.
var ErrNoPython = errors.New("the emulator needs Python 3.10 or newer with its venv module")

// PythonVariable names the environment variable that chooses the interpreter.
const PythonVariable = "BULKHEAD_PYTHON"

// probe prints nothing and ends with 0 only in an interpreter that could run the pinned packages.
const probe = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)`

// motoProbe prints the version of an installed moto that has its server's own needs beside it.
const motoProbe = `import moto, flask, flask_cors; print(moto.__version__)`

// modelsProbe prints the folder of AWS's service models.
const modelsProbe = `import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), "data"))`

// interpreters lists the Python interpreters worth asking, best first.
func interpreters() []string {
	if chosen := os.Getenv(PythonVariable); chosen != "" {
		return []string{chosen}
	}
	var found []string
	if script, err := exec.LookPath("moto_server"); err == nil {
		if python := shebang(script); python != "" {
			found = append(found, python)
		}
	}
	for _, name := range []string{"python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	return found
}

// shebang returns the Python interpreter that a script names in its first line, or nothing.
func shebang(script string) string {
	file, err := os.Open(filepath.Clean(script))
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	line, _, err := bufio.NewReader(file).ReadLine()
	if err != nil || !strings.HasPrefix(string(line), "#!") {
		return ""
	}
	path := strings.TrimSpace(strings.TrimPrefix(string(line), "#!"))
	if !strings.HasPrefix(filepath.Base(path), "python") {
		return ""
	}
	return path
}

// ask runs a snippet in an interpreter and returns what it printed.
func ask(ctx context.Context, python, snippet string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, "-c", snippet).Output() // #nosec G204 -- an interpreter found on PATH or named by the user
	return strings.TrimSpace(string(out)), err
}

// installed returns an interpreter that already has the pinned moto with its server, or nothing.
func installed(ctx context.Context) string {
	for _, python := range interpreters() {
		if version, err := ask(ctx, python, motoProbe); err == nil && version == Version {
			return python
		}
	}
	return ""
}

// base returns an interpreter from which a virtual environment can be made.
func base(ctx context.Context) (string, error) {
	tried := interpreters()
	for _, python := range tried {
		if _, err := ask(ctx, python, probe); err == nil {
			return python, nil
		}
	}
	cure := "install python3 and python3-venv (Debian, Ubuntu: apt-get install python3 python3-venv)"
	if chosen := os.Getenv(PythonVariable); chosen != "" {
		return "", fmt.Errorf("%w: %s=%q is not one; unset it or name another, or %s", ErrNoPython, PythonVariable, chosen, cure)
	}
	if len(tried) == 0 {
		return "", fmt.Errorf("%w: no python on PATH; %s", ErrNoPython, cure)
	}
	return "", fmt.Errorf("%w: none of %s is one; %s", ErrNoPython, strings.Join(tried, ", "), cure)
}

// venvPython is the interpreter inside a virtual environment.
func venvPython(venv string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(venv, "Scripts", "python.exe")
	}
	return filepath.Join(venv, "bin", "python")
}
