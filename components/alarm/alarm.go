// SPDX-License-Identifier: Apache-2.0

// Package alarm makes CloudWatch alarms, and the topic through which they reach a human.
package alarm

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/form"
)

// Comparison is how an alarm compares a metric with its threshold.
type Comparison string

const (
	// AtLeast raises the alarm when the metric is at the threshold or above.
	AtLeast Comparison = "GreaterThanOrEqualToThreshold"
	// Above raises the alarm when the metric is above the threshold.
	Above Comparison = "GreaterThanThreshold"
	// AtMost raises the alarm when the metric is at the threshold or below.
	AtMost Comparison = "LessThanOrEqualToThreshold"
	// Below raises the alarm when the metric is below the threshold.
	Below Comparison = "LessThanThreshold"
)

const (
	// SilenceIsGood means that a period without data does not count towards the alarm: right for counts of bad events.
	SilenceIsGood = "notBreaching"
	// SilenceIsBad means that a period without data counts towards the alarm: right for signs of life.
	SilenceIsBad = "breaching"
)

// Args are the arguments of New.
type Args struct {
	// TopicARN is the topic that hears the alarm, and required (Security Hub CloudWatch.15).
	TopicARN pulumi.StringInput
	// SecondTopicARN is a topic that hears it too. Default: none.
	SecondTopicARN pulumi.StringInput
	// Description tells whoever is woken what happened and where to look, in 1 to 1024 characters.
	Description string `pulumi:"description"`
	// Namespace and Metric name the metric, such as "AWS/RDS" and "FreeStorageSpace".
	Namespace string `pulumi:"namespace"`
	Metric    string `pulumi:"metric"`
	// Dimensions select what is measured, such as the identifier of a database. Default: none.
	Dimensions pulumi.StringMap
	// Expression makes of the metric, which is called m in it, what is compared (CloudWatch user guide, "Using math expressions"). Default:
	// the metric itself.
	Expression string `pulumi:"expression"`
	// Statistic condenses a period: SampleCount, Average, Sum, Minimum or Maximum, or a percentile such as "p99".
	Statistic string `pulumi:"statistic"`
	// Comparison and Threshold say when a period is bad, in the unit of the metric.
	Comparison Comparison `pulumi:"comparison"`
	Threshold  float64    `pulumi:"threshold"`
	// PeriodSeconds is the length of a period: 10, 30 or a multiple of 60. Default 300.
	PeriodSeconds int `pulumi:"periodSeconds"`
	// Periods is how many of the last periods are looked at, and BadPeriods how many of them must be bad. Defaults: 1, and
	// all of them. Together they last a day at most, seven if one lasts an hour or more (CloudWatch API reference, PutMetricAlarm, Period).
	Periods    int `pulumi:"periods"`
	BadPeriods int `pulumi:"badPeriods"`
	// Silence says what a period without data means. Default SilenceIsGood.
	Silence string `pulumi:"silence"`
	// After is what must be in place before the alarm watches what Dimensions select. Default: nothing.
	After []pulumi.CustomResource
}

// Alarm is a CloudWatch alarm that somebody hears.
type Alarm struct {
	pulumi.ResourceState

	// ARN is the ARN of the alarm.
	ARN pulumi.StringOutput
	// Name is the physical name of the alarm.
	Name pulumi.StringOutput
}

var (
	statistics = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
	percentile = regexp.MustCompile(`^p(100|[0-9]{1,2}(\.[0-9]{1,10})?)$`)
)

// New creates an alarm on one metric.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Alarm, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("alarm %q: %w", name, err)
	}
	a := &Alarm{}
	if err := component.Register(ctx, "bulkhead:audit:Alarm", name, args, a, opts...); err != nil {
		return nil, err
	}
	periods := component.Or(args.Periods, 1)
	topics := pulumi.Array{args.TopicARN.ToStringOutput()}
	if args.SecondTopicARN != nil {
		topics = append(topics, args.SecondTopicARN.ToStringOutput())
	}
	inputs := &cloudwatch.MetricAlarmArgs{
		AlarmDescription:   pulumi.String(args.Description),
		ComparisonOperator: pulumi.String(args.Comparison),
		Threshold:          pulumi.Float64(args.Threshold),
		EvaluationPeriods:  pulumi.Int(periods),
		DatapointsToAlarm:  pulumi.Int(component.Or(args.BadPeriods, periods)),
		TreatMissingData:   pulumi.String(component.Or(args.Silence, SilenceIsGood)),
		ActionsEnabled:     pulumi.Bool(true),
		AlarmActions:       topics,
		Tags:               pulumi.StringMap{"Name": pulumi.String(name)},
	}
	args.measure(inputs)
	alarm, err := cloudwatch.NewMetricAlarm(ctx, name+"-alarm", inputs, pulumi.Parent(a), order.After(args.After))
	if err != nil {
		return nil, err
	}
	a.ARN, a.Name = alarm.Arn, alarm.Name
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"arn": a.ARN, "name": a.Name})
}

// measure says what is compared: the metric, or what the expression makes of it.
func (args *Args) measure(inputs *cloudwatch.MetricAlarmArgs) {
	period, namespace, metric := pulumi.Int(component.Or(args.PeriodSeconds, 300)), pulumi.String(args.Namespace), pulumi.String(args.Metric)
	if args.Expression != "" {
		inputs.MetricQueries = cloudwatch.MetricAlarmMetricQueryArray{
			cloudwatch.MetricAlarmMetricQueryArgs{
				Id: pulumi.String("expression"), Expression: pulumi.String(args.Expression), Label: pulumi.String(args.Metric), ReturnData: pulumi.Bool(true),
			},
			cloudwatch.MetricAlarmMetricQueryArgs{Id: pulumi.String("m"), Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
				Namespace: namespace, MetricName: metric, Period: period, Stat: pulumi.String(args.Statistic), Dimensions: args.Dimensions,
			}},
		}
		return
	}
	inputs.Namespace, inputs.MetricName, inputs.Period = namespace, metric, period
	if len(args.Dimensions) > 0 {
		inputs.Dimensions = args.Dimensions
	}
	if percentile.MatchString(args.Statistic) {
		inputs.ExtendedStatistic = pulumi.String(args.Statistic)
	} else {
		inputs.Statistic = pulumi.String(args.Statistic)
	}
}

func (args *Args) check() error {
	args = component.Given(args)
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if args.TopicARN == nil {
		problems = append(problems, form.Missing("TopicARN", "give the topic that hears the alarm"))
	}
	if args.Description == "" || len(args.Description) > 1024 {
		add("Description has %d characters: say in 1 to 1024 what happened and where to look", len(args.Description))
	}
	if args.Namespace == "" || args.Metric == "" {
		add("Namespace %q, Metric %q: both are needed", args.Namespace, args.Metric)
	}
	if !slices.Contains(statistics, args.Statistic) && !percentile.MatchString(args.Statistic) {
		add("Statistic %q: use one of %v, or a percentile such as p99", args.Statistic, statistics)
	}
	if !slices.Contains([]Comparison{AtLeast, Above, AtMost, Below}, args.Comparison) {
		add("Comparison %q: use AtLeast, Above, AtMost or Below", args.Comparison)
	}
	return errors.Join(append(problems, args.checkPeriods()...)...)
}

func (args *Args) checkPeriods() []error {
	var problems []error
	add := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if s := args.PeriodSeconds; s < 0 || (s != 10 && s != 30 && s%60 != 0) {
		add("PeriodSeconds %d: use 10, 30 or a multiple of 60", s)
	}
	most := 86400
	if args.PeriodSeconds >= 3600 {
		most *= 7
	}
	if lasts := component.Or(args.PeriodSeconds, 300) * component.Or(args.Periods, 1); lasts > most {
		add("PeriodSeconds %d, Periods %d: an alarm cannot look back %d seconds; %d are the most", args.PeriodSeconds, args.Periods, lasts, most)
	}
	if args.Periods < 0 || args.BadPeriods < 0 || args.BadPeriods > component.Or(args.Periods, 1) {
		add("Periods %d, BadPeriods %d: use positive numbers, and no more bad periods than periods", args.Periods, args.BadPeriods)
	}
	if args.Silence != "" && !slices.Contains([]string{SilenceIsGood, SilenceIsBad}, args.Silence) {
		add("Silence %q: use SilenceIsGood or SilenceIsBad", args.Silence)
	}
	return problems
}
