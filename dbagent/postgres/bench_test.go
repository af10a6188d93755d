// SPDX-License-Identifier: Apache-2.0

//go:build postgresql

package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/dbagent/declare"
)

// BenchmarkConverge makes 20 databases with three users each on a new server, and then looks whether something is to do.
func BenchmarkConverge(b *testing.B) {
	document := &declare.Document{}
	for n := range 20 {
		name := fmt.Sprintf("shop%d", n)
		document.Databases = append(document.Databases, declare.Database{Name: name, Schemas: []string{"stock"}, Users: []declare.User{
			{Name: name + "-migrator", Access: declare.Owner, Login: declare.IAM},
			{Name: name + "-service", Access: declare.ReadWrite, Login: declare.IAM},
			{Name: name + "-report", Access: declare.ReadOnly, Login: declare.Secret},
		}})
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			r := start(b)
			b.StartTimer()
			changes, err := r.server.Converge(b.Context(), document)
			require.NoError(b, err)
			require.NotEmpty(b, changes)
		}
	})
	b.Run("again", func(b *testing.B) {
		r := start(b)
		r.converge(document)
		for b.Loop() {
			changes, err := r.server.Converge(b.Context(), document)
			require.NoError(b, err)
			require.Empty(b, changes)
		}
	})
}
