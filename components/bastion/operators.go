// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/identity"
)

// Conditions of what operators may do.
var (
	// namedDocument has Session Manager check the document of a session even if none is named: it would otherwise use the
	// account's own without asking (Systems Manager user guide, "Enforce a session document permission check").
	namedDocument = identity.Condition{Operator: "BoolIfExists", Key: "ssm:SessionDocumentAccessCheck", Values: []string{"true"}}
	// asGiven keeps out whom a tag would make another user of the system, such as root (Systems Manager user guide, "Turn on Run As
	// support").
	asGiven = identity.Condition{Operator: "Null", Key: "aws:PrincipalTag/SSMSessionRunAs", Values: []string{"true"}}
	// ownSession is the tag that Session Manager gives a session, for users and for roles ("Additional sample IAM policies
	// for Session Manager", allow a user to end only sessions they started).
	ownSession = identity.Condition{Operator: "StringEquals", Key: "ssm:resourceTag/aws:ssmmessages:session-id", Values: []string{"${aws:userid}"}}
)

// who is an operator: somebody with a second factor, or somebody of the permission set.
func who(args *Args) identity.Condition {
	return identity.Operator(args.Segment.Account().ID, args.PermissionSet)
}

// operatorStatements let an operator open recorded sessions on the bastion and deal with their own, log in by SSH where the
// bastion admits that, and nothing else. They hold only as long as no other policy of the operator allows ssm:StartSession without
// the document check.
func operatorStatements(name string, args *Args, document pulumi.StringOutput) []identity.StatementInput {
	at := args.Segment.Account().Region + ":" + args.Segment.Account().ID
	bastion := identity.Condition{Operator: "StringEquals", Key: "ssm:resourceTag/Name", Values: []string{name}}
	start := []string{"ssm:StartSession"}
	statements := []identity.StatementInput{
		{Statement: identity.Statement{
			Sid: "StartOnTheBastion", Effect: identity.Allow, Actions: start,
			Resources:  []string{"arn:aws:ec2:" + at + ":instance/*"},
			Conditions: []identity.Condition{bastion, namedDocument, asGiven, who(args)},
		}},
		{Statement: identity.Statement{
			Sid: "StartRecorded", Effect: identity.Allow, Actions: start,
			Conditions: []identity.Condition{namedDocument, asGiven, who(args)},
		}, ResourceInputs: pulumi.StringArray{document}},
		{Statement: identity.Statement{
			Sid: "SpeakInOwnSessions", Effect: identity.Allow, Actions: []string{"ssmmessages:OpenDataChannel"},
			Resources: []string{"arn:aws:ssm:" + at + ":session/${aws:userid}-*", "arn:aws:ssm:" + at + ":session/${aws:username}-*"},
		}},
		{Statement: identity.Statement{
			Sid: "ResumeAndEndOwnSessions", Effect: identity.Allow, Actions: []string{"ssm:ResumeSession", "ssm:TerminateSession"},
			Resources:  []string{"arn:aws:ssm:" + at + ":session/*"},
			Conditions: []identity.Condition{ownSession},
		}},
		{Statement: identity.Statement{
			Sid: "FindTheBastion", Effect: identity.Allow, Actions: []string{"autoscaling:DescribeAutoScalingGroups"},
			Resources: []string{"*"},
			Reason:    "the action reads and knows no other resource than *",
		}},
	}
	if args.public() {
		statements = append(statements, sshStatements(name, at, who(args))...)
	}
	return statements
}

// sshStatements let an operator hand a key to the bastion for a minute, and find its address (EC2 user
// guide, "Grant IAM permissions for EC2 Instance Connect"). Which addresses the key works from is for the table to say.
func sshStatements(name, at string, operator identity.Condition) []identity.StatementInput {
	return []identity.StatementInput{
		{Statement: identity.Statement{
			Sid: "HandOverAKey", Effect: identity.Allow, Actions: []string{"ec2-instance-connect:SendSSHPublicKey"},
			Resources: []string{"arn:aws:ec2:" + at + ":instance/*"},
			Conditions: []identity.Condition{
				{Operator: "StringEquals", Key: "aws:ResourceTag/Name", Values: []string{name}},
				{Operator: "StringEquals", Key: "ec2:osuser", Values: []string{osUser}}, operator,
			},
		}},
		{Statement: identity.Statement{
			Sid: "FindItsAddress", Effect: identity.Allow, Actions: []string{"ec2:DescribeInstances"},
			Resources: []string{"*"},
			Reason:    "the action reads and knows no other resource than *",
		}},
	}
}

// operatorDraft is the policy before the name of the document is known.
func operatorDraft(name string, args *Args) map[string]string {
	document := pulumi.String("").ToStringOutput()
	return map[string]string{"operators": identity.DocumentOutput(identity.PermissionsPolicy, operatorStatements(name, args, document)...).Draft}
}

// newOperatorPolicy writes the policy that is attached to whoever may enter through Session Manager.
func newOperatorPolicy(ctx *pulumi.Context, name string, b *Bastion, args *Args, document *ssm.Document) (*iam.Policy, error) {
	return iam.NewPolicy(ctx, name+"-operators", &iam.PolicyArgs{
		Description: pulumi.String(fmt.Sprintf("Recorded sessions on the bastion %s, with a second factor", name)),
		Policy:      identity.DocumentOutput(identity.PermissionsPolicy, operatorStatements(name, args, document.Arn)...),
		Tags:        pulumi.StringMap{"Name": pulumi.String(name + "-operators")},
	}, pulumi.Parent(b))
}
