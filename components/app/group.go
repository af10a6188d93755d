// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/instance"
	"github.com/bulkhead-iac/bulkhead/components/network"
)

const (
	// graceSeconds is how long a new instance may take to boot and become healthy before
	// its health counts.
	graceSeconds = 300
	// warmupSeconds is how long a healthy instance takes until its load is typical.
	warmupSeconds = 120
	// drainSeconds is how long an instance that leaves may finish its requests.
	drainSeconds = 60
	// launchTimeout bounds the wait for the instances of a new or resized group.
	launchTimeout = "10m"
	// The group holds all of its capacity while it replaces instances: it starts up to
	// half as many new ones before it stops old ones.
	minHealthyPercent = 100
	maxHealthyPercent = 150
	// targetCPUPercent is the average load around which the group sizes itself.
	targetCPUPercent = 60
	secondsPerDay    = 24 * 60 * 60
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
	return lb.NewTargetGroup(ctx, name+"-targets", &lb.TargetGroupArgs{
		VpcId:                      args.Network.VpcID,
		TargetType:                 pulumi.String("instance"),
		Protocol:                   pulumi.String("HTTPS"),
		Port:                       pulumi.Int(args.Port.Number),
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

// newTemplate describes an instance.
func newTemplate(ctx *pulumi.Context, name string, a *App, args *Args, profileARN pulumi.StringInput) (*ec2.LaunchTemplate, error) {
	template := args.template()
	template.Group = a.Group
	template.ProfileARN = profileARN
	template.UserData = userData(name, a, args)
	return instance.NewTemplate(ctx, name, template, pulumi.Parent(a))
}

// newGroup keeps the instances running. It starts when everything that an instance needs
// to boot is in place: its firewall rules, its role, and the network's endpoints.
func newGroup(ctx *pulumi.Context, name string, a *App, args *Args, template *ec2.LaunchTemplate, targets *lb.TargetGroup) (*autoscaling.Group, error) {
	return autoscaling.NewGroup(ctx, name+"-group", &autoscaling.GroupArgs{
		MinSize:                pulumi.Int(args.Min),
		MaxSize:                pulumi.Int(args.Max),
		VpcZoneIdentifiers:     args.Network.SubnetIDs(network.App),
		TargetGroupArns:        pulumi.StringArray{targets.Arn},
		HealthCheckType:        pulumi.String("ELB"), // FSBP AutoScaling.1
		HealthCheckGracePeriod: pulumi.Int(graceSeconds),
		DefaultInstanceWarmup:  pulumi.Int(warmupSeconds),
		MaxInstanceLifetime:    pulumi.Int(args.MaxLifetimeDays * secondsPerDay),
		WaitForCapacityTimeout: pulumi.String(launchTimeout),
		EnabledMetrics:         pulumi.ToStringArray(groupMetrics),
		LaunchTemplate: autoscaling.GroupLaunchTemplateArgs{
			Id:      template.ID(),
			Version: instance.Version(template),
		},
		InstanceMaintenancePolicy: autoscaling.GroupInstanceMaintenancePolicyArgs{
			MinHealthyPercentage: pulumi.Int(minHealthyPercent),
			MaxHealthyPercentage: pulumi.Int(maxHealthyPercent),
		},
		InstanceRefresh: autoscaling.GroupInstanceRefreshArgs{
			Strategy: pulumi.String("Rolling"),
			Preferences: autoscaling.GroupInstanceRefreshPreferencesArgs{
				MinHealthyPercentage: pulumi.Int(minHealthyPercent),
				MaxHealthyPercentage: pulumi.Int(maxHealthyPercent),
				InstanceWarmup:       pulumi.String(strconv.Itoa(warmupSeconds)),
				AutoRollback:         pulumi.Bool(instance.Pinned(args.ImageID)),
				SkipMatching:         pulumi.Bool(true),
			},
		},
		Tags: autoscaling.GroupTagArray{autoscaling.GroupTagArgs{
			Key:               pulumi.String("Name"),
			Value:             pulumi.String(name),
			PropagateAtLaunch: pulumi.Bool(false), // the launch template tags the instances
		}},
	}, pulumi.Parent(a), pulumi.DependsOn(slices.Concat([]pulumi.Resource{args.Network, a.Group}, args.Network.Paths(), a.Group.Rules())))
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

// userData is the environment of the service, what starts the service unless the image
// does, and the shipping of its logs, in this order: a service does not wait for its logs.
func userData(name string, a *App, args *Args) pulumi.StringOutput {
	known := []variable{
		{"SERVICE_NAME", name},
		{"SERVICE_PORT", strconv.Itoa(args.Port.Number)},
		{"SERVICE_HEALTH_PATH", args.HealthPath},
		{"AWS_REGION", args.Region},
	}
	later := pulumi.StringMap{"LOG_GROUP": a.logs.Name}
	if db := args.Database; db != nil {
		known = append(known,
			variable{"PGPORT", strconv.Itoa(db.Port.Number)},
			variable{"PGDATABASE", db.Name},
			variable{"PGSSLMODE", "verify-full"},
			variable{"PGSSLROOTCERT", CertificateBundle},
		)
		later["PGHOST"], later["DATABASE_SECRET_ARN"] = db.Address, db.SecretARN
	}
	services := pulumi.StringArray{}
	if args.UserData != nil {
		services = append(services, args.UserData)
	}
	return pulumi.All(later, services).ApplyT(func(values []any) (string, error) {
		found, okFound := values[0].(map[string]string)
		bodies, okBodies := values[1].([]string)
		if !okFound || !okBodies {
			return "", fmt.Errorf("user data of %s: expected names and texts, got %T and %T", name, values[0], values[1])
		}
		return compose(known, found, bodies)
	}).(pulumi.StringOutput)
}

// compose puts the parts of user data together.
func compose(known []variable, later map[string]string, services []string) (string, error) {
	variables := append([]variable(nil), known...)
	for _, key := range []string{"LOG_GROUP", "PGHOST", "DATABASE_SECRET_ARN"} {
		if value, ok := later[key]; ok {
			variables = append(variables, variable{key, value})
		}
	}
	surroundings, err := environment(variables)
	if err != nil {
		return "", err
	}
	logs, err := instance.ShipLogs(later["LOG_GROUP"])
	if err != nil {
		return "", err
	}
	parts := []instance.Part{surroundings}
	for _, body := range services {
		parts = append(parts, instance.Part{Name: "service", Body: body})
	}
	return instance.UserData(append(parts, logs)...)
}
