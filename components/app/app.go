// SPDX-License-Identifier: Apache-2.0

// Package app runs a service that is never repaired, only replaced: an auto-scaling
// group in the app tier whose instances take TLS on a port without privilege, are
// reached by the load balancer alone, and reach only what they were given.
package app

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/firewall"
)

// CertificateBundle is where the service expects the certificate authorities of RDS, for
// PGSSLROOTCERT. An image that talks to the database must carry them
// (https://truststore.pki.rds.amazonaws.com); without them the connection fails rather
// than going unverified.
const CertificateBundle = "/etc/pki/rds/global-bundle.pem"

// App is one service.
type App struct {
	pulumi.ResourceState

	// Group is the security group of the instances.
	Group *firewall.Group
	// AutoScalingGroupName is the name of the auto-scaling group.
	AutoScalingGroupName pulumi.StringOutput
	// TargetGroupARNSuffix identifies the target group in the metrics of the load balancer.
	TargetGroupARNSuffix pulumi.StringOutput
	// LogGroupName is where the instances send their system log and their logins.
	LogGroupName pulumi.StringOutput
	// RoleARN is the role of the instances, RoleName its name. They may use their logs and
	// their database; a policy that lets them use more is attached to the role.
	RoleARN, RoleName pulumi.StringOutput

	port        firewall.Port
	targetGroup pulumi.StringOutput
	logs        *audit.LogGroup
}

// FirewallGroup is the security group of the instances.
func (a *App) FirewallGroup() *firewall.Group { return a.Group }

// ServicePort is where the instances serve HTTPS and answer health checks.
func (a *App) ServicePort() firewall.Port { return a.port }

// TargetGroupARN is the target group that a listener rule forwards to.
func (a *App) TargetGroupARN() pulumi.StringOutput { return a.targetGroup }

// New creates a service.
//
// A change of anything about the instances makes a new version of the launch template
// and, with it, an instance refresh: new instances are started and must be healthy at
// the load balancer before old ones are stopped, so that a bad version never takes the
// place of the whole good one. With a fixed AMI (ImageID) EC2 Auto Scaling also rolls
// a failed refresh back; it cannot while the image is a parameter
// (API reference, RollbackInstanceRefresh).
//
// Pulumi waits until the instances of a new or resized group are launched, at most ten
// minutes, because a wrong image or an exhausted quota shows there and nowhere
// else. It waits neither for their health at the load balancer, which may still lack its
// certificate, nor for the end of a refresh, which AWS runs on its own: see
// `aws autoscaling describe-instance-refreshes`.
//
// The service finds its surroundings in /etc/bulkhead/service.env, for systemd's
// EnvironmentFile or a shell: SERVICE_NAME, SERVICE_PORT, SERVICE_HEALTH_PATH, AWS_REGION,
// LOG_GROUP, and with a database PGHOST, PGPORT, PGDATABASE, PGSSLMODE, PGSSLROOTCERT and
// DATABASE_SECRET_ARN, whose secret holds username and password. None of it is secret.
//
// The file appears whole, so that a service in the image can wait for it with a systemd
// path unit (PathExists=/etc/bulkhead/service.env) and needs no UserData.
//
// Without ImageID and UserData a placeholder serves: a small HTTPS server with a key of its
// own that answers 200 on the health path and the name of the service at "/". It is there
// to see the way from the internet to the instance work, not to serve anybody.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*App, error) {
	if args == nil {
		return nil, fmt.Errorf("app %q: args are missing", name)
	}
	filled := args.defaults()
	args = &filled
	if err := args.check(name); err != nil {
		return nil, fmt.Errorf("app %q: %w", name, err)
	}
	a := &App{port: args.Port}
	if err := ctx.RegisterComponentResource("bulkhead:app:App", name, a, opts...); err != nil {
		return nil, err
	}
	if err := a.prepare(ctx, name, args); err != nil {
		return nil, err
	}
	role, err := newRole(ctx, name, a, args)
	if err != nil {
		return nil, err
	}
	targets, err := newTargetGroup(ctx, name, a, args)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(ctx, name, a, args, role.InstanceProfileARN)
	if err != nil {
		return nil, err
	}
	group, err := newGroup(ctx, name, a, args, template, targets)
	if err != nil {
		return nil, err
	}
	if err := newScaling(ctx, name, a, group); err != nil {
		return nil, err
	}
	a.targetGroup, a.TargetGroupARNSuffix = targets.Arn, targets.ArnSuffix
	a.AutoScalingGroupName, a.LogGroupName, a.RoleARN, a.RoleName = group.Name, a.logs.Name, role.ARN, role.Name
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{
		"autoScalingGroupName": a.AutoScalingGroupName,
		"targetGroupArn":       a.targetGroup,
		"logGroupName":         a.LogGroupName,
		"roleArn":              a.RoleARN,
	})
}

// prepare creates the firewall group with its rules and the log group.
func (a *App) prepare(ctx *pulumi.Context, name string, args *Args) (err error) {
	if a.Group, err = firewall.NewGroup(ctx, name, &firewall.GroupArgs{
		VpcID:       args.Network.VpcID,
		Description: "Instances of " + name + ": served through the load balancer only",
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	if err := a.connect(ctx, name, args); err != nil {
		return err
	}
	a.logs, err = audit.NewLogGroup(ctx, name, &audit.LogGroupArgs{
		KeyARN:        args.LogKeyARN,
		RetentionDays: args.LogRetentionDays,
	}, pulumi.Parent(a))
	return err
}
