// SPDX-License-Identifier: Apache-2.0

// Package engine runs the Pulumi CLI on the rehearsal of an environment: a project of its own, an emulated account, and no
// engine but one at a time.
package engine

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/stacks"
	"github.com/bulkhead-iac/bulkhead/tools/lock"
	"github.com/bulkhead-iac/bulkhead/tools/toolchain"
)

// Stage is the folder of one environment's rehearsal, .rehearsal/<environment>.
type Stage struct {
	Root        string // The repository.
	Environment string // Its name, such as "staging".
	Dir         string // The folder.
	project     string // The folder of the Pulumi project, seen from the repository; empty: the repository.
	guarded     string // The folder whose lock guards it.
}

// NewStage returns the stage of an environment. It makes no file.
func NewStage(root, environment string) *Stage {
	dir := filepath.Join(root, ".rehearsal", environment)
	return &Stage{Root: root, Environment: environment, Dir: dir, guarded: dir}
}

// Baseline is the stage of the baseline of the environment's account: a project of its own in the same emulated account, which the
// lock of the environment guards.
func (s *Stage) Baseline() *Stage {
	return &Stage{Root: s.Root, Environment: s.Environment, Dir: s.Path("baseline"), project: stacks.BaselineFolder, guarded: s.guarded}
}

// Path returns the path of a file of the stage.
func (s *Stage) Path(name ...string) string {
	return filepath.Join(append([]string{s.Dir}, name...)...)
}

// Bin is the folder of the programs that are built for rehearsals.
func Bin(root string) string { return filepath.Join(root, ".rehearsal", "bin") }

// Program is where the built Pulumi program lies; every stage of the project runs the same file.
func (s *Stage) Program() string {
	return filepath.Join(Bin(s.Root), filepath.Base(cmp.Or(s.project, "infra")))
}

// Agent is where the archive of the database agent lies that rehearsals deploy.
func Agent(root string) string { return filepath.Join(Bin(root), "dbagent.zip") }

// Lock keeps a second run of the same environment away. Its error names the process that is in the way: another run, or an
// engine that finishes what a killed run has begun. Whatever else a killed run has left is ended.
func (s *Stage) Lock() (*lock.Lock, error) {
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return nil, err
	}
	held, ok, err := lock.Try(s.Path("lock"))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, s.busy(lock.Holder(s.Path("lock")))
	}
	if err := s.clear(); err != nil {
		held.Release()
		return nil, err
	}
	return held, nil
}

func (s *Stage) busy(who string) error {
	return fmt.Errorf("%s is being rehearsed by %s; wait for it, or end it (lock %s)", s.Environment, who, s.Path("lock"))
}

// Prepare writes the project that the engine runs: the real Pulumi.yaml and stack file with the
// built program, the toolchain's provider and a backend of the rehearsal's own. The real files are
// only read.
func (s *Stage) Prepare(tools *toolchain.Toolchain) error {
	for _, dir := range []string{s.Path("project"), s.Path("backend"), s.Path("events")} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	// The program finds the archive where it does in the repository, in ../build.
	if err := os.Symlink(filepath.Join("..", "bin"), s.Path("build")); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	project, err := readYAML(filepath.Join(s.Root, s.project, "Pulumi.yaml"))
	if err != nil {
		return err
	}
	delete(project, "main")
	project["runtime"] = map[string]any{"name": "go", "options": map[string]any{"binary": s.Program()}}
	project["plugins"] = map[string]any{"providers": []any{
		map[string]any{"name": "aws", "path": filepath.Dir(tools.Provider.Path)},
	}}
	if err := writeYAML(s.Path("project", "Pulumi.yaml"), project); err != nil {
		return err
	}
	name := stacks.FileName(s.Environment)
	stack, err := readYAML(filepath.Join(s.Root, s.project, name))
	if err != nil {
		return err
	}
	// The rehearsal encrypts with a passphrase of its own; the engine keeps its salt in the copy.
	for _, key := range []string{"secretsprovider", "encryptedkey", "encryptionsalt"} {
		delete(stack, key)
	}
	copied := s.Path("project", name)
	if earlier, err := readYAML(copied); err == nil && earlier["encryptionsalt"] != nil {
		stack["encryptionsalt"] = earlier["encryptionsalt"]
	}
	return writeYAML(copied, stack)
}

// StartAnew drops the stack's state and the records of its runs.
func (s *Stage) StartAnew() error {
	return s.remove("backend", "events", "events.jsonl", "calls.jsonl", "outputs.json", "state.json", "summary.json", "segments.html", "baseline")
}

// Drop removes the stack. The reports of its last run stay.
func (s *Stage) Drop() error {
	return s.remove("emulator.json", "backend", "project", "passphrase", "baseline")
}

func (s *Stage) remove(names ...string) error {
	for _, name := range names {
		if err := os.RemoveAll(s.Path(name)); err != nil {
			return err
		}
	}
	return nil
}

// passphrase returns the secret that encrypts the rehearsal's state, made at the first call.
func (s *Stage) passphrase() (string, error) {
	file := s.Path("passphrase")
	text, err := os.ReadFile(file)
	if err == nil {
		return string(text), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	var random [24]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	made := hex.EncodeToString(random[:])
	return made, WriteFile(file, []byte(made))
}

func readYAML(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	content := map[string]any{}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return content, nil
}

func writeYAML(file string, content map[string]any) error {
	text, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	return WriteFile(file, text)
}

// WriteFile replaces a file whole or not at all.
func WriteFile(file string, text []byte) error {
	partial := file + ".partial"
	err := os.WriteFile(partial, text, 0o600)
	if err == nil {
		err = os.Rename(partial, file)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return nil
}
