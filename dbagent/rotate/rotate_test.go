// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package rotate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgrestest"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
)

var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// start gives a server on which the users "service" and "service_clone" exist, without passwords.
func start(t *testing.T) *postgres.Server {
	t.Helper()
	running := postgrestest.Start(t)
	roots, err := postgres.Roots(running.Authority.PEM)
	require.NoError(t, err)
	server := &postgres.Server{Host: postgrestest.Host, Port: running.Port, Roots: roots, Administrator: func(context.Context) (string, string, error) {
		return postgrestest.Administrator, running.Password, nil
	}}
	_, err = server.Converge(t.Context(), &declare.Document{Databases: []declare.Database{{Name: "shop", Users: []declare.User{
		{Name: "service", Access: declare.ReadWrite, Login: declare.AlternatingSecret}, {Name: "other", Access: declare.ReadOnly, Login: declare.Secret},
	}}}})
	require.NoError(t, err)
	return server
}

func value(user string, login declare.Login) string {
	return fmt.Sprintf(`{"host": "localhost", "port": 5432, "dbname": "shop", "username": %q, "rotation": %q, "sslmode": "verify-full"}`, user, login)
}

func run(ctx context.Context, r *rotate.Rotation, version string) error {
	for _, step := range steps {
		if err := r.Step(ctx, rotate.Event{Step: step, Secret: "s", Version: version}); err != nil {
			return err
		}
	}
	return nil
}

type login struct {
	User     string `json:"username"`
	Password string `json:"password"`
}

func current(t *testing.T, m *memory) login {
	t.Helper()
	var l login
	require.NoError(t, json.Unmarshal([]byte(m.current()), &l))
	return l
}

func requireLogin(t *testing.T, server *postgres.Server, l login) {
	t.Helper()
	works, err := server.Login(t.Context(), "shop", l.User, l.Password)
	require.NoError(t, err)
	require.True(t, works, "%s does not get in", l.User)
}

func TestUsersAlternateAndThePasswordBeforeStaysValid(t *testing.T) {
	server, store := start(t), newMemory(value("service", declare.AlternatingSecret))
	rotation := &rotate.Rotation{Store: store, Server: server, Host: "localhost"}
	var before login
	for i, user := range []string{"service", "service_clone", "service", "service_clone"} {
		version := fmt.Sprint("v", i)
		store.begin(version)
		require.NoError(t, run(t.Context(), rotation, version))
		now := current(t, store)
		require.Equal(t, user, now.User)
		require.Len(t, now.Password, 32)
		requireLogin(t, server, now)
		if i > 0 {
			requireLogin(t, server, before)
		}
		before = now
		require.NoError(t, run(t.Context(), rotation, version), "again")
		require.Equal(t, now, current(t, store))
	}
	require.Contains(t, store.current(), `"sslmode":"verify-full"`, "what is not known is kept")
}

func TestASingleUserKeepsItsName(t *testing.T) {
	server, store := start(t), newMemory(value("other", declare.Secret))
	rotation := &rotate.Rotation{Store: store, Server: server, Host: "localhost"}
	var before login
	for _, version := range []string{"a", "b"} {
		store.begin(version)
		require.NoError(t, run(t.Context(), rotation, version))
		now := current(t, store)
		require.Equal(t, "other", now.User)
		require.NotEqual(t, before.Password, now.Password)
		requireLogin(t, server, now)
		before = now
	}
}

// The process ends before and after each of its calls; the next one does all steps again, as Secrets Manager does.
func TestARotationThatIsKilledAnywhereComesToItsEnd(t *testing.T) {
	server, store := start(t), newMemory(value("service", declare.AlternatingSecret))
	whole := &mortal{Store: store, Server: server, left: -1 << 30}
	store.begin("whole")
	require.NoError(t, run(t.Context(), &rotate.Rotation{Store: whole, Server: whole, Host: "localhost"}, "whole"))
	require.Greater(t, whole.calls, 15)
	for n := range whole.calls {
		for _, after := range []bool{false, true} {
			version, before := fmt.Sprint("killed ", n, after), current(t, store)
			store.begin(version)
			killed := &mortal{Store: store, Server: server, left: n, after: after}
			require.ErrorIs(t, run(t.Context(), &rotate.Rotation{Store: killed, Server: killed, Host: "localhost"}, version), errKilled, version)
			requireLogin(t, server, current(t, store))
			require.NoError(t, run(t.Context(), &rotate.Rotation{Store: store, Server: server, Host: "localhost"}, version), version)
			require.NotEqual(t, before, current(t, store))
			requireLogin(t, server, current(t, store))
			requireLogin(t, server, before)
		}
	}
	t.Logf("killed at %d points", 2*whole.calls)
}

func TestTwoRunsOfOneRotationAtOnceAgree(t *testing.T) {
	server, store := start(t), newMemory(value("service", declare.AlternatingSecret))
	for i := range 10 {
		version, before := fmt.Sprint(i), current(t, store)
		store.begin(version)
		var runs sync.WaitGroup
		failures := make([]error, 3)
		for j := range failures {
			runs.Go(func() {
				failures[j] = run(t.Context(), &rotate.Rotation{Store: store, Server: server, Host: "localhost"}, version)
			})
		}
		runs.Wait()
		for _, err := range failures {
			require.NoError(t, err)
		}
		require.NotEqual(t, before, current(t, store))
		requireLogin(t, server, current(t, store))
	}
}

// Secrets Manager allows one at a time. Should two be under way all the same, then whoever is current logs in.
func TestTwoRotationsAtOnceLeaveACurrentVersionThatLogsIn(t *testing.T) {
	server, store := start(t), newMemory(value("service", declare.AlternatingSecret))
	for i := range 10 {
		var runs sync.WaitGroup
		for j := range 2 {
			runs.Go(func() {
				version := fmt.Sprint(i, "/", j)
				store.begin(version)
				_ = run(t.Context(), &rotate.Rotation{Store: store, Server: server, Host: "localhost"}, version)
			})
		}
		runs.Wait()
		version := fmt.Sprint(i, " after")
		store.begin(version)
		if now := current(t, store); now.Password != "" {
			requireLogin(t, server, now)
		}
		require.NoError(t, run(t.Context(), &rotate.Rotation{Store: store, Server: server, Host: "localhost"}, version))
		requireLogin(t, server, current(t, store))
	}
}

func TestWhatIsNotTheFunctionsOwnIsRefused(t *testing.T) {
	server := start(t)
	for _, test := range []struct{ name, current, pending, problem string }{
		{"another host", strings.Replace(value("service", declare.AlternatingSecret), "localhost", "evil", 1), "", `about the host "evil"`},
		{"no user", value("", declare.Secret), "", "names no username"},
		{"no strategy", value("service", ""), "", `rotation: "" is unknown`},
		{"no JSON", "hunter2-is-my-password", "", "is not the JSON object"},
		{"somebody else proposed", value("service", declare.AlternatingSecret),
			strings.Replace(value("other", declare.AlternatingSecret), "}", `, "password": "x"}`, 1), "was not proposed by this function"},
		{"another database proposed", value("service", declare.Secret),
			strings.Replace(strings.Replace(value("service", declare.Secret), "}", `, "password": "x"}`, 1), "shop", "postgres", 1), "was not proposed by this function"},
		{"the administrator", value("dbowner", declare.Secret), "", `"dbowner" is none that the agent has made`},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := newMemory(test.current)
			store.begin("v")
			if test.pending != "" {
				require.NoError(t, store.Propose(t.Context(), "s", "v", test.pending))
			}
			err := run(t.Context(), &rotate.Rotation{Store: store, Server: server, Host: "localhost"}, "v")
			require.ErrorContains(t, err, test.problem)
			require.NotContains(t, err.Error(), "hunter2")
			require.Equal(t, test.current, store.current())
		})
	}
}

func TestAStepOutOfOrderIsRefused(t *testing.T) {
	store := newMemory(value("service", declare.AlternatingSecret))
	rotation := &rotate.Rotation{Store: store, Host: "localhost"}
	for event, problem := range map[rotate.Event]string{
		{Step: "dropSecret", Secret: "s", Version: "v"}:   `the step "dropSecret" is unknown`,
		{Step: "setSecret", Secret: "s", Version: "v"}:    "not the one that is pending",
		{Step: "finishSecret", Secret: "s", Version: "v"}: "not the one that is pending",
		{Step: "setSecret", Secret: "s"}:                  "names no secret or no version",
	} {
		require.ErrorContains(t, rotation.Step(t.Context(), event), problem)
	}
}

func TestCredentialsPrintWithoutTheirPassword(t *testing.T) {
	c := rotate.Credentials{Host: "h", Database: "d", User: "u", Password: "hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(format, c), "hunter2")
		require.NotContains(t, fmt.Sprintf(format, &c), "hunter2")
	}
}
