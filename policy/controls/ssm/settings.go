// SPDX-License-Identifier: Apache-2.0

package ssm

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// switches are about the settings of Systems Manager for a whole account.
func switches() []*pack.Control {
	return []*pack.Control{
		want.Row("ssm-automation-logs", "Automations log what their scripts do", "Nobody can tell afterwards what a runbook did.",
			"Set the value to CloudWatch.", "FSBP:SSM.6 "+standard.Logging, pack.Medium, "",
			want.Properties{aws.SSMServiceSetting: {"settingValue": want.Is("CloudWatch").WhereIs("settingId",
				want.EndsIn("/ssm/automation/customer-script-log-destination"))}}),
		want.Row("ssm-documents-not-public", "Documents cannot be shared with everybody",
			"A document shown to everybody shows how your machines are run.", "Set the value to Disable.", "FSBP:SSM.7 "+standard.Exposure,
			pack.High, "",
			want.Properties{aws.SSMServiceSetting: {"settingValue": want.Is("Disable").WhereIs("settingId",
				want.EndsIn("/ssm/documents/console/public-sharing-permission"))}}),
	}
}
