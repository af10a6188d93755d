// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const (
	secretType       = "aws:secretsmanager/secret:Secret"
	secretPolicyType = "aws:secretsmanager/secretPolicy:SecretPolicy"
	rotationType     = "aws:secretsmanager/secretRotation:SecretRotation"
	permissionType   = "aws:lambda/permission:Permission"
)

// withPasswords declares two users who log in with a password beside the migrator, who has a token.
func withPasswords(u *Users) {
	u.Databases[0].Users[1].Login = declare.AlternatingSecret
	u.Databases[0].Users[2].Login = declare.Secret
}

func TestAUserWithAPasswordHasASecretOfItsOwnWithoutAValue(t *testing.T) {
	recording := buildUsers(t, withPasswords)
	require.Len(t, recording.ByType(secretType), 2, "none for the migrator")
	require.Empty(t, recording.ByType("aws:secretsmanager/secretVersion:SecretVersion"), "only the function writes a value")
	for _, user := range []string{"service", "report"} {
		secret := recording.Get(t, secretType, "database-user-"+user)
		require.Equal(t, recording.Only(t, instanceType).String("kmsKeyId"), secret.String("kmsKeyId"))
		require.Equal(t, "Password of the user "+user+" of the database bulkhead-test-database", secret.String("description"))
		require.Nil(t, secret.Value("recoveryWindowInDays"), "30 days, in which it can be brought back")
		require.Nil(t, secret.Value("policy"))
	}
	require.Empty(t, buildUsers(t, func(*Users) {}).ByType(secretType), "users with tokens have none")
}

func TestNobodyReadsAUsersSecretButTheFunctionAndItsReaders(t *testing.T) {
	recording := buildUsers(t, withPasswords)
	agent := "arn:aws:iam::111122223333:role/" + recording.Get(t, roleType, "database-agent-role").ID
	for _, user := range []string{"service", "report"} {
		secret, policy := recording.Get(t, secretType, "database-user-"+user), recording.Get(t, secretPolicyType, "database-user-"+user)
		require.Equal(t, secret.ID, policy.String("secretArn"))
		require.Equal(t, true, policy.Value("blockPublicPolicy"))
		found := pulumitest.Statements(t, policy.String("policy"))
		require.Len(t, found, 2)
		require.Equal(t, map[string]any{
			"Sid": "RefuseOtherReaders", "Effect": "Deny", "Principal": map[string]any{"AWS": "*"}, "Action": "secretsmanager:GetSecretValue", "Resource": secret.ID,
			"Condition": map[string]any{
				"StringNotEquals": map[string]any{"aws:PrincipalTag/bulkhead:reads-database-secret": "bulkhead-test-database/" + user},
				"ArnNotEquals":    map[string]any{"aws:PrincipalArn": agent},
			},
		}, found["RefuseOtherReaders"])
		require.Equal(t, map[string]any{
			"Sid": "RefuseOtherWriters", "Effect": "Deny", "Principal": map[string]any{"AWS": "*"}, "Resource": secret.ID,
			"Action":    []any{"secretsmanager:PutSecretValue", "secretsmanager:ReplicateSecretToRegions", "secretsmanager:UpdateSecretVersionStage"},
			"Condition": map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": agent}},
		}, found["RefuseOtherWriters"])
	}
}

func TestTheFunctionMayRotateExactlyTheUsersSecrets(t *testing.T) {
	recording := buildUsers(t, withPasswords)
	arns := []any{recording.Get(t, secretType, "database-user-report").ID, recording.Get(t, secretType, "database-user-service").ID}
	found := servertest.Permissions(t, recording, "database-agent")
	require.Len(t, found, 7)
	require.Equal(t, arns, found["RotateUsersSecrets"]["Resource"])
	require.Equal(t, []any{
		"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage",
	}, found["RotateUsersSecrets"]["Action"])
	require.Equal(t, []any{"kms:Decrypt", "kms:GenerateDataKey"}, found["EncryptUsersSecrets"]["Action"])
	require.Equal(t, map[string]any{"StringEquals": map[string]any{
		"kms:EncryptionContext:SecretARN": arns, "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
	}}, found["EncryptUsersSecrets"]["Condition"])
	require.Equal(t, secret, found["ReadOwnersSecret"]["Resource"])
	require.NotContains(t, servertest.Permissions(t, buildUsers(t, func(*Users) {}), "database-agent"), "RotateUsersSecrets")
}

func TestASecretRotatesAtOnceAndByTheCalendarOnceItsUserIsThere(t *testing.T) {
	recording := buildUsers(t, withPasswords)
	call, function := recording.Only(t, invocationType), recording.Only(t, functionType)
	var event struct{ Secrets map[string]string }
	require.NoError(t, json.Unmarshal([]byte(call.String("input")), &event))
	require.Len(t, event.Secrets, 2)
	for _, user := range []string{"service", "report"} {
		name := "database-user-" + user
		secret, permission, rotation := recording.Get(t, secretType, name), recording.Get(t, permissionType, name), recording.Get(t, rotationType, name)
		require.Equal(t, secret.ID, event.Secrets[user], "the function gives it a first value")
		require.Equal(t, map[string]any{
			"action": "lambda:InvokeFunction", "function": function.ID, "principal": "secretsmanager.amazonaws.com",
			"sourceAccount": "111122223333", "sourceArn": secret.ID,
		}, permission.Values())
		require.Equal(t, secret.ID, rotation.String("secretId"))
		require.Contains(t, rotation.String("rotationLambdaArn"), ":function:"+function.ID)
		require.Equal(t, true, rotation.Value("rotateImmediately"))
		require.Equal(t, map[string]any{"scheduleExpression": "rate(8 days)", "duration": "3h"}, rotation.Value("rotationRules"))
		require.Subset(t, rotation.DependsOn, []string{call.URN, permission.URN})
		require.Contains(t, call.DependsOn, recording.Get(t, secretPolicyType, name).URN, "nobody else reads a first value")
	}
	slower := buildUsers(t, func(u *Users) { withPasswords(u); u.RotationDays = 30 })
	require.Equal(t, "rate(30 days)", slower.Get(t, rotationType, "database-user-report").Value("rotationRules.scheduleExpression"))
}

func TestALoginWithAPasswordIsForOneSecretAndItsTag(t *testing.T) {
	users := &Users{Databases: shopUsers()}
	withPasswords(users)
	d := &Database{name: "bulkhead-test-database", Declared: users.Databases}
	login, err := d.Login("report")
	require.NoError(t, err)
	require.Equal(t, Login{Database: "shop", User: "report", By: declare.Secret}, login)
	require.True(t, login.HasSecret())
	require.Equal(t, map[string]string{"bulkhead:reads-database-secret": "bulkhead-test-database/report"}, d.Tags(login))
	token, err := d.Login("migrator")
	require.NoError(t, err)
	require.Nil(t, d.Tags(token))
	require.Nil(t, d.Tags(Login{Database: "app"}), "of the owner's secret RDS keeps the policy")
}

func TestEveryDaySomebodyLooksForOverdueRotations(t *testing.T) {
	recording := buildUsers(t, func(u *Users) { withPasswords(u); u.RotationDays = 30 })
	rule := recording.Get(t, "aws:cloudwatch/eventRule:EventRule", "database-overdue")
	require.Equal(t, "rate(1 day)", rule.String("scheduleExpression"))
	require.Equal(t, "ENABLED", rule.String("state"))
	target := recording.Get(t, "aws:cloudwatch/eventTarget:EventTarget", "database-overdue")
	var event struct{ Overdue rotate.Overdue }
	require.NoError(t, json.Unmarshal([]byte(target.String("input")), &event))
	require.Equal(t, 30, event.Overdue.Days)
	require.ElementsMatch(t, []string{recording.Get(t, secretType, "database-user-service").ID, recording.Get(t, secretType, "database-user-report").ID}, event.Overdue.Secrets)
	permission := recording.Get(t, permissionType, "database-overdue")
	require.Equal(t, "events.amazonaws.com", permission.String("principal"))
	require.Contains(t, permission.String("sourceArn"), rule.ID)
	require.Contains(t, target.DependsOn, permission.URN)
	require.Equal(t, "database-backups", buildUsers(t, func(*Users) {}).Only(t, "aws:cloudwatch/eventTarget:EventTarget").Name, "tokens do not rotate")
}
