// SPDX-License-Identifier: Apache-2.0

// Package bastion builds the one door through which an operator enters: an instance
// that admits SSH from known addresses only, offers recorded sessions through Session
// Manager, reaches nothing but named ports of named targets, and is thrown away
// regularly and at every change.
package bastion

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// Bastion is the door.
type Bastion struct {
	pulumi.ResourceState

	// Group is the security group of the bastion.
	Group *firewall.Group
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

	logs *audit.LogGroup
}

// New creates a bastion.
//
// There are two ways in, both in the operator's own name and both in CloudTrail: a
// session of Session Manager (see SessionCommand), which needs no open port, and SSH from
// an allowed address with a key that EC2 Instance Connect admits for one minute
// (`aws ec2-instance-connect ssh`). There is no key pair and no password. What is typed in
// a session goes to the log group; of SSH the log group has the logins, since onward
// connections are encrypted end to end. A session is recorded because it names the document,
// so operators should get OperatorPolicyARN and no other right to start sessions.
//
// Pulumi waits until the instance of a new group is launched, at most ten minutes, and
// not for the end of a replacement, which AWS runs on its own.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Bastion, error) {
	if args == nil {
		return nil, fmt.Errorf("bastion %q: args are missing", name)
	}
	filled := args.defaults()
	args = &filled
	if err := args.check(name); err != nil {
		return nil, fmt.Errorf("bastion %q: %w", name, err)
	}
	b := &Bastion{}
	if err := ctx.RegisterComponentResource("bulkhead:bastion:Bastion", name, b, opts...); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx, name, args); err != nil {
		return nil, err
	}
	document, err := newSessionDocument(ctx, name, b, args)
	if err != nil {
		return nil, err
	}
	operators, err := newOperatorPolicy(ctx, name, b, args, document)
	if err != nil {
		return nil, err
	}
	role, err := newRole(ctx, name, b, args)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(ctx, name, b, args, role.InstanceProfileARN)
	if err != nil {
		return nil, err
	}
	group, err := newGroup(ctx, name, b, args, template)
	if err != nil {
		return nil, err
	}
	b.AutoScalingGroupName, b.SessionDocument = group.Name, document.Name
	b.SessionCommand = sessionCommand(args.Region, document.Name, group.Name)
	b.OperatorPolicyARN, b.LogGroupName, b.RoleARN = operators.Arn, b.logs.Name, role.ARN
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{
		"autoScalingGroupName": b.AutoScalingGroupName,
		"sessionDocument":      b.SessionDocument,
		"sessionCommand":       b.SessionCommand,
		"operatorPolicyArn":    b.OperatorPolicyARN,
		"logGroupName":         b.LogGroupName,
		"roleArn":              b.RoleARN,
	})
}

// prepare creates the firewall group with its rules and the session log.
func (b *Bastion) prepare(ctx *pulumi.Context, name string, args *Args) (err error) {
	if b.Group, err = firewall.NewGroup(ctx, name, &firewall.GroupArgs{
		VpcID:       args.Network.VpcID,
		Description: "Bastion " + name + ": SSH from known addresses, out to named targets",
	}, pulumi.Parent(b)); err != nil {
		return err
	}
	if err := b.connect(ctx, args); err != nil {
		return err
	}
	b.logs, err = audit.NewLogGroup(ctx, name, &audit.LogGroupArgs{
		KeyARN:        args.LogKeyARN,
		RetentionDays: args.LogRetentionDays,
	}, pulumi.Parent(b))
	return err
}
