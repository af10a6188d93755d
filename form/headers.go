// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bulkhead-iac/bulkhead/form/https"
)

// MaxHeaderValue is how many bytes the value of a header may have that a load balancer adds to responses (Application Load Balancer
// user guide, "HTTP header modification", limitations).
const MaxHeaderValue = 1024

// headerForm is what the same page lets a header value contain. Double quotes and line breaks are out.
var headerForm = regexp.MustCompile("^[A-Za-z0-9_ :;.,/'?!(){}\\[\\]@<>=+*#&`|~^%\\\\-]+$")

// CheckHeaderValue accepts what a load balancer can send as the value of a header.
func CheckHeaderValue(value string) error {
	switch {
	case len(value) > MaxHeaderValue:
		return &Error{Fault: fmt.Sprintf("%d bytes is more than the %d that a load balancer sends", len(value), MaxHeaderValue), Cure: "shorten it"}
	case !headerForm.MatchString(value):
		return Text(value, "has a character that a load balancer refuses in a header", "use letters, digits and the punctuation of the directives")
	}
	return nil
}

// MaxHSTSDays is the longest time for which browsers are asked to use HTTPS only.
const MaxHSTSDays = https.MaxHSTSDays

// CheckHSTSDays accepts how long browsers are to use HTTPS only.
func CheckHSTSDays(days int) error { return CheckBetween(days, 1, MaxHSTSDays, "days") }

// CheckContentSecurityPolicy accepts a Content-Security-Policy that a load balancer can send and that has a default-src.
func CheckContentSecurityPolicy(policy string) error {
	if err := CheckHeaderValue(policy); err != nil {
		return err
	}
	if !strings.Contains(policy, "default-src ") {
		return Text(policy, "has no default-src, so that whatever it leaves out may come from anywhere", "start from the default")
	}
	return nil
}
