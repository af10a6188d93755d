// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form"
)

func TestHSTS(t *testing.T) {
	require.Equal(t, "max-age=63072000; includeSubDomains", hsts(""))
	require.Equal(t, "max-age=0", hsts("The domain moves to plain HTTP"), "off must be a value: a missing header changes nothing")
}

func TestHeaderValuesAreSendable(t *testing.T) {
	for _, value := range []string{hstsOn, hstsOff, noSniff, frameOptions, DefaultContentSecurityPolicy} {
		require.NoError(t, form.CheckHeaderValue(value))
	}
	require.NoError(t, form.CheckContentSecurityPolicy(DefaultContentSecurityPolicy))
}

func TestDefaultContentSecurityPolicyIsStrict(t *testing.T) {
	for _, directive := range []string{"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'self'", "form-action 'self'"} {
		require.Contains(t, DefaultContentSecurityPolicy, directive)
	}
	require.NotContains(t, DefaultContentSecurityPolicy, "unsafe")
	require.NotContains(t, DefaultContentSecurityPolicy, "*")
}

func TestCheckReason(t *testing.T) {
	require.NoError(t, checkReason("HSTSOff", ""))
	require.NoError(t, checkReason("HSTSOff", "Rehearsal: OPS-42 until 2030-01-31 by ops@example.com"))
	require.ErrorContains(t, checkReason("HSTSOff", "short"), "HSTSOff")
	require.ErrorContains(t, checkReason("HSTSOff", "because (of <this>)"), "HSTSOff")
	require.ErrorContains(t, checkReason("HSTSOff", strings.Repeat("x", 257)), "HSTSOff")
}
