// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// Managed is what an instance needs for Systems Manager to list it (FSBP SSM.1), and nothing more: nobody opens a session on it or
// runs a command there. It also keeps the account's default role for instances away from it, which would allow both (Systems
// Manager user guide, "Managing EC2 instances automatically with Default Host Management Configuration").
func Managed() identity.Statement {
	return onItself("BeListed", "ssm:UpdateInstanceInformation")
}

// SessionManager is what an instance needs to be reached through Session Manager, and
// nothing more: the broad managed policy AmazonSSMManagedInstanceCore would also let it read
// every parameter of the account (Systems Manager user guide, "Verify or create an IAM
// role with Session Manager permissions").
func SessionManager() identity.Statement {
	return onItself("SessionManager", "ssm:UpdateInstanceInformation",
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
		"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel")
}

func onItself(sid string, actions ...string) identity.Statement {
	return identity.Statement{
		Sid: sid, Effect: identity.Allow, Actions: actions, Resources: []string{"*"},
		Reason: "these actions act on the caller's own registration and know no other resource than *",
	}
}

// WriteLogs lets an instance write to the streams of one log group.
func WriteLogs(sid string, groupARN pulumi.StringOutput) identity.StatementInput {
	return identity.StatementInput{
		Statement: identity.Statement{
			Sid: sid, Effect: identity.Allow,
			Actions: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
		},
		ResourceInputs: pulumi.StringArray{groupARN, pulumi.Sprintf("%s:*", groupARN)},
	}
}
