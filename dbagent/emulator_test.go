// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/require"
)

// TestTheFunctionInTheEmulatorMakesTheUsers deploys the archive that tools/lambdazip builds as a deployment does, and calls it.
func TestTheFunctionInTheEmulatorMakesTheUsers(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	archive := filepath.Join(t.TempDir(), "dbagent.zip")
	output, err := exec.Command("go", "run", "../tools/lambdazip", "-arch", runtime.GOARCH, "-o", archive, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	program, err := os.ReadFile(filepath.Clean(archive))
	require.NoError(t, err)
	variables := map[string]string{}
	for _, entry := range s.function.environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "BULKHEAD_") {
			variables[name] = value
		}
	}
	role, err := iam.NewFromConfig(s.account.Config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("agent"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	client := lambda.NewFromConfig(s.account.Config)
	_, err = client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("agent"), Role: role.Role.Arn, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Timeout: aws.Int32(60),
		Architectures: []types.Architecture{map[string]types.Architecture{"amd64": types.ArchitectureX8664, "arm64": types.ArchitectureArm64}[runtime.GOARCH]},
		Environment:   &types.Environment{Variables: variables}, Code: &types.FunctionCode{ZipFile: program}})
	require.NoError(t, err)
	call := func(event string) *lambda.InvokeOutput {
		called, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("agent"), Payload: []byte(event)})
		require.NoError(t, err)
		return called
	}
	first := call(document)
	require.Nil(t, first.FunctionError, "%s", first.Payload)
	require.Contains(t, string(first.Payload), `CREATE DATABASE`)
	require.JSONEq(t, `{"changes":[]}`, string(call(document).Payload), "the second call has nothing to do")
	var may bool
	require.NoError(t, s.database.Superuser(t, "postgres").QueryRow(t.Context(), `SELECT rolcanlogin FROM pg_roles WHERE rolname = 'service'`).Scan(&may))
	require.True(t, may)
	refused := call(`{"converge": {"databases": [{"name": "shop", "users": [{"name": "dbowner", "access": "Owner", "login": "IAM"}]}]}}`)
	require.Equal(t, "Unhandled", aws.ToString(refused.FunctionError))
	require.Contains(t, string(refused.Payload), "is the administrator")
	require.NotContains(t, string(refused.Payload), s.database.Password)
}
