// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// Profiles returns the named sets of levels. A control that is off by default stays off in all of them.
func Profiles() map[string]pack.Profile {
	return map[string]pack.Profile{
		"production": {
			Help:  "High and critical findings stop the deployment, whatever they are about; the rest advises. So it is without a profile.",
			Level: (*pack.Control).DefaultLevel,
		},
		"staging": {
			Help: "As production for security; resilience, cost and operations advise.",
			Level: func(c *pack.Control) pack.Level {
				if c.Level == pack.Unset && c.About() != pack.Security {
					return pack.Advisory
				}
				return c.DefaultLevel()
			},
		},
		"advisory": {
			Help: "Nothing stops a deployment; for a first look at an existing stack.",
			Level: func(c *pack.Control) pack.Level {
				if c.Level == pack.Disabled {
					return pack.Disabled
				}
				return pack.Advisory
			},
		},
		"strict": {
			Help: "Everything that is on stops the deployment.",
			Level: func(c *pack.Control) pack.Level {
				if c.Level == pack.Disabled {
					return pack.Disabled
				}
				return pack.Mandatory
			},
		},
	}
}
