// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
	"github.com/bulkhead-iac/bulkhead/components/storage"
)

// TrailArgs are the arguments of NewTrail.
type TrailArgs struct {
	// Account is the account that is watched; its region is the home of the trail, which watches every region. Required. The
	// policy of its log key must admit "cloudtrail.amazonaws.com" and "logs.<region>.amazonaws.com", and
	// "s3.<region>.amazonaws.com" for whoever reads the bucket: see components/key.
	Account *account.Account
	// ArchiveDays is how long the signed log files stay in the bucket, and are locked there: nobody deletes or overwrites one
	// before. Default: as long as the account keeps its logs.
	ArchiveDays int `pulumi:"archiveDays"`
	// LockMode says who may end that lock early. Default: storage.Governance.
	LockMode storage.LockMode `pulumi:"lockMode"`
	// AccessLogs is the bucket that records who reads the log files (CIS AWS Foundations 5.0, 3.6). Default: none.
	AccessLogs *storage.Bucket
	// DisposableReason says why the log files may be deleted with the stack: see storage.BucketArgs. Default: they and their
	// bucket outlive it, for as long as ArchiveDays says; let their key do so too (key.Args.OutlivesStack). What may be deleted is
	// not locked.
	DisposableReason string `pulumi:"disposableReason"`
}

// Trail is the account's CloudTrail trail: every region, global services, signed log files, encrypted, and delivered both
// to a bucket of its own and to CloudWatch Logs (FSBP CloudTrail.1, .2, .4, .5; CIS AWS Foundations 5.0, 3.1 to 3.7).
type Trail struct {
	pulumi.ResourceState

	// ARN is the ARN of the trail.
	ARN pulumi.StringOutput
	// LogGroup receives the events; NewTrailAlarms watches it.
	LogGroup *logs.Group
	// Bucket receives the signed log files.
	Bucket *storage.Bucket
}

var trailName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,46}$`)

// NewTrail creates the trail. Its physical name is project and component name, because an account has each name once and the
// bucket's policy must know the trail's ARN before the trail exists.
func NewTrail(ctx *pulumi.Context, name string, args *TrailArgs, opts ...pulumi.ResourceOption) (*Trail, error) {
	if err := args.check(name); err != nil {
		return nil, fmt.Errorf("trail %q: %w", name, err)
	}
	t := &Trail{}
	if err := component.Register(ctx, "bulkhead:audit:Trail", name, args, t, opts...); err != nil {
		return nil, err
	}
	physical := ctx.Project() + "-" + name
	arn := fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", args.Account.Region, args.Account.ID, physical)
	days := component.Or(args.ArchiveDays, args.Account.Retention())
	locked := days
	if args.DisposableReason != "" {
		locked = 0
	}
	var err error
	t.Bucket, err = storage.NewLogBucket(ctx, name+"-files", &storage.LogBucketArgs{
		BucketArgs: storage.BucketArgs{
			KeyARN:           args.Account.LogKeyARN,
			ExpireDays:       days,
			LockDays:         locked,
			LockMode:         args.LockMode,
			AccessLogs:       args.AccessLogs,
			DisposableReason: args.DisposableReason,
		},
		Writers: []storage.Writer{storage.CloudTrail(args.Account.ID, arn, "")},
	}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	t.LogGroup, err = logs.New(ctx, name+"-events", &logs.Args{Account: args.Account}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	role, err := t.role(ctx, name, args)
	if err != nil {
		return nil, err
	}
	trail, err := cloudtrail.NewTrail(ctx, name+"-trail", &cloudtrail.TrailArgs{
		Name:                       pulumi.String(physical),
		S3BucketName:               t.Bucket.Name,
		CloudWatchLogsGroupArn:     pulumi.Sprintf("%s:*", t.LogGroup.ARN),
		CloudWatchLogsRoleArn:      role.ARN,
		KmsKeyId:                   args.Account.LogKeyARN.ToStringOutput(),
		EnableLogging:              pulumi.Bool(true),
		EnableLogFileValidation:    pulumi.Bool(true),
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		IsMultiRegionTrail:         pulumi.Bool(true),
		Tags:                       pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(t), order.After(t.Bucket.Ready()))
	if err != nil {
		return nil, err
	}
	t.ARN = trail.Arn
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{
		"arn": t.ARN, "bucket": t.Bucket.Name, "logGroup": t.LogGroup.Name,
	})
}

// role lets CloudTrail write events to the trail's own streams of the log group. Its trust has no conditions: CloudTrail
// supports neither aws:SourceArn nor aws:SourceAccount there, and could not assume a role that asks for them
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html).
func (t *Trail) role(ctx *pulumi.Context, name string, args *TrailArgs) (*identity.Role, error) {
	streams := pulumi.Sprintf("%s:log-stream:%s_CloudTrail_%s*", t.LogGroup.ARN, args.Account.ID, args.Account.Region)
	return identity.NewRole(ctx, name+"-delivery", &identity.RoleArgs{
		AssumedBy:   identity.AssumeRoleByService("cloudtrail.amazonaws.com"),
		Boundary:    args.Account.BoundaryARN,
		Description: "CloudTrail writes the events of trail " + name + " to CloudWatch Logs",
		Policies: map[string]pulumi.StringInput{
			"write-events": identity.DocumentOutput(identity.PermissionsPolicy, identity.StatementInput{
				Statement: identity.Statement{
					Sid: "WriteEvents", Effect: identity.Allow, Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
				},
				ResourceInputs: pulumi.StringArray{streams},
			}),
		},
	}, pulumi.Parent(t))
}

func (args *TrailArgs) check(name string) error {
	args = component.Given(args)
	problems := args.Account.Check()
	if !trailName.MatchString(name) {
		problems = append(problems, errors.New("the name becomes the trail's and part of its bucket's: use 3 to 47 lower-case letters, digits and dashes"))
	}
	if args.ArchiveDays < 0 {
		problems = append(problems, fmt.Errorf("ArchiveDays %d: use at least 1, or 0 for the default", args.ArchiveDays))
	}
	return errors.Join(problems...)
}
