// SPDX-License-Identifier: Apache-2.0

package eks

import (
	"strconv"
	"strings"
	"time"
)

// EKS gives each minor version 14 months of standard support, and Kubernetes brings out three a year (EKS user guide, "Understand
// the Kubernetes version lifecycle on EKS"). Counted from one version whose end is known, the end of every other is found to
// within two weeks, so that no table has to be kept up.
const (
	knownMinor  = 34
	monthsApart = 4
)

var endOfKnown = time.Date(2026, time.December, 2, 0, 0, 0, 0, time.UTC)

// inStandardSupport reports whether EKS gives patches for a version, such as "1.34", at no extra price on a day.
func inStandardSupport(version string, day time.Time) bool {
	minor, err := strconv.Atoi(strings.TrimPrefix(version, "1."))
	return err == nil && strings.HasPrefix(version, "1.") && day.Before(endOfKnown.AddDate(0, (minor-knownMinor)*monthsApart, 0))
}
