// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secretstypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/database/parameter"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/gateway"
	"github.com/bulkhead-iac/bulkhead/tools/postgresql"
)

// TestTheFunctionInTheEmulatorMakesTheUsers deploys the archive that tools/lambdazip builds as a deployment does, and calls it.
func TestTheFunctionInTheEmulatorMakesTheUsers(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	program := archived(t)
	variables := map[string]string{}
	for _, entry := range s.function.environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "BULKHEAD_") {
			variables[name] = value
		}
	}
	call := upload(t, s.account, program, variables)
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

// archived is the archive of the agent for this machine.
func archived(t *testing.T) []byte {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "dbagent.zip")
	output, err := exec.Command("go", "run", "../tools/lambdazip", "-arch", runtime.GOARCH, "-o", archive, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	program, err := os.ReadFile(filepath.Clean(archive))
	require.NoError(t, err)
	return program
}

// upload makes a function, and returns what calls it.
func upload(t *testing.T, account *emulatortest.Account, program []byte, variables map[string]string) func(event string) *lambda.InvokeOutput {
	t.Helper()
	role, err := iam.NewFromConfig(account.Config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("agent"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	client := lambda.NewFromConfig(account.Config)
	_, err = client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("agent"), Role: role.Role.Arn, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Timeout: aws.Int32(60),
		Architectures: []types.Architecture{map[string]types.Architecture{"amd64": types.ArchitectureX8664, "arm64": types.ArchitectureArm64}[runtime.GOARCH]},
		Environment:   &types.Environment{Variables: variables}, Code: &types.FunctionCode{ZipFile: program}})
	require.NoError(t, err)
	return func(event string) *lambda.InvokeOutput {
		called, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("agent"), Payload: []byte(event)})
		require.NoError(t, err)
		return called
	}
}

// rotation is a user's secret in the emulator, as the component makes it.
type rotation struct {
	*secretsmanager.Client
	arn string
}

// TestSecretsManagerRotatesThroughTheFunction lets the emulator do what Secrets Manager does: it asks whether it may call the function,
// and calls it with the four steps, which change the password on a real server.
func TestSecretsManagerRotatesThroughTheFunction(t *testing.T) {
	t.Parallel()
	s := instance(t)
	r := rotation{Client: secretsmanager.NewFromConfig(s.account.Config)}
	made, err := r.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("report")})
	require.NoError(t, err)
	r.arn = *made.ARN
	declared := `{"converge": {"databases": [{"name": "app", "users": [{"name": "report", "access": "ReadOnly", "login": "AlternatingSecret"}]}]}, "secrets": {"report": "` + r.arn + `"}}`
	first := s.call(declared)
	require.Nil(t, first.FunctionError, "%s", first.Payload)
	require.Contains(t, string(first.Payload), `the secret of \"report\" in the database \"app\" has another value`)
	require.JSONEq(t, `{"changes":[]}`, string(s.call(declared).Payload), "what gets in is left alone")
	before := r.current(t)
	require.Equal(t, "report", before.Username)
	require.Equal(t, map[string]string{"dbowner": "password", "report": "password", "report_clone": "nothing yet"}, s.logins(t))

	_, err = r.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{SecretId: &r.arn, RotationLambdaARN: &s.arn, RotationRules: &secretstypes.RotationRulesType{
		ScheduleExpression: aws.String("rate(8 days)"), Duration: aws.String("3h"),
	}})
	require.ErrorContains(t, err, "Secrets Manager cannot invoke the specified Lambda function")
	require.Equal(t, before, r.current(t))
	_, err = s.functions.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: aws.String("agent"), StatementId: aws.String("rotate"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("secretsmanager.amazonaws.com"),
		SourceAccount: &s.account.ID, SourceArn: &r.arn,
	})
	require.NoError(t, err)
	for _, user := range []string{"report_clone", "report"} {
		_, err = r.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{SecretId: &r.arn, RotationLambdaARN: &s.arn, RotationRules: &secretstypes.RotationRulesType{
			ScheduleExpression: aws.String("rate(8 days)"), Duration: aws.String("3h"),
		}})
		require.NoError(t, err)
		now := r.current(t)
		require.Equal(t, user, now.Username)
		require.NotEqual(t, before.Password, now.Password)
		require.Contains(t, s.logins(t)[user], "secret, rotated ")
		for _, payload := range []string{string(first.Payload), fmt.Sprint(s.logins(t))} {
			require.NotContains(t, payload, before.Password)
			require.NotContains(t, payload, now.Password)
		}
		before = now
	}
	described, err := r.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &r.arn})
	require.NoError(t, err)
	require.Equal(t, s.arn, *described.RotationLambdaARN)
	require.True(t, *described.RotationEnabled)
	require.Equal(t, "rate(8 days)", *described.RotationRules.ScheduleExpression)
	require.WithinDuration(t, time.Now(), *described.LastRotatedDate, time.Minute)
	overdue := `{"overdue": {"secrets": ["` + r.arn + `"], "days": 8}}`
	require.Nil(t, s.call(overdue).FunctionError)

	// A user that is gone cannot be given a password: the rotation fails, which its caller is not told, and the last password stays.
	require.Nil(t, s.call(`{"converge": {"databases": [{"name": "app", "users": [{"name": "other", "access": "ReadOnly"}]}]}}`).FunctionError)
	_, err = r.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{SecretId: &r.arn})
	require.NoError(t, err)
	require.Equal(t, before, r.current(t))
	require.Nil(t, s.call(declared).FunctionError)
	require.Contains(t, s.logins(t)["report"], `secret, not rotated: setSecret: the user "report_clone" is none that the agent has made`)
	_, err = r.CancelRotateSecret(t.Context(), &secretsmanager.CancelRotateSecretInput{SecretId: &r.arn})
	require.NoError(t, err)
	described, err = r.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &r.arn})
	require.NoError(t, err)
	require.False(t, *described.RotationEnabled)
	require.Contains(t, string(s.call(overdue).Payload), "nobody rotates it any more")
}

// current is the value that a client reads.
func (r *rotation) current(t *testing.T) (l login) {
	t.Helper()
	value, err := r.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &r.arn, VersionStage: aws.String("AWSCURRENT")})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(*value.SecretString), &l))
	require.Len(t, l.Password, 32)
	return l
}

// logins are how each account of the instance's server logs in.
func (s *deployed) logins(t *testing.T) map[string]string {
	t.Helper()
	found, err := emulator.NewClient(s.account.Endpoint).Databases(t.Context(), s.account.Env)
	require.NoError(t, err)
	require.Len(t, found, 1)
	logins := map[string]string{}
	for _, account := range found[0].Accounts {
		logins[account.Name] = account.Login
	}
	return logins
}

// TestAServerStandsBehindAnInstance makes an instance as the component does, with the parameters of its group and a password that RDS
// manages, and calls the agent with its address: the emulator starts a server for it, and reads back from that what the agent has made.
func TestAServerStandsBehindAnInstance(t *testing.T) {
	t.Parallel()
	s := instance(t)
	account, instances, call := s.account, s.instances, s.call
	declared := `{"converge": {"databases": [{"name": "app", "users": [
		{"name": "migrator", "access": "Owner", "login": "IAM"}, {"name": "service", "access": "ReadWrite", "login": "IAM"},
		{"name": "report", "access": "ReadOnly", "login": "IAM"}]}]}}`

	require.NoError(t, account.Gateway.Register(gateway.Account{Env: account.Env, AccountID: account.ID, AccessKey: account.AccessKey, NoDatabaseServers: true}))
	without := call(declared)
	require.Contains(t, string(without.Payload), `"notCalled":`)
	client := emulator.NewClient(account.Endpoint)
	found, err := client.Databases(t.Context(), account.Env)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Contains(t, found[0].Missing, "turned off")
	require.Empty(t, found[0].Accounts)

	require.NoError(t, account.Gateway.Register(gateway.Account{Env: account.Env, AccountID: account.ID, AccessKey: account.AccessKey}))
	first := call(declared)
	require.Nil(t, first.FunctionError, "%s", first.Payload)
	require.Contains(t, string(first.Payload), `CREATE ROLE \"service\"`)
	require.JSONEq(t, `{"changes":[]}`, string(call(declared).Payload), "the second call meets the same server")
	found, err = client.Databases(t.Context(), account.Env)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "shop-db", found[0].Instance)
	require.Equal(t, []string{"rds.log_retention_period"}, found[0].Ignored)
	require.Contains(t, found[0].WithoutTLS, "no encryption")
	rows := []string{"SELECT", "INSERT", "UPDATE", "DELETE"}
	require.Equal(t, []postgresql.Account{
		{Name: "dbowner", Login: "password", Server: []string{"create roles", "create databases"}, Databases: found[0].Accounts[0].Databases},
		{Name: "migrator", Login: "IAM token", Databases: map[string][]string{
			"app": slices.Concat([]string{"create tables", "create schemas"}, rows, []string{"TRUNCATE", "use sequences", "temporary tables"}),
		}},
		{Name: "report", Login: "IAM token", Databases: map[string][]string{"app": {"SELECT"}}},
		{Name: "service", Login: "IAM token", Databases: map[string][]string{"app": slices.Concat(rows, []string{"use sequences", "temporary tables"})}},
	}, found[0].Accounts)

	_, err = instances.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("shop-db"), SkipFinalSnapshot: aws.Bool(true)})
	require.NoError(t, err)
	found, err = client.Databases(t.Context(), account.Env)
	require.NoError(t, err)
	require.Empty(t, found, "the server has ended with its instance")
}

// TestARestoredInstanceHoldsTheRowsOfItsSnapshot writes rows before and after a snapshot, and restores a copy of it: the agent finds the database with the
// users of the source and the rows from before, under another password of the owner; the source keeps all. A final snapshot holds all, too.
func TestARestoredInstanceHoldsTheRowsOfItsSnapshot(t *testing.T) {
	t.Parallel()
	s := instance(t)
	declared := `{"converge": {"databases": [{"name": "app", "users": [{"name": "service", "access": "ReadWrite"}]}]}}`
	require.Nil(t, s.call(declared).FunctionError)
	s.write(t, "shop-db", "CREATE TABLE orders AS SELECT generate_series(1, 10) AS n")
	require.Nil(t, s.call(declared).FunctionError, "the service may use the table")
	_, err := s.instances.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("shop-db"), DBSnapshotIdentifier: aws.String("monday")})
	require.NoError(t, err)
	s.write(t, "shop-db", "INSERT INTO orders SELECT generate_series(11, 15)")
	_, err = s.instances.CopyDBSnapshot(t.Context(), &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: aws.String("monday"), TargetDBSnapshotIdentifier: aws.String("copy")})
	require.NoError(t, err)
	_, err = s.instances.DeleteDBSnapshot(t.Context(), &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("monday")})
	require.NoError(t, err)

	restore := func(snapshot string) {
		_, err := s.instances.RestoreDBInstanceFromDBSnapshot(t.Context(), &rds.RestoreDBInstanceFromDBSnapshotInput{
			DBInstanceIdentifier: &snapshot, DBSnapshotIdentifier: &snapshot, DBParameterGroupName: aws.String("shop"),
		})
		require.NoError(t, err)
		changed, err := s.instances.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &snapshot, ManageMasterUserPassword: aws.Bool(true)})
		require.NoError(t, err)
		now, err := s.functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("agent")})
		require.NoError(t, err)
		now.Environment.Variables[hostVariable], now.Environment.Variables[secretVariable] = snapshot+".0123456789.eu-central-1.rds.amazonaws.com", *changed.DBInstance.MasterUserSecret.SecretArn
		_, err = s.functions.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("agent"), Environment: &types.Environment{Variables: now.Environment.Variables}})
		require.NoError(t, err)
		require.JSONEq(t, `{"changes":[]}`, string(s.call(declared).Payload), "databases, users and rights came back with the rows")
	}
	restore("copy")
	require.EqualValues(t, 10, s.write(t, "copy", "UPDATE orders SET n = n"))
	require.EqualValues(t, 15, s.write(t, "shop-db", "UPDATE orders SET n = n"))
	_, err = s.instances.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("shop-db"), FinalDBSnapshotIdentifier: aws.String("final")})
	require.NoError(t, err)
	restore("final")
	require.EqualValues(t, 15, s.write(t, "final", "UPDATE orders SET n = n"))
}

// write runs a statement on the server of an instance, as its owner, and returns how many rows it took.
func (s *deployed) write(t *testing.T, instance, statement string) int64 {
	t.Helper()
	found, err := emulator.NewClient(s.account.Endpoint).Databases(t.Context(), s.account.Env)
	require.NoError(t, err)
	at := slices.IndexFunc(found, func(d fill.DatabaseServer) bool { return d.Instance == instance })
	require.GreaterOrEqual(t, at, 0, instance)
	described, err := s.instances.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &instance})
	require.NoError(t, err)
	value, err := secretsmanager.NewFromConfig(s.account.Config).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: described.DBInstances[0].MasterUserSecret.SecretArn})
	require.NoError(t, err)
	var of login
	require.NoError(t, json.Unmarshal([]byte(*value.SecretString), &of))
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("host=%s port=%d dbname=app user=%s password=%s sslmode=verify-full sslrootcert=%s",
		found[at].Host, found[at].Port, of.Username, of.Password, found[at].Roots))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	done, err := conn.Exec(t.Context(), statement)
	require.NoError(t, err)
	return done.RowsAffected()
}

// deployed is an instance with a function that is called with its address.
type deployed struct {
	account   *emulatortest.Account
	instances *rds.Client
	functions *lambda.Client
	arn       string // The function's.
	call      func(event string) *lambda.InvokeOutput
}

func instance(t *testing.T) *deployed {
	t.Helper()
	account := emulatortest.NewAccount(t)
	instances := rds.NewFromConfig(account.Config)
	_, err := instances.CreateDBParameterGroup(t.Context(), &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: aws.String("shop"), DBParameterGroupFamily: aws.String("postgres17"), Description: aws.String("of the test"),
	})
	require.NoError(t, err)
	set := []rdstypes.Parameter{{ParameterName: aws.String("rds.log_retention_period"), ParameterValue: aws.String("4320"), ApplyMethod: rdstypes.ApplyMethodImmediate}}
	for _, p := range parameter.All {
		set = append(set, rdstypes.Parameter{ParameterName: &p.Name, ParameterValue: &p.Value, ApplyMethod: rdstypes.ApplyMethod(p.Method)})
	}
	_, err = instances.ModifyDBParameterGroup(t.Context(), &rds.ModifyDBParameterGroupInput{DBParameterGroupName: aws.String("shop"), Parameters: set})
	require.NoError(t, err)
	made, err := instances.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("shop-db"), DBInstanceClass: aws.String("db.t4g.small"), Engine: aws.String("postgres"), EngineVersion: aws.String("17"),
		AllocatedStorage: aws.Int32(20), DBName: aws.String("app"), MasterUsername: aws.String("dbowner"), ManageMasterUserPassword: aws.Bool(true),
		DBParameterGroupName: aws.String("shop"),
	})
	require.NoError(t, err)
	key, err := account.Config.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	call := upload(t, account, archived(t), map[string]string{
		hostVariable: "shop-db.0123456789.eu-central-1.rds.amazonaws.com", portVariable: "5432", secretVariable: *made.DBInstance.MasterUserSecret.SecretArn,
		"AWS_ACCESS_KEY_ID": key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": key.SecretAccessKey,
	})
	functions := lambda.NewFromConfig(account.Config)
	agent, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("agent")})
	require.NoError(t, err)
	return &deployed{account: account, instances: instances, functions: functions, arn: *agent.FunctionArn, call: call}
}
