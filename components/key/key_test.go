// SPDX-License-Identifier: Apache-2.0

package key_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/key"
	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

const (
	keyType   = "aws:kms/key:Key"
	aliasType = "aws:kms/alias:Alias"
	accountID = "111122223333"
	region    = "eu-central-1"
)

func args(services ...string) *key.Args {
	return &key.Args{Account: &account.Account{ID: accountID, Region: region}, Description: "Protects a test", Services: services}
}

func create(name string, a *key.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := key.New(ctx, name, a)
		return err
	}
}

func TestKeyRotatesAndOutlivesAMistake(t *testing.T) {
	rec := pulumitest.Run(t, create("logs", args("logs.eu-central-1.amazonaws.com")))
	k := rec.Get(t, keyType, "logs-key")
	require.Equal(t, rec.Get(t, "bulkhead:key:Key", "logs").URN, k.Parent)
	require.Equal(t, true, k.Value("enableKeyRotation"))
	require.EqualValues(t, 30, k.Value("deletionWindowInDays"))
	require.Equal(t, "Protects a test", k.String("description"))
	require.Nil(t, k.Value("bypassPolicyLockoutSafetyCheck"))

	alias := rec.Get(t, aliasType, "logs-alias")
	require.Equal(t, "alias/bulkhead-logs", alias.String("name"), "two projects share an account")
	require.Equal(t, k.ID, alias.String("targetKeyId"))
}

func TestDeletionWindow(t *testing.T) {
	a := args()
	a.DeletionWindowDays = 7
	require.EqualValues(t, 7, pulumitest.Run(t, create("logs", a)).Only(t, keyType).Value("deletionWindowInDays"))
}

func TestKeyOutlivesItsStackWithoutItsAlias(t *testing.T) {
	a := args()
	require.False(t, pulumitest.Run(t, create("logs", a)).Only(t, keyType).RetainOnDelete)
	a.OutlivesStack = true
	rec := pulumitest.Run(t, create("logs", a))
	require.True(t, rec.Only(t, keyType).RetainOnDelete)
	require.False(t, rec.Only(t, aliasType).RetainOnDelete, "the next stack needs the alias")
}

func TestAKeyIsCopiedByBackupsOfOtherAccountsAlone(t *testing.T) {
	a := args()
	a.BackupAccounts = []string{"444455556666"}
	var parsed struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(pulumitest.Run(t, create("db", a)).Only(t, keyType).String("policy")), &parsed))
	require.Len(t, parsed.Statement, 3)
	for _, s := range parsed.Statement[1:] {
		require.Equal(t, map[string]any{"AWS": "arn:aws:iam::444455556666:root"}, s.Principal)
		require.Equal(t, "arn:aws:iam::444455556666:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup", s.Condition["ArnEquals"]["aws:PrincipalArn"])
	}
	require.Equal(t, "true", parsed.Statement[2].Condition["Bool"]["kms:GrantIsForAWSResource"], "grants are for RDS alone")
	a.BackupAccounts = []string{"another"}
	require.ErrorContains(t, pulumitest.RunError(t, create("db", a)), `BackupAccounts[0]: "another" is not an AWS account id`)
}

func TestEveryProblemIsNamed(t *testing.T) {
	err := pulumitest.RunError(t, create("a key", &key.Args{Account: &account.Account{ID: "1", Region: "cn-north-1"}, Services: []string{"lambda.amazonaws.com"}, DeletionWindowDays: 3}))
	for _, want := range []string{`project and name become the alias "bulkhead-a key"`, "Description", "DeletionWindowDays 3", `AccountID: "1" is not an AWS account id; write`, `Region: "cn-north-1" lies in another AWS partition`, `"lambda.amazonaws.com" is unknown`, "cloudtrail.amazonaws.com"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, pulumitest.RunError(t, create("logs", nil)), "Account: missing")
	err = pulumitest.RunError(t, create("logs", &key.Args{}))
	require.ErrorContains(t, err, "Account: missing")
	require.ErrorContains(t, err, "Description")
}

func TestAliasOfAProjectThatKMSCannotSpell(t *testing.T) {
	for _, project := range []string{"shop.example", strings.Repeat("p", 246)} {
		err := pulumitest.RunError(t, create("logs", args()), pulumitest.InStack(project, "test"))
		require.ErrorContains(t, err, "project and name become the alias")
	}
}

func TestStateShowsWhatTheKeyWasGiven(t *testing.T) {
	a := args("logs.eu-central-1.amazonaws.com")
	a.OutlivesStack = true
	component := pulumitest.Run(t, create("logs", a)).Only(t, "bulkhead:key:Key")
	require.Equal(t, map[string]any{
		"description": "Protects a test", "services": []any{"logs.eu-central-1.amazonaws.com"}, "outlivesStack": true,
	}, component.Values())
}

type statement struct {
	Sid, Effect string
	Principal   any
	Action      any
	Resource    any
	Condition   map[string]map[string]any
}

func policy(t *testing.T, services ...string) map[string]statement {
	t.Helper()
	document, err := key.Policy(accountID, region, services)
	require.NoError(t, err)
	text, err := document.JSON()
	require.NoError(t, err)
	var parsed struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(text), &parsed))
	all := map[string]statement{}
	for _, s := range parsed.Statement {
		all[s.Sid] = s
	}
	return all
}

func TestNobodyUsesAKeyWithoutServices(t *testing.T) {
	all := policy(t)
	require.Len(t, all, 1)
	manage := all["ManageByAccount"]
	require.Equal(t, map[string]any{"AWS": "arn:aws:iam::111122223333:root"}, manage.Principal)
	for _, forbidden := range []string{"kms:*", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:CreateGrant", "kms:Create*"} {
		require.NotContains(t, manage.Action, forbidden)
	}
	require.Contains(t, manage.Action, "kms:PutKeyPolicy", "without it nobody could ever mend the policy")
}

func TestServicesAreBoundToTheAccount(t *testing.T) {
	for service, c := range map[string]struct {
		sid       string
		condition map[string]map[string]any
	}{
		"logs.eu-central-1.amazonaws.com": {"UseForLogs", map[string]map[string]any{
			"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:111122223333:log-group:*"},
		}},
		"cloudtrail.amazonaws.com": {"UseForTrails", map[string]map[string]any{
			"ArnLike":    {"aws:SourceArn": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/*"},
			"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"},
		}},
		"cloudwatch.amazonaws.com": {"UseForAlarms", map[string]map[string]any{"StringEquals": {"aws:SourceAccount": accountID}}},
		"events.amazonaws.com":     {"UseForEvents", nil}, // EventBridge sends no source
		"config.amazonaws.com":     {"UseForConfig", map[string]map[string]any{"StringEquals": {"aws:SourceAccount": accountID}}},
		"sns.amazonaws.com":        {"UseForTopics", map[string]map[string]any{"StringEquals": {"aws:SourceAccount": accountID}}},
		"delivery.logs.amazonaws.com": {"UseForLogDelivery", map[string]map[string]any{
			"StringEquals": {"aws:SourceAccount": accountID}, "ArnLike": {"aws:SourceArn": "arn:aws:logs:eu-central-1:111122223333:*"},
		}},
	} {
		t.Run(service, func(t *testing.T) {
			s, ok := policy(t, service)[c.sid]
			require.True(t, ok)
			require.Equal(t, map[string]any{"Service": service}, s.Principal)
			require.Equal(t, c.condition, s.Condition)
			require.NotContains(t, s.Action, "kms:CreateGrant")
		})
	}
}

func TestServicesOnBehalfOfTheirCaller(t *testing.T) {
	all := policy(t, "rds.eu-central-1.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com", "rds.eu-central-1.amazonaws.com")
	require.Len(t, all, 3)
	via := []any{"rds.eu-central-1.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com"}
	for _, sid := range []string{"UseThroughServices", "GrantThroughServices"} {
		require.Equal(t, map[string]any{"AWS": "arn:aws:iam::111122223333:root"}, all[sid].Principal)
		require.Equal(t, map[string]any{"kms:CallerAccount": accountID, "kms:ViaService": via}, all[sid].Condition["StringEquals"])
	}
	require.Equal(t, "true", all["GrantThroughServices"].Condition["Bool"]["kms:GrantIsForAWSResource"])
}

func TestAutoScalingIsItsRoleAlone(t *testing.T) {
	all := policy(t, "autoscaling.amazonaws.com")
	for _, sid := range []string{"UseForAutoScaling", "GrantForAutoScaling"} {
		require.Equal(t, accountID, all[sid].Condition["StringEquals"]["kms:CallerAccount"])
		require.Equal(t, "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
			all[sid].Condition["ArnEquals"]["aws:PrincipalArn"])
	}
	require.Equal(t, "true", all["GrantForAutoScaling"].Condition["Bool"]["kms:GrantIsForAWSResource"])
}

func TestUnknownServices(t *testing.T) {
	for _, service := range []string{"", "logs", "logs.amazonaws.com", "logs.us-east-1.amazonaws.com", "rds.amazonaws.com", "cloudtrail.eu-central-1.amazonaws.com", "*", "rds.eu-central-1.amazonaws.com.evil.example"} {
		_, err := key.Policy(accountID, region, []string{service})
		require.ErrorContains(t, err, "is unknown here", service)
	}
}

// FuzzPolicy feeds arbitrary service names: whatever is accepted gives a valid document in which nobody outside the account
// appears and every use has a condition.
func FuzzPolicy(f *testing.F) {
	f.Add("logs.eu-central-1.amazonaws.com", "rds.eu-central-1.amazonaws.com")
	f.Add("cloudtrail.amazonaws.com", "autoscaling.amazonaws.com")
	f.Add("*", "")
	f.Fuzz(func(t *testing.T, one, two string) {
		document, err := key.Policy(accountID, region, []string{one, two})
		if err != nil {
			return
		}
		_, err = document.JSON()
		require.NoError(t, err)
		for _, s := range document.Statements {
			if s.Sid != "ManageByAccount" {
				require.NotEmpty(t, s.Conditions, s.Sid)
			}
		}
	})
}
