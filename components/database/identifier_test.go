// SPDX-License-Identifier: Apache-2.0

package database

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIdentifier(t *testing.T) {
	for _, test := range []struct {
		project, stack, name string
		want                 string
	}{
		{"bulkhead", "staging", "database", "bulkhead-staging-database"},
		{"bulkhead", "staging", "staging-db", "bulkhead-staging-db"},
		{"bulkhead", "staging", "stagingdb", "bulkhead-staging-stagingdb"},
		{"bulkhead", "staging", "staging", "bulkhead-staging"},
		{"Bulkhead", "Production", "DB", "bulkhead-production-db"},
		{"bulkhead", "feature/login--fix", "database_", "bulkhead-feature-login-fix-database"},
		{"3tier", "prod", "db", "db-3tier-prod-db"},
		{"--", "-", "-", "db"},
	} {
		require.Equal(t, test.want, identifier(test.project, test.stack, test.name))
	}
}

func TestLongIdentifiersStayDistinct(t *testing.T) {
	long := strings.Repeat("segment-", 12)
	a, b := identifier("bulkhead", long, "one"), identifier("bulkhead", long, "two")
	require.NotEqual(t, a, b)
	require.LessOrEqual(t, len(a), identifierLimit)
}

// A second deployment has another key, and a replacement has other names: RDS takes no second snapshot under the same name.
func TestFinalSnapshotIsOfOneInstance(t *testing.T) {
	first := finalSnapshot("bulkhead-staging-db", "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "app", "dbowner")
	require.Regexp(t, `^bulkhead-staging-db-final-[0-9a-f]{8}$`, first)
	require.Equal(t, first, finalSnapshot("bulkhead-staging-db", "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "app", "dbowner"), "an update would show a change")
	seen := map[string]bool{first: true}
	for _, other := range []string{
		finalSnapshot("bulkhead-staging-db", "1b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "app", "dbowner"),
		finalSnapshot("bulkhead-staging-db", "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "shop", "dbowner"),
		finalSnapshot("bulkhead-staging-db", "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "app", "owner"),
	} {
		require.False(t, seen[other], other)
		seen[other] = true
	}
}

func FuzzIdentifier(f *testing.F) {
	f.Add("bulkhead", "staging", "staging-db")
	f.Add("", "", "-é-")
	f.Add("0", strings.Repeat("x", 100), "db")
	legal := regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		id := identifier(a, b, c)
		if !legal.MatchString(id) || len(id) > identifierLimit {
			t.Fatalf("identifier(%q, %q, %q) = %q, which RDS refuses", a, b, c, id)
		}
		if id != identifier(a, b, c) {
			t.Fatalf("identifier(%q, %q, %q) changes between calls", a, b, c)
		}
	})
}

func TestAnEndingHasRoomBehindTheLongestIdentifier(t *testing.T) {
	require.Equal(t, "bulkhead-staging-db-0a1b2c3d", ending("bulkhead-staging-db", "0a1b2c3d"))
	long := identifier("bulkhead", strings.Repeat("segment-", 12), "one")
	require.Len(t, long, identifierLimit)
	require.Regexp(t, `^[a-z](-?[a-z0-9])*-0a1b2c3d$`, ending(long, "0a1b2c3d"))
	require.LessOrEqual(t, len(ending(long, "0a1b2c3d")), identifierLimit)
}
