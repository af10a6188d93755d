// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckContentSecurityPolicy(t *testing.T) {
	require.NoError(t, CheckContentSecurityPolicy("default-src 'none'; img-src https://cdn.example.com data:"))
	for policy, want := range map[string]string{
		"default-src 'self'; " + strings.Repeat("x", MaxHeaderValue): "shorten it",
		"default-src 'self'\r\nSet-Cookie: a=b":                      "refuses in a header",
		`default-src "self"`:                                         "refuses in a header",
		"":                                                           "refuses in a header",
		"img-src 'self'":                                             "no default-src",
	} {
		require.ErrorContains(t, CheckContentSecurityPolicy(policy), want)
	}
}

// No accepted policy can break out of its header.
func FuzzCheckContentSecurityPolicy(f *testing.F) {
	f.Add("default-src 'self'; base-uri 'self'")
	f.Add("default-src 'self'\r\nX: y")
	f.Fuzz(func(t *testing.T, policy string) {
		if CheckContentSecurityPolicy(policy) != nil {
			return
		}
		require.LessOrEqual(t, len(policy), MaxHeaderValue)
		require.False(t, strings.ContainsAny(policy, "\r\n\x00\""), "%q", policy)
	})
}
