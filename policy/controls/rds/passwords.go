// SPDX-License-Identifier: Apache-2.0

package rds

import (
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// passwords are about who knows the password of a database.
func passwords() []*pack.Control {
	return []*pack.Control{
		{
			ID: "rds-password-managed", Title: "Passwords of databases and warehouses are made by the service", Severity: pack.High,
			Types: want.Keys(credential.Managed), Stack: true,
			Why: "A password in the program or its configuration is known to whoever reads either, and to the state; the service makes and " +
				"rotates one that nobody needs to know.",
			Fix: "Let the service make the password, or give it write-only; a password that another resource makes, such as a RandomPassword, " +
				"is accepted.",
			Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) {
				by := credential.Managed[k.Type]
				v := k.Get(by[0])
				k.Forbid(credential.WrittenDown(k, v, by[0]), "%s is written in the program or its configuration; set %s", by[0], by[1])
			},
		},
	}
}
