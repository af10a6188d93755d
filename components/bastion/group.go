// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	_ "embed" // the script
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/server"
)

//go:embed harden.sh
var hardening string

// harden is the script that makes a bastion of a server.
func harden() string { return strings.ReplaceAll(hardening, "@USER@", osUser) }

// group keeps exactly one instance running in any zone. It is replaced on every change and at the end of its life; the old one
// goes first, since nobody should find two doors.
func group(args *Args) *autoscaling.GroupArgs {
	return &autoscaling.GroupArgs{
		MinSize:         pulumi.Int(1),
		MaxSize:         pulumi.Int(1),
		HealthCheckType: pulumi.String("EC2"),
		EnabledMetrics:  pulumi.ToStringArray([]string{"GroupInServiceInstances"}),
		InstanceRefresh: autoscaling.GroupInstanceRefreshArgs{
			Strategy: pulumi.String("Rolling"),
			Preferences: autoscaling.GroupInstanceRefreshPreferencesArgs{
				MinHealthyPercentage: pulumi.Int(0),
				MaxHealthyPercentage: pulumi.Int(100),
				AutoRollback:         pulumi.Bool(server.Pinned(args.Server.Image)),
				SkipMatching:         pulumi.Bool(true),
			},
		},
	}
}
