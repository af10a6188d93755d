// SPDX-License-Identifier: Apache-2.0

package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/bulkhead-iac/bulkhead/tools/lock"
)

const (
	// root is the repository.
	root = "../.."
	// tool is the folder of the pinned gitlab-ci-local, below tools and, installed, below .toolchain.
	tool = "gitlab-ci-local"
	// installTimeout bounds the installation, waiting for another process that installs included.
	installTimeout = 5 * time.Minute
	// runTimeout bounds one run of gitlab-ci-local, which takes about a second on an idle machine.
	runTimeout = 2 * time.Minute
)

// install returns the folder of gitlab-ci-local's sources below .toolchain, installing them first if
// they are missing or of another version than tools/gitlab-ci-local/package-lock.json.
var install = sync.OnceValues(func() (string, error) {
	toolchain, err := filepath.Abs(filepath.Join(root, ".toolchain"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(toolchain, 0o750); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	held, err := lock.Acquire(ctx, filepath.Join(toolchain, tool+".lock"))
	if err != nil {
		return "", err
	}
	defer held.Release()

	folder := filepath.Join(toolchain, tool)
	sources := filepath.Join(folder, "node_modules", tool, "src")
	wanted, err := os.ReadFile(filepath.Join(root, "tools", tool, "package-lock.json"))
	if err != nil {
		return "", err
	}
	if have, err := os.ReadFile(filepath.Join(folder, "package-lock.json")); err == nil && bytes.Equal(have, wanted) {
		return sources, nil
	}
	return sources, npmInstall(ctx, folder)
})

// npmInstall installs into a folder of its own and moves it into place when it is complete, so that an
// interrupted installation is never taken for a finished one.
func npmInstall(ctx context.Context, folder string) error {
	fresh := folder + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.CopyFS(fresh, os.DirFS(filepath.Join(root, "tools", tool))); err != nil {
		return err
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	npm.Dir = fresh
	if output, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("%s could not be installed with npm ci in %s: %w\n%s"+
			"It needs Node.js 20 or later with npm and, the first time, a way to the npm registry; "+
			"see that `npm ping` succeeds and run the test again", tool, fresh, err, output)
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(fresh, folder)
}

// node runs Node.js on gitlab-ci-local's sources, in a folder and home of its own so that neither the
// user's settings nor this repository's branch or remote show in the result.
func node(t *testing.T, pipeline []byte, arguments ...string) []byte {
	t.Helper()
	_, err := install()
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".gitlab-ci.yml"), pipeline, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "node", arguments...)
	command.Dir = folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "GIT_CEILING_DIRECTORIES=" + filepath.Dir(folder)}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	require.NoError(t, err, "node %q\n%s%s", arguments, output, stderr.String())
	return output
}

// gitlab runs gitlab-ci-local. GitLab's schema is checked by a test of its own.
func gitlab(t *testing.T, pipeline []byte, arguments ...string) []byte {
	t.Helper()
	sources, err := install()
	require.NoError(t, err)
	return node(t, pipeline, slices.Concat([]string{filepath.Join(sources, "index.js"), "--no-json-schema-validation"}, arguments)...)
}

// listed is a job as gitlab-ci-local lists it after it has evaluated the rules.
type listed struct {
	Name         string `json:"name"`
	Stage        string `json:"stage"`
	When         string `json:"when"` // "never" if the job is not part of the pipeline
	AllowFailure bool   `json:"allow_failure"`
}

// probe is the name of the job that stands for the whole pipeline in list.
const probe = "whole-pipeline"

// list returns the jobs that an event starts, given its predefined variables; an empty value says that
// GitLab does not set the variable. No job is returned if the workflow rules start no pipeline:
// gitlab-ci-local does not know them, so a job that carries the same rules is asked in their place.
func list(t *testing.T, pipeline []byte, variables map[string]string) []listed {
	t.Helper()
	var document struct {
		Workflow struct {
			Rules []any `yaml:"rules"`
		} `yaml:"workflow"`
	}
	require.NoError(t, yaml.Unmarshal(pipeline, &document))
	probing, err := yaml.Marshal(map[string]any{probe: map[string]any{
		"stage": ".pre", "script": []string{"true"}, "rules": document.Workflow.Rules,
	}})
	require.NoError(t, err)

	arguments := []string{"--list-json"}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if variables[name] == "" {
			arguments = append(arguments, "--unset-variable", name)
		} else {
			arguments = append(arguments, "--variable", name+"="+variables[name])
		}
	}
	output := gitlab(t, slices.Concat(pipeline, []byte("\n"), probing), arguments...)
	// Warnings come before the list, which begins on a line of its own.
	start := max(0, bytes.Index(output, []byte("\n[\n")))
	var jobs []listed
	require.NoError(t, json.Unmarshal(output[start:], &jobs), "%s", output)

	isProbe := func(j listed) bool { return j.Name == probe }
	at := slices.IndexFunc(jobs, isProbe)
	require.GreaterOrEqual(t, at, 0, "%s", output)
	if jobs[at].When == "never" {
		return nil
	}
	return slices.DeleteFunc(jobs, func(j listed) bool { return isProbe(j) || j.When == "never" })
}

// schema returns GitLab's own JSON schema of the file, of the state that gitlab-ci-local ships.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	sources, err := install()
	require.NoError(t, err)
	const program = `import(process.argv[1]).then(m => console.log(JSON.stringify(m.schema)))`
	text := node(t, nil, "--eval", program, filepath.Join(sources, "schema", "schema.js"))
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	const url = "https://gitlab.com/.gitlab-ci.yml"
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(url, document))
	compiled, err := compiler.Compile(url)
	require.NoError(t, err)
	return compiled
}

// instance returns the file as the schema's library wants it.
func instance(t *testing.T, pipeline []byte) any {
	t.Helper()
	var document any
	require.NoError(t, yaml.Unmarshal(pipeline, &document))
	text, err := json.Marshal(document)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return value
}
