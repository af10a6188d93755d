// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"errors"
	"fmt"

	"github.com/bulkhead-iac/bulkhead/form/cidr"
)

// MaxAllowedCIDRs is how many ranges may reach the bastion. AWS allows 60 inbound
// rules for each address family of a security group (VPC quota "Inbound or outbound
// rules per security group"); a longer list would fail half-way through an update.
const MaxAllowedCIDRs = 60

// ErrNobodyAllowed is what CheckAllowedCIDRs returns for an empty list.
var ErrNobodyAllowed = errors.New(
	"no address may reach the bastion; list at least one known range, such as 203.0.113.7/32")

// CheckAllowedCIDR decides whether one range may reach the bastion over SSH. It must
// stand for known addresses: IPv4 not wider than /24, IPv6 not wider than /48, in
// canonical form without host bits, and not the whole internet in any spelling or
// half of it (FSBP EC2.13, EC2.53 and EC2.54). The error is a *form.Error that names
// the range, what is wrong with it and what to write instead.
func CheckAllowedCIDR(allowed string) error {
	return cidr.CheckKnown(allowed)
}

// CheckAllowedCIDRs decides whether a whole list may reach the bastion and reports
// every problem of it at once: an empty or overlong list, each range that
// CheckAllowedCIDR refuses, and each range that another one already contains, which
// would come back as a rule that nobody can account for.
func CheckAllowedCIDRs(allowed []string) error {
	if len(allowed) == 0 {
		return ErrNobodyAllowed
	}
	var problems []error
	if len(allowed) > MaxAllowedCIDRs {
		problems = append(problems, fmt.Errorf(
			"%d ranges are listed and a security group holds %d; merge neighbours or drop some",
			len(allowed), MaxAllowedCIDRs))
	}
	sound := make([]string, len(allowed)) // a refused range stays "", which covers nothing
	for i, text := range allowed {
		if err := CheckAllowedCIDR(text); err != nil {
			problems = append(problems, fmt.Errorf("[%d]: %w", i, err))
			continue
		}
		sound[i] = text
	}
	covered := cidr.Covered(sound)
	for i, text := range sound {
		j, ok := covered[i]
		switch {
		case !ok:
		case sound[j] == text:
			problems = append(problems, fmt.Errorf("[%d]: %q is listed twice; drop one", i, text))
		default:
			problems = append(problems, fmt.Errorf("[%d]: %q lies inside %q; drop one of the two", i, text, sound[j]))
		}
	}
	return errors.Join(problems...)
}
