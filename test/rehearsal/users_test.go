// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package rehearsal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// TestADeploymentMakesTheUsersOfItsDatabase deploys the program: engine and provider make the function of the database agent, and its
// call runs the agent against a real server. A user more is made by the next deployment, on the same server, and the last one leaves no server.
func TestADeploymentMakesTheUsersOfItsDatabase(t *testing.T) {
	t.Parallel()
	box := sandbox.New(t)
	box.Own(t, "infra")
	for _, name := range []string{"main.go", "table.go"} {
		text, err := os.ReadFile(filepath.Join(sandbox.Repository(t), "infra", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(box.Path("infra", name), text, 0o600))
	}
	box.Rehearse(t, "up", "staging").Succeed(t)
	require.Equal(t, []string{"dbowner", "migrator", "reader", "service"}, users(t, box))
	require.Contains(t, theInvocation(t, box.Environment("staging")), `CREATE ROLE \"service\"`)

	box.Replace(t, filepath.Join("infra", "main.go"), "	env, err := environment.New", `	app := &args.Databases[0].Users.Databases[0]
	app.Users = append(app.Users, declare.User{Name: "reports", Access: declare.ReadOnly})
	env, err := environment.New`)
	box.Replace(t, filepath.Join("infra", "main.go"), `	"github.com/bulkhead-iac/bulkhead/stacks"
`, `	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/stacks"
`)
	box.Rehearse(t, "up", "staging").Succeed(t)
	require.Equal(t, []string{"dbowner", "migrator", "reader", "reports", "service"}, users(t, box))
	made := theInvocation(t, box.Environment("staging"))
	require.Contains(t, made, `CREATE ROLE \"reports\"`)
	require.NotContains(t, made, `CREATE ROLE \"service\"`, "the server of the first deployment is asked")

	data, err := os.Readlink(box.Path(".rehearsal", "emulator", "databases"))
	require.NoError(t, err)
	require.DirExists(t, data)
	box.Rehearse(t, "down", "staging").Succeed(t)
	require.NoDirExists(t, data, "the emulator leaves data")
}

// users are those who may log in to the stack's one database, as its server says.
func users(t *testing.T, box *sandbox.Sandbox) []string {
	t.Helper()
	running, err := emulator.Find(t.Context(), box.Dir)
	require.NoError(t, err)
	servers, err := running.Client().Databases(t.Context(), "staging")
	require.NoError(t, err)
	require.Len(t, servers, 1)
	require.Empty(t, servers[0].Missing)
	require.Contains(t, servers[0].WithoutTLS, "no encryption")
	var names []string
	for _, account := range servers[0].Accounts {
		names = append(names, account.Name)
		if account.Name != "dbowner" {
			require.Equal(t, "IAM token", account.Login, account.Name)
		}
	}
	return names
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
