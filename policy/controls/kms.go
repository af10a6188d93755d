// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

const (
	kmsKey             = "aws:kms/key:Key"
	kmsKeyPolicy       = "aws:kms/keyPolicy:KeyPolicy"
	kmsReplica         = "aws:kms/replicaKey:ReplicaKey"
	kmsExternal        = "aws:kms/externalKey:ExternalKey"
	kmsExternalReplica = "aws:kms/replicaExternalKey:ReplicaExternalKey"
	secretType         = "aws:secretsmanager/secret:Secret"
	secretPolicy       = "aws:secretsmanager/secretPolicy:SecretPolicy"
	secretTurns        = "aws:secretsmanager/secretRotation:SecretRotation"
)

// keyPolicies are the types with a key policy.
var keyPolicies = []string{kmsKey, kmsKeyPolicy, kmsReplica, kmsExternal, kmsExternalReplica}

// symmetric is the fact that a key is a symmetric encryption key, the only kind that AWS rotates.
func symmetric(v pack.Value) pack.Fact {
	spec, usage := v.Get("customerMasterKeySpec"), v.Get("keyUsage")
	return absent(spec).Or(spec.OneOf("SYMMETRIC_DEFAULT")).And(absent(usage).Or(usage.OneOf("ENCRYPT_DECRYPT"))).And(v.Get("customKeyStoreId").IsSet().Not())
}

func keys() []*pack.Control {
	policies := keyPolicies
	return []*pack.Control{
		{
			ID: "kms-rotation", Title: "Keys rotate", Severity: pack.Medium, Types: []string{kmsKey}, Why: "Rotation limits how much was ever encrypted with one key.",
			Fix: "Set enableKeyRotation to true.", Maps: meets("FSBP:KMS.4 CIS:3.6", keyCare), Check: func(k *pack.Case) {
				k.Require(symmetric(k.Inputs()).Not().Or(k.Get("enableKeyRotation").IsTrue()), "enableKeyRotation is %s", k.Get("enableKeyRotation"))
			},
			Remedy: func(e *pack.Edit) {
				spec, usage := e.Get("customerMasterKeySpec"), e.Get("keyUsage")
				if (!spec.Exists() || spec.Str() == "SYMMETRIC_DEFAULT") && (!usage.Exists() || usage.Str() == "ENCRYPT_DECRYPT") && !e.Get("customKeyStoreId").Exists() {
					e.Set("enableKeyRotation", true)
				}
			},
		},
		{
			ID: "kms-policy-public", Title: "No key policy admits everybody", Severity: pack.Critical, Types: policies,
			Why: "Whoever may use the key can read everything it protects.", Fix: "Name the principals, or add a condition on kms:CallerAccount.", Maps: meets("FSBP:KMS.5", exposure, keyCare), Check: notPublic("policy"),
		},
		{
			ID: "kms-policy-foreign-account", Title: "Key policies admit only accounts that are listed", Severity: pack.High, Types: policies,
			Why: "Whoever controls the other account can use the key.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{words("allowedAccounts", "Account ids that key policies may admit.")}, Maps: meets(privilege, keyCare), Check: foreignCheck(at("policy")),
		},
		{
			ID: "kms-policy-inverted", Title: "Key policies do not allow by exclusion", Severity: pack.Critical, Types: policies,
			Why: "NotPrincipal with Allow admits everybody else in the world.", Fix: "Name the principals.", Maps: meets(privilege, keyCare), Check: eachStatement(at("policy"), inverted),
		},
		{
			ID: "kms-service-confused", Title: "Key policies tie services to their own resources", Severity: pack.Low, Level: pack.Disabled, Types: policies,
			Why: "A service acts for all of its customers; a condition on the source keeps it from using the key for another. Not every service sends one, so this is off by default.",
			Fix: "Add a condition on aws:SourceArn, aws:SourceAccount or kms:EncryptionContext.", Maps: meets(privilege), Check: eachStatement(at("policy"), unbound(except())),
		},
		{
			ID: "kms-policy-explicit", Title: "Keys say who may use them", Severity: pack.Low, Level: pack.Disabled, Types: []string{kmsKey, kmsReplica}, Joins: []string{kmsKeyPolicy}, Stack: true,
			Why: "Without a policy of its own, a key is open to whomever any IAM policy of the account admits. That is how AWS makes keys and enough for many, so this is off by default.",
			Fix: "Set policy, or add a KeyPolicy.", Maps: meets(keyCare, privilege), Check: func(k *pack.Case) {
				k.Require(k.Get("policy").IsSet().Or(anyCompanion(k, "keyId", []string{kmsKeyPolicy}, present)), "the key has no policy of its own")
			},
		},
		{
			ID: "kms-enabled", Title: "Keys are enabled", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{kmsKey}, Why: "What a disabled key protects cannot be read by anybody.",
			Fix: "Leave isEnabled out.", Maps: meets(keyCare), Check: notFalse("isEnabled"),
		},
		{
			ID: "kms-deletion-window", Title: "Keys wait before they are deleted", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{kmsKey, kmsReplica},
			Why: "A deleted key takes everything it protects with it; the waiting time is the last chance.", Fix: "Leave deletionWindowInDays at 30; the setting minDays says how many.",
			Settings: num("minDays", 14, "Fewest days."), Maps: meets("FSBP:KMS.3", keyCare, keepSafe), Check: func(k *pack.Case) {
				v := k.Get("deletionWindowInDays")
				k.Require(absent(v).Or(v.AtLeast(k.Num("minDays"))), "deletionWindowInDays is %s; at least %v is wanted", v, k.Num("minDays"))
			},
		},
		{
			ID: "kms-lockout-check", Title: "The safety check of key policies is not bypassed", Severity: pack.High, Concern: pack.Resilience, Types: policies,
			Why: "Without it a policy can lock out everybody, and only AWS Support can help.", Fix: "Leave bypassPolicyLockoutSafetyCheck out.", Maps: meets(keyCare), Check: isFalse("bypassPolicyLockoutSafetyCheck"),
		},
		{
			ID: "kms-described", Title: "Keys say what they are for", Severity: pack.Low, Concern: pack.Operations, Types: []string{kmsKey}, Why: "Nobody dares to remove a key whose purpose is not written down.",
			Fix: "Set description.", Maps: meets(hygiene), Check: isSet("description"),
		},
		{
			ID: "kms-grant-limited", Title: "Grants do not allow grants", Severity: pack.Medium, Types: []string{"aws:kms/grant:Grant"}, Why: "Who may create grants can hand the key on.",
			Fix: "Leave CreateGrant out of operations.", Maps: meets(keyCare, privilege), Check: func(k *pack.Case) { k.Forbid(k.Get("operations").Contains("CreateGrant")) },
		},
	}
}

func secrets() []*pack.Control {
	return []*pack.Control{
		{
			ID: "secret-cmk", Title: "Secrets use a customer managed key", Severity: pack.Low, Types: []string{secretType}, Why: "Only a key of your own lets you see and stop each use.", Fix: "Set kmsKeyId.",
			Maps: meets(keyCare, atRest), Check: func(k *pack.Case) {
				k.Require(k.Get("kmsKeyId").IsSet())
				k.Forbid(k.Get("kmsKeyId").Matches(func(s string) bool { return strings.HasSuffix(s, "alias/aws/secretsmanager") }))
			},
		},
		{
			ID: "secret-policy-public", Title: "No secret's policy admits everybody", Severity: pack.Critical, Types: []string{secretPolicy, secretType}, Why: "The secret is then none.", Fix: "Name the principals.",
			Maps: meets(exposure, identity), Check: notPublic("policy"),
		},
		{
			ID: "secret-block-public-policy", Title: "Policies of secrets are checked for public access", Severity: pack.Medium, Types: []string{secretPolicy}, Why: "AWS refuses a public policy when asked to.",
			Fix: "Set blockPublicPolicy to true.", Maps: meets(exposure), Check: isTrue("blockPublicPolicy"), Remedy: put("blockPublicPolicy", true),
		},
		{
			ID: "secret-recovery", Title: "Deleted secrets can be brought back", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{secretType}, Why: "A secret with a window of 0 days is gone at once, and its users with it.",
			Fix: "Leave recoveryWindowInDays out or set 7 to 30.", Maps: meets(keepSafe), Check: func(k *pack.Case) {
				v := k.Get("recoveryWindowInDays")
				k.Require(absent(v).Or(v.AtLeast(7)), "recoveryWindowInDays is %s", v)
			},
		},
		{
			ID: "secret-rotation", Title: "Secrets rotate", Severity: pack.Medium, Level: pack.Disabled, Types: []string{secretType}, Joins: []string{secretTurns}, Stack: true,
			Why: "A secret that never changes works forever for whoever copied it. Secrets that a service manages rotate by themselves, so this is off by default.", Fix: "Add a SecretRotation.",
			Maps: meets("FSBP:SecretsManager.1", renewal), Check: func(k *pack.Case) {
				k.Require(anyCompanion(k, "secretId", []string{secretTurns}, present), "no rotation points at the secret")
			},
		},
		{
			ID: "secret-rotation-period", Title: "Secrets rotate at least every 90 days", Severity: pack.Medium, Types: []string{secretTurns}, Why: "The period is how long a stolen secret works.",
			Fix: "Set rotationRules.automaticallyAfterDays; the setting maxDays says how many.", Settings: num("maxDays", 90, "Longest period in days."), Maps: meets("FSBP:SecretsManager.4", renewal),
			Check: func(k *pack.Case) {
				days := k.Get("rotationRules.automaticallyAfterDays")
				if schedule := k.Get("rotationRules.scheduleExpression"); schedule.Exists() {
					k.Require(schedule.Matches(func(s string) bool { return scheduleDays(s) <= k.Num("maxDays") }), "rotationRules.scheduleExpression is %s", schedule)
					return
				}
				k.Require(days.AtMost(k.Num("maxDays")), "rotationRules.automaticallyAfterDays is %s", days)
			},
		},
		{
			ID: "secret-described", Title: "Secrets say what they are for", Severity: pack.Low, Concern: pack.Operations, Types: []string{secretType}, Why: "Nobody dares to remove a secret whose purpose is not written down.",
			Fix: "Set description.", Maps: meets(hygiene), Check: isSet("description"),
		},
		{
			ID: "secret-value-sealed", Title: "Values of secrets are Pulumi secrets", Severity: pack.Critical, Types: []string{"aws:secretsmanager/secretVersion:SecretVersion"},
			Why: "A value that is plain text in the program is plain text in its state and previews too.", Fix: "Wrap the value in pulumi.ToSecret, or read it from secret configuration.", Maps: meets(identity),
			Check: func(k *pack.Case) { sealed(k, "secretString", "secretBinary") },
		},
	}
}
