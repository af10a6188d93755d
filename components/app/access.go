// SPDX-License-Identifier: Apache-2.0

package app

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/instance"
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

// newRole is what an instance may do: be reached through Session Manager, write its own
// logs, and read the secret of its database.
func newRole(ctx *pulumi.Context, name string, a *App, args *Args) (*identity.Role, error) {
	sessions, err := identity.Permissions(instance.SessionManager()).JSON()
	if err != nil {
		return nil, err
	}
	policies := map[string]pulumi.StringInput{
		"session-manager": pulumi.String(sessions),
		"write-logs":      identity.DocumentOutput(identity.PermissionsPolicy, instance.WriteLogs("WriteOwnLogs", a.logs.ARN)),
	}
	if args.Database != nil {
		policies["read-database-secret"] = identity.DocumentOutput(identity.PermissionsPolicy, readSecret(args.Database, args.Region)...)
	}
	return identity.NewRole(ctx, name, &identity.RoleArgs{
		AssumedBy:       identity.AssumeRoleByService("ec2.amazonaws.com"),
		Boundary:        args.Boundary,
		Description:     "Instances of the service " + name,
		Policies:        policies,
		InstanceProfile: true,
	}, pulumi.Parent(a))
}

// connect opens what the service itself needs to reach. Who may reach the service is
// for the one who serves it to say: see components/edge.
func (a *App) connect(ctx *pulumi.Context, name string, args *Args) error {
	if err := firewall.Allow(ctx, a.Group, args.Network.Endpoints, firewall.HTTPS, "AWS services through the interface endpoints"); err != nil {
		return err
	}
	if err := a.Group.AllowToPrefixList(ctx, "s3", args.Network.S3PrefixListID, firewall.HTTPS, "Amazon S3, which also holds the packages of Amazon Linux"); err != nil {
		return err
	}
	for _, to := range args.EgressCIDRs {
		if err := a.Group.AllowToCIDR(ctx, label(to), to, firewall.HTTPS, "Known service outside AWS that "+name+" calls"); err != nil {
			return err
		}
	}
	if args.Database == nil {
		return nil
	}
	return args.Database.AllowFrom(ctx, name, a.Group)
}
