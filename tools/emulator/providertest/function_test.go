// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"archive/zip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

// archiveSignature marks an archive among the properties of a resource (Pulumi SDK, resource/archive).
const archiveSignature, signatureKey = "0def7320c3a5731c473e5ecbe6d01bc7", "4dabf18193072939515e22adb298388d"

// functionArchive is the archive of a function that answers every event with a text.
func functionArchive(t *testing.T, text string) m {
	t.Helper()
	path := filepath.Join(t.TempDir(), "function.zip")
	file, err := os.Create(path)
	require.NoError(t, err)
	archive := zip.NewWriter(file)
	header := &zip.FileHeader{Name: "bootstrap"}
	header.SetMode(0o755)
	program, err := archive.CreateHeader(header)
	require.NoError(t, err)
	_, err = program.Write([]byte(`#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
curl -s -D headers "$api/next"
id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: \([^[:space:]]*\).*/\1/p' headers)
curl -s -d '"` + text + `"' "$api/$id/response"
`))
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, file.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	// The engine gives every archive its hash, from which the provider names the file that it keeps in its state.
	return m{signatureKey: archiveSignature, "path": path, "hash": fmt.Sprintf("%x", sha256.Sum256(content))}
}

func TestFunction(t *testing.T) {
	t.Parallel()
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	providertest.Run(t, providertest.Start(t, root), append(subnets(),
		resource{Name: "role", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("lambda.amazonaws.com")}},
		resource{Name: "log", Type: "aws:cloudwatch/logGroup:LogGroup", Inputs: m{"retentionInDays": 365}},
		resource{Name: "function", Type: "aws:lambda/function:Function", Inputs: m{"description": "answers", "runtime": "provided.al2023", "architectures": l{architecture}, "handler": "bootstrap",
			"code": functionArchive(t, "hello"), "role": "${role.arn}", "timeout": 30, "memorySize": 256, "environment": m{"variables": m{"COLOUR": "red"}},
			"vpcConfig":     m{"subnetIds": l{"${a.id}", "${b.id}"}, "securityGroupIds": l{"${group.id}"}},
			"loggingConfig": m{"logFormat": "JSON", "logGroup": "${log.name}"}, "tags": m{"Name": "function"}},
			Update: m{"code": functionArchive(t, "goodbye"), "timeout": 60, "environment": m{"variables": m{"COLOUR": "blue"}}}},
		resource{Name: "call", Type: "aws:lambda/invocation:Invocation", Inputs: m{"functionName": "${function.name}", "input": `{"do":"greet"}`, "triggers": m{"program": "${function.codeSha256}"}}},
		resource{Name: "secret", Type: "aws:secretsmanager/secret:Secret", Inputs: m{"description": "rotates"}},
		resource{Name: "permission", Type: "aws:lambda/permission:Permission", Inputs: m{"action": "lambda:InvokeFunction", "function": "${function.name}",
			"principal": "secretsmanager.amazonaws.com", "sourceArn": "${secret.arn}", "statementId": "rotate"}},
		resource{Name: "rotation", Type: "aws:secretsmanager/secretRotation:SecretRotation", Inputs: m{"secretId": "${secret.id}", "rotationLambdaArn": "${function.arn}",
			"rotateImmediately": true, "rotationRules": m{"scheduleExpression": "rate(8 days)", "duration": "3h"}},
			Update: m{"rotationRules": m{"scheduleExpression": "rate(30 days)", "duration": "3h"}}},
	)...)
}
