// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
)

const (
	// DefaultRotationDays is the time between two rotations of a user's secret, and the shortest. An alternating user's password
	// stays valid until the rotation after the next, so that a service that reads its secret once does not fail within a week:
	// the next rotation is on the day that many days later (Secrets Manager user guide, "Rotation schedules"), which may be some
	// hours short of them.
	DefaultRotationDays = 8
	// maxRotationDays is the longest time (FSBP SecretsManager.4).
	maxRotationDays = 90
	// rotationWindow is how long the day's window is open, from midnight UTC.
	rotationWindow = "3h"
	// ReaderTag is the tag of a role that may read the secret of a user, and SecretReader its value. Everybody else is refused by the
	// policy of the secret, whatever else allows it.
	ReaderTag = "bulkhead:reads-database-secret"
)

// secretActions are what the four steps of a rotation take (Secrets Manager user guide, "Lambda rotation function execution role
// permissions").
var secretActions = []string{
	"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage",
}

// withSecret are the declared users who log in with a password.
func (u *Users) withSecret() []declare.User {
	var users []declare.User
	for _, database := range u.document().Databases {
		for _, user := range database.Users {
			if user.Login != declare.IAM {
				users = append(users, user)
			}
		}
	}
	return users
}

// SecretReader is the value of ReaderTag for a declared user of the database.
func (d *Database) SecretReader(user string) string { return d.name + "/" + user }

// newSecrets makes the secret of each user who logs in with a password, without a value: only the function ever writes one.
func newSecrets(ctx *pulumi.Context, name string, d *Database, args *Args) error {
	d.UserSecretARNs = map[string]pulumi.StringOutput{}
	for _, user := range args.Users.withSecret() {
		secret, err := secretsmanager.NewSecret(ctx, name+"-user-"+user.Name, &secretsmanager.SecretArgs{
			Description: pulumi.String(fmt.Sprintf("Password of the user %s of the database %s", user.Name, d.name)),
			KmsKeyId:    d.KeyARN,
			Tags:        pulumi.StringMap{"Name": pulumi.String(name + "-user-" + user.Name)},
		}, pulumi.Parent(d))
		if err != nil {
			return err
		}
		d.UserSecretARNs[user.Name] = secret.Arn
	}
	return nil
}

// protectSecrets refuses the secrets to everybody but the function, which alone writes them, and the roles that carry the tag of a reader.
func protectSecrets(ctx *pulumi.Context, name string, d *Database, args *Args, agent pulumi.StringInput) ([]pulumi.CustomResource, error) {
	var policies []pulumi.CustomResource
	notTheAgent := identity.ConditionInput{Operator: "ArnNotEquals", Key: "aws:PrincipalArn", Values: pulumi.StringArray{agent}}
	for _, user := range args.Users.withSecret() {
		secret := pulumi.StringArray{d.UserSecretARNs[user.Name]}
		policy, err := secretsmanager.NewSecretPolicy(ctx, name+"-user-"+user.Name, &secretsmanager.SecretPolicyArgs{
			SecretArn:         d.UserSecretARNs[user.Name],
			BlockPublicPolicy: pulumi.Bool(true),
			Policy: identity.DocumentOutput(identity.ResourcePolicy,
				identity.StatementInput{
					Statement: identity.Statement{
						Sid: "RefuseOtherReaders", Effect: identity.Deny, Principals: identity.Principals{Everyone: true},
						Actions:    []string{"secretsmanager:GetSecretValue"},
						Conditions: []identity.Condition{{Operator: "StringNotEquals", Key: "aws:PrincipalTag/" + ReaderTag, Values: []string{d.SecretReader(user.Name)}}},
					},
					ResourceInputs: secret, ConditionInputs: []identity.ConditionInput{notTheAgent},
				},
				identity.StatementInput{
					Statement: identity.Statement{
						Sid: "RefuseOtherWriters", Effect: identity.Deny, Principals: identity.Principals{Everyone: true},
						Actions: []string{"secretsmanager:PutSecretValue", "secretsmanager:ReplicateSecretToRegions", "secretsmanager:UpdateSecretVersionStage"},
					},
					ResourceInputs: secret, ConditionInputs: []identity.ConditionInput{notTheAgent},
				},
			),
		}, pulumi.Parent(d))
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	return policies, nil
}

// rotateSecrets lets Secrets Manager call the function for each secret, and rotates it: at once, which also shows that it can, and from
// then on by the calendar. The users are there by then, with first passwords.
func rotateSecrets(ctx *pulumi.Context, name string, d *Database, args *Args, function *lambda.Function) error {
	days := component.Or(args.Users.RotationDays, DefaultRotationDays)
	for _, user := range args.Users.withSecret() {
		permission, err := lambda.NewPermission(ctx, name+"-user-"+user.Name, &lambda.PermissionArgs{
			Action:        pulumi.String("lambda:InvokeFunction"),
			Function:      function.Name,
			Principal:     pulumi.String("secretsmanager.amazonaws.com"),
			SourceAccount: pulumi.String(args.Segment.Account().ID),
			SourceArn:     d.UserSecretARNs[user.Name],
		}, pulumi.Parent(d))
		if err != nil {
			return err
		}
		if _, err := secretsmanager.NewSecretRotation(ctx, name+"-user-"+user.Name, &secretsmanager.SecretRotationArgs{
			SecretId:          d.UserSecretARNs[user.Name],
			RotationLambdaArn: function.Arn,
			RotateImmediately: pulumi.Bool(true),
			RotationRules: secretsmanager.SecretRotationRotationRulesArgs{
				ScheduleExpression: pulumi.String(fmt.Sprintf("rate(%d days)", days)), Duration: pulumi.String(rotationWindow),
			},
		}, pulumi.Parent(d), order.After(d.users, order.List(permission))); err != nil {
			return err
		}
	}
	return watchRotations(ctx, name, d, args, function, days)
}

// watchRotations has the function look every day for rotations that nobody has begun. It fails then, which the environment's alarm hears.
func watchRotations(ctx *pulumi.Context, name string, d *Database, args *Args, function *lambda.Function, days int) error {
	if len(d.UserSecretARNs) == 0 {
		return nil
	}
	rule, err := cloudwatch.NewEventRule(ctx, name+"-overdue", &cloudwatch.EventRuleArgs{
		Description:        pulumi.String("Looks for overdue rotations of users of the database " + d.name),
		ScheduleExpression: pulumi.String("rate(1 day)"),
		State:              pulumi.String("ENABLED"),
		Tags:               pulumi.StringMap{"Name": pulumi.String(name + "-overdue")},
	}, pulumi.Parent(d))
	if err != nil {
		return err
	}
	permission, err := lambda.NewPermission(ctx, name+"-overdue", &lambda.PermissionArgs{
		Action:        pulumi.String("lambda:InvokeFunction"),
		Function:      function.Name,
		Principal:     pulumi.String("events.amazonaws.com"),
		SourceAccount: pulumi.String(args.Segment.Account().ID),
		SourceArn:     rule.Arn,
	}, pulumi.Parent(d))
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewEventTarget(ctx, name+"-overdue", &cloudwatch.EventTargetArgs{
		Rule:     rule.Name,
		TargetId: pulumi.String("agent"),
		Arn:      function.Arn,
		Input: pulumi.ToStringMapOutput(d.UserSecretARNs).ApplyT(func(secrets map[string]string) (string, error) {
			text, err := json.Marshal(map[string]any{"overdue": rotate.Overdue{Secrets: slices.Sorted(maps.Values(secrets)), Days: days}})
			return string(text), err
		}).(pulumi.StringOutput),
	}, pulumi.Parent(d), order.After(order.List(permission)))
	return err
}

// writeSecrets is what the function may do with the users' secrets, nothing without any.
func (d *Database) writeSecrets(users []declare.User) []identity.StatementInput {
	if len(users) == 0 {
		return nil
	}
	var arns pulumi.StringArray
	for _, user := range users {
		arns = append(arns, d.UserSecretARNs[user.Name])
	}
	return d.useSecrets("RotateUsersSecrets", "EncryptUsersSecrets", secretActions, []string{"kms:Decrypt", "kms:GenerateDataKey"}, arns)
}

// readSecret lets a role read one secret, that of the owner or of a user.
func (d *Database) readSecret(read, decrypt string, secret pulumi.StringInput) []identity.StatementInput {
	return d.useSecrets(read, decrypt, []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}, []string{"kms:Decrypt"}, pulumi.StringArray{secret})
}

// useSecrets allows actions on some secrets, and others on the key that encrypts them: for those secrets alone, and only through
// Secrets Manager.
func (d *Database) useSecrets(secretSid, keySid string, ofSecret, ofKey []string, secrets pulumi.StringArray) []identity.StatementInput {
	use := []identity.StatementInput{{
		Statement:      identity.Statement{Sid: secretSid, Effect: identity.Allow, Actions: ofSecret},
		ResourceInputs: secrets,
	}}
	key := pulumi.StringInput(d.KeyARN)
	if d.External() {
		if d.external.KeyARN == "" {
			return use
		}
		key = pulumi.String(d.external.KeyARN)
	}
	return append(use,
		identity.StatementInput{
			Statement: identity.Statement{
				Sid: keySid, Effect: identity.Allow, Actions: ofKey,
				Conditions: []identity.Condition{{
					Operator: "StringEquals", Key: "kms:ViaService", Values: []string{"secretsmanager." + d.account().Region + ".amazonaws.com"},
				}},
			},
			ResourceInputs:  pulumi.StringArray{key},
			ConditionInputs: []identity.ConditionInput{{Operator: "StringEquals", Key: "kms:EncryptionContext:SecretARN", Values: secrets}},
		})
}
