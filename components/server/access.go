// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// SessionManager is what an instance needs to be reached through Session Manager, and
// nothing more: the broad managed policy AmazonSSMManagedInstanceCore would also let it read
// every parameter of the account (Systems Manager user guide, "Verify or create an IAM
// role with Session Manager permissions").
func SessionManager() identity.Statement {
	return identity.Statement{
		Sid: "SessionManager", Effect: identity.Allow,
		Actions: []string{
			"ssm:UpdateInstanceInformation",
			"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
			"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
		},
		Resources: []string{"*"},
		Reason:    "these actions act on the caller's own registration and know no other resource than *",
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
