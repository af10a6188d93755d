// SPDX-License-Identifier: Apache-2.0

package ecs

import (
	"github.com/bulkhead-iac/bulkhead/policy/aws"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
	"github.com/bulkhead-iac/bulkhead/policy/standard"
	"github.com/bulkhead-iac/bulkhead/policy/want"
)

// services are about tasks that are started by others.
func services() []*pack.Control {
	return []*pack.Control{
		{
			ID: "ecs-scheduled-no-public-ip", Title: "Tasks that rules and schedules start have no public addresses", Severity: pack.High,
			Public: true,
			Types:  []string{aws.EventTarget, aws.SchedulerSchedule},
			Why:    "A task with a public address is one security group rule away from the internet.", Fix: "Leave assignPublicIp out.",
			Maps:  standard.Meets(standard.Exposure),
			Check: want.IsFalse("ecsTarget.networkConfiguration.assignPublicIp", "target.ecsParameters.networkConfiguration.assignPublicIp"),
		},
		want.Row("ecs-managed-termination", "Instances with running tasks are not taken away",
			"Scaling in otherwise ends tasks in the middle of their work.",
			"Set autoScalingGroupProvider.managedTerminationProtection to ENABLED.", "FSBP:ECS.19 "+standard.Spreading, pack.Low, pack.Resilience,
			want.Properties{
				"aws:ecs/capacityProvider:CapacityProvider": {
					"autoScalingGroupProvider.managedTerminationProtection": want.Is("ENABLED").WhereIs("autoScalingGroupProvider", pack.Value.IsSet),
				},
			}),
	}
}
