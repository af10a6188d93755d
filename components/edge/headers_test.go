// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

func TestHSTS(t *testing.T) {
	for want, args := range map[string]Args{
		"max-age=63072000; includeSubDomains": {Zone: "example.com", Domain: "www.example.com"},
		"max-age=63072000":                    {Zone: "example.com"},
		"max-age=86400":                       {Zone: "example.com", Domain: "www.example.com", AlternativeNames: []string{"example.com"}, HSTSDays: 1},
		"max-age=604800":                      {CertificateARN: certificateARN, HSTSDays: 7},
		"max-age=2592000; includeSubDomains":  {Zone: "example.com", HSTSDays: 30, HSTSSubdomains: true},
		// A missing header changes nothing.
		"max-age=0": {Zone: "example.com", HSTSSubdomains: true, HSTSOffReason: "The domain moves to plain HTTP"},
	} {
		require.Equal(t, want, args.hsts())
		require.NoError(t, form.CheckHeaderValue(want))
	}
}

func TestOldBrowsersHearWhoMayFrameAPage(t *testing.T) {
	for policy, want := range map[string]string{
		"":                          "",
		"default-src 'self'":        "",
		StrictContentSecurityPolicy: "DENY",
		"default-src 'self';Frame-Ancestors  'self'":                "SAMEORIGIN",
		"default-src 'self'; frame-ancestors https://b.example.com": "",
	} {
		require.Equal(t, want, frameOptions(policy), policy)
	}
	require.NoError(t, form.CheckContentSecurityPolicy(StrictContentSecurityPolicy))
}

func TestStrictContentSecurityPolicy(t *testing.T) {
	for _, directive := range []string{"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'self'", "form-action 'self'"} {
		require.Contains(t, StrictContentSecurityPolicy, directive)
	}
	require.NotContains(t, StrictContentSecurityPolicy, "unsafe")
	require.NotContains(t, StrictContentSecurityPolicy, "*")
}

func TestCheckReason(t *testing.T) {
	require.NoError(t, checkReason("HSTSOff", ""))
	require.NoError(t, checkReason("HSTSOff", "Rehearsal: OPS-42 until 2030-01-31 by ops@example.com"))
	require.ErrorContains(t, checkReason("HSTSOff", "short"), "HSTSOff")
	require.ErrorContains(t, checkReason("HSTSOff", "because (of <this>)"), "HSTSOff")
	require.ErrorContains(t, checkReason("HSTSOff", strings.Repeat("x", 257)), "HSTSOff")
}
