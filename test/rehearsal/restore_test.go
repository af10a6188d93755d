// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package rehearsal_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/client"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/fill"
)

// followARestoredDatabase goes the way back as docs/database.md tells it, while the service writes a row every few milliseconds: it backs up,
// loses the table, restores beside, and attaches. The service finds host, database and secret in what the deployment tells its instances, and
// nowhere else. What was lost is counted: the rows from after the snapshot, and no others. A backup that cannot be restored is refused
// by the preview, before anything is made.
func followARestoredDatabase(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	a := visit(t, box.Environment("staging"))
	db := databaseOf(t, box, "db")
	first := db["identifier"].(string)
	a.asMigrator(t, box, "CREATE TABLE rows (n bigint PRIMARY KEY)")

	writer := &writer{a: a, box: box}
	writer.attach(t)
	require.Equal(t, first, writer.instance)
	writer.start(t)
	writer.awaitMore(t, 50)
	before := writer.last()
	a.snapshot(t, first, "monday")
	after := writer.last() + 1 // One that was committed and not yet counted.
	writer.awaitMore(t, 50)
	const last = "  bulkhead:databaseBackupRetentionDays: 7\n"
	box.Replace(t, "Pulumi.staging.yaml", last, last+"  bulkhead:databaseRestoreFrom:\n    - monday snapshot nobodys\n")
	refused(t, box, `RestoreFrom: "snapshot nobodys" is not there; name a snapshot of this account and region`)
	a.plainSnapshot(t, "plain")
	box.Replace(t, "Pulumi.staging.yaml", "snapshot nobodys", "snapshot plain")
	refused(t, box, `RestoreFrom: "snapshot plain" is not encrypted; copy the snapshot with a KMS key`)
	a.asMigrator(t, box, "DROP TABLE rows")
	lost := time.Now()
	writer.awaitFailure(t)
	acknowledged := writer.last()

	box.Replace(t, "Pulumi.staging.yaml", "snapshot plain", "snapshot monday")
	box.Rehearse(t, "up", "staging").Succeed(t)
	require.Equal(t, db, databaseOf(t, box, "db"), "the one that stands stays as it is")
	writer.attach(t)
	require.Equal(t, first, writer.instance, "nothing moves before the word that attaches")
	box.Replace(t, "Pulumi.staging.yaml", last, last+"  bulkhead:databaseAttached: monday\n")
	box.Rehearse(t, "up", "staging").Succeed(t)
	restored := databaseOf(t, box, "monday")["identifier"].(string)
	a.requireRestored(t, db, databaseOf(t, box, "monday"))
	came := writer.rows(t, restored)
	writer.attach(t)
	require.Equal(t, restored, writer.instance)
	writer.awaitMore(t, 50)
	away := time.Since(lost).Round(time.Second)
	writer.stop()

	require.GreaterOrEqual(t, came, before)
	require.LessOrEqual(t, came, after)
	// Every number from 1 to the snapshot is there, none until the loss, and all that the service wrote since.
	require.Equal(t, came+writer.last()-acknowledged, writer.rows(t, restored))
	t.Logf("%d of %d acknowledged rows were lost, those of the time between snapshot and loss; the service wrote again after %v", acknowledged-came, acknowledged, away)

	box.Replace(t, "Pulumi.staging.yaml", "databaseAttached: monday", "databaseAttached: db")
	box.Rehearse(t, "up", "staging").Succeed(t)
	writer.attach(t)
	require.Equal(t, first, writer.instance, "and back again")

	a.snapshot(t, first, "tuesday")
	box.Replace(t, "Pulumi.staging.yaml", "monday snapshot monday", "monday snapshot tuesday")
	refused(t, box, `RestoreFrom: "snapshot tuesday" cannot be restored into the database `+restored+`, which exists; make a second database beside it`)
}

// snapshot takes one of an instance.
func (a *account) snapshot(t *testing.T, instance, name string) {
	t.Helper()
	_, err := a.rds.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: &instance, DBSnapshotIdentifier: &name})
	require.NoError(t, err)
}

// plainSnapshot makes a snapshot without encryption, of an instance that is not there any more.
func (a *account) plainSnapshot(t *testing.T, name string) {
	t.Helper()
	instance := aws.String("somebodys")
	_, err := a.rds.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: instance, DBInstanceClass: aws.String("db.t4g.small"), Engine: aws.String("postgres"), EngineVersion: aws.String("17"),
		AllocatedStorage: aws.Int32(50), MasterUsername: aws.String("dbowner"), MasterUserPassword: aws.String("long-enough"),
	})
	require.NoError(t, err)
	a.snapshot(t, *instance, name)
	_, err = a.rds.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: instance, SkipFinalSnapshot: aws.Bool(true)})
	require.NoError(t, err)
}

// requireRestored wants what RDS does not give to a restored instance by itself: a key, a managed secret, a group and parameters of its own.
func (a *account) requireRestored(t *testing.T, first, restored map[string]any) {
	t.Helper()
	found, err := a.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(restored["identifier"].(string))})
	require.NoError(t, err)
	instance := found.DBInstances[0]
	require.Equal(t, restored["keyArn"], aws.ToString(instance.KmsKeyId))
	require.NotEqual(t, first["keyArn"], restored["keyArn"])
	require.Equal(t, "open-source-rds-extended-support-disabled", aws.ToString(instance.EngineLifecycleSupport))
	require.Equal(t, restored["secretArn"], aws.ToString(instance.MasterUserSecret.SecretArn))
	require.NotEqual(t, first["secretArn"], restored["secretArn"])
	require.Len(t, instance.VpcSecurityGroups, 1)
	require.Equal(t, a.groupID(t, "db"), aws.ToString(instance.VpcSecurityGroups[0].VpcSecurityGroupId))
	require.True(t, strings.HasPrefix(aws.ToString(instance.DBParameterGroups[0].DBParameterGroupName), "staging-monday-parameters"))
}

// refused is a rehearsal that its preview ends, before anything is made.
func refused(t *testing.T, box *sandbox.Sandbox, problem string) {
	t.Helper()
	e := box.Environment("staging")
	before := len(e.Calls(t))
	fails(t, box, problem)
	for _, call := range e.Calls(t)[before:] {
		for _, verb := range []string{"Create", "Restore", "Copy", "Modify", "Delete"} {
			require.False(t, strings.HasPrefix(call.Action, verb), "%s %s %s", call.Service, call.Action, call.Resource)
		}
	}
}

// asMigrator changes the schema of the stack's first database, as a client outside the environment that knows what the stack tells of it.
func (a *account) asMigrator(t *testing.T, box *sandbox.Sandbox, statement string) {
	t.Helper()
	attachments := databaseOf(t, box, "db")["attachments"].(map[string]any)
	variables := map[string]string{}
	for name, value := range attachments["migrator"].(map[string]any)["environment"].(map[string]any) {
		variables[name] = value.(string)
	}
	pool := open(t, a, box, variables)
	defer pool.Close()
	_, err := pool.Exec(t.Context(), statement)
	require.NoError(t, err)
}

// open is the pool of a client that was told the variables: the client of docs/database.md, but for the address of the instance, which here is that of
// the server that stands for it.
func open(t *testing.T, a *account, box *sandbox.Sandbox, variables map[string]string) *pgxpool.Pool {
	t.Helper()
	pool, err := client.Open(t.Context(), a.Config(t), func(name string) string { return variables[name] })
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	settings := pool.Config()
	instance, _, _ := strings.Cut(variables["PGHOST"], ".")
	server := serverOf(t, box, instance)
	at, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%d dbname=%s sslmode=verify-full sslrootcert=%s", server.Host, server.Port, variables["PGDATABASE"], server.Roots))
	require.NoError(t, err)
	settings.ConnConfig, settings.MaxConns = at, 2
	moved, err := pgxpool.NewWithConfig(t.Context(), settings)
	require.NoError(t, err)
	return moved
}

// serverOf is the server that stands for an instance.
func serverOf(t *testing.T, box *sandbox.Sandbox, instance string) fill.DatabaseServer {
	t.Helper()
	running, err := emulator.Find(t.Context(), box.Dir)
	require.NoError(t, err)
	servers, err := running.Client().Databases(t.Context(), "staging")
	require.NoError(t, err)
	for _, server := range servers {
		if server.Instance == instance {
			require.Empty(t, server.Missing)
			return server
		}
	}
	require.FailNow(t, "no server stands for "+instance)
	return fill.DatabaseServer{}
}

// writer is a service that writes one number after the other, and goes on with the next only when one was acknowledged.
type writer struct {
	a        *account
	box      *sandbox.Sandbox
	instance string // To which it is attached.
	stop     func()

	mutex  sync.Mutex
	pool   *pgxpool.Pool
	count  int64
	failed bool // The last attempt.
}

var variableLine = regexp.MustCompile(`(?m)^([A-Z_]+)=(\S*)$`)

// attach reads what new instances of the service are told, and writes where that leads from now on.
func (w *writer) attach(t *testing.T) {
	t.Helper()
	group := w.a.serviceGroup(t)
	versions, err := w.a.ec2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: group.LaunchTemplate.LaunchTemplateId, Versions: []string{aws.ToString(group.LaunchTemplate.Version)},
	})
	require.NoError(t, err)
	text, err := base64.StdEncoding.DecodeString(aws.ToString(versions.LaunchTemplateVersions[0].LaunchTemplateData.UserData))
	require.NoError(t, err)
	variables := map[string]string{}
	for _, line := range variableLine.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r", ""), -1) {
		variables[line[1]] = line[2]
	}
	require.Equal(t, "AlternatingSecret", variables["DATABASE_LOGIN"])
	require.Equal(t, "verify-full", variables["PGSSLMODE"])
	pool := open(t, w.a, w.box, variables)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.instance, _, _ = strings.Cut(variables["PGHOST"], ".")
	w.pool = pool
}

func (w *writer) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	w.stop = func() { cancel(); <-ended }
	t.Cleanup(w.stop)
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			w.mutex.Lock()
			pool, next := w.pool, w.count+1
			w.mutex.Unlock()
			_, err := pool.Exec(context.WithoutCancel(ctx), "INSERT INTO rows VALUES ($1)", next)
			w.mutex.Lock()
			if w.failed = err != nil; err == nil {
				w.count = next
			}
			w.mutex.Unlock()
			time.Sleep(5 * time.Millisecond) // The load, not a wait.
		}
	}()
}

// last is the last number that was acknowledged.
func (w *writer) last() int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.count
}

func (w *writer) awaitMore(t *testing.T, rows int64) {
	t.Helper()
	from := w.last()
	require.Eventually(t, func() bool { return w.last() >= from+rows }, time.Minute, 10*time.Millisecond, "the service does not write")
}

func (w *writer) awaitFailure(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { w.mutex.Lock(); defer w.mutex.Unlock(); return w.failed }, time.Minute, 10*time.Millisecond, "the service goes on as if nothing had been lost")
}

// rows is how many an instance has.
func (w *writer) rows(t *testing.T, instance string) (count int64) {
	t.Helper()
	pool := open(t, w.a, w.box, map[string]string{
		"DATABASE_LOGIN": "AlternatingSecret", "PGDATABASE": "app", "PGHOST": instance + ".",
		"DATABASE_SECRET_ARN": databaseOf(t, w.box, "monday")["userSecretArns"].(map[string]any)["service"].(string),
	})
	defer pool.Close()
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM rows").Scan(&count))
	return count
}
