// SPDX-License-Identifier: Apache-2.0

// Package kms holds the controls of AWS KMS.
package kms

import (
	"slices"
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/iam"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// keyPolicies are the types with a key policy.
var keyPolicies = []string{aws.KMSKey, aws.KMSKeyPolicy, aws.KMSReplicaKey, aws.KMSExternalKey, aws.KMSReplicaExternalKey}

// symmetric is the fact that a key is a symmetric encryption key, the only kind that AWS rotates.
func symmetric(v pack.Value) pack.Fact {
	spec, usage := v.Get("customerMasterKeySpec"), v.Get("keyUsage")
	return want.Absent(spec).Or(spec.OneOf("SYMMETRIC_DEFAULT")).And(want.Absent(usage).Or(usage.OneOf("ENCRYPT_DECRYPT"))).
		And(v.Get("customKeyStoreId").IsSet().Not())
}

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	policies := keyPolicies
	return []*pack.Control{
		{
			ID: "kms-rotation", Title: "Keys rotate", Severity: pack.Medium, Types: []string{aws.KMSKey},
			Why: "Rotation limits how much was ever encrypted with one key.",
			Fix: "Set enableKeyRotation to true.", Maps: standard.Meets("FSBP:KMS.4 CIS:3.6", standard.KeyCare), Check: func(k *pack.Case) {
				k.Require(symmetric(k.Inputs()).Not().Or(k.Get("enableKeyRotation").IsTrue()), "enableKeyRotation is %s", k.Get("enableKeyRotation"))
			},
			Remedy: func(e *pack.Edit) {
				spec, usage := e.Get("customerMasterKeySpec"), e.Get("keyUsage")
				if (!spec.Exists() || spec.Str() == "SYMMETRIC_DEFAULT") && (!usage.Exists() || usage.Str() == "ENCRYPT_DECRYPT") &&
					!e.Get("customKeyStoreId").Exists() {
					e.Set("enableKeyRotation", true)
				}
			},
		},
		{
			ID: "kms-policy-public", Public: true, Title: "No key policy admits everybody", Severity: pack.Critical, Types: policies,
			Why: "Whoever may use the key can read everything it protects.", Fix: "Name the principals, or add a condition on kms:CallerAccount.",
			Maps: standard.Meets("FSBP:KMS.5", standard.Exposure, standard.KeyCare), Check: document.NotPublic("policy"),
		},
		{
			ID: "kms-policy-foreign-account", Title: "Key policies admit only accounts that are listed", Severity: pack.High, Types: policies,
			Why: "Whoever controls the other account can use the key.", Fix: "Remove the account, or list it in the setting allowedAccounts.",
			Settings: []pack.Setting{want.Words("allowedAccounts", "Account ids that key policies may admit.")},
			Maps:     standard.Meets(standard.Privilege, standard.KeyCare), Check: document.Foreign(document.At("policy")),
		},
		{
			ID: "kms-policy-inverted", Title: "Key policies do not allow by exclusion", Severity: pack.Critical, Types: policies,
			Why: "NotPrincipal with Allow admits everybody else in the world.", Fix: "Name the principals.",
			Maps: standard.Meets(standard.Privilege, standard.KeyCare), Check: document.EachStatement(document.At("policy"), document.Inverted),
		},
		{
			ID: "kms-service-confused", Title: "Key policies tie services to their own resources", Severity: pack.Low, Level: pack.Disabled,
			Types: policies,
			Why: "A service acts for all of its customers; a condition on the source keeps it from using the key for another. Not every " +
				"service sends one, so this is off by default.",
			Fix: "Add a condition on aws:SourceArn, aws:SourceAccount or kms:EncryptionContext.", Maps: standard.Meets(standard.Privilege),
			Check: document.EachStatement(document.At("policy"), document.Unbound(document.Except())),
		},
		{
			ID: "kms-policy-explicit", Title: "Keys say who may use them", Severity: pack.Low, Level: pack.Disabled,
			Types: []string{aws.KMSKey, aws.KMSReplicaKey}, Joins: []string{aws.KMSKeyPolicy}, Stack: true,
			Why: "Without a policy of its own, a key is open to whomever any IAM policy of the account admits. That is how AWS makes keys and " +
				"enough for many, so this is off by default.",
			Fix: "Set policy, or add a KeyPolicy.", Maps: standard.Meets(standard.KeyCare, standard.Privilege), Check: func(k *pack.Case) {
				k.Require(k.Get("policy").IsSet().Or(want.AnyCompanion(k, "keyId", []string{aws.KMSKeyPolicy}, want.Present)),
					"the key has no policy of its own")
			},
		},
		{
			ID: "kms-enabled", Title: "Keys are enabled", Severity: pack.Medium, Concern: pack.Resilience, Types: []string{aws.KMSKey},
			Why: "What a disabled key protects cannot be read by anybody.",
			Fix: "Leave isEnabled out.", Maps: standard.Meets(standard.KeyCare), Check: want.NotFalse("isEnabled"),
		},
		{
			ID: "kms-deletion-window", Title: "Keys wait before they are deleted", Severity: pack.Medium, Concern: pack.Resilience,
			Types:    []string{aws.KMSKey, aws.KMSReplicaKey},
			Why:      "A deleted key takes everything it protects with it; the waiting time is the last chance.",
			Fix:      "Leave deletionWindowInDays at 30; the setting minDays says how many.",
			Settings: want.Number("minDays", 14, "Fewest days."), Maps: standard.Meets("FSBP:KMS.3", standard.KeyCare, standard.KeepSafe),
			Check: func(k *pack.Case) {
				v := k.Get("deletionWindowInDays")
				k.Require(want.Absent(v).Or(v.AtLeast(k.Num("minDays"))), "deletionWindowInDays is %s; at least %v is wanted", v, k.Num("minDays"))
			},
		},
		{
			ID: "kms-lockout-check", Title: "The safety check of key policies is not bypassed", Severity: pack.High, Concern: pack.Resilience,
			Types: policies,
			Why:   "Without it a policy can lock out everybody, and only AWS Support can help.", Fix: "Leave bypassPolicyLockoutSafetyCheck out.",
			Maps: standard.Meets(standard.KeyCare), Check: want.IsFalse("bypassPolicyLockoutSafetyCheck"),
		},
		{
			ID: "kms-described", Title: "Keys say what they are for", Severity: pack.Low, Concern: pack.Operations, Types: []string{aws.KMSKey},
			Why: "Nobody dares to remove a key whose purpose is not written down.",
			Fix: "Set description.", Maps: standard.Meets(standard.Hygiene), Check: want.IsSet("description"),
		},
		{
			ID: "kms-grant-limited", Title: "Grants do not allow grants", Severity: pack.Medium, Types: []string{"aws:kms/grant:Grant"},
			Why: "Who may create grants can hand the key on.",
			Fix: "Leave CreateGrant out of operations.", Maps: standard.Meets(standard.KeyCare, standard.Privilege),
			Check: func(k *pack.Case) { k.Forbid(k.Get("operations").Contains("CreateGrant")) },
		},
		{
			ID: "kms-policy-wildcard-action", Title: "Key policies give all actions to the account alone", Severity: pack.Medium, Types: keyPolicies,
			Why:  "kms:* includes changing the policy and deleting the key; whoever uses a key needs neither.",
			Fix:  "List the actions, such as kms:Decrypt and kms:GenerateDataKey.",
			Maps: standard.Meets(standard.Privilege, standard.KeyCare),
			Check: document.EachStatement(document.At("policy"), func(k *pack.Case, v pack.Value, s *iam.Statement) {
				other := slices.ContainsFunc(s.Principals, func(p iam.Principal) bool {
					return p.Kind != "AWS" || strings.Contains(p.ID, ":") && !strings.HasSuffix(p.ID, ":root")
				})
				if s.Allows() && s.EveryAction("kms") && other {
					k.Report(v, "%s allows every action to somebody other than the account", s.Label())
				}
			}),
		},
	}
}
