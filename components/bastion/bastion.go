// SPDX-License-Identifier: Apache-2.0

// Package bastion builds the one door through which an operator enters: an instance that offers recorded sessions through
// Session Manager, admits SSH from known addresses where the table says so, reaches nothing but what the table names, and
// is thrown away regularly and at every change.
package bastion

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

// Bastion is the door.
type Bastion struct {
	pulumi.ResourceState

	// AutoScalingGroupName is the name of the group that keeps the one instance running.
	AutoScalingGroupName pulumi.StringOutput
	// SessionDocument is the Session Manager document under which sessions are recorded
	// and limited in time.
	SessionDocument pulumi.StringOutput
	// SessionCommand is the shell command that opens a recorded session.
	SessionCommand pulumi.StringOutput
	// OperatorPolicyARN is the managed policy for whoever may enter through Session Manager: it
	// allows sessions with a second factor, on the bastion, under SessionDocument, and no others.
	OperatorPolicyARN pulumi.StringOutput
	// LogGroupName is where sessions, logins and the system log go.
	LogGroupName pulumi.StringOutput
	// RoleARN is the role of the instance.
	RoleARN pulumi.StringOutput
}

// New creates a bastion.
//
// There are two ways in, both in the operator's own name and both in CloudTrail: a
// session of Session Manager (see SessionCommand), which needs no open port, and, for a bastion
// with a public address, SSH from a known address with a key that EC2 Instance Connect admits for one minute
// (`aws ec2-instance-connect ssh --os-user bastion`). Either way they are the user "bastion", who may become nobody else. There is no key pair and no password. What is typed in
// a session goes to the log group; of SSH the log group has the logins, since onward
// connections are encrypted end to end. A session is recorded because it names the document,
// so operators should get OperatorPolicyARN and no other right to start sessions.
//
// Pulumi waits until the instance of a new group is launched, at most ten minutes, and
// not for the end of a replacement, which AWS runs on its own.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Bastion, error) {
	args = args.defaults()
	if err := component.Failure("bastion", name, args.problems(name)...); err != nil {
		return nil, err
	}
	b := &Bastion{}
	if err := component.Register(ctx, "bulkhead:bastion:Bastion", name, component.Documents(args, operatorDraft(name, args)), b, opts...); err != nil {
		return nil, err
	}
	log, err := server.NewLogs(ctx, name, args.Segment, b)
	if err != nil {
		return nil, err
	}
	document, err := newSessionDocument(ctx, name, b, args, log)
	if err != nil {
		return nil, err
	}
	operators, err := newOperatorPolicy(ctx, name, b, args, document)
	if err != nil {
		return nil, err
	}
	permissions, err := permissions(args.Segment.Account(), log)
	if err != nil {
		return nil, err
	}
	servers, err := server.New(ctx, name, &server.Fleet{
		Segment:     args.Segment,
		Settings:    args.Server,
		PublicIP:    args.public(),
		Description: "The bastion " + name,
		Permissions: permissions,
		Parts:       pulumi.ToOutput([]server.Part{{Name: "harden.sh", Body: harden()}}),
		Group:       group(args),
	}, log, b)
	if err != nil {
		return nil, err
	}
	b.AutoScalingGroupName, b.SessionDocument = servers.Group.Name, document.Name
	b.SessionCommand = sessionCommand(args.Segment.Account().Region, document.Name, servers.Group.Name)
	b.OperatorPolicyARN, b.LogGroupName, b.RoleARN = operators.Arn, log.Name, servers.Role.ARN
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{
		"autoScalingGroupName": b.AutoScalingGroupName,
		"sessionDocument":      b.SessionDocument,
		"sessionCommand":       b.SessionCommand,
		"operatorPolicyArn":    b.OperatorPolicyARN,
		"logGroupName":         b.LogGroupName,
		"roleArn":              b.RoleARN,
	})
}
