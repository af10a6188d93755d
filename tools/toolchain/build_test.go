// SPDX-License-Identifier: Apache-2.0

package toolchain

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	hammer = target{name: "hammer", folder: "bin", title: "Hammer", module: "hammer", pkg: "example.com/hammer", cold: time.Minute}
	saw    = target{
		name: "saw", folder: "bin", title: "Saw", module: "saw", pkg: "example.com/saw", cold: 2 * time.Minute,
		script: "#!/bin/sh\nexec \"${0%/*}/../libexec/saw\" sharp \"$@\"\n",
	}
)

// workshop is a repository with two targets and a Go command of the test's own.
type workshop struct {
	*builder
	t        *testing.T
	progress *shared
	calls    string // file with one line for each call of the Go command
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	root := t.TempDir()
	for file, text := range map[string]string{
		"tools/hammer/go.mod":                       "module example.com/hammer\n",
		"tools/saw/go.mod":                          "module example.com/saw\n",
		"tools/saw/upstream/go.mod":                 "module example.com/saw/upstream\n",
		"tools/saw/main_test.go":                    "package main\n",
		"tools/toolchain/internal/slim/slim.go":     "package slim\n",
		"tools/toolchain/internal/slim/rewrite.go":  "package slim\n",
		"tools/toolchain/internal/slim/any_test.go": "package slim\n",
		".toolchain/bin/empty":                      "",
	} {
		file = filepath.Join(root, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	w := &workshop{t: t, progress: &shared{}, calls: filepath.Join(root, "calls")}
	w.builder = newBuilder(Options{Root: root, Progress: w.progress})
	w.measure = func(string) (uint64, uint64, error) { return diskNeeded, 4 << 30, nil }
	t.Setenv("PATH", filepath.Join(root, "path")+":/bin:/usr/bin")
	w.goBuilds("printf '#!/bin/sh\\necho %s \"$@\"\\n' \"${out##*/.}\" >\"$out\"; chmod 700 \"$out\"")
	return w
}

// goBuilds makes `go build` do something of the test's choice; $out is the program that it shall write.
func (w *workshop) goBuilds(what string) {
	script(w.t, filepath.Join(w.root, "path", "go"), `echo "$*" >>`+w.calls+`
[ "$1" = env ] && { echo go1.26.0 linux amd64; exit; }
while [ $# -gt 0 ] && [ "$1" != -o ]; do shift; done
out=$2
`+what)
}

// built counts the programs that were built since the last call.
func (w *workshop) built() (names []string) {
	text, err := os.ReadFile(w.calls)
	require.NoError(w.t, err)
	require.NoError(w.t, os.Remove(w.calls))
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "build ") {
			names = append(names, filepath.Base(strings.TrimSpace(line)))
		}
	}
	return names
}

func (w *workshop) bin(name ...string) string {
	return filepath.Join(append([]string{w.dir, "bin"}, name...)...)
}

func TestBuildAndBuildAgain(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, w.build(t.Context(), []target{hammer, saw}))
	require.Equal(t, []string{"hammer", "saw"}, w.built())
	require.Regexp(t, `^toolchain: 2 programs to build from Go modules; with empty caches on 2 cores about 3m0s
toolchain: building Hammer, \ds of about 1m0s; then Saw \(2m0s\)
toolchain: Hammer built in \ds
toolchain: building Saw, \ds of about 2m0s
toolchain: Saw built in \ds
$`, w.progress.String())
	for name, want := range map[string]string{"hammer": "hammer.partial --nail\n", "saw": "saw.partial sharp --nail\n"} {
		out, err := exec.Command(w.bin(name), "--nail").Output()
		require.NoError(t, err)
		require.Equal(t, want, string(out))
	}
	leftovers, err := filepath.Glob(w.bin(".*.partial"))
	require.NoError(t, err)
	require.Empty(t, leftovers)

	require.NoError(t, w.build(t.Context(), []target{hammer, saw}))
	require.Empty(t, w.built(), "nothing has changed")
}

// A pipeline restores its cache to another folder.
func TestBuiltProgramsCanBeMoved(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, w.build(t.Context(), []target{saw}))
	moved := filepath.Join(t.TempDir(), "else where's")
	require.NoError(t, os.Rename(w.dir, moved))
	out, err := exec.Command(filepath.Join(moved, "bin", "saw")).Output()
	require.NoError(t, err)
	require.Equal(t, "saw.partial sharp\n", string(out))
}

func TestWhatIsMissingOrHalfWrittenIsBuilt(t *testing.T) {
	for name, damage := range map[string]func(w *workshop) error{
		"no program":          func(w *workshop) error { return os.Remove(w.bin("saw")) },
		"no program behind":   func(w *workshop) error { return os.RemoveAll(filepath.Join(w.dir, "libexec")) },
		"not executable":      func(w *workshop) error { return os.Chmod(filepath.Join(w.dir, "libexec", "saw"), 0o600) },
		"no stamp":            func(w *workshop) error { return os.Remove(w.bin(".saw.digest")) },
		"half a stamp":        func(w *workshop) error { return os.Truncate(w.bin(".saw.digest"), 20) },
		"an earlier build's":  func(w *workshop) error { return os.WriteFile(w.bin(".saw.digest"), []byte("earlier"), 0o600) },
		"only a partial file": func(w *workshop) error { return os.Rename(w.bin("saw"), w.bin(".saw.partial")) },
		"a folder": func(w *workshop) error {
			if err := os.Remove(w.bin("saw")); err != nil {
				return err
			}
			return os.Mkdir(w.bin("saw"), 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t)
			require.NoError(t, w.build(t.Context(), []target{hammer, saw}))
			w.built()
			digest, err := w.digest(saw)
			require.NoError(t, err)
			require.True(t, w.current(saw, digest))
			require.NoError(t, damage(w))
			require.False(t, w.current(saw, digest))
			if name == "a folder" {
				require.NoError(t, os.Remove(w.bin("saw")))
			}
			require.NoError(t, w.build(t.Context(), []target{hammer, saw}))
			require.Equal(t, []string{"saw"}, w.built(), "the other is in place")
			require.True(t, w.current(saw, digest))
		})
	}
}

func TestDigestCoversWhatDecides(t *testing.T) {
	prepared := saw
	prepared.prepare = func(context.Context, *builder) error { return nil }
	write := func(name, text string) func(w *workshop) error {
		return func(w *workshop) error { return os.WriteFile(filepath.Join(w.root, name), []byte(text), 0o600) }
	}
	for name, c := range map[string]struct {
		target  target
		change  func(w *workshop) error
		differs bool
	}{
		"the module":            {saw, write("tools/saw/go.mod", "module example.com/saw\n\ngo 1.27\n"), true},
		"a hash":                {saw, write("tools/saw/go.sum", "example.com/steel v1.0.0 h1:\n"), true},
		"the upstream module":   {saw, write("tools/saw/upstream/go.mod", "module other\n"), true},
		"an empty file":         {saw, write("tools/saw/empty.go", ""), true},
		"a file's name":         {saw, func(w *workshop) error { return rename(w, "tools/saw/go.mod", "tools/saw/go.mod2") }, true},
		"the preparation":       {prepared, write("tools/toolchain/internal/slim/slim.go", "package slim // new\n"), true},
		"the rewriting":         {prepared, write("tools/toolchain/internal/slim/rewrite.go", "package slim // new\n"), true},
		"the compiler":          {saw, func(w *workshop) error { return w.otherCompiler() }, true},
		"a test":                {saw, write("tools/saw/main_test.go", "package main // new\n"), false},
		"a preparation's test":  {prepared, write("tools/toolchain/internal/slim/any_test.go", "package slim // new\n"), false},
		"no preparation at all": {saw, write("tools/toolchain/internal/slim/slim.go", "package slim // new\n"), false},
		"another module":        {saw, write("tools/hammer/go.mod", "module other\n"), false},
		"a folder":              {saw, func(w *workshop) error { return os.Mkdir(filepath.Join(w.root, "tools/saw/docs"), 0o700) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t)
			before, err := w.digest(c.target)
			require.NoError(t, err)
			require.NoError(t, c.change(w))
			after, err := w.digest(c.target)
			require.NoError(t, err)
			require.Equal(t, c.differs, before != after)
		})
	}
	w := newWorkshop(t)
	before, err := w.digest(saw)
	require.NoError(t, err)
	for what, change := range map[string]func(*target){
		"flags":   func(t *target) { t.ldflags = " -X main.edge=fine" },
		"package": func(t *target) { t.pkg = "example.com/saw/v2" },
		"script":  func(t *target) { t.script = "" },
	} {
		changed := saw
		change(&changed)
		after, err := w.digest(changed)
		require.NoError(t, err)
		require.NotEqual(t, before, after, what)
	}
}

func rename(w *workshop, from, to string) error {
	return os.Rename(filepath.Join(w.root, from), filepath.Join(w.root, to))
}

func (w *workshop) otherCompiler() error {
	file := filepath.Join(w.root, "path", "go")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return writeScript(file, strings.ReplaceAll(string(text), "go1.26.0", "go1.27.0"))
}

func TestNoGoAtAll(t *testing.T) {
	w := newWorkshop(t)
	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, w.build(t.Context(), []target{hammer}), "the Go toolchain is needed")
}

func TestMachineTooSmallBuildsNothing(t *testing.T) {
	w := newWorkshop(t)
	huge := hammer
	huge.memory = 5 << 30
	require.ErrorContains(t, w.build(t.Context(), []target{huge}), "4.0 GiB of memory is available and the build needs 5.0 GiB")
	require.Empty(t, w.built())
}
