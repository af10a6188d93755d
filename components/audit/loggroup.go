// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/form"
)

// DefaultRetentionDays is how long logs are kept when nothing else is said: one year.
const DefaultRetentionDays = form.DefaultLogDays

var logGroupName = regexp.MustCompile(`^[a-zA-Z0-9_/.#-]{1,512}$`)

// CheckRetention reports a number of days that CloudWatch Logs does not accept.
func CheckRetention(days int) error { return form.In("RetentionDays", form.CheckLogDays(days)) }

// LogGroupArgs are the arguments of NewLogGroup.
type LogGroupArgs struct {
	// Name is the physical name, for services that dictate one, such as "aws-waf-logs-…" or "/aws/rds/instance/…".
	// Default: the component's name with a random ending. A change replaces the group and loses its logs.
	Name string
	// KeyARN is the KMS key that encrypts the group, and required. Its policy must let CloudWatch Logs use it: see
	// components/key.
	KeyARN pulumi.StringInput
	// RetentionDays is how long events are kept, one of the numbers that CloudWatch Logs accepts. Default 365.
	RetentionDays int
}

// LogGroup is an encrypted CloudWatch log group whose events expire.
type LogGroup struct {
	pulumi.ResourceState

	// ARN is the ARN of the group, without the ":*" that policies on its streams append.
	ARN pulumi.StringOutput
	// Name is the physical name of the group.
	Name pulumi.StringOutput
}

// NewLogGroup creates a log group.
func NewLogGroup(ctx *pulumi.Context, name string, args *LogGroupArgs, opts ...pulumi.ResourceOption) (*LogGroup, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("log group %q: %w", name, err)
	}
	g := &LogGroup{}
	if err := ctx.RegisterComponentResource("bulkhead:audit:LogGroup", name, g, opts...); err != nil {
		return nil, err
	}
	days := args.RetentionDays
	if days == 0 {
		days = DefaultRetentionDays
	}
	inputs := &cloudwatch.LogGroupArgs{
		KmsKeyId:        args.KeyARN.ToStringOutput(),
		RetentionInDays: pulumi.Int(days),
		Tags:            pulumi.StringMap{"Name": pulumi.String(name)},
	}
	if args.Name != "" {
		inputs.Name = pulumi.String(args.Name)
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-logs", inputs, pulumi.Parent(g))
	if err != nil {
		return nil, err
	}
	g.ARN, g.Name = group.Arn, group.Name
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"arn": g.ARN, "name": g.Name})
}

func (args *LogGroupArgs) check() error {
	if args == nil {
		return errors.New("args are missing")
	}
	var problems []error
	if args.Name != "" && !logGroupName.MatchString(args.Name) {
		problems = append(problems, fmt.Errorf("physical name %q: use 1 to 512 characters out of letters, digits and _/.#-", args.Name))
	}
	if args.KeyARN == nil {
		problems = append(problems, missing("KeyARN", "give the ARN of the KMS key that encrypts the logs"))
	}
	if args.RetentionDays != 0 {
		problems = append(problems, CheckRetention(args.RetentionDays))
	}
	return errors.Join(problems...)
}
