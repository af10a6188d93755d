// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/database"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/server"
)

const (
	// graceSeconds is how long a new instance may take to boot and become healthy before
	// its health counts.
	graceSeconds = 300
	// warmupSeconds is how long a healthy instance takes until its load is typical.
	warmupSeconds = 120
	// drainSeconds is how long an instance that leaves may finish its requests.
	drainSeconds = 60
	// The group holds all of its capacity while it replaces instances that are ill or have reached their age: it starts up
	// to half as many new ones before it stops old ones.
	minHealthyPercent = 100
	maxHealthyPercent = 150
	// targetCPUPercent is the average load around which the group sizes itself.
	targetCPUPercent = 60
)

// groupMetrics are the metrics that show a group short of instances.
var groupMetrics = []string{
	"GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize",
	"GroupPendingInstances", "GroupTerminatingInstances", "GroupTotalInstances",
}

// newTargetGroup is where the load balancer finds the instances: TLS to the instance,
// and a health check over the same. The balancer does not verify the certificate, so
// that the instance can make its own.
func newTargetGroup(ctx *pulumi.Context, name string, a *App, args *Args) (*lb.TargetGroup, error) {
	return lb.NewTargetGroup(ctx, logicalTargets(name), &lb.TargetGroupArgs{
		VpcId:                      args.Segment.Network().VPCID,
		TargetType:                 pulumi.String("instance"),
		Protocol:                   pulumi.String("HTTPS"),
		Port:                       pulumi.Int(args.Port),
		DeregistrationDelay:        pulumi.Int(drainSeconds),
		LoadBalancingAlgorithmType: pulumi.String("least_outstanding_requests"),
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Enabled:            pulumi.Bool(true),
			Protocol:           pulumi.String("HTTPS"),
			Port:               pulumi.String("traffic-port"),
			Path:               pulumi.String(args.HealthPath),
			Matcher:            pulumi.String("200"),
			Interval:           pulumi.Int(15),
			Timeout:            pulumi.Int(5),
			HealthyThreshold:   pulumi.Int(2),
			UnhealthyThreshold: pulumi.Int(3),
		},
		Tags: pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(a))
}

// newVersion are the changes for which a new group is made: another launch template or version of it, another target group,
// which is another port, and a group of an earlier deployment that did not become healthy. The last is "#initerror" to the
// engine; without it the next deployment would take the group for made and send it requests.
var newVersion = []string{"launchTemplate", "targetGroupArns", "#initerror"}

// group keeps the instances running. Behind a load balancer it counts as made when its fewest instances are healthy there;
// minElbCapacity counts at the creation alone, while waitForElbCapacity would also fail an update of a group that has
// followed its load ("want exactly").
func group(args *Args, targets *lb.TargetGroup) *autoscaling.GroupArgs {
	made := &autoscaling.GroupArgs{
		MinSize:                pulumi.Int(args.MinSize),
		MaxSize:                pulumi.Int(args.MaxSize),
		TargetGroupArns:        pulumi.StringArray{targets.Arn},
		HealthCheckType:        pulumi.String("ELB"), // FSBP AutoScaling.1
		HealthCheckGracePeriod: pulumi.Int(graceSeconds),
		DefaultInstanceWarmup:  pulumi.Int(warmupSeconds),
		EnabledMetrics:         pulumi.ToStringArray(groupMetrics),
		InstanceMaintenancePolicy: autoscaling.GroupInstanceMaintenancePolicyArgs{
			MinHealthyPercentage: pulumi.Int(minHealthyPercent),
			MaxHealthyPercentage: pulumi.Int(maxHealthyPercent),
		},
	}
	if args.Edge != nil {
		made.MinElbCapacity = pulumi.Int(args.MinSize)
	}
	return made
}

// newScaling sizes the group by its load, between Min and Max.
func newScaling(ctx *pulumi.Context, name string, a *App, group *autoscaling.Group) error {
	_, err := autoscaling.NewPolicy(ctx, name+"-scaling", &autoscaling.PolicyArgs{
		AutoscalingGroupName: group.Name,
		PolicyType:           pulumi.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: autoscaling.PolicyTargetTrackingConfigurationArgs{
			PredefinedMetricSpecification: autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs{
				PredefinedMetricType: pulumi.String("ASGAverageCPUUtilization"),
			},
			TargetValue: pulumi.Float64(targetCPUPercent),
		},
	}, pulumi.Parent(a))
	return err
}

// parts are the environment of the service and what starts the service unless the image does.
func parts(name string, args *Args, login database.Login, log *logs.Group) pulumi.Output {
	variables, authority := pulumi.StringMap{}, ""
	if args.Database != nil {
		variables, authority = args.Database.Attach(login).Environment, args.Database.Authority()
	}
	maps.Copy(variables, pulumi.StringMap{
		"SERVICE_NAME":        pulumi.String(name),
		"SERVICE_PORT":        pulumi.String(strconv.Itoa(args.Port)),
		"SERVICE_HEALTH_PATH": pulumi.String(args.HealthPath),
		"AWS_REGION":          pulumi.String(args.Segment.Account().Region),
		"LOG_GROUP":           log.Name,
	})
	services := pulumi.StringArray{}
	if args.UserData != nil {
		services = append(services, args.UserData)
	}
	return pulumi.All(variables, services).ApplyT(func(values []any) ([]server.Part, error) {
		found, okFound := values[0].(map[string]string)
		bodies, okBodies := values[1].([]string)
		if !okFound || !okBodies {
			return nil, fmt.Errorf("user data of %s: expected names and texts, got %T and %T", name, values[0], values[1])
		}
		return compose(found, authority, bodies)
	})
}

// compose puts the parts of user data together.
func compose(variables map[string]string, authority string, services []string) ([]server.Part, error) {
	surroundings, err := environment(variables, authority)
	if err != nil {
		return nil, err
	}
	all := []server.Part{surroundings}
	for _, body := range services {
		all = append(all, server.Part{Name: "service", Body: body})
	}
	return all, nil
}
