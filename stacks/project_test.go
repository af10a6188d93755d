// SPDX-License-Identifier: Apache-2.0

package stacks

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/testproject"
)

// TestPulumiAcceptsTheProject loads Pulumi.yaml with the CLI's own loader, which checks
// it against its JSON schema and that defaults have the declared types.
func TestPulumiAcceptsTheProject(t *testing.T) {
	project, err := workspace.LoadProject("../" + projectFile)
	require.NoError(t, err)
	require.Equal(t, "infra", project.Main)
	require.Equal(t, "go", project.Runtime.Name())
	require.Equal(t, []any{"*"}, project.Config["pulumi:disable-default-providers"].Value)
	rows := environments.rows()
	require.Len(t, project.Config, len(rows)+1)
	for _, s := range rows {
		declared := project.Config[string(project.Name)+":"+s.key]
		require.Equal(t, s.typeName(), declared.TypeName(), s.key)
		require.Equal(t, s.required(), declared.Default == nil, "%s: without default exactly when it must be given", s.key)
		require.Equal(t, s.description, declared.Description)
	}
}

// TestCommittedStackFiles holds the repository's stack files to everything, whatever they
// are called and say, and compares what this package reads from them with what Pulumi reads.
func TestCommittedStackFiles(t *testing.T) {
	known, err := Environments("..")
	require.NoError(t, err)
	require.NotEmpty(t, known)
	project, err := workspace.LoadProject("../" + projectFile)
	require.NoError(t, err)
	for _, env := range known {
		t.Run(env, func(t *testing.T) {
			fromFiles, err := CheckFiles("..", env)
			require.NoError(t, err)
			require.Equal(t, IsProduction(env), fromFiles.Production)

			raw := rawOf(t, project, "../"+FileName(env))
			fromEngine, err := Parse(string(project.Name), env, raw)
			require.NoError(t, err)
			require.Equal(t, fromEngine, fromFiles)
		})
	}
}

// rawOf reads a stack file as the CLI does.
func rawOf(t *testing.T, project *workspace.Project, file string) map[string]string {
	t.Helper()
	stack, err := workspace.LoadProjectStack(nil, project, file)
	require.NoError(t, err)
	values, err := stack.Config.Decrypt(config.NopDecrypter)
	require.NoError(t, err)
	raw := map[string]string{}
	for key, value := range values {
		raw[key.String()] = value
	}
	return raw
}

func TestTableIsSound(t *testing.T) {
	unique := map[string]bool{}
	fields := map[any]string{}
	settings := &Settings{}
	for i := range table {
		s := &table[i]
		require.False(t, unique[s.key], "%s has two rows", s.key)
		unique[s.key] = true
		require.NotEmpty(t, s.group, s.key)
		require.NotEmpty(t, s.allowed, s.key)
		require.NotEmpty(t, s.example, s.key)
		require.True(t, strings.HasSuffix(s.description, "."), "%s: descriptions are sentences", s.key)
		require.Empty(t, fields[s.field(settings)], "%s fills the field of another key", s.key)
		fields[s.field(settings)] = s.key
		if !s.required() {
			require.Equal(t, typeOf(s.fallback), s.typeName(), s.key)
		}
		if s.check != nil && s.fallback != nil && s.fallback != "" {
			require.Empty(t, s.check(s.fallback), "%s: the default passes its own check", s.key)
		}
	}
	for _, r := range rules {
		for _, key := range r.keys {
			require.NotNil(t, byKey(key), "a rule names the unknown key %s", key)
		}
	}
}

func typeOf(value any) string {
	switch value.(type) {
	case int:
		return typeInteger
	case bool:
		return typeBoolean
	case []string:
		return typeArray
	}
	return typeString
}

// valid is a configuration with nothing but what must be given.
func valid(changes map[string]string) map[string]string {
	values := map[string]string{
		"accountId":           "210987654321",
		"region":              "eu-central-1",
		"zones":               `["eu-central-1a","eu-central-1b"]`,
		"vpcCidr":             "10.20.0.0/16",
		"bastion":             "KnownAddresses",
		"bastionAllowedCidrs": `["203.0.113.0/28"]`,
		"edgeZone":            "staging.bulkhead.example",
		"alarmEmails":         `["alarms@example.com"]`,
	}
	maps.Copy(values, changes)
	for key, value := range values {
		if value == absent {
			delete(values, key)
		}
	}
	return values
}

// ours is the project of these tests.
const ours = testproject.Name

// absent removes a key from valid.
const absent = "(absent)"

func TestMain(m *testing.M) {
	// A stray value from an enclosing engine would leak into Load.
	if err := os.Unsetenv("PULUMI_CONFIG"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
