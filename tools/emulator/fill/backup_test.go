// SPDX-License-Identifier: Apache-2.0

package fill_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/emulatortest"
)

func TestBackupPlansChangeAndGo(t *testing.T) {
	t.Parallel()
	a := emulatortest.NewAccount(t)
	plan := func(days int) object {
		return object{"BackupPlan": object{"BackupPlanName": "daily", "Rules": []any{object{"RuleName": "daily", "TargetBackupVaultName": "vault", "Lifecycle": object{"DeleteAfterDays": days}}}}}
	}
	made := does(t, a, "backup", "PUT /backup/plans/", plan(35))
	path := "/backup/plans/" + fmt.Sprint(made["BackupPlanId"])
	changed := does(t, a, "backup", "POST "+path, plan(40))
	require.NotEqual(t, made["VersionId"], changed["VersionId"])
	read := does(t, a, "backup", "GET "+path+"/", nil)
	require.Equal(t, changed["VersionId"], read["VersionId"])
	require.Contains(t, fmt.Sprint(read), "DeleteAfterDays:40")
	require.Contains(t, fmt.Sprint(read), "StartWindowMinutes:480", "AWS fills in what is left out")

	chosen := does(t, a, "backup", "PUT "+path+"/selections/", object{"BackupSelection": object{
		"SelectionName": "databases", "IamRoleArn": "arn:aws:iam::" + a.ID + ":role/backup", "Resources": []any{"arn:aws:rds:eu-central-1:" + a.ID + ":db:shop"},
	}})
	selection := path + "/selections/" + fmt.Sprint(chosen["SelectionId"])
	require.Contains(t, fmt.Sprint(does(t, a, "backup", "GET "+selection, nil)), ":db:shop")
	require.Contains(t, fmt.Sprint(does(t, a, "backup", "GET "+path+"/selections/", nil)), "SelectionName:databases")
	refuses(t, a, "backup", "DELETE "+path, nil, "Related backup plan selections must be deleted prior to backup plan deletion")
	does(t, a, "backup", "DELETE "+selection, nil)
	refuses(t, a, "backup", "GET "+selection, nil, "there is none")
	does(t, a, "backup", "DELETE "+path, nil)
	refuses(t, a, "backup", "GET "+path+"/", nil, "there is none")
	refuses(t, a, "backup", "POST "+path, plan(35), "there is none")

	monthly := object{"RestoreTestingPlan": object{"RestoreTestingPlanName": "monthly", "ScheduleExpression": "cron(0 8 1 * ? *)", "RecoveryPointSelection": object{
		"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": []any{"*"}, "RecoveryPointTypes": []any{"SNAPSHOT"}}}}
	does(t, a, "backup", "PUT /restore-testing/plans", monthly)
	refuses(t, a, "backup", "PUT /restore-testing/plans", monthly, "already exists")
	require.Contains(t, fmt.Sprint(does(t, a, "backup", "GET /restore-testing/plans/monthly", nil)), "SelectionWindowDays:30")
	tested := object{"RestoreTestingSelection": object{"RestoreTestingSelectionName": "databases", "ProtectedResourceType": "RDS", "IamRoleArn": "arn:aws:iam::" + a.ID + ":role/backup"}}
	refuses(t, a, "backup", "PUT /restore-testing/plans/weekly/selections", tested, "there is none")
	does(t, a, "backup", "PUT /restore-testing/plans/monthly/selections", tested)
	refuses(t, a, "backup", "DELETE /restore-testing/plans/monthly", nil, "delete them first")
	does(t, a, "backup", "DELETE /restore-testing/plans/monthly/selections/databases", nil)
	does(t, a, "backup", "DELETE /restore-testing/plans/monthly", nil)
}
