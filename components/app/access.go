// SPDX-License-Identifier: Apache-2.0

package app

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

// readSecret lets the service read the password of its database: this one secret, and
// the key that encrypts it only for that secret and only through Secrets Manager.
func readSecret(db *database.Database, region string) []identity.StatementInput {
	return []identity.StatementInput{
		{
			Statement: identity.Statement{
				Sid: "ReadDatabaseSecret", Effect: identity.Allow,
				Actions: []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"},
			},
			ResourceInputs: pulumi.StringArray{db.SecretARN},
		},
		{
			Statement: identity.Statement{
				Sid: "DecryptDatabaseSecret", Effect: identity.Allow,
				Actions: []string{"kms:Decrypt"},
				Conditions: []identity.Condition{{
					Operator: "StringEquals", Key: "kms:ViaService", Values: []string{"secretsmanager." + region + ".amazonaws.com"},
				}},
			},
			ResourceInputs: pulumi.StringArray{db.KeyARN},
			ConditionInputs: []identity.ConditionInput{{
				Operator: "StringEquals", Key: "kms:EncryptionContext:SecretARN", Values: pulumi.StringArray{db.SecretARN},
			}},
		},
	}
}

// permissions are what an instance may do: be reached through Session Manager, write its own logs, and read the secret of its
// database.
func permissions(args *Args, log *logs.Group) (map[string]pulumi.StringInput, error) {
	sessions, err := identity.Permissions(server.SessionManager()).JSON()
	if err != nil {
		return nil, err
	}
	policies := map[string]pulumi.StringInput{
		"session-manager": pulumi.String(sessions),
		"write-logs":      identity.DocumentOutput(identity.PermissionsPolicy, server.WriteLogs("WriteOwnLogs", log.ARN)),
	}
	if args.Database != nil {
		policies["read-database-secret"] = identity.DocumentOutput(identity.PermissionsPolicy, readSecret(args.Database, args.Segment.Account().Region)...)
	}
	return policies, nil
}
