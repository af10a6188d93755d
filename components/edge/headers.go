// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form"
)

const (
	// hstsOn has browsers use HTTPS only, for two years and for every name below this one (RFC 6797, section 6.1).
	// "preload" is left out: it commits a whole domain and takes months to undo.
	hstsOn = "max-age=63072000; includeSubDomains"
	// hstsOff tells browsers to forget what they were told before (RFC 6797, section 6.1.1). Leaving the header out
	// instead would change nothing: the listener would keep sending the old one (hashicorp/terraform-provider-aws#43042).
	hstsOff = "max-age=0"
	// noSniff keeps browsers from guessing that a file is a script.
	noSniff = "nosniff"
	// frameOptions keeps other sites from framing this one; the frame-ancestors directive says so to newer browsers.
	frameOptions = "DENY"
)

// DefaultContentSecurityPolicy lets a page load things from its own host only, run no inline script, submit forms to
// its own host only, and be framed by nobody.
const DefaultContentSecurityPolicy = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; upgrade-insecure-requests"

// maxHeaderValue is how many bytes a header value may have ("HTTP header modification for your Application Load
// Balancer", limitations).
const maxHeaderValue = 1024

// headerPattern is what the same page lets a header value contain. Double quotes and line breaks are out.
var headerPattern = regexp.MustCompile("^[A-Za-z0-9_ :;.,/'?!(){}\\[\\]@<>=+*#&`|~^%\\\\-]+$")

// hsts is the value of the Strict-Transport-Security header.
func hsts(offReason string) string {
	if offReason != "" {
		return hstsOff
	}
	return hstsOn
}

// checkContentSecurityPolicy returns what is wrong with a policy.
func checkContentSecurityPolicy(policy string) error {
	switch {
	case len(policy) > maxHeaderValue:
		return fmt.Errorf("ContentSecurityPolicy: %d bytes is more than the %d that a load balancer sends; shorten it", len(policy), maxHeaderValue)
	case !headerPattern.MatchString(policy):
		return fmt.Errorf("ContentSecurityPolicy: %q has a character that a load balancer refuses in a header; use letters, digits and the punctuation of the directives", policy)
	}
	if !strings.Contains(policy, "default-src ") {
		return fmt.Errorf("ContentSecurityPolicy: %q has no default-src, so whatever it leaves out may come from anywhere; start from the default", policy)
	}
	return nil
}

// checkReason returns what is wrong with the written reason for a relaxed setting. No reason is fine: nothing is
// relaxed then.
func checkReason(field, reason string) error {
	if reason == "" {
		return nil
	}
	return form.In(field, form.CheckReason(reason))
}
