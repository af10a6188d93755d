// SPDX-License-Identifier: Apache-2.0

// Package app runs a service that is never repaired, only replaced: an auto-scaling group whose instances take TLS on a port
// without privilege, are reached by whom the table names, and reach only what it gives them.
package app

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

// CertificateBundle is where the service expects the certificate authorities of RDS, for
// PGSSLROOTCERT. An image that talks to the database must carry them
// (https://truststore.pki.rds.amazonaws.com); without them the connection fails rather
// than going unverified.
const CertificateBundle = "/etc/pki/rds/global-bundle.pem"

// App is one service.
type App struct {
	pulumi.ResourceState

	// Segment is where the instances run.
	Segment *network.Segment
	// Port is the TCP port at which they serve HTTPS and answer health checks.
	Port int
	// AutoScalingGroupName is the name of the auto-scaling group.
	AutoScalingGroupName pulumi.StringOutput
	// TargetGroupARN is the target group that a listener rule forwards to; TargetGroupARNSuffix identifies it in the metrics
	// of the load balancer.
	TargetGroupARN, TargetGroupARNSuffix pulumi.StringOutput
	// LogGroupName is where the instances send their system log and their logins.
	LogGroupName pulumi.StringOutput
	// RoleARN is the role of the instances, RoleName its name. They may use their logs and
	// their database; a policy that lets them use more is attached to the role.
	RoleARN, RoleName pulumi.StringOutput
}

// New creates a service.
//
// A change of anything about the instances makes a new version of the launch template
// and, with it, an instance refresh: new instances are started and must be healthy at
// the load balancer before old ones are stopped, so that a bad version never takes the
// place of the whole good one. With a fixed AMI (server.Settings.Image) EC2 Auto Scaling also rolls
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
// Without an image and UserData a placeholder serves: a small HTTPS server with a key of its
// own that answers 200 on the health path and the name of the service at "/". It is there
// to see the way from the internet to the instance work, not to serve anybody.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*App, error) {
	args = args.defaults()
	if err := component.Failure("app", name, args.problems(name)...); err != nil {
		return nil, err
	}
	a := &App{Segment: args.Segment, Port: args.Port}
	if err := component.Register(ctx, "bulkhead:app:App", name, args, a, opts...); err != nil {
		return nil, err
	}
	log, err := server.NewLogs(ctx, name, args.Segment, a)
	if err != nil {
		return nil, err
	}
	targets, err := newTargetGroup(ctx, name, a, args)
	if err != nil {
		return nil, err
	}
	permissions, err := permissions(args, log)
	if err != nil {
		return nil, err
	}
	servers, err := server.New(ctx, name, &server.Fleet{
		Segment:     args.Segment,
		Settings:    args.Server,
		Description: "Instances of the service " + name,
		Permissions: permissions,
		Parts:       parts(name, args, log),
		Group:       group(args, targets),
	}, log, a)
	if err != nil {
		return nil, err
	}
	if err := newScaling(ctx, name, a, servers.Group); err != nil {
		return nil, err
	}
	a.TargetGroupARN, a.TargetGroupARNSuffix = targets.Arn, targets.ArnSuffix
	a.AutoScalingGroupName, a.LogGroupName, a.RoleARN, a.RoleName = servers.Group.Name, log.Name, servers.Role.ARN, servers.Role.Name
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{
		"autoScalingGroupName": a.AutoScalingGroupName,
		"targetGroupArn":       a.TargetGroupARN,
		"logGroupName":         a.LogGroupName,
		"roleArn":              a.RoleARN,
	})
}

// logicalTargets is the logical name of a target group, from which Pulumi makes the physical one with a random ending of
// eight characters: AWS allows 32 in all (API reference, CreateTargetGroup). A long name keeps its beginning and gets a
// checksum, because two resources of one type cannot share a logical name.
func logicalTargets(name string) string {
	const ending, longest, digits = "-targets", 32 - 8, 6
	if room := longest - len(ending); len(name) > room {
		sum := sha256.Sum256([]byte(name))
		name = name[:room-digits-1] + "-" + hex.EncodeToString(sum[:digits/2])
	}
	return name + ending
}
