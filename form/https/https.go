// SPDX-License-Identifier: Apache-2.0

// Package https says how servers speak HTTPS, for the components that make load balancers and for the policies that judge them. It
// stands apart from package form, whose patterns take longer to make ready than a policy pack may take to start.
package https

import (
	"fmt"
	"strings"
	"time"
)

// TLSPolicy is the security policy of every HTTPS listener, and what the policy pack writes where it mends one: the one place to
// change it. It admits TLS 1.3, and TLS 1.2 with forward secrecy and authenticated encryption only, and prefers a key exchange that a
// later quantum computer cannot undo. AWS recommends it and its console picks it ("Security policies for your Application Load
// Balancer", Elastic Load Balancing User Guide); without a policy the API falls back to one that still admits TLS 1.0.
const TLSPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

// ModernTLS reports whether a security policy of a listener speaks TLS 1.2 and later only, with forward secrecy. AWS names such
// policies by their date; the families are listed in the Elastic Load Balancing User Guide.
func ModernTLS(policy string) bool {
	switch {
	case strings.HasPrefix(policy, "ELBSecurityPolicy-TLS13-1-2-"), strings.HasPrefix(policy, "ELBSecurityPolicy-TLS13-1-3-"):
		return !strings.Contains(policy, "-Ext1-") && !strings.Contains(policy, "-Ext2-")
	}
	return strings.HasPrefix(policy, "ELBSecurityPolicy-FS-1-2-")
}

// MaxHSTSDays is two years, the longest time for which sites ask browsers to use HTTPS only (https://hstspreload.org).
const MaxHSTSDays = 730

// HSTS is the value of the Strict-Transport-Security header for so many days (RFC 6797, section 6.1), for the host alone or for all
// names below it as well. "preload" is left out: it commits a whole domain and takes months to undo.
func HSTS(days int, subdomains bool) string {
	value := fmt.Sprintf("max-age=%d", days*int((24*time.Hour).Seconds()))
	if subdomains {
		value += "; includeSubDomains"
	}
	return value
}
