// SPDX-License-Identifier: Apache-2.0

package main

import (
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

// stage is the folder of one environment's rehearsal, .rehearsal/<environment>.
type stage struct {
	root        string
	environment string
	dir         string
}

func newStage(root, environment string) *stage {
	return &stage{root: root, environment: environment, dir: filepath.Join(root, ".rehearsal", environment)}
}

func (s *stage) path(name ...string) string {
	return filepath.Join(append([]string{s.dir}, name...)...)
}

// program is where the built Pulumi program lies; every environment runs the same file.
func (s *stage) program() string { return filepath.Join(s.root, ".rehearsal", "bin", "infra") }

// policies returns the engine's arguments that enforce the policy pack with the environment's profile.
// An environment that is not known to be lenient has production's.
func (s *stage) policies() []string {
	profile := "staging"
	if stacks.IsProduction(s.environment) {
		profile = "production"
	}
	return []string{
		"--policy-pack", filepath.Join(filepath.Dir(s.program()), "policy"),
		"--policy-pack-config", filepath.Join(s.root, "policy", "profiles", profile+".json"),
	}
}

// lock keeps a second run of the same environment away. The engine inherits it, so that it stays
// taken while an engine is at work, even if this process is killed.
func (s *stage) lock() (*lock.Lock, error) {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return nil, err
	}
	held, ok, err := lock.Try(s.path("lock"))
	if err == nil && !ok {
		err = fmt.Errorf("%s is being rehearsed by another process; wait for it (lock %s)", s.environment, s.path("lock"))
	}
	return held, err
}

// prepare writes the project that the engine runs: the real Pulumi.yaml and stack file with the
// built program, the toolchain's provider and a backend of the rehearsal's own. The real files are
// only read.
func (s *stage) prepare(tools *toolchain.Toolchain) error {
	for _, dir := range []string{s.path("project"), s.path("backend"), s.path("events")} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	project, err := readYAML(filepath.Join(s.root, "Pulumi.yaml"))
	if err != nil {
		return err
	}
	delete(project, "main")
	project["runtime"] = map[string]any{"name": "go", "options": map[string]any{"binary": s.program()}}
	project["plugins"] = map[string]any{"providers": []any{
		map[string]any{"name": "aws", "path": filepath.Dir(tools.Provider.Path)},
	}}
	if err := writeYAML(s.path("project", "Pulumi.yaml"), project); err != nil {
		return err
	}
	name := stacks.FileName(s.environment)
	stack, err := readYAML(filepath.Join(s.root, name))
	if err != nil {
		return err
	}
	// The rehearsal encrypts with a passphrase of its own; the engine keeps its salt in the copy.
	for _, key := range []string{"secretsprovider", "encryptedkey", "encryptionsalt"} {
		delete(stack, key)
	}
	copied := s.path("project", name)
	if earlier, err := readYAML(copied); err == nil && earlier["encryptionsalt"] != nil {
		stack["encryptionsalt"] = earlier["encryptionsalt"]
	}
	return writeYAML(copied, stack)
}

// passphrase returns the secret that encrypts the rehearsal's state, made at the first call.
func (s *stage) passphrase() (string, error) {
	file := s.path("passphrase")
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
	return made, os.WriteFile(file, []byte(made), 0o600)
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
	return writeFile(file, text)
}

// writeFile replaces the file whole or not at all.
func writeFile(file string, text []byte) error {
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
