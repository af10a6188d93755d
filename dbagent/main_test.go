// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgrestest"
	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

// stack is what a deployment gives the function: a database, an account with secrets, and the function itself.
type stack struct {
	database *postgrestest.Server
	account  *emulatortest.Account
	manager  *secretsmanager.Client
	server   *postgres.Server // For logging in as a client.
	function *function
	secret   string // The ARN of the service's.
}

const document = `{"converge": {"databases": [{"name": "shop", "users": [{"name": "service", "access": "ReadWrite", "login": "AlternatingSecret"}]}]}}`

func deploy(t *testing.T) *stack {
	t.Helper()
	s := &stack{database: postgrestest.Start(t), account: emulatortest.NewAccount(t)}
	s.manager = secretsmanager.NewFromConfig(s.account.Config)
	administrator := s.create(t, "administrator", fmt.Sprintf(`{"username": %q, "password": %q}`, postgrestest.Administrator, s.database.Password))
	s.secret = s.create(t, "service", `{"host": "localhost", "dbname": "shop", "username": "service", "rotation": "AlternatingSecret"}`)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, s.database.Authority.PEM, 0o600))
	roots, err := postgres.Roots(s.database.Authority.PEM)
	require.NoError(t, err)
	s.server = &postgres.Server{Host: postgrestest.Host, Port: s.database.Port, Roots: roots}
	key, err := s.account.Config.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	s.function = newFunction(t, build(t),
		hostVariable+"="+postgrestest.Host, portVariable+"="+fmt.Sprint(s.database.Port), secretVariable+"="+administrator, rootsVariable+"="+file,
		"AWS_REGION="+emulatortest.Region, "AWS_ACCESS_KEY_ID="+key.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+key.SecretAccessKey, "AWS_ENDPOINT_URL="+s.account.Endpoint)
	return s
}

func (s *stack) create(t *testing.T, name, value string) string {
	t.Helper()
	made, err := s.manager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	require.NoError(t, err)
	return *made.ARN
}

func (s *stack) converge(t *testing.T) []string {
	t.Helper()
	reply, ok := s.function.invoke(t, json.RawMessage(document))
	require.True(t, ok && !reply.failed, "%s", reply.body)
	var done result
	require.NoError(t, json.Unmarshal(reply.body, &done))
	return done.Changes
}

var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// rotate does what Secrets Manager does: all steps with one version, from the beginning again when one has no answer. The
// emulator would run the function in a container only, so that the test sends the events.
func (s *stack) rotate(t *testing.T) {
	t.Helper()
	s.steps(t, uuid.NewString(), steps...)
}

func (s *stack) steps(t *testing.T, version string, steps ...string) {
	t.Helper()
	for _, step := range steps {
		reply, ok := s.function.invoke(t, map[string]string{"Step": step, "SecretId": s.secret, "ClientRequestToken": version})
		require.True(t, ok && !reply.failed, "%s: %s", step, reply.body)
	}
}

type login struct{ Username, Password string }

func (s *stack) current(ctx context.Context) (login, error) {
	var l login
	// Without the stage the emulator answers with the version that was written last, AWS with the current one.
	value, err := s.manager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.secret, VersionStage: aws.String("AWSCURRENT")})
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal([]byte(*value.SecretString), &l)
}

func (s *stack) enters(t *testing.T, l login) bool {
	t.Helper()
	works, err := s.server.Login(t.Context(), "shop", l.Username, l.Password)
	require.NoError(t, err)
	return works
}

func TestTheFunctionConvergesOnce(t *testing.T) {
	s := deploy(t)
	require.NotEmpty(t, s.converge(t))
	require.Empty(t, s.converge(t), "a second run changes something")
	for event, problem := range map[string]string{
		`{"converge": {"databases": [{"name": "shop", "users": [{"name": "dbowner", "access": "Owner"}]}]}}`: `\"dbowner\" is the administrator`,
		`{"converge": {"databases": [{"nam": "shop"}]}}`:                                                     `unknown field`,
		`{}`:                                    "neither a step of a rotation nor a convergence",
		`[1]`:                                   "not a JSON object",
		`{"Step": "setSecret", "converge": {}}`: "neither a step",
		`{"Step": "setSecret", "overdue": {}}`:  "for what is overdue and for something else",
		`{"overdue": {"days": 8}}`:              "overdue: secrets and days are missing",
	} {
		reply, ok := s.function.invoke(t, json.RawMessage(event))
		require.True(t, ok && reply.failed, event)
		require.Contains(t, string(reply.body), problem)
	}
	require.Empty(t, s.converge(t), "a bad event changes nothing")
}

// rotations is how often the secret rotates under its clients.
const rotations = 50

// clients is how many there are of each kind.
const clients = 4

// Some clients read the secret again when a login fails, the others only once a rotation; none ever fails.
func TestClientsLogInThroughFiftyRotations(t *testing.T) {
	s := deploy(t)
	s.converge(t)
	s.rotate(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	began := time.Now()
	var turn atomic.Int64 // Rotations that have ended.
	counts := [2]struct{ logins, failures, reads atomic.Int64 }{}
	for n := range 2 * clients {
		running.Go(func() {
			i := n % 2
			count, seen := &counts[i], int64(-1)
			var l login
			for ctx.Err() == nil {
				if now := turn.Load(); l.Password == "" || i == 1 && now != seen {
					l, _ = s.current(context.WithoutCancel(ctx))
					seen = now
					count.reads.Add(1)
				}
				works, err := s.server.Login(context.WithoutCancel(ctx), "shop", l.Username, l.Password)
				count.logins.Add(1)
				switch {
				case err == nil && works:
				case err == nil && i == 0: // Once more, with what the secret says now.
					l, _ = s.current(context.WithoutCancel(ctx))
					count.reads.Add(1)
					if works, err = s.server.Login(context.WithoutCancel(ctx), "shop", l.Username, l.Password); err != nil || !works {
						count.failures.Add(1)
					}
				default:
					count.failures.Add(1)
				}
			}
		})
	}
	took := make([]time.Duration, rotations)
	for i := range took {
		began := time.Now()
		s.rotate(t)
		took[i] = time.Since(began)
		turn.Add(1)
		require.Eventually(t, func() bool { return counts[1].reads.Load() >= int64(clients*(i+2)) }, time.Minute, time.Millisecond, "the others read this one")
	}
	cancel()
	running.Wait()
	t.Logf("%.0f logins a second", float64(counts[0].logins.Load()+counts[1].logins.Load())/time.Since(began).Seconds())
	slices.Sort(took)
	for i, name := range []string{"read again on failure", "read once a rotation"} {
		t.Logf("the clients that %s: %d logins, %d reads, %d failed", name, counts[i].logins.Load(), counts[i].reads.Load(), counts[i].failures.Load())
		require.Zero(t, counts[i].failures.Load())
		require.Greater(t, counts[i].logins.Load(), int64(rotations))
	}
	t.Logf("%d rotations: median %v, the slowest %v", rotations, took[rotations/2], took[rotations-1])
	s.requireSilence(t)
}

// requireSilence looks for every password that there has been in everything that was written.
func (s *stack) requireSilence(t *testing.T) {
	t.Helper()
	versions, err := s.manager.ListSecretVersionIds(t.Context(), &secretsmanager.ListSecretVersionIdsInput{SecretId: &s.secret, IncludeDeprecated: aws.Bool(true)})
	require.NoError(t, err)
	record, err := os.ReadFile(s.account.Record)
	require.NoError(t, err)
	require.NotEmpty(t, record)
	written := map[string]string{"the function's log": s.function.logs.String(), "the server's log": s.database.Log(t), "the record of calls": string(record)}
	passwords := []string{s.database.Password}
	for _, version := range versions.Versions {
		value, err := s.manager.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &s.secret, VersionId: version.VersionId})
		require.NoError(t, err)
		var l login
		require.NoError(t, json.Unmarshal([]byte(*value.SecretString), &l))
		if l.Password != "" {
			passwords = append(passwords, l.Password)
		}
	}
	for where, text := range written {
		require.NotEmpty(t, text, where)
		for _, password := range passwords {
			require.NotContains(t, text, password, where)
		}
	}
	t.Logf("%d passwords, none of them written", len(passwords))
}

// The process ends by SIGKILL within each step, as soon as it has asked AWS for something; the next one begins anew.
func TestTheFunctionMayBeKilledInEveryStep(t *testing.T) {
	s := deploy(t)
	s.converge(t)
	s.rotate(t)
	cut := 0
	for n, step := range steps {
		before, err := s.current(t.Context())
		require.NoError(t, err)
		version := uuid.NewString()
		s.steps(t, version, steps[:n]...)
		if !s.killWithin(t, map[string]string{"Step": step, "SecretId": s.secret, "ClientRequestToken": version}) {
			cut++
		}
		require.True(t, s.enters(t, before))
		s.function.start(t)
		s.steps(t, version, steps...)
		after, err := s.current(t.Context())
		require.NoError(t, err)
		require.NotEqual(t, before, after)
		require.True(t, s.enters(t, before) && s.enters(t, after))
	}
	t.Logf("%d of %d were cut off before they had answered", cut, len(steps))
	require.Positive(t, cut)
	s.requireSilence(t)
}

// killWithin sends an event, kills the function once AWS has been asked for something, and says whether it had answered.
func (s *stack) killWithin(t *testing.T, event any) (answered bool) {
	t.Helper()
	calls, stop := s.calls(), make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for s.calls() == calls {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
		_ = s.function.process.Process.Kill()
	})
	_, answered = s.function.invoke(t, event)
	close(stop)
	killer.Wait()
	s.function.kill()
	return answered
}

// calls is how many of the account's are recorded.
func (s *stack) calls() int {
	record, _ := os.ReadFile(s.account.Record)
	return strings.Count(string(record), "\n")
}

// TestTheFunctionStartsFastAndIsSmall has generous limits, because other tests run beside it: docs/database.md has figures.
func TestTheFunctionStartsFastAndIsSmall(t *testing.T) {
	binary := build(t)
	info, err := os.Stat(binary)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(15e6))
	var took []time.Duration
	for range 10 {
		began := time.Now()
		f := newFunction(t, binary, hostVariable+"=db.example", secretVariable+"=arn", "AWS_REGION=eu-central-1")
		select {
		case ready := <-f.ready:
			took = append(took, ready.Sub(began))
		case <-f.ended:
			t.Fatal(f.logs.String())
		}
	}
	slices.Sort(took)
	t.Logf("from the start to the first question for an event: median %v, the slowest %v; %d bytes", took[5], took[9], info.Size())
	require.Less(t, took[0], time.Second)
}

func TestSettingsAreCheckedAllAtOnce(t *testing.T) {
	set := map[string]string{portVariable: "70000", rootsVariable: "/nowhere.pem"}
	_, err := readSettings(func(name string) string { return set[name] })
	for _, problem := range []string{hostVariable + " is empty", `"70000" is no port`, "set either " + secretVariable, "/nowhere.pem"} {
		require.ErrorContains(t, err, problem)
	}
	set = map[string]string{hostVariable: "h", secretVariable: "s", userVariable: "u"}
	_, err = readSettings(func(name string) string { return set[name] })
	require.ErrorContains(t, err, "set either")
}

func TestAnAdministratorMayLogInWithAToken(t *testing.T) {
	set := map[string]string{hostVariable: "db.example", userVariable: "agent", portVariable: "5433"}
	load := func(context.Context, ...func(*config.LoadOptions) error) (aws.Config, error) {
		return aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")}, nil
	}
	made, err := newAgent(t.Context(), func(name string) string { return set[name] }, slog.New(slog.DiscardHandler), load)
	require.NoError(t, err)
	user, token, err := made.engine.(*postgres.Server).Administrator(t.Context())
	require.NoError(t, err)
	require.Equal(t, "agent", user)
	require.True(t, strings.HasPrefix(token, "db.example:5433?Action=connect&DBUser=agent&"), token)
	require.Contains(t, token, "X-Amz-Expires=900")
}

// IAM spreads the policies of a role while the function is called already.
func TestAPermissionThatIsNotThereYetIsWaitedFor(t *testing.T) {
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked <= 2 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","Message":"is not authorized to perform: secretsmanager:GetSecretValue"}`))
			return
		}
		_, _ = w.Write([]byte(`{"SecretString":"{\"username\":\"dbowner\",\"password\":\"hunter2\"}"}`))
	}))
	t.Cleanup(api.Close)
	s := settings{host: "db.example", secret: "s", port: defaultPort}
	server, _ := s.server(aws.Config{Region: "eu-central-1", BaseEndpoint: &api.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")})
	user, _, err := server.Administrator(t.Context())
	require.NoError(t, err)
	require.Equal(t, "dbowner", user)
	require.Equal(t, 3, asked)
}
