// SPDX-License-Identifier: Apache-2.0

package edge

import "github.com/bulkhead-iac/bulkhead/form"

const (
	// hstsOn has browsers use HTTPS only, for two years and for every name below this one (RFC 6797, section 6.1).
	// "preload" is left out: it commits a whole domain and takes months to undo.
	hstsOn = "max-age=63072000; includeSubDomains"
	// hstsOff tells browsers to forget what they were told before (RFC 6797, section 6.1.1). Leaving the header out
	// instead would change nothing: the listener would keep sending the old one (hashicorp/terraform-provider-aws#43042).
	hstsOff = "max-age=0"
	// noSniff keeps browsers from guessing that a file is a script.
	noSniff = "nosniff"
	// frameOptions keeps other sites from framing this one. Newer browsers do as the frame-ancestors directive says instead.
	frameOptions = "DENY"
)

// DefaultContentSecurityPolicy lets a page load things from its own host only, run no inline script, submit forms to
// its own host only, and be framed by nobody.
const DefaultContentSecurityPolicy = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; upgrade-insecure-requests"

// hsts is the value of the Strict-Transport-Security header.
func hsts(offReason string) string {
	if offReason != "" {
		return hstsOff
	}
	return hstsOn
}

// checkReason returns what is wrong with the written reason for a relaxed setting. No reason is fine: nothing is
// relaxed then.
func checkReason(field, reason string) error {
	if reason == "" {
		return nil
	}
	return form.In(field, form.CheckReason(reason))
}
