// SPDX-License-Identifier: Apache-2.0

package rehearsal_test

import (
	"context"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/internal/awstypes"
)

// kind is one kind of thing in an account, as its own service lists it.
type kind struct {
	name  string
	types []string // Pulumi's types of it; none if only AWS makes such things.
	list  func(context.Context, *account) ([]string, error)
}

// kinds is everything that an environment consists of, in as far as it is a thing of its own.
var kinds = slices.Concat(networkKinds, dnsKinds, serverKinds, edgeKinds, databaseKinds, accountKinds)

// inventory lists everything in an account by kind, without what AWS itself puts into every account.
func inventory(t *testing.T, a *account) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, k := range kinds {
		ids, err := k.list(t.Context(), a)
		require.NoError(t, err, k.name)
		sort.Strings(ids)
		if len(ids) > 0 {
			found[k.name] = ids
		}
	}
	return found
}

// requireStateIsAccount compares the stack's state with what the services list: everything in the state exists, once, and
// nothing else does.
func requireStateIsAccount(t *testing.T, a *account) {
	t.Helper()
	inState := map[string][]string{}
	for _, r := range a.State(t).Resources {
		if r.Custom && !strings.HasPrefix(string(r.Type), "pulumi:") {
			require.False(t, r.Delete, "%s is left over from a replacement", r.URN)
			require.Empty(t, r.InitErrors, r.URN)
			// The id of a DNS record holds its name as it was given, with or without the dot at the end.
			inState[string(r.Type)] = append(inState[string(r.Type)], strings.Replace(string(r.ID), "._", "_", 1))
		}
	}
	require.Empty(t, a.State(t).PendingOperations)
	found := inventory(t, a)
	for _, k := range kinds {
		if len(k.types) == 0 {
			continue
		}
		var ids []string
		for _, token := range k.types {
			ids = append(ids, inState[token]...)
			delete(inState, token)
		}
		if k.name != egressOnly || a.Network.IPv6 {
			require.NotEmpty(t, ids, "the state has no %s", k.name)
		}
		require.ElementsMatch(t, ids, found[k.name], k.name)
	}
	for token, ids := range inState {
		require.NotEmpty(t, awstypes.Get(token).Of, "no inventory lists this type, and the register does not say what it is a part of: %v", ids)
	}
}
