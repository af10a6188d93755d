// SPDX-License-Identifier: Apache-2.0

package failures_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/test/sandbox"
	"github.com/bulkhead-iac/bulkhead/tools/emulator"
	"github.com/bulkhead-iac/bulkhead/tools/process"
)

var (
	kills = flag.Int("kills", 1, "how often TestEveryProcessKilled kills each process of a rehearsal")
	seed  = flag.Uint64("seed", 0, "what TestEveryProcessKilled draws its moments from; 0 draws the seed too")
)

// window is the time after its start in which a process is killed. A run takes about as long with the delay below.
const (
	window = 6 * time.Second
	delay  = 150 // Milliseconds that each AWS call takes, so that most moments are in the middle of something.
)

// TestEveryProcessKilled kills each process of a rehearsal, at random moments of a deployment and of a destruction. Every time the next
// deployment has to converge, with the account holding what the state says and nothing else, and the next destruction has to
// leave nothing: no resource, no process, no lock.
func TestEveryProcessKilled(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	for i, victim := range []string{"rehearse", "pulumi", "pulumi-language-go", "infra", "pulumi-resource-aws", "policy", "gateway", "moto"} {
		t.Run(victim, func(t *testing.T) {
			t.Logf("-seed %d", *seed)
			random := rand.New(rand.NewPCG(*seed, uint64(i)))
			box := small(t)
			keepEmulator(t, box)
			for range *kills {
				for _, command := range []string{"up", "down"} {
					moment := time.Duration(random.Int64N(int64(window)))
					t.Logf("%s is killed %s after its start, during %s", victim, moment, command)
					if command == "down" && (victim == "infra" || victim == "policy") {
						continue // A destruction starts neither.
					}
					killed(t, box, victim, command, moment)
					if command == "up" {
						settle(t, box, "up")
						requireAccountIsState(t, box)
					}
				}
				settle(t, box, "down")
				requireNothingLeft(t, box)
			}
		})
	}
}

// small is a sandbox with the program of a small stack, on which no policy has an opinion.
func small(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box := sandbox.New(t)
	box.Own(t, "infra")
	text, err := os.ReadFile(filepath.Join("testdata", "small", "main.go"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(box.Path("infra", "main.go"), text, 0o600))
	box.Own(t, "policy")
	parts, err := os.ReadDir(filepath.Join(sandbox.Repository(t), "policy"))
	require.NoError(t, err)
	for _, part := range parts {
		if part.Name() != "profiles" {
			require.NoError(t, os.Symlink(filepath.Join(sandbox.Repository(t), "policy", part.Name()), box.Path("policy", part.Name())))
		}
	}
	require.NoError(t, os.Mkdir(box.Path("policy", "profiles"), 0o750))
	require.NoError(t, os.WriteFile(box.Path("policy", "profiles", "staging.json"), []byte(`{"all": "disabled"}`), 0o600))
	return box
}

// keepEmulator starts the sandbox's emulator and gives it another environment to go on for.
func keepEmulator(t *testing.T, box *sandbox.Sandbox) *emulator.Info {
	t.Helper()
	info, err := emulator.Ensure(t.Context(), box.Dir, []string{os.Args[0], emulatorArgument}, t.Output())
	require.NoError(t, err)
	client := info.Client()
	require.NoError(t, client.Register(t.Context(), emulator.Account{Env: "other", AccountID: "999999999999", AccessKey: "AKIAEMULATED99999999"}))
	require.NoError(t, client.SetFaults(t.Context(), emulator.Rule{Kind: "delay", DelayMS: delay}))
	return info
}

// killed runs a command and kills one of its processes, a while after that process has started; again and again if the
// rehearsal has several of that name one after the other, until it has been killed once.
func killed(t *testing.T, box *sandbox.Sandbox, victim, command string, after time.Duration) {
	t.Helper()
	run := box.Start(t, command, "staging")
	var since time.Time
	var pid int
	for !run.Ended() {
		time.Sleep(10 * time.Millisecond)
		found := pidOf(t, box, run, victim)
		switch {
		case found == 0:
		case since.IsZero():
			since = time.Now()
		}
		if pid = found; pid != 0 && time.Since(since) >= after {
			require.NoError(t, ignoreGone(syscall.Kill(pid, syscall.SIGKILL)))
			break
		}
	}
	result := run.Wait(t)
	t.Logf("%s (process %d) of %s was killed after %s: exit code %d", victim, pid, command, time.Since(since).Round(time.Millisecond), result.Code)
}

func ignoreGone(err error) error {
	if err == syscall.ESRCH {
		return nil
	}
	return err
}

// pidOf returns the process id of one of a rehearsal's processes, 0 if there is none now.
func pidOf(t *testing.T, box *sandbox.Sandbox, run *sandbox.Running, victim string) int {
	t.Helper()
	switch victim {
	case "rehearse":
		return run.PID()
	case "gateway", "moto":
		info, err := emulator.Find(t.Context(), box.Dir)
		if err != nil {
			return 0
		}
		if victim == "moto" {
			return info.MotoPID
		}
		return info.PID
	}
	for _, p := range engineProcesses(t, box) {
		if p.Program == victim {
			return p.PID
		}
	}
	return 0
}

// engineProcesses are the engine of the sandbox's staging and what it has started.
func engineProcesses(t *testing.T, box *sandbox.Sandbox) []process.Process {
	t.Helper()
	found, err := process.WithVariable("BULKHEAD_STAGE=" + box.Environment("staging").Path())
	require.NoError(t, err)
	return found
}

// settle runs a command until no earlier engine is in the way any more, and finds that it succeeds.
func settle(t *testing.T, box *sandbox.Sandbox, command string) {
	t.Helper()
	keepEmulator(t, box)
	for {
		result := box.Rehearse(t, command, "staging")
		if !strings.Contains(result.Err, "wait for it") {
			result.Succeed(t)
			return
		}
		require.Regexp(t, `staging is being (rehearsed|changed) by process \d+ \(`, result.Err)
		time.Sleep(200 * time.Millisecond)
	}
}

// inAccount lists by name what the emulated account holds of the kinds that the small stack has.
func inAccount(t *testing.T, status sandbox.Status) (names []string) {
	t.Helper()
	config := status.Config(t)
	groups, err := cloudwatchlogs.NewFromConfig(config).DescribeLogGroups(t.Context(), nil)
	require.NoError(t, err)
	for _, group := range groups.LogGroups {
		names = append(names, *group.LogGroupName)
	}
	roles, err := iam.NewFromConfig(config).ListRoles(t.Context(), nil)
	require.NoError(t, err)
	for _, role := range roles.Roles {
		names = append(names, *role.RoleName)
	}
	topics, err := sns.NewFromConfig(config).ListTopics(t.Context(), nil)
	require.NoError(t, err)
	for _, topic := range topics.Topics {
		names = append(names, *topic.TopicArn)
	}
	slices.Sort(names)
	return names
}

// requireAccountIsState finds in the account exactly what is in the state.
func requireAccountIsState(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	staging := box.Environment("staging")
	var ids []string
	for _, resource := range staging.State(t).Resources {
		if resource.Custom && strings.HasPrefix(string(resource.Type), "aws:") {
			ids = append(ids, string(resource.ID))
		}
	}
	slices.Sort(ids)
	require.Len(t, ids, 12)
	require.Equal(t, ids, inAccount(t, staging.Status(t)))
}

// requireNothingLeft finds that a destroyed stack has left nothing behind.
func requireNothingLeft(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	staging := box.Environment("staging")
	require.NoFileExists(t, staging.Path("emulator.json"))
	require.NoDirExists(t, staging.Path("backend"))
	require.Empty(t, engineProcesses(t, box))
	info := keepEmulator(t, box)
	settings := staging.Settings(t)
	require.NoError(t, info.Client().Register(t.Context(), emulator.Account{Env: "staging", AccountID: settings.AccountID, AccessKey: "AKIAEMULATED00000001"}))
	require.Empty(t, inAccount(t, sandbox.Status{Endpoint: info.Endpoint, Region: settings.Region, AccessKey: "AKIAEMULATED00000001", Secret: "any"}))
	require.NoError(t, info.Client().Unregister(t.Context(), "staging"))
}
