// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/bulkhead-iac/bulkhead/components/logs"
	"github.com/bulkhead-iac/bulkhead/components/order"
)

// heardEvents are the categories of what RDS says of an instance that somebody must hear: failures, and changes of what it is (FSBP
// RDS.20; RDS user guide, "Amazon RDS event categories and event messages"). Backups, which come every day, are not among them.
var heardEvents = []string{
	"availability", "configuration change", "deletion", "failover", "failure", "low storage", "maintenance", "recovery", "restoration", "security",
}

// Hear sends what RDS says of the instance to a topic, whose policy and key must let RDS publish: see alarm.TopicArgs.DatabaseEvents.
func (d *Database) Hear(ctx *pulumi.Context, name string, topicARN pulumi.StringInput) error {
	_, err := rds.NewEventSubscription(ctx, name+"-events", &rds.EventSubscriptionArgs{
		SnsTopic:        topicARN,
		SourceType:      pulumi.String("db-instance"),
		SourceIds:       pulumi.StringArray{d.Identifier},
		EventCategories: pulumi.ToStringArray(heardEvents),
		Enabled:         pulumi.Bool(true),
		Tags:            pulumi.StringMap{"Name": pulumi.String(name + "-events")},
	}, pulumi.Parent(d))
	return err
}

// backedUp is what RDS says when a backup of an instance is complete, the daily one and the first (RDS user guide, "Amazon RDS event
// categories and event messages").
const backedUp = "RDS-EVENT-0002"

// newBackupRule counts the backups of an instance by what it writes of each into a log group: RDS itself measures no age of a backup, and
// whether AWS counts a rule without a target is nowhere said. The rule is there before the instance, whose first backup it shall see.
func newBackupRule(ctx *pulumi.Context, name string, d *Database, args *Args, identifier pulumi.StringOutput) (*cloudwatch.EventRule, []pulumi.CustomResource, error) {
	name += "-backups"
	rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Description: pulumi.String("Counts the backups of the database " + d.name),
		EventPattern: identifier.ApplyT(func(identifier string) (string, error) {
			pattern, err := json.Marshal(map[string]any{
				"source": []string{"aws.rds"}, "detail-type": []string{"RDS DB Instance Event"},
				"detail": map[string]any{"EventID": []string{backedUp}, "SourceIdentifier": []string{identifier}},
			})
			return string(pattern), err
		}).(pulumi.StringOutput),
		State: pulumi.String("ENABLED"),
		Tags:  pulumi.StringMap{"Name": pulumi.String(name)},
	}, pulumi.Parent(d))
	if err != nil {
		return nil, nil, err
	}
	// Both names are known before anything is there, so that the first preview can judge the policy.
	account, group := args.Segment.Account(), "/aws/events/"+d.name
	log, err := logs.New(ctx, name, &logs.Args{Account: account, Name: group}, pulumi.Parent(d))
	if err != nil {
		return nil, nil, err
	}
	place := account.Region + ":" + account.ID
	document, err := logs.EventPolicy("arn:aws:logs:"+place+":log-group:"+group, "arn:aws:events:"+place+":rule/"+name+"-*")
	if err != nil {
		return nil, nil, err
	}
	delivery, err := cloudwatch.NewLogResourcePolicy(ctx, name+"-delivery", &cloudwatch.LogResourcePolicyArgs{
		PolicyName: log.Name, PolicyDocument: pulumi.String(document),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, nil, err
	}
	target, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{
		Rule: rule.Name, TargetId: pulumi.String("log"), Arn: log.ARN,
	}, pulumi.Parent(d), order.After(order.List(delivery)))
	return rule, order.List(target), err
}
