// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package rotate_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
	"github.com/bulkhead-iac/bulkhead/dbagent/postgres"
	"github.com/bulkhead-iac/bulkhead/dbagent/rotate"
)

var (
	service = declare.User{Name: "service", Access: declare.ReadWrite, Login: declare.AlternatingSecret}
	other   = declare.User{Name: "other", Access: declare.ReadOnly, Login: declare.Secret}
)

// providing is a rotation that can give a secret its first value.
func providing(store rotate.Store, server *postgres.Server) *rotate.Rotation {
	return &rotate.Rotation{Store: store, Server: server, Host: "localhost", Port: server.Port}
}

func TestASecretWithoutAValueGetsOneThatLogsInAndThenRotates(t *testing.T) {
	server := start(t)
	for _, user := range []declare.User{service, other} {
		store := withoutValue()
		rotation := providing(store, server)
		changed, err := rotation.Provide(t.Context(), "s", "shop", user)
		require.NoError(t, err)
		require.True(t, changed)
		first := current(t, store)
		require.Equal(t, user.Name, first.User)
		requireLogin(t, server, first)
		var value map[string]any
		require.NoError(t, json.Unmarshal([]byte(store.current()), &value))
		delete(value, "password")
		require.Equal(t, map[string]any{
			"engine": "postgres", "host": "localhost", "port": float64(server.Port), "dbname": "shop", "username": user.Name, "rotation": string(user.Login), "sslmode": "verify-full",
		}, value)

		changed, err = rotation.Provide(t.Context(), "s", "shop", user)
		require.NoError(t, err)
		require.False(t, changed, "what gets in is left alone")
		require.Equal(t, first, current(t, store))

		store.begin("v")
		require.NoError(t, run(t.Context(), rotation, "v"))
		require.NotEqual(t, first, current(t, store))
		requireLogin(t, server, current(t, store))
		changed, err = rotation.Provide(t.Context(), "s", "shop", user)
		require.NoError(t, err)
		require.False(t, changed, "of two users the one that is current stays so")
	}
}

func TestAValueThatDoesNotGetInIsReplaced(t *testing.T) {
	server := start(t)
	store := withoutValue()
	rotation := providing(store, server)
	_, err := rotation.Provide(t.Context(), "s", "shop", service)
	require.NoError(t, err)
	store.begin("v")
	require.NoError(t, run(t.Context(), rotation, "v"))
	require.Equal(t, "service_clone", current(t, store).User)
	before := current(t, store)
	value := strings.Replace(store.current(), "{", `{"note":"kept",`, 1)
	for i, change := range []struct{ old, new, user string }{
		{`"host":"localhost"`, `"host":"former.example"`, "service_clone"}, // Restored: what was before is another server.
		{fmt.Sprintf(`"port":%d`, server.Port), `"port":1`, "service_clone"},
		{`"dbname":"shop"`, `"dbname":"other"`, "service_clone"},
		{`"password":"` + before.Password, `"password":"x`, "service_clone"},
		{`"rotation":"AlternatingSecret"`, `"rotation":"Secret"`, "service_clone"},
		{`"username":"service_clone"`, `"username":"dbowner"`, "service"},
		{`{`, ``, "service"},
	} {
		require.Contains(t, value, change.old)
		version := fmt.Sprint("changed ", i)
		require.NoError(t, store.Propose(t.Context(), "s", version, strings.Replace(value, change.old, change.new, 1)))
		store.stages["AWSCURRENT"] = version
		changed, err := rotation.Provide(t.Context(), "s", "shop", service)
		require.NoError(t, err, change.new)
		require.True(t, changed, change.new)
		now := current(t, store)
		require.Equal(t, change.user, now.User, change.new)
		require.NotEqual(t, before.Password, now.Password)
		requireLogin(t, server, now)
		require.Equal(t, change.old != "{", strings.Contains(store.current(), `"note":"kept"`), "what is not known is kept")
		require.Contains(t, store.current(), `"host":"localhost"`)
		store.begin(version + " rotated")
		require.NoError(t, run(t.Context(), rotation, version+" rotated"), "and rotates again")
	}
}

func TestAFirstValueThatIsKilledAnywhereComesToItsEnd(t *testing.T) {
	server := start(t)
	whole := &mortal{Store: withoutValue(), Server: server, left: -1 << 30}
	_, err := (&rotate.Rotation{Store: whole, Server: whole, Host: "localhost", Port: server.Port}).Provide(t.Context(), "s", "shop", service)
	require.NoError(t, err)
	require.Greater(t, whole.calls, 5)
	for n := range whole.calls {
		for _, after := range []bool{false, true} {
			store := withoutValue()
			killed := &mortal{Store: store, Server: server, left: n, after: after}
			_, err := (&rotate.Rotation{Store: killed, Server: killed, Host: "localhost", Port: server.Port}).Provide(t.Context(), "s", "shop", service)
			require.ErrorIs(t, err, errKilled)
			_, err = providing(store, server).Provide(t.Context(), "s", "shop", service)
			require.NoError(t, err, "killed at %d, after %t", n, after)
			requireLogin(t, server, current(t, store))
			stages, err := store.Stages(t.Context(), "s")
			require.NoError(t, err)
			require.Len(t, stages, len(store.stages)-1, "pending is on the version that is current, or Secrets Manager would refuse to rotate")
		}
	}
}

func TestTwoWhoProvideAtOnceAgree(t *testing.T) {
	server, store := start(t), withoutValue()
	var runs sync.WaitGroup
	changed, failures := make([]bool, 5), make([]error, 5)
	for i := range failures {
		runs.Go(func() {
			changed[i], failures[i] = providing(store, server).Provide(t.Context(), "s", "shop", service)
		})
	}
	runs.Wait()
	made := 0
	for i, err := range failures {
		require.NoError(t, err)
		if changed[i] {
			made++
		}
	}
	require.Equal(t, 1, made)
	requireLogin(t, server, current(t, store))
}

func TestNobodyIsProvidedForWhomTheAgentHasNotMade(t *testing.T) {
	server, store := start(t), withoutValue()
	_, err := providing(store, server).Provide(t.Context(), "s", "shop", declare.User{Name: "dbowner", Login: declare.Secret})
	require.ErrorContains(t, err, `"dbowner" is none that the agent has made`)
}
