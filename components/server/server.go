// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/network"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/segment"
)

const (
	// launchTimeout bounds the wait for the instances of a new or resized group.
	launchTimeout = "10m"
	secondsPerDay = 24 * 60 * 60
)

// Settings are what a user of a server component decides about its instances.
type Settings struct {
	// InstanceType is the size, such as t3.small; see CheckType. The component has a default.
	InstanceType string `pulumi:"instanceType"`
	// Image is an AMI, or "resolve:ssm:" and the name of a parameter that holds one and is resolved at every launch; see
	// CheckImage. Default: the newest Amazon Linux 2023 for the instance type.
	Image string `pulumi:"image"`
	// RootDevice is the device name of the image's root disk: /dev/xvda, the default, as in Amazon Linux, or /dev/sda1. With
	// the wrong one the instance gets a second disk, and its root keeps the image's own size and encryption.
	RootDevice string `pulumi:"rootDevice"`
	// RootGB is the size of the root disk in GiB, 8 to 16384. Default 16.
	RootGB int `pulumi:"rootGb"`
	// MaxLifetimeDays is the age at which an instance is replaced, 1 to 365. The new one resolves its image again, which is
	// how it is patched. The component has a default.
	MaxLifetimeDays int `pulumi:"maxLifetimeDays"`
}

// Defaults fills in what is not set.
func (s Settings) Defaults(instanceType string, maxLifetimeDays int) Settings {
	s.InstanceType = component.Or(s.InstanceType, instanceType)
	s.Image = component.Or(s.Image, DefaultImage(s.InstanceType))
	s.RootDevice = component.Or(s.RootDevice, DefaultRootDevice)
	s.RootGB = component.Or(s.RootGB, DefaultRootGB)
	s.MaxLifetimeDays = component.Or(s.MaxLifetimeDays, maxLifetimeDays)
	return s
}

// Needs are the connections without which no server works: the shipping of its logs, Systems Manager, which lists it, and Amazon
// S3, which holds the packages of Amazon Linux.
func Needs() []segment.Need {
	return []segment.Need{
		{To: segment.AWS(segment.ServerServices()...), Ports: segment.HTTPS, For: "Systems Manager and the shipping of logs"},
		{To: segment.AWS("s3"), Ports: segment.HTTPS, For: "the packages of Amazon Linux in Amazon S3"},
	}
}

// Fleet is how the servers of one component run.
type Fleet struct {
	// Segment is where they run.
	Segment *network.Segment
	// Settings are those of the component, with defaults filled in.
	Settings Settings
	// PublicIP gives each instance a public IPv4 address.
	PublicIP bool
	// Description says what the role is for.
	Description string
	// Permissions are the inline policies of the role, by name.
	Permissions map[string]pulumi.StringInput
	// RoleTags go onto the role. Default: none.
	RoleTags map[string]string
	// Parts are the []Part of user data that run at boot before the shipping of logs.
	Parts pulumi.Output
	// Group is the auto-scaling group, of which New fills in what is the same everywhere.
	Group *autoscaling.GroupArgs
	// ReplaceOn are the properties of the group whose change makes a new group before the old one goes, instead of changing it.
	ReplaceOn []string
	// After is what the group waits for besides what its segment needs.
	After []pulumi.CustomResource
}

// Servers are what New made.
type Servers struct {
	// Group is the auto-scaling group.
	Group *autoscaling.Group
	// Role is the role of the instances.
	Role *identity.Role
}

// NewLogs creates the log group of a server component, before anything that names it.
func NewLogs(ctx *pulumi.Context, name string, in *network.Segment, parent pulumi.Resource) (*logs.Group, error) {
	return logs.New(ctx, name, &logs.Args{Account: in.Account()}, pulumi.Parent(parent))
}

// New runs the servers of a component, which becomes the parent of all that is made. The auto-scaling group starts when
// everything that an instance needs to boot is in place: its rules, its role and the network's endpoints, and it goes before
// them.
func New(ctx *pulumi.Context, name string, fleet *Fleet, log *logs.Group, parent pulumi.Resource) (*Servers, error) {
	s := &Servers{}
	role, err := newRole(ctx, name, fleet, parent)
	if err != nil {
		return nil, err
	}
	s.Role = role
	template, err := newTemplate(ctx, name, fleet, role.InstanceProfileARN, withLogs(fleet.Parts, log), parent)
	if err != nil {
		return nil, err
	}
	group := fleet.Group
	group.VpcZoneIdentifiers = fleet.Segment.SubnetIDs()
	group.MaxInstanceLifetime = pulumi.Int(fleet.Settings.MaxLifetimeDays * secondsPerDay)
	group.WaitForCapacityTimeout = pulumi.String(launchTimeout)
	group.LaunchTemplate = autoscaling.GroupLaunchTemplateArgs{Id: template.ID(), Version: version(template)}
	group.Tags = autoscaling.GroupTagArray{autoscaling.GroupTagArgs{
		Key:               pulumi.String("Name"),
		Value:             pulumi.String(name),
		PropagateAtLaunch: pulumi.Bool(false), // the launch template tags the instances
	}}
	s.Group, err = autoscaling.NewGroup(ctx, name+"-group", group, pulumi.Parent(parent), pulumi.ReplaceOnChanges(fleet.ReplaceOn),
		order.After(fleet.Segment.Ready(), log.Ready(), fleet.After))
	return s, err
}

// newRole is what an instance may do.
func newRole(ctx *pulumi.Context, name string, fleet *Fleet, parent pulumi.Resource) (*identity.Role, error) {
	return identity.NewRole(ctx, name, &identity.RoleArgs{
		AssumedBy:       identity.AssumeRoleByService("ec2.amazonaws.com"),
		Boundary:        fleet.Segment.Account().BoundaryARN,
		Description:     fleet.Description,
		Policies:        fleet.Permissions,
		InstanceProfile: true,
		Tags:            fleet.RoleTags,
	}, pulumi.Parent(parent))
}

// withLogs appends the shipping of logs to the parts of user data: nothing waits for its logs.
func withLogs(parts pulumi.Output, log *logs.Group) pulumi.StringOutput {
	return pulumi.All(parts, log.Name).ApplyT(func(values []any) (string, error) {
		before, okParts := values[0].([]Part)
		group, okGroup := values[1].(string)
		if !okParts || !okGroup {
			return "", fmt.Errorf("user data: expected parts and the name of a log group, got %T and %T", values[0], values[1])
		}
		ship, err := ShipLogs(group)
		if err != nil {
			return "", err
		}
		return UserData(append(slices.Clone(before), ship)...)
	}).(pulumi.StringOutput)
}
