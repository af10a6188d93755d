// SPDX-License-Identifier: Apache-2.0

// Package secretsmanager holds the controls of AWS Secrets Manager.
package secretsmanager

import (
	"slices"

	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/credential"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/schema"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "secret-cmk", Title: "Secrets use a customer managed key", Severity: pack.Low, Types: []string{aws.SecretsManagerSecret},
			Why: "Only a key of your own lets you see and stop each use.", Fix: "Set kmsKeyId.",
			Maps: standard.Meets(standard.KeyCare, standard.AtRest), Check: func(k *pack.Case) {
				k.Require(k.Get("kmsKeyId").IsSet())
				k.Forbid(k.Get("kmsKeyId").Matches(func(s string) bool { return strings.HasSuffix(s, "alias/aws/secretsmanager") }))
			},
		},
		{
			ID: "secret-policy-public", Public: true, Title: "No secret's policy admits everybody", Severity: pack.Critical,
			Types: []string{aws.SecretsManagerSecretPolicy, aws.SecretsManagerSecret}, Why: "The secret is then none.", Fix: "Name the principals.",
			Maps: standard.Meets(standard.Exposure, standard.Identity), Check: document.NotPublic("policy"),
		},
		{
			ID: "secret-block-public-policy", Title: "Policies of secrets are checked for public access", Severity: pack.Medium,
			Types: []string{aws.SecretsManagerSecretPolicy}, Why: "AWS refuses a public policy when asked to.",
			Fix: "Set blockPublicPolicy to true.", Maps: standard.Meets(standard.Exposure), Check: want.IsTrue("blockPublicPolicy"),
			Remedy: want.Put("blockPublicPolicy", true),
		},
		{
			ID: "secret-recovery", Title: "Deleted secrets can be brought back", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.SecretsManagerSecret}, Why: "A secret with a window of 0 days is gone at once, and its users with it.",
			Fix: "Leave recoveryWindowInDays out or set 7 to 30.", Maps: standard.Meets(standard.KeepSafe), Check: func(k *pack.Case) {
				v := k.Get("recoveryWindowInDays")
				k.Require(want.Absent(v).Or(v.AtLeast(7)), "recoveryWindowInDays is %s", v)
			},
		},
		{
			ID: "secret-rotation", Title: "Secrets rotate", Severity: pack.Medium, Level: pack.Disabled, Types: []string{aws.SecretsManagerSecret},
			Joins: []string{aws.SecretsManagerSecretRotation}, Stack: true,
			Why: "A secret that never changes works forever for whoever copied it. Secrets that a service manages rotate by themselves, so this " +
				"is off by default.", Fix: "Add a SecretRotation.",
			Maps: standard.Meets("FSBP:SecretsManager.1", standard.Renewal), Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "secretId", []string{aws.SecretsManagerSecretRotation}, want.Present),
					"no rotation points at the secret")
			},
		},
		{
			ID: "secret-rotation-period", Title: "Secrets rotate at least every 90 days", Severity: pack.Medium,
			Types: []string{aws.SecretsManagerSecretRotation}, Why: "The period is how long a stolen secret works.",
			Fix:      "Set rotationRules.automaticallyAfterDays; the setting maxDays says how many.",
			Settings: want.Number("maxDays", 90, "Longest period in days."), Maps: standard.Meets("FSBP:SecretsManager.4", standard.Renewal),
			Check: func(k *pack.Case) {
				days := k.Get("rotationRules.automaticallyAfterDays")
				if schedule := k.Get("rotationRules.scheduleExpression"); schedule.Exists() {
					k.Require(schedule.Matches(func(s string) bool { return scheduleDays(s) <= k.Num("maxDays") }),
						"rotationRules.scheduleExpression is %s", schedule)
					return
				}
				k.Require(days.AtMost(k.Num("maxDays")), "rotationRules.automaticallyAfterDays is %s", days)
			},
		},
		{
			ID: "secret-described", Title: "Secrets say what they are for", Severity: pack.Low, Concern: pack.Operations,
			Types: []string{aws.SecretsManagerSecret}, Why: "Nobody dares to remove a secret whose purpose is not written down.",
			Fix: "Set description.", Maps: standard.Meets(standard.Hygiene), Check: want.IsSet("description"),
		},
		{
			ID: "secret-value-sealed", Title: "Values of secrets are Pulumi secrets", Severity: pack.Critical,
			Types: []string{"aws:secretsmanager/secretVersion:SecretVersion"},
			Why:   "A value that is plain text in the program is plain text in its state and previews too.",
			Fix:   "Wrap the value in pulumi.ToSecret, or read it from secret configuration.", Maps: standard.Meets(standard.Identity),
			Check: func(k *pack.Case) { credential.Sealed(k, "secretString", "secretBinary") },
		},
		{
			ID: "secret-from-program", Title: "Values of secrets are not written in the program", Severity: pack.Medium, Level: pack.Disabled,
			Types: want.Keys(credential.Handed), Stack: true,
			Why: "The SDKs make these values Pulumi secrets by themselves, so that the state does not show them; the program and its history " +
				"do. An export does not show whether a value comes from configuration, so this is off by default.",
			Fix:  "Read the value from secret configuration or from another resource, or give it write-only.",
			Maps: standard.Meets(standard.Identity), Check: func(k *pack.Case) {
				secret := pack.Yes(pack.Value{})
				if k.Type == aws.SSMParameter {
					secret = k.Get("type").OneOf("SecureString")
				}
				for _, property := range credential.Handed[k.Type] {
					v := k.Get(property)
					if slices.Contains(schema.Sealed(k.Type), property) && (v.Secret() || v.IsUnknown()) {
						k.Forbid(secret.And(configured(k, v).Not()).And(credential.WrittenDown(k, v, property)),
							"%s is written in the program or its configuration", property)
					}
				}
			},
		},
	}
}

// configured is the fact that a value is one of the secret values of the stack's configuration, as far as the engine says them.
func configured(k *pack.Case, v pack.Value) pack.Fact { return v.Matches(k.About.FromSecretConfig) }
