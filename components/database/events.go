// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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

// newBackupRule counts the backups of an instance: a rule of EventBridge without a target, whose metric is all that is wanted of it. RDS
// itself measures no age of a backup. The rule is there before the instance, whose first backup it shall see.
func newBackupRule(ctx *pulumi.Context, name string, d *Database, identifier pulumi.StringOutput) (*cloudwatch.EventRule, error) {
	return cloudwatch.NewEventRule(ctx, name+"-backups", &cloudwatch.EventRuleArgs{
		Description: pulumi.String("Counts the backups of the database " + d.name),
		EventPattern: identifier.ApplyT(func(identifier string) (string, error) {
			pattern, err := json.Marshal(map[string]any{
				"source": []string{"aws.rds"}, "detail-type": []string{"RDS DB Instance Event"},
				"detail": map[string]any{"EventID": []string{backedUp}, "SourceIdentifier": []string{identifier}},
			})
			return string(pattern), err
		}).(pulumi.StringOutput),
		State: pulumi.String("ENABLED"),
		Tags:  pulumi.StringMap{"Name": pulumi.String(name + "-backups")},
	}, pulumi.Parent(d))
}
