// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/form"
	"github.com/bulkhead-iac/bulkhead/form/https"
)

const (
	// hstsOff tells browsers to forget what they were told before (RFC 6797, section 6.1.1). Leaving the header out
	// instead would change nothing: the listener would keep sending the old one (hashicorp/terraform-provider-aws#43042).
	hstsOff = "max-age=0"
	// noSniff keeps browsers from guessing that a file is a script.
	noSniff = "nosniff"
)

// StrictContentSecurityPolicy lets a page load things from its own host only, run no inline script, submit forms to
// its own host only, and be framed by nobody.
const StrictContentSecurityPolicy = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; upgrade-insecure-requests"

// hsts is the value of the Strict-Transport-Security header.
func (a *Args) hsts() string {
	if a.HSTSOffReason != "" {
		return hstsOff
	}
	return https.HSTS(component.Or(a.HSTSDays, form.MaxHSTSDays), a.HSTSSubdomains || a.Zone != "" && !slices.Contains(a.hosts(), a.Zone))
}

// frameOptions is the value of X-Frame-Options that says to old browsers what the policy says to others with frame-ancestors,
// "" where the older header cannot say it.
func frameOptions(policy string) string {
	for directive := range strings.SplitSeq(policy, ";") {
		switch strings.Join(strings.Fields(strings.ToLower(directive)), " ") {
		case "frame-ancestors 'none'":
			return "DENY"
		case "frame-ancestors 'self'":
			return "SAMEORIGIN"
		}
	}
	return ""
}

// header is a value that the listener sends, nil for a header that it leaves to the service.
func header(value string) pulumi.StringPtrInput {
	if value == "" {
		return nil
	}
	return pulumi.String(value)
}

// checkReason returns what is wrong with the written reason for a relaxed setting. No reason is fine: nothing is
// relaxed then.
func checkReason(field, reason string) error {
	if reason == "" {
		return nil
	}
	return form.In(field, form.CheckReason(reason))
}
