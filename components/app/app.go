// SPDX-License-Identifier: Apache-2.0

// Package app runs a service that is never repaired, only replaced: an auto-scaling group whose instances take TLS on a port
// without privilege, are reached by whom the table names, and reach only what it gives them.
package app

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

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

	group pulumi.CustomResource
}

// Ready is what must exist before the service can be called: its instances, healthy at the load balancer if it has one. Hand
// it to order.After.
func (a *App) Ready() []pulumi.CustomResource { return order.List(a.group) }

// New creates a service.
//
// A change of anything about the instances is a new version with an auto-scaling group of its own. It is made first and must
// be healthy at the load balancer within ten minutes; then the old group goes. A change of the port also makes a new target
// group, and requests move there in one step when the new group is healthy. A version that does not become healthy, a wrong
// image and an exhausted quota fail the deployment while the old version serves on, its group still with its own version of
// the template; the next deployment makes another group in place of the failed one. Between the two, run no refresh: it would
// make the engine forget that the group has failed. The failed group stays until then, and its instances are replaced over
// and over.
//
// An instance refresh would change the one group in place, but the provider gives the group its new template before the
// refresh begins, so that the group launches the bad version whenever it grows or heals and AWS rolls back to it
// (https://github.com/hashicorp/terraform-provider-aws/issues/34189), and nobody waits for the end. The price is that a new
// group begins with MinSize instances, however many the old one has, and grows by its load: roll out when the load is low,
// or raise MinSize before. For some minutes both versions serve, unless the port changes.
//
// Without a load balancer the deployment waits until the instances are launched, and knows nothing of their health.
//
// The service finds its surroundings in /etc/bulkhead/service.env, for systemd's
// EnvironmentFile or a shell: SERVICE_NAME, SERVICE_PORT, SERVICE_HEALTH_PATH, AWS_REGION,
// LOG_GROUP, and with a database what database.Attachment says: PGHOST, PGPORT, PGDATABASE, PGSSLMODE and PGSSLROOTCERT. With
// a DatabaseUser there is also DATABASE_LOGIN. It is IAM with PGUSER: the password is a token for rds-db:connect that the service makes
// for each connection. Or it is AlternatingSecret or Secret with DATABASE_SECRET_ARN, whose secret holds the user's username and
// password, both of which rotation changes (docs/database.md). Without a DatabaseUser there is DATABASE_SECRET_ARN alone, with
// the owner's. None of it is secret.
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
	login, err := args.login()
	if err != nil {
		return nil, err
	}
	permissions, err := permissions(args, login, log)
	if err != nil {
		return nil, err
	}
	a.TargetGroupARN, a.TargetGroupARNSuffix, a.LogGroupName = targets.Arn, targets.ArnSuffix, log.Name
	fleet := &server.Fleet{
		Segment:     args.Segment,
		Settings:    args.Server,
		Description: "Instances of the service " + name,
		Permissions: permissions,
		RoleTags:    args.tags(login),
		Parts:       parts(name, args, login, log),
		Group:       group(args, targets),
		ReplaceOn:   newVersion,
	}
	var users []pulumi.CustomResource
	if args.Database != nil {
		users = args.Database.Ready()
	}
	start := func(inUse []pulumi.CustomResource) ([]pulumi.CustomResource, error) {
		fleet.After = append(users, inUse...)
		if err := a.start(ctx, name, fleet, log); err != nil {
			return nil, err
		}
		return a.Ready(), nil
	}
	if args.Edge == nil {
		_, err = start(nil)
	} else {
		err = args.Edge.Serve(ctx, args.Segment.Name, args.serve(targets.Arn, start))
	}
	if err != nil {
		return nil, err
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{
		"autoScalingGroupName": a.AutoScalingGroupName,
		"targetGroupArn":       a.TargetGroupARN,
		"logGroupName":         a.LogGroupName,
		"roleArn":              a.RoleARN,
	})
}

// start makes the instances.
func (a *App) start(ctx *pulumi.Context, name string, fleet *server.Fleet, log *logs.Group) error {
	servers, err := server.New(ctx, name, fleet, log, a)
	if err != nil {
		return err
	}
	a.group, a.AutoScalingGroupName = servers.Group, servers.Group.Name
	a.RoleARN, a.RoleName = servers.Role.ARN, servers.Role.Name
	return newScaling(ctx, name, a, servers.Group)
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
