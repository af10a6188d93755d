// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/backup"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

const (
	accountID = "111122223333"
	db        = "arn:aws:rds:eu-central-1:111122223333:db:shop"
	far       = "arn:aws:backup:eu-west-1:111122223333:backup-vault:far"
	apart     = "arn:aws:backup:eu-central-1:444455556666:backup-vault:apart"
)

func args() *backup.Args {
	return &backup.Args{Account: &account.Account{ID: accountID, Region: "eu-central-1"}, Databases: pulumi.StringArray{pulumi.String(db)}, KeepDays: 35}
}

func create(name string, a *backup.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := backup.New(ctx, name, a)
		return err
	}
}

func TestTheVaultIsEncryptedAndLockedAndOutlivesItsStack(t *testing.T) {
	rec := pulumitest.Run(t, create("shop-backups", args()))
	vault, lock := rec.Only(t, "aws:backup/vault:Vault"), rec.Only(t, "aws:backup/vaultLockConfiguration:VaultLockConfiguration")
	kms := rec.Only(t, "aws:kms/key:Key")
	require.Equal(t, kms.Outputs["arn"].StringValue(), vault.String("kmsKeyArn"))
	require.Nil(t, vault.Value("forceDestroy"))
	require.Nil(t, vault.Value("name"), "a fresh name each time, for the vault before is still there")
	require.EqualValues(t, 35, lock.Value("minRetentionDays"))
	require.Nil(t, lock.Value("changeableForDays"), "governance: an administrator can end the lock")
	for _, stays := range []pulumitest.Registration{vault, lock, kms} {
		require.True(t, stays.RetainOnDelete, stays.Name)
	}
	require.Contains(t, rec.Before(rec.Only(t, "aws:backup/plan:Plan")), lock.URN, "nothing lies in the vault before it is locked")

	compliance := args()
	compliance.LockMode = storage.Compliance
	locked := pulumitest.Run(t, create("shop-backups", compliance)).Only(t, "aws:backup/vaultLockConfiguration:VaultLockConfiguration")
	require.EqualValues(t, 3, locked.Value("changeableForDays"), "nobody ends the lock when three days are over")
}

func TestTheseDatabasesAreBackedUpDailyAndCopied(t *testing.T) {
	a := args()
	a.CopyTo = []string{far, apart}
	rec := pulumitest.Run(t, create("shop-backups", a))
	plan, selection := rec.Only(t, "aws:backup/plan:Plan"), rec.Only(t, "aws:backup/selection:Selection")
	require.Equal(t, []any{db}, selection.Value("resources"))
	require.Nil(t, selection.Value("selectionTags"), "a tag of somebody else's selects nothing")
	require.Equal(t, plan.ID, selection.String("planId"))
	rules, _ := plan.Value("rules").([]any)
	require.Len(t, rules, 1)
	rule, _ := rules[0].(map[string]any)
	require.Equal(t, "cron(0 5 * * ? *)", rule["schedule"])
	require.Equal(t, map[string]any{"deleteAfter": 35.}, rule["lifecycle"])
	require.Equal(t, []any{
		map[string]any{"destinationVaultArn": far, "lifecycle": map[string]any{"deleteAfter": 35.}},
		map[string]any{"destinationVaultArn": apart, "lifecycle": map[string]any{"deleteAfter": 35.}},
	}, rule["copyActions"])
}

func TestTheRoleReachesTheseDatabasesAndVaultsAlone(t *testing.T) {
	a := args()
	a.CopyTo = []string{far}
	rec := pulumitest.Run(t, create("shop-backups", a))
	var document struct {
		Statement []struct {
			Sid, Effect      string
			Action, Resource any
			NotResource      any
			Condition        map[string]map[string]any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(rec.Only(t, "aws:iam/rolePolicy:RolePolicy").String("policy")), &document))
	for _, s := range document.Statement {
		resources := fmt.Sprint(s.Resource)
		switch s.Sid {
		case "SnapshotDatabases":
			require.Contains(t, resources, db)
			require.NotContains(t, resources, ":db:*")
		case "CopyAndEndSnapshots":
			require.Equal(t, "arn:aws:rds:*:111122223333:snapshot:awsbackup:*", s.Resource)
		case "CopyToVaults":
			require.ElementsMatch(t, []any{far, rec.Only(t, "aws:backup/vault:Vault").Outputs["arn"].StringValue()}, s.Resource)
		}
	}
	require.Contains(t, rec.Only(t, "aws:iam/role:Role").String("assumeRolePolicy"), `"aws:SourceAccount":"111122223333"`)

	boundary := rec.Only(t, "aws:iam/policy:Policy")
	require.NoError(t, json.Unmarshal([]byte(boundary.String("policy")), &document))
	var elsewhere, snapshots bool
	for _, s := range document.Statement {
		switch s.Sid {
		case "RefuseOtherRegions":
			elsewhere = true
			require.Equal(t, []any{"eu-central-1", "eu-west-1"}, s.Condition["StringNotEquals"]["aws:RequestedRegion"])
		case "RefuseGivingUpLocks":
			require.NotContains(t, fmt.Sprint(s.Action), "rds:DeleteDBSnapshot", "else AWS Backup could not end what it has made")
			require.Contains(t, fmt.Sprint(s.Action), "backup:DeleteRecoveryPoint")
		case "RefuseGivingUpOtherSnapshots":
			snapshots = true
			require.Equal(t, "arn:aws:rds:*:*:snapshot:awsbackup:*", s.NotResource)
		}
	}
	require.True(t, elsewhere && snapshots)
}

func TestEveryProblemIsNamed(t *testing.T) {
	err := pulumitest.RunError(t, create(strings.Repeat("n", 43), &backup.Args{
		Account: &account.Account{ID: accountID, Region: "eu-central-1"}, KeepDays: 6, LockMode: "ROOT",
		CopyTo: []string{"vault", "arn:aws:backup:eu-central-1:111122223333:backup-vault:own", far, far, "arn:aws:backup:eu-west-1:444455556666:backup-vault:both"},
	}))
	for _, want := range []string{
		"the name has 43 characters", "Databases: missing", "KeepDays: 6 is not between 7 and 3650 days", `LockMode "ROOT"`,
		`CopyTo[0]: "vault" is not the ARN of a backup vault`, "CopyTo[1]: ", "is lost with what it holds copies of", "CopyTo[3]: ", "is listed twice",
		"CopyTo[4]: ", "one of both at a time",
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, pulumitest.RunError(t, create("b", nil)), "Account: missing")
}
