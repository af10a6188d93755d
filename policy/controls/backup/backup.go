// SPDX-License-Identifier: Apache-2.0

// Package backup holds the controls of AWS Backup.
package backup

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/facts/document"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// Controls returns the controls of the package.
func Controls() []*pack.Control {
	return []*pack.Control{
		{
			ID: "backup-vault-cmk", Title: "Backup vaults use a customer managed key", Severity: pack.Medium, Types: []string{aws.BackupVault},
			Why: "Backups hold everything; only a key of your own lets you share them with a backup account.", Fix: "Set kmsKeyArn.",
			Maps: standard.Meets("FSBP:Backup.1", standard.AtRest, standard.KeyCare), Check: want.IsSet("kmsKeyArn"),
		},
		{
			ID: "backup-vault-kept", Title: "Backup vaults are not emptied when they are removed", Severity: pack.High, Concern: pack.Resilience,
			Types: []string{aws.BackupVault}, Why: "forceDestroy deletes every recovery point with the vault.", Fix: "Leave forceDestroy out.",
			Maps: standard.Meets(standard.KeepSafe), Check: want.IsFalse("forceDestroy"), Remedy: want.Put("forceDestroy", false),
		},
		{
			ID: "backup-vault-locked", Title: "Backup vaults are locked", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.BackupVault}, Joins: []string{aws.BackupVaultLockConfiguration}, Stack: true,
			Why: "Locked recovery points cannot be deleted before their time, by whoever has taken over an account. Without changeableForDays the " +
				"lock is in governance mode, which an administrator with a permission of its own can end; with it nobody ends it any more.",
			Fix:      "Add a VaultLockConfiguration with minRetentionDays; the setting minDays says how many.",
			Settings: want.Number("minDays", 7, "Fewest days."), Maps: standard.Meets(standard.KeepSafe), Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "backupVaultName", []string{aws.BackupVaultLockConfiguration}, func(lock *pack.Resource) pack.Fact {
					return lock.Get("minRetentionDays").AtLeast(k.Num("minDays"))
				}), "no lock of %v days or more points at this vault", k.Num("minDays"))
			},
		},
		{
			ID: "backup-vault-policy-public", Public: true, Title: "No backup vault admits everybody", Severity: pack.Critical,
			Types: []string{aws.BackupVaultPolicy}, Why: "Strangers could copy or delete your backups.", Fix: "Name the principals.",
			Maps: standard.Meets(standard.Exposure), Check: document.NotPublic("policy"),
		},
		{
			ID: "backup-plan-selection", Title: "Every backup plan has a selection", Severity: pack.High, Concern: pack.Resilience,
			Types: []string{aws.BackupPlan}, Joins: []string{aws.BackupSelection}, Stack: true, Why: "A plan without a selection backs up nothing.",
			Fix: "Add a Selection for the plan.", Maps: standard.Meets(standard.Recovery),
			Check: func(k *pack.Case) {
				k.Require(want.AnyCompanion(k, "planId", []string{aws.BackupSelection}, want.Present), "no selection points at this plan")
			},
		},
		{
			ID: "backup-plan-retention", Title: "Backups are kept for a week at least", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.BackupPlan}, Why: "Damage is often found after days.",
			Fix: "Set lifecycle.deleteAfter; the setting minDays says how many.", Settings: want.Number("minDays", 7, "Fewest days."),
			Maps: standard.Meets(standard.Recovery), Check: func(k *pack.Case) {
				for r := range k.Get("rules").Items() {
					v := r.Get("lifecycle.deleteAfter")
					k.Require(want.Absent(v).Or(v.AtLeast(k.Num("minDays"))), "%s is %s days", v.Path(), v)
					for c := range r.Get("copyActions").Items() {
						v := c.Get("lifecycle.deleteAfter")
						k.Require(want.Absent(v).Or(v.AtLeast(k.Num("minDays"))), "%s is %s days", v.Path(), v)
					}
				}
			},
		},
		{
			ID: "backup-plan-vault", Title: "Backup plans fill a vault whose lock and key are seen", Severity: pack.Medium, Concern: pack.Resilience,
			Types: []string{aws.BackupPlan}, Joins: []string{aws.BackupVault}, Stack: true,
			Why: "What goes into a vault that the stack does not make, such as the account's default one, may be neither locked nor encrypted " +
				"with a key of your own.",
			Fix:  "Name a Vault of the stack in targetVaultName, or waive this for a vault that another stack locks.",
			Maps: standard.Meets(standard.KeepSafe),
			Check: func(k *pack.Case) {
				for r := range k.Get("rules").Items() {
					v, answer := r.Get("targetVaultName"), pack.No(r.Get("targetVaultName"))
					for _, vault := range k.Stack.Of(aws.BackupVault) {
						answer = answer.Or(k.Stack.Refers(k.Resource, "rules", v, vault))
					}
					k.Require(answer, "%s is no vault of the stack", v.Path())
				}
			},
		},
		{
			ID: "backup-plan-copies", Title: "Backups are copied to another vault", Severity: pack.Low, Level: pack.Disabled,
			Concern: pack.Resilience, Types: []string{aws.BackupPlan},
			Why: "A copy in another Region or account survives the loss of this one. It costs extra, so this is off by default.",
			Fix: "Add copyActions to a rule.", Maps: standard.Meets(standard.Recovery),
			Check: func(k *pack.Case) {
				k.Require(k.Get("rules").Any(func(r pack.Value) pack.Fact { return r.Get("copyActions").IsSet() }), "no rule copies its backups")
			},
		},
		{
			ID: "backup-selection-something", Title: "Selections select something", Severity: pack.High, Concern: pack.Resilience,
			Types: []string{aws.BackupSelection}, Why: "A selection without resources, tags or conditions backs up nothing.",
			Fix: "Set resources, selectionTags or conditions.", Maps: standard.Meets(standard.Recovery),
			Check: func(k *pack.Case) {
				k.Require(k.Get("resources").IsSet().Or(k.Get("selectionTags").IsSet()).Or(k.Get("conditions").IsSet()), "nothing is selected")
			},
		},
	}
}
