// SPDX-License-Identifier: Apache-2.0

// Package rehearsal_test rehearses both environments as a user does, and looks at what is there afterwards through the
// interfaces of AWS.
package rehearsal_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/twin/trial"
	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/process"
)

func TestMain(m *testing.M) {
	logger.Default = logger.Discard // terratest tells every attempt
	os.Exit(sandbox.Main(m))
}

// elsewhere is the environment of somebody who works with real accounts all day and sits in a train now. A rehearsal must take
// no notice of it.
var elsewhere = append([]string{
	"AWS_PROFILE=customer", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_ROUTE_53=http://127.0.0.1:1",
	"AWS_ENDPOINT_URL_RDS=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
	"AWS_SESSION_TOKEN=token", "AWS_REGION=us-east-1", "AWS_CONFIG_FILE=/nonexistent", "PULUMI_BACKEND_URL=s3://127.0.0.1:1",
	"PULUMI_CONFIG_PASSPHRASE=theirs", "PULUMI_ACCESS_TOKEN=pul-1", "PULUMI_STACK=prod",
}, sandbox.Offline...)

// TestEnvironments takes both environments through their whole life in one emulator: up at once, a look at what is there, a
// second run, down to accounts that hold only what is meant to stay.
func TestEnvironments(t *testing.T) {
	box := sandbox.New(t)
	box.Warm(t)
	box.Environ = elsewhere
	staging, production := box.Environment("staging"), box.Environment("production")
	both := []*sandbox.Environment{staging, production}

	if !t.Run("up", func(t *testing.T) {
		t.Run("staging", func(t *testing.T) {
			t.Parallel()
			requirePackets(t, staging, box.Rehearse(t, "up", "staging").Succeed(t))
		})
		t.Run("production", func(t *testing.T) {
			t.Parallel()
			interrupt(t, box, production)
			requirePackets(t, production, box.Rehearse(t, "up", "production").Succeed(t))
		})
	}) {
		return
	}
	for _, e := range both {
		t.Run("look/"+e.Name, func(t *testing.T) {
			e.Setenv(t)
			requireFiles(t, e)
			look(t, visit(t, e))
		})
	}
	t.Run("isolation", func(t *testing.T) {
		requireIsolated(t, visit(t, staging), visit(t, production))
		requireIsolated(t, visit(t, production), visit(t, staging))
	})
	t.Run("again", func(t *testing.T) {
		t.Run("production", func(t *testing.T) {
			t.Parallel()
			requireSecondUpChangesNothing(t, box, production)
		})
		t.Run("staging", func(t *testing.T) {
			t.Parallel()
			requireNoChange(t, box, staging)
			requireThirdZoneOnlyCreates(t, box, staging)
			requireUpdateIsPlannedAsItIs(t, box, staging)
		})
	})
	t.Run("twin", func(t *testing.T) { requireTwin(t, box, staging) })
	t.Run("down", func(t *testing.T) { downAndLook(t, box, both) })
	requireNothingLeft(t, box)
}

// interrupt starts to rehearse an environment and interrupts it in the middle of the deployment, when the database and the
// load balancer are being made.
func interrupt(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	run := box.Start(t, "up", e.Name)
	run.Await(t, "the database is being made", func() bool { return e.Called("CreateDBInstance", "CreateLoadBalancer") })
	run.Interrupt(t)
	result := run.Wait(t)
	require.Equal(t, 130, result.Code, result.Err)
	result.Says(t, "rehearse: interrupted; run the same command again to go on")
}

// agreeing is what a rehearsal says of real packets in a twin of the account.
var agreeing = regexp.MustCompile(`(\d+) of (\d+) cells of the matrix agree with the proof, by \d+ real connections .*; (\d+) of (\d+) checks of HTTPS and logins as the account says`)

// shown is what these checks have seen, of every environment.
var shown = []string{
	`: 200 "[a-z-]+-app" from .*; HTTPS by TLS 1\.3, certificate for .*; Strict-Transport-Security: max-age=\d+`,
	`the hop to app port \d+ is encrypted anew; plain HTTP there: no answer`, `port 443, from internet: a stranger's host name: 404`,
	`TLS 1\.0 is refused`, `TLS 1\.1 is refused`, `of TLS 1\.2 it speaks ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384, as ELBSecurityPolicy-.* and refuses \d+ other suites`, `key exchange X25519MLKEM768, which .* offers: true`, `port 80, from internet: a stranger's host name: 301 to https://stranger\.invalid:443/\?a=b`,
}

// requirePackets demands that real packets were as proved, or, where the machine gives no namespaces, that the rehearsal said so.
func requirePackets(t *testing.T, e *sandbox.Environment, result sandbox.Result) {
	t.Helper()
	found := agreeing.FindStringSubmatch(result.Out)
	if found == nil {
		result.Says(t, "traffic: no packet flowed")
		result.Says(t, twin.ErrUnable.Error())
		t.Log("this machine makes no twin of an account")
		return
	}
	require.Equal(t, found[1], found[2])
	cells, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	require.Greater(t, cells, 50)
	require.Equal(t, found[3], found[4])
	var summary struct {
		Traffic   trial.Outcome
		Databases []struct{ Stands string }
	}
	text, err := os.ReadFile(e.Path("summary.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &summary))
	var seen strings.Builder
	for _, c := range summary.Traffic.Checks {
		fmt.Fprintln(&seen, c.What)
	}
	for _, what := range shown {
		require.Regexp(t, what, seen.String())
	}
	if len(summary.Databases) > 0 && summary.Databases[0].Stands != "" {
		require.Regexp(t, "PostgreSQL .*, from app: dbowner is let in by TLSv1.3, and without TLS refused: no pg_hba.conf entry", seen.String())
	}
}

// requireTwin makes a twin that stays up, where a command in a segment finds the network and the database as deployed, until it is
// ended; and another, which ends with the environment.
func requireTwin(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	result := box.Rehearse(t, "twin", e.Name)
	if result.Code == 3 {
		require.Contains(t, result.Err, twin.ErrUnable.Error())
		t.Log("this machine makes no twin of an account")
		return
	}
	result.Succeed(t).Says(t, "It stays up.")
	for range 2 {
		shell := box.Rehearse(t, "twin", "--in", "app", e.Name, "--", "sh", "-c", `ip -o -4 address show scope global; [ -z "$PGHOST" ] || ! command -v psql >/dev/null || psql -Atc "select ssl, user from pg_stat_ssl where pid = pg_backend_pid()"; exit 7`)
		require.Equal(t, 7, shell.Code, shell.Err)
		require.Regexp(t, `inet 10\.20\.`, shell.Out)
		if _, err := exec.LookPath("psql"); err == nil && strings.Contains(result.Out, "PostgreSQL of ") {
			require.Contains(t, shell.Out, "t|dbowner")
		}
	}
	require.Equal(t, "the twin of "+e.Name+" has ended\n", box.Rehearse(t, "twin", "--down", e.Name).Succeed(t).Out)
	box.Rehearse(t, "twin", "--in", "app", e.Name, "--", "true").Says(t, "no twin of "+e.Name+" is up; make one: make twin ENV="+e.Name)
	box.Rehearse(t, "twin", "--json", e.Name).Succeed(t)
}

// requireFiles finds the files that describe a rehearsal, complete.
func requireFiles(t *testing.T, e *sandbox.Environment) {
	t.Helper()
	status := e.Status(t)
	require.Equal(t, e.Settings(t).AccountID, status.AccountID)
	require.Equal(t, e.Settings(t).Region, status.Region)
	require.True(t, strings.HasPrefix(status.Endpoint, "http://127.0.0.1:"), status.Endpoint)
	require.Equal(t, status.Endpoint, status.Emulator.Endpoint)
	require.Positive(t, status.Emulator.PID)
	require.Positive(t, status.Emulator.MotoPID)
	require.Subset(t, e.Outputs(t), map[string]any{"vpcId": aws.ToString(visit(t, e).vpc(t).VpcId)})
	require.NotEmpty(t, e.State(t).Resources)

	summaries := 0
	for _, event := range e.Events(t) {
		if event.SummaryEvent != nil {
			summaries++
		}
	}
	require.GreaterOrEqual(t, summaries, 4, "preview, up, second preview, refresh")
	calls := e.Calls(t)
	require.NotEmpty(t, calls)
	for _, call := range calls {
		require.Less(t, call.Status, 500, "the emulator could not do %s %s: %s", call.Service, call.Action, call.Error)
	}
}

// requireSecondUpChangesNothing rehearses the environment again and finds every resource untouched, and no call among those
// it made that changes anything.
func requireSecondUpChangesNothing(t *testing.T, box *sandbox.Sandbox, e *sandbox.Environment) {
	t.Helper()
	before, calls := e.State(t), len(e.Calls(t))
	box.Rehearse(t, "up", e.Name).Succeed(t)
	after := e.State(t)
	require.Equal(t, byURN(t, before), byURN(t, after))
	for _, event := range e.Events(t) {
		if event.SummaryEvent != nil {
			require.Equal(t, map[apitype.OpType]int{apitype.OpSame: len(after.Resources)}, event.SummaryEvent.ResourceChanges)
		}
	}
	for _, call := range e.Calls(t)[calls:] {
		for _, verb := range []string{"Create", "Put", "Modify", "Update", "Delete", "Set", "Attach", "Detach", "Authorize", "Revoke", "Run", "Start", "Stop"} {
			require.False(t, strings.HasPrefix(call.Action, verb), "%s %s %s", call.Service, call.Action, call.Resource)
		}
	}
}

// encrypted is a secret in a state, which is encrypted anew at every export.
var encrypted = regexp.MustCompile(`"ciphertext":"[^"]*"`)

// byURN returns the id, the inputs and the outputs of the resources of a state.
func byURN(t *testing.T, state apitype.DeploymentV3) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, r := range state.Resources {
		text, err := json.Marshal([]any{r.ID, r.Inputs, r.Outputs})
		require.NoError(t, err)
		found[string(r.URN)] = encrypted.ReplaceAllString(string(text), `"ciphertext":""`)
	}
	return found
}

// downAndLook destroys the environments and looks at their accounts, then lets the emulator end.
func downAndLook(t *testing.T, box *sandbox.Sandbox, environments []*sandbox.Environment) {
	t.Helper()
	client := useEmulator(t, box)
	accounts, statuses, kept := map[string]*account{}, map[string]sandbox.Status{}, map[string]map[string][]string{}
	t.Run("destroy", func(t *testing.T) {
		for _, e := range environments {
			status := e.Status(t)
			accounts[e.Name], statuses[e.Name] = visit(t, e), status
			kept[e.Name] = outliving(t, accounts[e.Name])
			t.Run(e.Name, func(t *testing.T) {
				t.Parallel()
				result := box.Rehearse(t, "down", e.Name).Succeed(t)
				result.Says(t, "the emulator goes on for")
				left, err := process.WithVariable("BULKHEAD_TWIN=" + e.Path())
				require.NoError(t, err)
				require.Empty(t, left, "its twin has ended")
				for _, file := range []string{"emulator.json", "backend", "project", "passphrase"} {
					require.NoFileExists(t, e.Path(file))
				}
				require.NoError(t, client.Register(t.Context(), emulator.Account{Env: e.Name + "-afterwards", AccountID: status.AccountID, AccessKey: status.AccessKey}))
			})
		}
	})
	for _, e := range environments {
		t.Run("left/"+e.Name, func(t *testing.T) {
			statuses[e.Name].Setenv(t)
			requireOnly(t, accounts[e.Name], kept[e.Name])
		})
		require.NoError(t, client.Unregister(t.Context(), e.Name+"-afterwards"))
	}
	require.NoError(t, client.Unregister(t.Context(), witness.Env))
	result := box.Rehearse(t, "down", environments[0].Name).Succeed(t)
	require.Equal(t, "nothing to do: "+environments[0].Name+" is not rehearsed\nthe emulator has stopped\n", result.Out)
}

// outliving lists what a destroy leaves in an account on purpose, as the inventory does: the log files, the database's logs, the
// key that reads both, the key of the database's backups, the records that prove names to ACM, and the guards of the account, which are
// there for others too.
func outliving(t *testing.T, a *account) map[string][]string {
	t.Helper()
	all := inventory(t, a)
	kept := map[string][]string{"key": nil}
	for _, role := range []string{"db", "logs"} {
		kept["key"] = append(kept["key"], lastSegment(keyARN(t, a, role)))
	}
	sort.Strings(kept["key"])
	for _, group := range all["log group"] {
		if strings.HasPrefix(group, "/aws/rds/instance/"+a.identifier(t)+"/") {
			kept["log group"] = append(kept["log group"], group)
		}
	}
	require.Len(t, kept["log group"], 2)
	for _, record := range all["DNS record"] {
		if strings.HasSuffix(record, "_CNAME") {
			kept["DNS record"] = append(kept["DNS record"], record)
		}
	}
	require.NotEmpty(t, kept["DNS record"])
	for _, kind := range []string{"bucket", "account public access block", "password policy"} {
		require.NotEmpty(t, all[kind], kind)
		kept[kind] = all[kind]
	}
	return kept
}

// lastSegment is the id at the end of an ARN.
func lastSegment(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// requireOnly finds in an account what outlives a stack, nothing else, and all of it as safe as before. Then there are the
// final snapshot of the database and, for as long as they are kept, its automated backups. RDS has made no log group again. The key that nothing needs waits
// for its deletion.
func requireOnly(t *testing.T, a *account, kept map[string][]string) {
	t.Helper()
	require.Equal(t, kept, inventory(t, a))
	lookAtBuckets(t, a)
	groups, err := a.logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	require.NoError(t, err)
	for _, group := range groups.LogGroups {
		require.Contains(t, kept["key"], lastSegment(aws.ToString(group.KmsKeyId)), aws.ToString(group.LogGroupName))
		require.NotNil(t, group.RetentionInDays, aws.ToString(group.LogGroupName))
	}
	disks, err := a.ec2.GetEbsEncryptionByDefault(t.Context(), &ec2.GetEbsEncryptionByDefaultInput{})
	require.NoError(t, err)
	require.True(t, aws.ToBool(disks.EbsEncryptionByDefault))
	snapshots, err := a.rds.DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{})
	require.NoError(t, err)
	var final []string
	for _, snapshot := range snapshots.DBSnapshots {
		require.Regexp(t, "^bulkhead-"+a.named("db")+"-[0-9a-f]{8}$", aws.ToString(snapshot.DBInstanceIdentifier))
		require.True(t, aws.ToBool(snapshot.Encrypted))
		require.Contains(t, kept["key"], lastSegment(aws.ToString(snapshot.KmsKeyId)))
		if aws.ToString(snapshot.SnapshotType) != "automated" {
			final = append(final, aws.ToString(snapshot.DBSnapshotIdentifier))
		}
	}
	require.Len(t, final, 1)
	require.Regexp(t, "^bulkhead-"+a.named("db")+"-final-[0-9a-f]{8}$", final[0])
	keys, err := listKeys(t.Context(), a)
	require.NoError(t, err)
	require.Len(t, keys, 4)
	for _, key := range keys {
		if slices.Contains(kept["key"], aws.ToString(key.KeyId)) {
			require.Equal(t, kmstypes.KeyStateEnabled, key.KeyState, aws.ToString(key.Description))
			continue
		}
		until := time.Until(aws.ToTime(key.DeletionDate))
		require.Greater(t, until, 28*24*time.Hour, "%s is gone too soon", aws.ToString(key.Description))
	}
}

// requireNothingLeft finds neither emulator nor any process of the sandbox.
func requireNothingLeft(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	_, err := emulator.Find(t.Context(), box.Dir)
	require.ErrorIs(t, err, emulator.ErrNotRunning)
	left, err := box.Processes()
	require.NoError(t, err)
	require.Empty(t, left)
}
