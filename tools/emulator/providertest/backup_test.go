// SPDX-License-Identifier: Apache-2.0

package providertest_test

import (
	"testing"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/providertest"
)

func TestBackup(t *testing.T) {
	t.Parallel()
	rule := func(days float64) l {
		return l{m{"ruleName": "daily", "targetVaultName": "${vault.name}", "schedule": "cron(0 5 * * ? *)", "startWindow": 60, "completionWindow": 720, "lifecycle": m{"deleteAfter": days},
			"copyActions": l{m{"destinationVaultArn": "arn:aws:backup:eu-west-1:${account.id}:backup-vault:far", "lifecycle": m{"deleteAfter": days}}}}}
	}
	policy := func(action string) string {
		return `{"Version":"2012-10-17","Statement":[{"Sid":"copies","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${account.id}:root"},"Action":"` + action + `","Resource":"*"}]}`
	}
	points := func(days float64) m {
		return m{"algorithm": "LATEST_WITHIN_WINDOW", "includeVaults": l{"${vault.arn}"}, "recoveryPointTypes": l{"SNAPSHOT"}, "selectionWindowDays": days}
	}
	providertest.Run(t, providertest.Start(t, root),
		resource{Name: "key", Type: "aws:kms/key:Key", Inputs: m{"description": "backups", "enableKeyRotation": true}},
		resource{Name: "vault", Type: "aws:backup/vault:Vault", Inputs: m{"kmsKeyArn": "${key.arn}", "tags": m{"Name": "backups"}}, Update: m{"tags": m{"Name": "all backups"}}},
		resource{Name: "lock", Type: "aws:backup/vaultLockConfiguration:VaultLockConfiguration", Inputs: m{"backupVaultName": "${vault.name}", "minRetentionDays": 35}},
		resource{Name: "access", Type: "aws:backup/vaultPolicy:VaultPolicy", Inputs: m{"backupVaultName": "${vault.name}", "policy": policy("backup:CopyIntoBackupVault")}, Update: m{"policy": policy("backup:StartRestoreJob")}},
		resource{Name: "plan", Type: "aws:backup/plan:Plan", Inputs: m{"rules": rule(35), "tags": m{"Name": "daily"}}, Update: m{"rules": rule(40)}},
		resource{Name: "role", Type: "aws:iam/role:Role", Inputs: m{"assumeRolePolicy": trust("backup.amazonaws.com")}},
		resource{Name: "selection", Type: "aws:backup/selection:Selection", Inputs: m{"planId": "${plan.id}", "iamRoleArn": "${role.arn}", "resources": l{"arn:aws:rds:eu-central-1:${account.id}:db:shop"}}},
		// The provider knows the id of these two only once it has read them.
		resource{Name: "tests", Type: "aws:backup/restoreTestingPlan:RestoreTestingPlan", Inputs: m{"name": "monthly", "scheduleExpression": "cron(0 8 1 * ? *)", "recoveryPointSelection": points(30), "tags": m{"Name": "monthly"}},
			Update: m{"recoveryPointSelection": points(7), "scheduleExpression": "cron(0 9 1 * ? *)"}, Differ: []string{"id"}},
		resource{Name: "tested", Type: "aws:backup/restoreTestingSelection:RestoreTestingSelection", Inputs: m{"name": "databases", "restoreTestingPlanName": "${tests.name}", "protectedResourceType": "RDS",
			"iamRoleArn": "${role.arn}", "protectedResourceArns": l{"arn:aws:rds:eu-central-1:${account.id}:db:shop"}, "validationWindowHours": 4}, Update: m{"validationWindowHours": 8}, Differ: []string{"id"}},
	)
}
