// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
)

// TestTheSameStackDeploysAgain deploys an environment with a database, destroys it, and deploys it again into the same account, in which
// the first has left its snapshot, its backups, its log groups and their keys, and the vault of AWS Backup with its lock. From the
// destruction on AWS is late: EC2 and IAM do not see yet what was just made, a new role is not known to Lambda, and what AWS removes by itself
// still holds groups, subnets and the internet gateway.
func TestTheSameStackDeploysAgain(t *testing.T) {
	t.Parallel()
	box := small(t)
	program := filepath.Join("infra", "main.go")
	box.Replace(t, program, "	\"github.com/bulkhead-iac/bulkhead/components/database\"", "	\"github.com/bulkhead-iac/bulkhead/components/backup\"\n	\"github.com/bulkhead-iac/bulkhead/components/database\"")
	box.Replace(t, program, "			OwnSegments:", "			Backup: &backup.Args{KeepDays: 35, CopyTo: []string{\"arn:aws:backup:eu-west-1:111122223333:backup-vault:far\"}},\n			OwnSegments:")
	box.Rehearse(t, "up", "staging").Succeed(t)
	client := useEmulator(t, box)
	require.NoError(t, client.SetFaults(t.Context(), late...))
	first, vault := databaseOf(t, box, "db"), box.Environment("staging").Outputs(t)["backupVaultArn"]
	box.Rehearse(t, "down", "staging").Succeed(t)
	box.Rehearse(t, "up", "staging").Succeed(t).Says(t, "Segments, the same from plan, state and account")
	second := databaseOf(t, box, "db")
	for key, value := range first {
		if _, named := value.(string); named {
			require.NotEqual(t, value, second[key], key)
		}
	}
	e := box.Environment("staging")
	requireNoChange(t, box, e)
	requireVaults(t, e, vault, e.Outputs(t)["backupVaultArn"])
}

// requireVaults finds these vaults of AWS Backup in the account and no other, each locked and with a key of its own that can still decrypt.
func requireVaults(t *testing.T, e *sandbox.Environment, arns ...any) {
	t.Helper()
	status := e.Status(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, status.Endpoint+"/backup-vaults/", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+status.AccessKey+"/20260101/"+status.Region+"/backup/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	var found struct {
		BackupVaultList []struct {
			BackupVaultArn, EncryptionKeyArn string
			Locked                           bool
			MinRetentionDays                 int
		}
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&found))
	var there []any
	keys := map[string]bool{}
	for _, vault := range found.BackupVaultList {
		there, keys[vault.EncryptionKeyArn] = append(there, vault.BackupVaultArn), true
		require.True(t, vault.Locked, vault.BackupVaultArn)
		require.Equal(t, 35, vault.MinRetentionDays)
		key, err := visit(t, e).kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &vault.EncryptionKeyArn})
		require.NoError(t, err)
		require.Equal(t, kmstypes.KeyStateEnabled, key.KeyMetadata.KeyState)
	}
	require.ElementsMatch(t, arns, there)
	require.Len(t, keys, len(arns))
}

// late is what AWS does behind the back of who deploys. The provider reads a new flow log but once, so that those are seen.
var late = []emulator.Rule{
	{Service: "ec2", Action: "Describe[^F]*", Kind: "unseen", DelayMS: 1500},
	{Service: "iam", Kind: "unseen", DelayMS: 1500},
	{Service: "ec2", Action: "DeleteSecurityGroup", Kind: "error", Code: "DependencyViolation", To: 2},
	{Service: "ec2", Action: "DeleteSubnet", Kind: "error", Code: "DependencyViolation", To: 2},
	{Service: "ec2", Action: "DetachInternetGateway", Kind: "error", Code: "DependencyViolation", To: 1},
	{Service: "lambda", Action: "CreateFunction", Kind: "error", Code: "InvalidParameterValueException", Message: "The role defined for the function cannot be assumed by Lambda.", To: 1},
}

// witness is an account for which the emulator goes on, and keeps what is left in the others.
var witness = emulator.Account{Env: "witness", AccountID: "999999999999", AccessKey: "AKIAEMULATED99999999"}

// useEmulator registers the witness.
func useEmulator(t *testing.T, box *sandbox.Sandbox) *emulator.Client {
	t.Helper()
	info, err := emulator.Find(t.Context(), box.Dir)
	require.NoError(t, err)
	client := info.Client()
	require.NoError(t, client.Register(t.Context(), witness))
	return client
}

// small is a project with an environment of one database, and nothing else but clients of the program's own.
func small(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box := sandbox.New(t)
	box.Own(t, "infra")
	require.NoError(t, os.WriteFile(box.Path("infra", "main.go"), []byte(smallProgram), 0o600))
	box.Replace(t, "Pulumi.staging.yaml", "210987654321", "111122223333")
	return box
}

// databaseOf is what the stack tells of a database.
func databaseOf(t *testing.T, box *sandbox.Sandbox, name string) map[string]any {
	t.Helper()
	databases, _ := box.Environment("staging").Outputs(t)["databases"].(map[string]any)
	database, _ := databases[name].(map[string]any)
	require.NotEmpty(t, database, name)
	require.True(t, strings.HasPrefix(database["identifier"].(string), "bulkhead-staging-"+name+"-"), database["identifier"])
	return database
}

const smallProgram = `// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/environment"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		env, err := environment.New(ctx, "staging", &environment.Args{
			AccountID:   "111122223333",
			Region:      "eu-central-1",
			Zones:       []string{"eu-central-1a", "eu-central-1b"},
			VPCCIDR:     "10.20.0.0/16",
			AlarmEmails: []string{"ops@example.com"},
			Table: &segment.Table{
				Segments: []segment.Segment{
					{Name: "worker", Tier: segment.App, Holds: "Clients of the database"},
					{Name: "db", Tier: segment.Data, Holds: "Database"},
				},
				Connections: []segment.Connection{{From: "worker", To: "db", Ports: segment.PostgreSQL, Why: "Rows are kept here"}},
			},
			OwnSegments: []string{"worker"},
			Databases: []environment.Database{
				{Args: database.Args{DeletionProtectionOffReason: "this test destroys it"}},
			},
		})
		if err == nil {
			env.Export(ctx)
		}
		return err
	})
}
`
