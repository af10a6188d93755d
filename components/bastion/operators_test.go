// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/bulkhead-iac/bulkhead/components/pulumitest"
	"github.com/bulkhead-iac/bulkhead/internal/servertest"
)

const operatorPolicyType = "aws:iam/policy:Policy"

func TestOperatorsMayOpenRecordedSessionsOnTheBastionOnly(t *testing.T) {
	recording := build(t, unchanged)
	var document struct {
		Statement []struct {
			Sid, Effect      string
			Action, Resource any
			Condition        map[string]map[string]any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(recording.Only(t, operatorPolicyType).String("policy")), &document))
	started := map[any]bool{}
	for _, s := range document.Statement {
		require.Equal(t, "Allow", s.Effect)
		switch s.Action {
		case "ssm:StartSession":
			started[s.Resource] = true
			require.Equal(t, "true", s.Condition["Bool"]["aws:MultiFactorAuthPresent"], s.Sid)
			require.Equal(t, "true", s.Condition["Null"]["aws:PrincipalTag/SSMSessionRunAs"], "%s: or a tag makes an operator root", s.Sid)
			require.Equal(t, "true", s.Condition["BoolIfExists"]["ssm:SessionDocumentAccessCheck"], "%s: in every statement, or it is not enforced", s.Sid)
			if strings.Contains(s.Resource.(string), "instance") {
				require.Equal(t, "bastion", s.Condition["StringEquals"]["ssm:resourceTag/Name"])
			}
		case "ssmmessages:OpenDataChannel":
			require.Len(t, s.Resource, 2)
		case "autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances":
			require.Equal(t, "*", s.Resource)
		case "ec2-instance-connect:SendSSHPublicKey":
			require.Equal(t, "HandOverAKey", s.Sid)
		default:
			require.Equal(t, []any{"ssm:ResumeSession", "ssm:TerminateSession"}, s.Action)
			require.Equal(t, "${aws:userid}", s.Condition["StringEquals"]["ssm:resourceTag/aws:ssmmessages:session-id"])
		}
	}
	own := "arn:aws:ssm:eu-central-1:111122223333:document/" + recording.Only(t, documentType).ID
	require.Equal(t, map[any]bool{"arn:aws:ec2:eu-central-1:111122223333:instance/*": true, own: true}, started, "and no document of the account or of AWS")
}

// SSH is the second way in, of a bastion with a public address alone.
func TestOperatorsMayHandAKeyToAPublicBastionOnly(t *testing.T) {
	for public, bastion := range map[bool]pulumitest.Component[Args, Bastion]{true: door, false: hatch} {
		policy := bastion.Build(t, unchanged).Only(t, operatorPolicyType).String("policy")
		require.Equal(t, public, strings.Contains(policy, `{"Sid":"HandOverAKey","Effect":"Allow","Action":"ec2-instance-connect:SendSSHPublicKey",`+
			`"Resource":"arn:aws:ec2:eu-central-1:111122223333:instance/*",`+
			`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"StringEquals":{"aws:ResourceTag/Name":"bastion","ec2:osuser":"bastion"}}}`))
		require.Equal(t, public, strings.Contains(policy, `"ec2:DescribeInstances"`), "the AWS CLI asks for the address")
	}
}

// Sessions of Identity Center carry no second factor: who may enter is the permission set, and its name alone would also stand for
// one that begins with it.
func TestOperatorsOfIdentityCenterAreThoseOfThePermissionSet(t *testing.T) {
	policy := door.Build(t, func(_ *pulumi.Context, a *Args) error { a.PermissionSet = "Operators"; return nil }).Only(t, operatorPolicyType).String("policy")
	require.Equal(t, 3, strings.Count(policy, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Operators_????????????????"}`))
	require.NotContains(t, policy, "MultiFactorAuthPresent")
}

func TestOperatorPolicyIsAnOutput(t *testing.T) {
	var arn string
	recording := build(t, unchanged, func(ctx *pulumi.Context, b *Bastion) error {
		servertest.Text(ctx, "arn", b.OperatorPolicyARN, &arn)
		return nil
	})
	require.Equal(t, recording.Only(t, operatorPolicyType).ID, arn)
}
