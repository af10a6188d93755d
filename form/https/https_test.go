// SPDX-License-Identifier: Apache-2.0

package https_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/form/https"
)

// recommendedTLSPolicies are the policies that FSBP ELB.17 accepts.
var recommendedTLSPolicies = []string{
	"ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
	"ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-3-2021-06",
	"ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
}

func TestTLSPolicies(t *testing.T) {
	require.Contains(t, recommendedTLSPolicies, https.TLSPolicy)
	for _, policy := range recommendedTLSPolicies {
		require.True(t, https.ModernTLS(policy), policy)
	}
	for _, policy := range []string{"", "TLS13-1-2-", "ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", "ELBSecurityPolicy-TLS-1-2-2017-01"} {
		require.False(t, https.ModernTLS(policy), policy)
	}
}

func TestHSTS(t *testing.T) {
	require.Equal(t, "max-age=86400", https.HSTS(1, false))
	require.Equal(t, "max-age=63072000; includeSubDomains", https.HSTS(https.MaxHSTSDays, true))
}
