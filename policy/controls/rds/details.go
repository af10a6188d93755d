// SPDX-License-Identifier: Apache-2.0

package rds

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
)

// options go beyond what most databases need and are off by default.
func options() []*pack.Control {
	parameters := []string{aws.RDSParameterGroup, aws.RDSClusterParameterGroup}
	return []*pack.Control{
		{
			ID: "rds-connection-logging", Title: "PostgreSQL logs who connects", Severity: pack.Low, Level: pack.Disabled, Types: parameters,
			Why:  "Without it nobody can tell afterwards who was connected. Busy databases log a lot then, so this is off by default.",
			Fix:  "Set log_connections and log_disconnections to 1.",
			Maps: standard.Meets(standard.Logging), Check: func(k *pack.Case) {
				postgres := k.Get("family").Matches(func(s string) bool { return strings.Contains(s, "postgres") })
				for _, name := range []string{"log_connections", "log_disconnections"} {
					k.Require(postgres.Not().Or(k.Get("parameters").Any(func(p pack.Value) pack.Fact {
						return p.Get("name").OneOf(name).And(p.Get("value").OneOf("1", "on", "true", "all"))
					})), "%s is not switched on", name)
				}
			},
		},
		{
			ID: "rds-automated-backups-kept", Title: "Automated backups outlive their database", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Resilience, Types: []string{aws.RDSInstance},
			Why: "By default the automated backups go with the database. A final snapshot keeps the last state anyway, so this is off by default.",
			Fix: "Set deleteAutomatedBackups to false.", Maps: standard.Meets(standard.Recovery, standard.KeepSafe),
			Check: func(k *pack.Case) { k.Require(k.Get("deleteAutomatedBackups").Is(false, true)) },
		},
		{
			ID: "rds-password-cmk", Title: "Managed passwords of databases use a customer managed key", Severity: pack.Low, Level: pack.Disabled,
			Types: dataStores,
			Why: "Only a key of your own lets you see and stop each use. The password is a secret of the account either way, so this is off by " +
				"default.", Fix: "Set masterUserSecretKmsKeyId.", Maps: standard.Meets(standard.KeyCare),
			Check: func(k *pack.Case) {
				k.Require(k.Get("manageMasterUserPassword").IsTrue().Not().Or(k.Get("masterUserSecretKmsKeyId").IsSet()),
					"masterUserSecretKmsKeyId is not set")
			},
		},
	}
}
