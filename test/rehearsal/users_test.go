// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package rehearsal_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// TestADatabaseIsUsedLostAndRestored goes through the life of a database in one environment. Its users are made on a real server; then two of them
// get passwords, which are in no file of the rehearsal. A service writes rows, loses its table, and follows the database that was restored from a
// snapshot, and back again. The last deployment leaves no server.
func TestADatabaseIsUsedLostAndRestored(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	box.Own(t, "infra")
	for _, name := range []string{"main.go", "table.go"} {
		text, err := os.ReadFile(filepath.Join(sandbox.Repository(t), "infra", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(box.Path("infra", name), text, 0o600))
	}
	box.Rehearse(t, "up", "staging").Succeed(t)
	require.Equal(t, map[string]string{"dbowner": "password", "migrator": "IAM token", "reader": "IAM token", "service": "IAM token"}, users(t, box))
	e := box.Environment("staging")
	require.Contains(t, theInvocation(t, e), `CREATE ROLE \"service\"`)
	require.Empty(t, userSecrets(t, e))

	box.Replace(t, filepath.Join("infra", "main.go"), "	env, err := environment.New", `	users := args.Databases[0].Users.Databases[0].Users
	users[0].Login, users[1].Login = declare.Secret, declare.AlternatingSecret
	env, err := environment.New`)
	box.Replace(t, filepath.Join("infra", "main.go"), `	"github.com/bulkhead-iac/bulkhead/stacks"
`, `	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/stacks"
`)
	up := box.Rehearse(t, "up", "staging").Succeed(t)
	logins := users(t, box)
	for user, login := range map[string]string{"service": "secret, until the rotation after 2", "service_clone": "secret, rotated 2", "migrator": "secret, rotated 2"} {
		require.True(t, strings.HasPrefix(logins[user], login), "%s: %q", user, logins[user])
		up.Says(t, "  "+user)
		up.Says(t, logins[user])
		delete(logins, user)
	}
	require.Equal(t, map[string]string{"dbowner": "password", "reader": "IAM token"}, logins)
	made := theInvocation(t, e)
	require.Contains(t, made, `the secret of \"service\" in the database \"app\" has another value`)
	require.NotContains(t, made, `CREATE ROLE \"reader\"`, "the server of the first deployment is asked")

	data, err := os.Readlink(box.Path(".rehearsal", "emulator", "databases"))
	require.NoError(t, err)
	passwords := readSecrets(t, e, data)
	require.Len(t, passwords, 5, "the owner's, and two of each user")
	requireNowhere(t, passwords, box.Path(".rehearsal"), data)

	followARestoredDatabase(t, box)

	require.DirExists(t, data)
	box.Rehearse(t, "down", "staging").Succeed(t)
	require.NoDirExists(t, data, "the emulator leaves data")
}

// userSecrets are the ARNs of the users' secrets, as the outputs of the stack have them.
func userSecrets(t *testing.T, e *sandbox.Environment) map[string]string {
	t.Helper()
	databases, ok := e.Outputs(t)["databases"].(map[string]any)
	require.True(t, ok)
	database, ok := databases["db"].(map[string]any)
	require.True(t, ok)
	arns := map[string]string{}
	for user, arn := range database["userSecretArns"].(map[string]any) {
		arns[user] = fmt.Sprint(arn)
	}
	return arns
}

// readSecrets logs in with every user's secret as a client does, and with the password that was current before, which gets in only where
// two users alternate. It returns every password that there has been.
func readSecrets(t *testing.T, e *sandbox.Environment, data string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "*", "ca.pem"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	client := secretsmanager.NewFromConfig(e.Config(t))
	var passwords []string
	arns := userSecrets(t, e)
	require.Equal(t, []string{"migrator", "service"}, slices.Sorted(maps.Keys(arns)))
	for user, arn := range arns {
		for _, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
			value, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn, VersionStage: &stage})
			require.NoError(t, err, "%s of %s", stage, user)
			var login struct {
				Host, DBName, Username, Password, SSLMode string
				Port                                      uint16
			}
			require.NoError(t, json.Unmarshal([]byte(*value.SecretString), &login))
			config, err := pgx.ParseConfig(fmt.Sprintf("host=%s dbname=%s sslmode=%s sslrootcert=%s", "127.0.0.1", login.DBName, login.SSLMode, files[0]))
			require.NoError(t, err)
			config.Port, config.User, config.Password, config.TLSConfig.ServerName = login.Port, login.Username, login.Password, login.Host
			conn, err := pgx.ConnectConfig(t.Context(), config)
			if user == "migrator" && stage == "AWSPREVIOUS" {
				require.ErrorContains(t, err, "password authentication failed")
			} else {
				require.NoError(t, err, "%s of %s", stage, user)
				require.NoError(t, conn.Close(t.Context()))
			}
			passwords = append(passwords, login.Password)
		}
	}
	databases := e.Outputs(t)["databases"].(map[string]any)
	value, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(fmt.Sprint(databases["db"].(map[string]any)["secretArn"]))})
	require.NoError(t, err)
	var owner struct{ Password string }
	require.NoError(t, json.Unmarshal([]byte(*value.SecretString), &owner))
	return append(passwords, owner.Password)
}

// requireNowhere searches for passwords in every file of folders: state, outputs, events, records of the gateway, logs. Of a server's data
// it is the log alone: PostgreSQL keeps verifiers.
func requireNowhere(t *testing.T, passwords []string, folders ...string) {
	t.Helper()
	searched := map[string]bool{}
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				if entry != nil && entry.IsDir() && entry.Name() == "data" {
					return fs.SkipDir
				}
				return err
			}
			text, err := os.ReadFile(filepath.Clean(path))
			if err != nil {
				return err
			}
			searched[entry.Name()] = true
			for _, password := range passwords {
				require.NotEmpty(t, password)
				require.False(t, strings.Contains(string(text), password), "%s holds a password", path)
			}
			return nil
		}))
	}
	for _, name := range []string{"state.json", "outputs.json", "events.jsonl", "calls.jsonl", "gateway.log", "moto.log", "log"} {
		require.True(t, searched[name], name)
	}
}

// users are those who may log in to the stack's one database, and how, as its server says.
func users(t *testing.T, box *sandbox.Sandbox) map[string]string {
	t.Helper()
	running, err := emulator.Find(t.Context(), box.Dir)
	require.NoError(t, err)
	servers, err := running.Client().Databases(t.Context(), "staging")
	require.NoError(t, err)
	require.Len(t, servers, 1)
	require.Empty(t, servers[0].Missing)
	require.Contains(t, servers[0].WithoutTLS, "no encryption")
	logins := map[string]string{}
	for _, account := range servers[0].Accounts {
		logins[account.Name] = account.Login
	}
	return logins
}

// theInvocation is the answer of the stack's one call of a function.
func theInvocation(t *testing.T, e *sandbox.Environment) string {
	t.Helper()
	var results []string
	for _, resource := range e.State(t).Resources {
		if resource.Type == "aws:lambda/invocation:Invocation" {
			result, _ := resource.Outputs["result"].(string)
			results = append(results, result)
		}
	}
	require.Len(t, results, 1)
	return results[0]
}
