// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHSTS(t *testing.T) {
	require.Equal(t, "max-age=63072000; includeSubDomains", hsts(""))
	require.Equal(t, "max-age=0", hsts("The domain moves to plain HTTP"), "off must be a value: a missing header changes nothing")
}

func TestHeaderValuesAreSendable(t *testing.T) {
	for _, value := range []string{hstsOn, hstsOff, noSniff, frameOptions, DefaultContentSecurityPolicy} {
		require.Regexp(t, headerPattern, value)
		require.LessOrEqual(t, len(value), maxHeaderValue)
	}
	require.NoError(t, checkContentSecurityPolicy(DefaultContentSecurityPolicy))
}

func TestDefaultContentSecurityPolicyIsStrict(t *testing.T) {
	for _, directive := range []string{"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'self'", "form-action 'self'"} {
		require.Contains(t, DefaultContentSecurityPolicy, directive)
	}
	require.NotContains(t, DefaultContentSecurityPolicy, "unsafe")
	require.NotContains(t, DefaultContentSecurityPolicy, "*")
}

func TestCheckContentSecurityPolicy(t *testing.T) {
	require.NoError(t, checkContentSecurityPolicy("default-src 'none'; img-src https://cdn.example.com data:"))
	require.ErrorContains(t, checkContentSecurityPolicy("default-src 'self'; "+strings.Repeat("x", maxHeaderValue)), "shorten it")
	require.ErrorContains(t, checkContentSecurityPolicy("default-src 'self'\r\nSet-Cookie: a=b"), "refuses in a header")
	require.ErrorContains(t, checkContentSecurityPolicy(`default-src "self"`), "refuses in a header")
	require.ErrorContains(t, checkContentSecurityPolicy("img-src 'self'"), "no default-src")
}

func TestCheckReason(t *testing.T) {
	require.NoError(t, checkReason("HSTSOff", ""))
	require.NoError(t, checkReason("HSTSOff", "Rehearsal: OPS-42 until 2030-01-31 by ops@example.com"))
	require.ErrorContains(t, checkReason("HSTSOff", "short"), "HSTSOff")
	require.ErrorContains(t, checkReason("HSTSOff", "because (of <this>)"), "HSTSOff")
	require.ErrorContains(t, checkReason("HSTSOff", strings.Repeat("x", 257)), "HSTSOff")
}

// No accepted policy can break out of its header.
func FuzzCheckContentSecurityPolicy(f *testing.F) {
	f.Add(DefaultContentSecurityPolicy)
	f.Add("default-src 'self'\r\nX: y")
	f.Fuzz(func(t *testing.T, policy string) {
		if checkContentSecurityPolicy(policy) != nil {
			return
		}
		require.LessOrEqual(t, len(policy), maxHeaderValue)
		require.False(t, strings.ContainsAny(policy, "\r\n\x00\""), "%q", policy)
	})
}
