// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// psycopg is the version with which the documentation's Python is tried; boto3 is the emulator's.
const psycopg = "psycopg[binary]==3.2.10"

// shown is a program of the documentation, in a language.
func shown(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/database.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	require.True(t, found)
	code, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	return code
}

// environ is what a service of the database finds, besides the emulator's address and key.
func (d *database) environ(t *testing.T, login declare.Login) []string {
	t.Helper()
	key, err := d.account.Config.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	return append(os.Environ(), "DATABASE_LOGIN="+string(login), "DATABASE_SECRET_ARN="+d.secrets[login], "AWS_REGION="+emulatortest.Region,
		"AWS_ENDPOINT_URL="+d.account.Endpoint, "AWS_ACCESS_KEY_ID="+key.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+key.SecretAccessKey,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
}

// turn rotates a user's secret.
func (d *database) turn(t *testing.T, login declare.Login) {
	t.Helper()
	version := uuid.NewString()
	for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
		require.NoError(t, d.rotation.Step(t.Context(), rotate.Event{Step: step, Secret: d.secrets[login], Version: version}))
	}
}

// TestThePythonOfTheDocumentationLogsIn runs the very lines, with psycopg and boto3, through rotations.
func TestThePythonOfTheDocumentationLogsIn(t *testing.T) {
	d := start(t)
	python, err := filepath.Abs("../../.toolchain/venv/bin/python")
	require.NoError(t, err)
	folder := t.TempDir()
	install := exec.Command(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--target", folder, psycopg)
	output, err := install.CombinedOutput()
	require.NoError(t, err, "%s", output)
	program := filepath.Join(folder, "program.py")
	require.NoError(t, os.WriteFile(program, []byte("import json, os\nimport boto3, psycopg\n\n"+shown(t, "python")+
		"\nwith connect() as connection:\n    print(connection.execute('SELECT session_user').fetchone()[0], connection.pgconn.ssl_in_use)\n"), 0o600))
	run := func(login declare.Login, more ...string) (string, error) {
		command := exec.Command(python, program)
		command.Env = append(d.environ(t, login), append(more, "PYTHONPATH="+folder)...)
		output, err := command.CombinedOutput()
		return strings.TrimSpace(string(output)), err
	}
	for login, users := range map[declare.Login][]string{declare.AlternatingSecret: {"report", "report_clone", "report"}, declare.Secret: {"batch", "batch"}} {
		for _, want := range users {
			said, err := run(login)
			require.NoError(t, err, said)
			require.Equal(t, want+" True", said)
			d.turn(t, login)
		}
	}
	said, err := run(declare.IAM, "PGUSER=service")
	require.Error(t, err)
	require.Contains(t, said, `password authentication failed for user "service"`, "no server here checks a token")
}
