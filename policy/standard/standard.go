// SPDX-License-Identifier: Apache-2.0

// Package standard has the catalogues of requirements that controls and components meet, with their versions and dates: AWS
// Foundational Security Best Practices, the CIS benchmark, NIST SP 800-53 and PCI DSS. It imports nothing.
package standard

import (
	"slices"
	"strings"
)

// CIS is the version of the CIS AWS Foundations Benchmark whose numbers controls, components and alarms name.
const CIS = "5.0"

// Themes map a control to the requirements of NIST SP 800-53 and PCI DSS that its subject belongs to. The mapping is by subject, so it is
// the same for all controls with one theme.
const (
	AtRest     = "NIST:SC-28(1) NIST:SC-13 PCI:3.5.1"
	InTransit  = "NIST:SC-8(1) NIST:SC-13 PCI:4.2.1"
	Exposure   = "NIST:AC-3 NIST:AC-4 NIST:SC-7 PCI:1.4.4"
	Segments   = "NIST:AC-4 NIST:SC-7 PCI:1.3.1"
	WayOut     = "NIST:AC-4 NIST:SC-7 PCI:1.3.2"
	Privilege  = "NIST:AC-3 NIST:AC-6 PCI:7.2.1"
	SignIn     = "NIST:IA-5(1) PCI:8.3.6"
	Identity   = "NIST:IA-2 NIST:IA-5 PCI:8.6.2"
	Renewal    = "NIST:IA-5 PCI:8.6.3"
	Logging    = "NIST:AU-2 NIST:AU-12 PCI:10.2.1"
	Retention  = "NIST:AU-11 PCI:10.5.1"
	LogSafety  = "NIST:AU-9 PCI:10.3.2"
	LogContent = "NIST:AU-9"
	Monitoring = "NIST:SI-4 NIST:CA-7 PCI:10.4.1.1"
	Detecting  = "NIST:SI-4 NIST:RA-5 PCI:11.5.1"
	Recovery   = "NIST:CP-9 NIST:CP-10"
	Spreading  = "NIST:CP-10 NIST:SC-5"
	KeepSafe   = "NIST:CP-9 NIST:CM-3"
	KeyCare    = "NIST:SC-12 PCI:3.7.4"
	Patching   = "NIST:SI-2 PCI:6.3.3"
	Hygiene    = "NIST:CM-6 PCI:2.2.1"
	WebAttack  = "NIST:SC-7 NIST:SI-4 PCI:6.4.2"
	Isolation  = "NIST:AC-6 NIST:SC-39 PCI:2.2.6"
)

// Meets joins requirement ids given as words.
func Meets(words ...string) []string {
	var out []string
	for _, w := range words {
		for _, id := range strings.Fields(w) {
			if name, ok := strings.CutPrefix(id, "FSBP:"); ok && !isFoundational[name] {
				id = "SecurityHub:" + name
			}
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}
