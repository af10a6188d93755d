// SPDX-License-Identifier: Apache-2.0

// Package baseline makes what an AWS account has once, whatever runs in it: who watches it, what it refuses to everybody, whom AWS
// calls, and what it may cost. Every part that an organization already has is adopted or skipped in one shape; see Part.
package baseline

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/account"
	"github.com/bulkhead-iac/bulkhead/components/alarm"
	"github.com/bulkhead-iac/bulkhead/components/audit"
	"github.com/bulkhead-iac/bulkhead/components/component"
	"github.com/bulkhead-iac/bulkhead/components/identity"
	"github.com/bulkhead-iac/bulkhead/components/key"
)

// Baseline is what New has built. What is a setting of the account stays when the stack is destroyed; services that watch end with it.
type Baseline struct {
	pulumi.ResourceState

	// Account is what everything in the account shares.
	Account *account.Account
	// Topic is where findings and alarms are sent.
	Topic *alarm.Topic
	// SupportRoleARN is the ARN of the role that may talk to AWS Support, empty without one.
	SupportRoleARN pulumi.StringOutput

	name string
	args *Args
	// adopted are the ids of what is adopted, once each has proved to do its duty.
	adopted pulumi.StringMap
}

// New builds the baseline of an account. The name begins the names of all that is made.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Baseline, error) {
	args = component.Given(args)
	if err := component.Failure("baseline", name, args.check(name)...); err != nil {
		return nil, err
	}
	b := &Baseline{name: name, args: args, adopted: pulumi.StringMap{}, SupportRoleARN: pulumi.String("").ToStringOutput()}
	b.Account = &account.Account{ID: args.AccountID, Region: args.Region, LogRetentionDays: args.LogRetentionDays, Tags: account.Tags(ctx, name, args.Tags)}
	provider := args.Provider
	if provider == nil {
		made, err := b.Account.NewProvider(ctx)
		if err != nil {
			return nil, err
		}
		provider = made
	}
	if err := component.Register(ctx, "bulkhead:baseline:Baseline", name, args, b, append(opts, pulumi.Providers(provider))...); err != nil {
		return nil, err
	}
	if err := b.keepLogs(ctx); err != nil {
		return nil, err
	}
	for _, p := range b.parts() {
		part, step := args.part(p.name), p.make
		switch {
		case part.SkipReason != "":
			continue
		case part.Adopt != "":
			step = func(ctx *pulumi.Context) error { return p.adopt(ctx, part) }
		}
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := b.reportFindings(ctx); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{
		"alarmTopicArn": b.Topic.ARN, "supportRoleArn": b.SupportRoleARN, "adopted": b.adopted,
	})
}

// Export makes what others need the outputs of the stack: alarmTopicArn, logKeyArn, supportRoleArn.
func (b *Baseline) Export(ctx *pulumi.Context) {
	ctx.Export("alarmTopicArn", b.Topic.ARN)
	ctx.Export("logKeyArn", b.Account.LogKeyARN)
	ctx.Export("supportRoleArn", b.SupportRoleARN)
}

// child is the parent of everything in the baseline.
func (b *Baseline) child() pulumi.ResourceOption { return pulumi.Parent(b) }

// stays is a setting of the account that outlives the stack: a stack that is destroyed takes it from nobody.
func (b *Baseline) stays() []pulumi.ResourceOption {
	return []pulumi.ResourceOption{b.child(), pulumi.RetainOnDelete(true)}
}

// keepLogs makes what every record and finding needs: the keys, the topic that reaches a human, and the boundary of the roles.
func (b *Baseline) keepLogs(ctx *pulumi.Context) error {
	logKey, err := key.New(ctx, b.name+"-logs", &key.Args{
		Account:     b.Account,
		Description: "Records of the account: AWS Config and the trail",
		Services: []string{
			fmt.Sprintf("logs.%s.amazonaws.com", b.Account.Region), fmt.Sprintf("s3.%s.amazonaws.com", b.Account.Region),
			"cloudtrail.amazonaws.com", "config.amazonaws.com",
		},
		OutlivesStack: true,
	}, b.child())
	if err != nil {
		return err
	}
	b.Account.LogKeyARN = logKey.ARN
	b.Topic, err = alarm.NewTopicWithKey(ctx, b.name+"-alarms", "Findings and alarms of the account", alarm.TopicArgs{
		Account: b.Account, Emails: b.args.Emails, EventRules: true,
	}, b.child())
	if err != nil {
		return err
	}
	boundary, err := identity.NewBoundary(ctx, b.name+"-boundary", &identity.BoundaryArgs{Regions: []string{b.Account.Region}}, b.child())
	if err != nil {
		return err
	}
	b.Account.BoundaryARN = boundary.ARN
	return nil
}

// trail records who did what, and raises the alarms on it.
func (b *Baseline) trail(ctx *pulumi.Context) error {
	trail, err := audit.NewTrail(ctx, b.name+"-trail", &audit.TrailArgs{Account: b.Account}, b.child())
	if err != nil {
		return err
	}
	_, err = audit.NewTrailAlarms(ctx, b.name+"-trail", &audit.TrailAlarmsArgs{LogGroup: trail.LogGroup, TopicARN: b.Topic.ARN}, b.child())
	return err
}
