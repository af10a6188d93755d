// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/packtest"
)

// TestWaysToPowerAreFound gives one right on everything, which is a way to more or to blindness, and wants the control about it to say so.
func TestWaysToPowerAreFound(t *testing.T) {
	t.Parallel()
	p := load(t)
	for action, id := range map[string]string{
		"identitystore:CreateGroupMembership":                "iam-escalation",
		"sso:PutInlinePolicyToPermissionSet":                 "iam-escalation",
		"sso:AttachManagedPolicyToPermissionSet":             "iam-escalation",
		"eks:CreateAccessEntry":                              "iam-escalation",
		"eks:AssociateAccessPolicy":                          "iam-escalation",
		"eks:UpdateAccessEntry":                              "iam-escalation",
		`iam:PassRole","apprunner:CreateService`:             "iam-escalation",
		"apprunner:UpdateService":                            "iam-escalation",
		"redshift:GetClusterCredentials":                     "iam-credentials-exposure",
		"redshift-serverless:GetCredentials":                 "iam-credentials-exposure",
		"lightsail:GetRelationalDatabaseMasterUserPassword":  "iam-credentials-exposure",
		"ec2-instance-connect:SendSerialConsoleSSHPublicKey": "iam-escalation",
		"cloudformation:DeleteStack":                         "iam-destruction",
		"macie2:DisableMacie":                                "iam-blinding",
		"inspector2:Disable":                                 "iam-blinding",
		"s3:GetObject":                                       "iam-data-everywhere",
	} {
		scene := packtest.YAML(t, "aws:iam/policy:Policy", `policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["`+action+`"],"Resource":"*"}]}'`)
		outcome, _, err := packtest.RunOne(p, id, scene, packtest.State, nil)
		require.NoError(t, err)
		require.Equal(t, pack.Fail, outcome, "%s: %s", id, action)
	}
}
