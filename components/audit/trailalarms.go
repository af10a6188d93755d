// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/form"
)

// TrailAlarmsArgs are the arguments of NewTrailAlarms.
type TrailAlarmsArgs struct {
	// LogGroup is where the trail delivers its events: Trail.LogGroup.
	LogGroup *logs.Group
	// TopicARN is the topic that hears the alarms, and reaches somebody at any hour: Topic.ARN. Required.
	TopicARN pulumi.StringInput
	// RecordsTopicARN is a topic that hears every alarm, and alone those that ring in an ordinary deployment (Check.Recorded). With a
	// key of its own it is also the second way for the alarm that the key of the first has been disabled. Default: TopicARN hears
	// all, and nothing else does.
	RecordsTopicARN pulumi.StringInput
	// Checks are what somebody must hear about. Default: TrailChecks.
	Checks []CheckInput
}

// TrailAlarms are the metric filters and alarms of checks on one log group.
type TrailAlarms struct {
	pulumi.ResourceState

	// Alarms are the alarms by the name of their check.
	Alarms map[string]*alarm.Alarm
}

// NewTrailAlarms makes the account's trail speak up: one metric filter and one alarm for each check, raised by a
// single event within five minutes.
func NewTrailAlarms(ctx *pulumi.Context, name string, args *TrailAlarmsArgs, opts ...pulumi.ResourceOption) (*TrailAlarms, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("trail alarms %q: %w", name, err)
	}
	a := &TrailAlarms{Alarms: map[string]*alarm.Alarm{}}
	if err := component.Register(ctx, "bulkhead:audit:TrailAlarms", name, args, a, opts...); err != nil {
		return nil, err
	}
	namespace := "Bulkhead/" + ctx.Project() + "/" + name // two projects may have a stack of one name in the account
	checks := args.Checks
	if checks == nil {
		for _, check := range TrailChecks() {
			checks = append(checks, CheckInput{Check: check})
		}
	}
	for _, check := range checks {
		if _, err := cloudwatch.NewLogMetricFilter(ctx, name+"-"+check.Name+"-filter", &cloudwatch.LogMetricFilterArgs{
			LogGroupName: args.LogGroup.Name,
			Pattern:      check.pattern(),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Namespace: pulumi.String(namespace),
				Name:      pulumi.String(check.Name),
				Value:     pulumi.String("1"),
			},
		}, pulumi.Parent(a)); err != nil {
			return nil, err
		}
		topic, second := args.TopicARN, args.RecordsTopicARN
		if check.Recorded() && second != nil {
			topic, second = second, nil
		}
		made, err := alarm.New(ctx, name+"-"+check.Name, &alarm.Args{
			TopicARN: topic, SecondTopicARN: second,
			Description: check.Meaning + check.ofCIS() + ". Look in the trail for who, from where and what else.",
			Namespace:   namespace,
			Metric:      check.Name,
			Statistic:   "Sum",
			Comparison:  alarm.AtLeast,
			Threshold:   1,
		}, pulumi.Parent(a))
		if err != nil {
			return nil, err
		}
		a.Alarms[check.Name] = made
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

func (args *TrailAlarmsArgs) check() error {
	args = component.Given(args)
	var problems []error
	if args.LogGroup == nil {
		problems = append(problems, form.Missing("LogGroup", "give the log group of the trail"))
	}
	if args.TopicARN == nil {
		problems = append(problems, form.Missing("TopicARN", "give the topic that hears the alarms"))
	}
	return errors.Join(problems...)
}
