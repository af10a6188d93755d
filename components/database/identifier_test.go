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
		parts []string
		want  string
	}{
		{[]string{"bulkhead", "staging", "database"}, "bulkhead-staging-database"},
		{[]string{"Bulkhead", "Production", "DB"}, "bulkhead-production-db"},
		{[]string{"bulkhead", "feature/login--fix", "database_"}, "bulkhead-feature-login-fix-database"},
		{[]string{"3tier", "prod"}, "db-3tier-prod"},
		{[]string{"--"}, "db"},
	} {
		require.Equal(t, test.want, identifier(test.parts...))
	}
}

func TestLongIdentifiersStayDistinct(t *testing.T) {
	long := strings.Repeat("segment-", 12)
	a, b := identifier("bulkhead", long, "one"), identifier("bulkhead", long, "two")
	require.NotEqual(t, a, b)
	require.LessOrEqual(t, len(a), identifierLimit)
}

func FuzzIdentifier(f *testing.F) {
	f.Add("bulkhead", "staging")
	f.Add("", "-é-")
	f.Add("0", strings.Repeat("x", 100))
	legal := regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		id := identifier(a, b)
		if !legal.MatchString(id) || len(id) > identifierLimit {
			t.Fatalf("identifier(%q, %q) = %q, which RDS refuses", a, b, id)
		}
		if id != identifier(a, b) {
			t.Fatalf("identifier(%q, %q) changes between calls", a, b)
		}
	})
}
